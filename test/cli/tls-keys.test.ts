/** Key logs as users give them: by option, by SSLKEYLOGFILE, wrong, incomplete, not there. Never an error but the last. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { ghostframe, type RunOptions } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const DECRYPTION_SECRETS = 10;

/** The fixture with its key log taken out of it. */
function apart(): { capture: Uint8Array; keys: string } {
  const file = readFileSync(join(FIXTURES, "tls/clean-with-key-log.pcapng"));
  const blocks: Buffer[] = [];
  let keys = "";
  for (let at = 0; at < file.length; at += file.readUInt32LE(at + 4)) {
    const block = file.subarray(at, at + file.readUInt32LE(at + 4));
    if (block.readUInt32LE(0) !== DECRYPTION_SECRETS) blocks.push(block);
    else keys += block.subarray(16, 16 + block.readUInt32LE(12)).toString();
  }
  return { capture: Buffer.concat(blocks), keys };
}

const folder = mkdtempSync(join(tmpdir(), "ghostframe-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { capture, keys } = apart();
const at = (name: string) => join(folder, name);
writeFileSync(at("a.pcapng"), capture);
writeFileSync(at("keys.log"), keys);
writeFileSync(at("wrong.log"), keys.replaceAll(/ [0-9a-f]{64} /g, ` ${"0".repeat(64)} `));
writeFileSync(
  at("half.log"),
  keys
    .split("\n")
    .filter(line => !line.startsWith("SERVER_"))
    .join("\n"),
);
writeFileSync(at("cut.log"), keys.slice(0, 90));
writeFileSync(
  at("odd.log"),
  `# a comment\r\n\0\xff\n${"A".repeat(100_000)}\nEXPORTER_SECRET 00 11\n${keys.replaceAll("\n", "\r\n")}`,
);
writeFileSync(at("empty.log"), "");

const SECRETS = Array.from(keys.matchAll(/ ([0-9a-f]{64,96})$/gm), ([, secret]) => secret!);

async function inspected(args: string[], options: RunOptions = {}): Promise<Report["connections"][0]> {
  const { code, stdout, stderr } = await ghostframe(["inspect", at("a.pcapng"), "--format", "json", ...args], options);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  for (const secret of SECRETS) expect(stdout).not.toContain(secret);
  const { connections, findings } = JSON.parse(stdout) as Report;
  expect(findings).toEqual([]);
  expect(connections).toHaveLength(1);
  return connections[0]!;
}

const OPENED = { tls: { decrypted: true, undecrypted: null } };
const closed = (undecrypted: unknown) => ({ tls: { decrypted: false, undecrypted } });
const NO_SECRET = expect.stringMatching(/^no secret for client random [0-9a-f]{16}…$/);

describe("a key log", () => {
  it.each<[what: string, args: string[], env: Record<string, string>, expected: object]>([
    ["that is not given", [], {}, closed("no key log")],
    ["by --tls-keys", ["--tls-keys", at("keys.log")], {}, OPENED],
    ["by SSLKEYLOGFILE", [], { SSLKEYLOGFILE: at("keys.log") }, OPENED],
    ["by SSLKEYLOGFILE, which is not there", [], { SSLKEYLOGFILE: at("none.log") }, closed("no key log")],
    ["by SSLKEYLOGFILE, which is a folder", [], { SSLKEYLOGFILE: folder }, closed("no key log")],
    ["by SSLKEYLOGFILE, which is empty", [], { SSLKEYLOGFILE: "" }, closed("no key log")],
    ["of another session", ["--tls-keys", at("wrong.log")], {}, closed(NO_SECRET)],
    [
      "of another session, and the right one",
      ["--tls-keys", at("wrong.log"), "--tls-keys", at("keys.log")],
      {},
      OPENED,
    ],
    ["of the client only", ["--tls-keys", at("half.log")], {}, closed(NO_SECRET)],
    ["that is cut", ["--tls-keys", at("cut.log")], {}, closed("no key log")],
    ["among what is none", ["--tls-keys", at("odd.log")], {}, OPENED],
    ["without a line", ["--tls-keys", at("empty.log")], {}, closed("no key log")],
  ])("%s", async (_what, args, env, expected) => {
    expect(await inspected(args, { env })).toMatchObject(expected);
  });

  it("that is named and not there is an error", async () => {
    const { code, stdout, stderr } = await ghostframe(["inspect", at("a.pcapng"), "--tls-keys", at("none.log")]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toBe(`ghostframe: ${at("none.log")}: no such file\n`);
  });

  it("that lacks a connection's secret is told with the connection", async () => {
    const { code, stdout } = await ghostframe(["inspect", at("a.pcapng"), "--tls-keys", at("wrong.log")]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/c1: no secret for client random [0-9a-f]{16}…/);
  });
});

describe("with a key log", () => {
  it("frames are printed as without TLS", async () => {
    const without = await ghostframe(["frames", at("a.pcapng")]);
    const { code, stdout, stderr } = await ghostframe(["frames", at("a.pcapng"), "--tls-keys", at("keys.log")]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("basic.publish");
    expect(without.stdout).not.toContain("basic.publish");
  });

  it("a check sees frames, and passes", async () => {
    const frames = ["--min-frames", "20"];
    const { code, stdout } = await ghostframe(["check", at("a.pcapng"), "--tls-keys", at("keys.log"), ...frames]);
    expect(stdout).toContain("PASSED");
    expect(code).toBe(0);
    const without = await ghostframe(["check", at("a.pcapng"), ...frames]);
    expect(without.code).toBe(1);
  });
});
