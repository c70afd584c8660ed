/** What a command reads is not written to: by no flag, and by no other name of the file. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { filesRead, TakenFiles } from "../../src/cli/taken-files.ts";
import { ghostframe, ROOT, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const SICK = "interleaving/message-inside-a-body.pcap";

/** A folder with a capture under several names, and a key log. */
function scene(onTestFinished: TestContext["onTestFinished"]) {
  const folder = temporaryFolder(onTestFinished);
  const at = (name: string): string => join(folder, name);
  copyFileSync(join(FIXTURES, SICK), at("a.pcap"));
  linkSync(at("a.pcap"), at("hard"));
  symlinkSync("a.pcap", at("soft"));
  symlinkSync(".", at("here"));
  writeFileSync(at("keys"), "");
  return { at, original: readFileSync(at("a.pcap")) };
}

/** Standard input is the capture, as a shell redirects it. */
function fromFile(args: readonly string[], cwd: string): { code: number | null; stderr: string } {
  const stdin = openSync(join(cwd, "a.pcap"), "r");
  const command = [join(ROOT, "bin", "ghostframe.js"), ...args];
  const { status, stderr } = spawnSync(process.execPath, command, { cwd, stdio: [stdin, "ignore", "pipe"] });
  closeSync(stdin);
  return { code: status, stderr: stderr.toString() };
}

describe.skipIf(process.platform === "win32")("what is read", { concurrent: true }, () => {
  it.for(["a.pcap", "hard", "soft", "here/a.pcap", "here/here/soft"])("is known as %s", (name, { onTestFinished }) => {
    const { at } = scene(onTestFinished);
    const taken = filesRead([at("a.pcap")], { tlsKeys: [at("keys")] });
    expect(taken.is(at(name))).toBe("a capture");
    expect(taken.is(at("here/keys"))).toBe("a key log");
    expect(taken.is(at("here/other"))).toBeUndefined();
    expect(() => taken.refuse(at(name))).toThrow("is a capture");
    expect(() => taken.takeOutputs([{ format: "json", path: at(name) }])).toThrow("it is a capture");
  });

  it("is also what telemetry's files are links to", ({ onTestFinished }) => {
    const { at } = scene(onTestFinished);
    mkdirSync(at("telemetry"));
    symlinkSync("../a.pcap", at("telemetry/logs.jsonl"));
    const taken = filesRead([at("soft")], {});
    const otlp = `file:${at("telemetry")}`;
    expect(() => taken.refuseTelemetry(otlp, {})).toThrow(/telemetry\/logs\.jsonl is a capture/);
    expect(() => taken.refuseTelemetry(otlp, { OTEL_LOGS_EXPORTER: "none" })).not.toThrow();
    expect(() => new TakenFiles().refuseTelemetry(otlp, {})).not.toThrow();
  });

  it("may be a device, which can be written too", () => {
    expect(filesRead(["/dev/null"], { tlsKeys: ["/dev/null"] }).is("/dev/null")).toBeUndefined();
  });

  it.for<[command: string[], input?: true]>([
    [["inspect", "a.pcap", "--output", "json=soft"]],
    [["inspect", "a.pcap", "--otlp=file:otlp"]],
    [["inspect", "-", "--output", "json=soft"], true],
    [["check", ".", "--no-config", "--tls-keys", "keys", "--output", "json=here/keys"]],
    [["check", ".", "--no-config", "--otlp=file:otlp"]],
    [["messages", "a.pcap", "--otlp=file:otlp"]],
    [["merge", "a.pcap", "--no-config", "--output", "json=hard"]],
    [["annotate", "a.pcap", "-o", "hard", "--force"]],
    [["repair", "a.pcap", "-o", "soft", "--force"]],
    [["repair", "a.pcap", "--tls-keys", "keys", "-o", "keys", "--force"]],
    [["recover", "a.pcap", "--output", "lost", "--force"]],
    [["recover", "a.pcap", "--republish", "amqp://127.0.0.1:1", "--yes", "--resume", "hard"]],
    [["proxy", "--listen", "0", "--upstream", "amqp://127.0.0.1:1", "--tls-cert", "a.pcap", "--ready-file", "soft"]],
  ])("stays as it is: %j", async ([command, input], { onTestFinished }) => {
    const { at, original } = scene(onTestFinished);
    mkdirSync(at("otlp"));
    symlinkSync("../a.pcap", at("otlp/traces.jsonl"));
    mkdirSync(at("lost"));
    linkSync(at("a.pcap"), at("lost/messages.ndjson"));
    const words = command.map(word => (word === "." ? at("a.pcap") : word));
    const { code, stderr } = await (input ? fromFile(words, at(".")) : ghostframe(words, { cwd: at(".") }));
    expect(stderr).toMatch(/^ghostframe: [^\n]* (?:is|it is) (?:a capture|a part|a key log|a certificate)\b[^\n]*\n$/);
    expect(code).toBe(2);
    expect(readFileSync(at("a.pcap"))).toEqual(original);
    expect(readFileSync(at("keys"))).toHaveLength(0);
  });
});
