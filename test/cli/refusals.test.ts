/** What the machine, or a strange argument, makes impossible has a sentence of its own, and exit status 2. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ghostframe, ROOT, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const SICK = "interleaving/message-inside-a-body.pcap";
const NOTHING_MORE = /^[^\n]*\n$/;

/** Runs it by a shell, which sets the scene. */
function byShell(script: string, cwd = FIXTURES): { code: number | null; stderr: string } {
  const words = `ghostframe() { "${process.execPath}" "${join(ROOT, "bin", "ghostframe.js")}" "$@"; }\n${script}`;
  const { status, stderr } = spawnSync("sh", ["-c", words], { cwd, encoding: "utf8" });
  return { code: status, stderr };
}

describe.skipIf(process.platform === "win32")("refused", { concurrent: true }, () => {
  it.each<[what: string, script: string, sentence: RegExp]>([
    [
      "a directory as standard input",
      "ghostframe inspect - < .",
      /standard input: is a directory, expected a capture$/,
    ],
    ["a directory to explain", "ghostframe explain < .", /standard input: is a directory, expected a log$/],
    ["a directory as broker's log", `ghostframe inspect --broker-log - ${SICK} < . > /dev/null`, /is a directory/],
    ["a full disk", `ghostframe inspect ${SICK} > /dev/full`, /the output cannot be written: there is no space left$/],
    [
      "a full disk, for an output",
      `ghostframe check --output json=/dev/full ${SICK} > /dev/null`,
      /\/dev\/full: cannot be written: there is no space left$/,
    ],
    ["a config without an end", `ghostframe check --config /dev/zero ${SICK}`, /dev\/zero: is longer than/],
    [
      "certificates without an end",
      "ghostframe proxy --listen 127.0.0.1:0 --upstream amqps://127.0.0.1 --ca /dev/zero",
      /dev\/zero: is longer than .* expected a PEM file$/,
    ],
    ["a key log without an end", `ghostframe inspect --tls-keys /dev/zero ${SICK}`, /expected a key log$/],
  ])("%s", (_, script, sentence) => {
    const { code, stderr } = byShell(script);
    expect(stderr).toMatch(NOTHING_MORE);
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(code).toBe(2);
  });

  it("few open files, as soon as Node itself has enough", () => {
    // How many Node needs depends on where it runs.
    const refused = [17, 18, 19, 20, 21]
      .map(limit => byShell(`ulimit -n ${limit}; ghostframe inspect ${SICK}`))
      .filter(({ stderr }) => stderr.startsWith("ghostframe: "));
    expect(refused.length).toBeGreaterThan(0);
    for (const { code, stderr } of refused) {
      expect(stderr).toMatch(NOTHING_MORE);
      expect(stderr).toContain("too many files are open: this process may open no more (ulimit -n)");
      expect(code).toBe(2);
    }
  });

  it("a working directory that is gone", ({ onTestFinished }) => {
    const folder = join(temporaryFolder(onTestFinished), "gone");
    mkdirSync(folder);
    const { code, stderr } = byShell(`rmdir "${folder}"; ghostframe check ${join(FIXTURES, SICK)}`, folder);
    expect(stderr).toBe("ghostframe: the working directory is gone: change to another one\n");
    expect(code).toBe(2);
  });

  it.for<[what: string, config: string, sentence: RegExp]>([
    ["a glob of 65,536 characters", glob("*".repeat(65_536)), /expected a glob of at most 1,024 characters\n$/],
    ["a glob of many stars", glob(`${"*a".repeat(100)}b`), /expected a glob with at most 16 wildcards\n$/],
    ["a name of many stars", glob("x/*a*a*a*a*a*b"), /expected a glob with at most 4 "\*" in a name\n$/],
    ["a string of 16 MB", `{"a":"${"x".repeat(16_000_000)}"}`, /unknown key "a"/],
    [
      "a string of 20 MB",
      `{"a":"${"x".repeat(20_000_000)}"}`,
      /is longer than 16,777,216 octets, expected a file of settings\n$/,
    ],
    [
      "200,000 brackets",
      "[".repeat(200_000),
      /line 1, column 65: expected at most 64 objects and arrays within one another, found more\n$/,
    ],
  ])("%s", async ([, config, sentence], { onTestFinished }) => {
    const path = join(temporaryFolder(onTestFinished), "config.json");
    writeFileSync(path, config);
    const { code, stderr } = await ghostframe(["check", "--config", path, SICK]);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });

  it.each([
    [["inspect", "--\u001b[31mfoo", SICK]],
    [["in\u001b]0;x\u0007spect"]],
    [["inspect", "--port", "\u001b[2J"]],
  ])("escape sequences in %j, which are shown as text", async args => {
    const { code, stderr } = await ghostframe(args);
    expect(stderr).toContain("\\x1b");
    expect(stderr.replaceAll("\n", "")).toMatch(/^[ -~]*$/);
    expect(code).toBe(2);
  });

  it("no standard output: the exit status says what was found", () => {
    expect(byShell(`ghostframe inspect ${SICK} >&-`)).toEqual({ code: 1, stderr: "" });
    expect(byShell("ghostframe explain 134217728 >&-")).toEqual({ code: 0, stderr: "" });
  });
});

function glob(captures: string): string {
  return JSON.stringify({ expect: [{ captures, clean: true }] });
}
