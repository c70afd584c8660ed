/** What the command's exit status, stderr and stdout say, case by case. Paths are relative to fixtures/. */
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { type Ended, ghostframe, temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const CLEAN = "clean/confirms-and-acks.pcap";
const SICK = "interleaving/message-inside-a-body.pcap";

/** Someone who is not root and owns nothing here. */
const NOBODY = 65534;

function expectNoStackTrace({ stderr, stdout }: Ended): void {
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stdout).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain("internal error");
}

describe("inspect", { concurrent: true }, () => {
  it.each<[what: string, args: string[], code: number]>([
    ["a clean capture", [CLEAN], 0],
    ["several clean captures", [CLEAN, "clean/two-channels-taking-turns.pcap"], 0],
    ["a capture with nothing but notes", ["loss/consumer-from-mid-stream.pcap"], 0],
    ["a capture without AMQP", ["--port", "1", CLEAN], 0],
    ["a capture with an error", [SICK], 1],
    ["a capture with nothing worse than warnings", ["near-misses/two-threads-take-turns.pcap"], 1],
    ["an error in one of several", [CLEAN, SICK], 1],
    ["an error, as JSON", ["--format", "json", SICK], 1],
    ["a capture cut in its last packet, with an error", ["files/truncated-last-packet.pcap"], 1],
  ])("%s", async (_, args, code) => {
    const run = await ghostframe(["inspect", ...args]);
    expect(run.stderr).toBe("");
    expect(run.stdout).not.toBe("");
    expect(run.code).toBe(code);
  });

  it.each<[what: string, path: string, complaint: RegExp]>([
    ["a file that is not there", "nowhere.pcap", /^ghostframe: nowhere\.pcap: no such file\n$/],
    ["a path through a file", `${CLEAN}/trace.pcap`, /^ghostframe: .+: no such file: .*not a directory\n$/],
    ["a directory", "clean", /^ghostframe: clean: is a directory.*\n$/],
    ["an empty file", "files/empty.pcap", /^ghostframe: files\/empty\.pcap: .*empty.*\n$/],
    ["text", "files/text.pcapng", /^ghostframe: files\/text\.pcapng: not a pcap or pcapng capture: it is text\n$/],
    ["a log", "files/broker-log.pcap", /^ghostframe: files\/broker-log\.pcap: .*broker's log.*\n$/],
    ["a corrupt record", "files/corrupt-record-length.pcap", /^ghostframe: .+: packet 30, at octet 3980, .*\n$/],
    ["a corrupt block", "files/corrupt-block-length.pcapng", /^ghostframe: .+ at octet 2900, .*packet 19.*\n$/],
  ])("%s", async (_, path, complaint) => {
    const run = await ghostframe(["inspect", path]);
    expectNoStackTrace(run);
    expect(run.stderr).toMatch(complaint);
    expect(run.code).toBe(2);
  });

  it("a file it may not read", async context => {
    const isRoot = process.getuid?.() === 0;
    if (process.platform === "win32") context.skip("no such permissions on Windows");
    const folder = temporaryFolder(context.onTestFinished);
    const secret = join(folder, "secret.pcap");
    copyFileSync(join(FIXTURES, CLEAN), secret);
    chmodSync(folder, 0o755);
    chmodSync(secret, 0o000);
    // Root may read everything, so that it has to be somebody else.
    const run = await ghostframe(["inspect", secret], isRoot ? { uid: NOBODY, cwd: "/" } : {});
    expectNoStackTrace(run);
    expect(run.stderr).toBe(`ghostframe: ${secret}: permission to read it is denied\n`);
    expect(run.code).toBe(2);
  });

  it("gzip data that ends too early", async ({ onTestFinished }) => {
    const cut = join(temporaryFolder(onTestFinished), "cut.pcap.gz");
    writeFileSync(cut, readFileSync(join(FIXTURES, "clean/go-three-connections.pcap.gz")).subarray(0, -2000));
    const run = await ghostframe(["inspect", cut]);
    expectNoStackTrace(run);
    expect(run.stderr).toMatch(/^ghostframe: .+: its gzip data ends at octet \d+ without being complete\n$/);
    expect(run.code).toBe(2);
  });

  it("one unreadable file among several: the others are inspected, and it fails", async () => {
    const run = await ghostframe(["inspect", "--format", "json", CLEAN, "nowhere.pcap", "files/empty.pcap", SICK]);
    expectNoStackTrace(run);
    expect(run.stderr.split("\n").map(line => line.replace(/: [^:]*$/, ""))).toEqual([
      "ghostframe: nowhere.pcap",
      "ghostframe: files/empty.pcap",
      "",
    ]);
    const report = JSON.parse(run.stdout) as Report;
    expect(report.inputs.map(input => [input.path, input.error === undefined])).toEqual([
      [CLEAN, true],
      ["nowhere.pcap", false],
      ["files/empty.pcap", false],
      [SICK, true],
    ]);
    expect(report.connections).toHaveLength(2);
    expect(report.findings.map(finding => [finding.rule, finding.input])).toContainEqual(["frame-end", 3]);
    expect(run.code).toBe(2);
  });

  it("a corrupt record: what came before it is inspected", async () => {
    const run = await ghostframe(["inspect", "--format", "json", "files/corrupt-record-length.pcap"]);
    const { inputs, connections } = JSON.parse(run.stdout) as Report;
    expect(inputs[0]!.packets).toBe(29);
    expect(connections).toHaveLength(1);
  });
});

describe("frames", { concurrent: true }, () => {
  it.each<[what: string, path: string, code: number]>([
    ["a clean capture", CLEAN, 0],
    // It lists frames; it is not asked whether they are good.
    ["a capture with an error", SICK, 0],
    ["a file that is not there", "nowhere.pcap", 2],
    ["a corrupt record", "files/corrupt-record-length.pcap", 2],
  ])("%s", async (_, path, code) => {
    const run = await ghostframe(["frames", path]);
    expectNoStackTrace(run);
    expect(run.stderr.split("\n").length - 1).toBe(code === 0 ? 0 : 1);
    expect(run.code).toBe(code);
  });
});

describe("wrong usage", { concurrent: true }, () => {
  it.each<[args: string[], complaint: string]>([
    [["inspect"], "missing required argument 'file'"],
    [["frames"], "missing required argument 'file'"],
    [["inspekt", CLEAN], "unknown command 'inspekt'"],
    [["inspect", "--formatt", "json", CLEAN], "unknown option '--formatt'"],
    [["inspect", "--format", "xml", CLEAN], "Allowed choices are"],
    [["inspect", "--port", "70000", CLEAN], '"70000" is no port'],
    [["inspect", "--decode-as", "amqp", CLEAN], '"amqp" is no port'],
    [["frames", "--channel", "-1", CLEAN], '"-1" is no channel'],
    [["frames", "--type", "publish", CLEAN], '"publish" is neither a frame type'],
    [["frames", "--from", "noon", CLEAN], '"noon" is no time'],
  ])("%j", async (args, complaint) => {
    const run = await ghostframe(args);
    expectNoStackTrace(run);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^error: /);
    expect(run.stderr).toContain(complaint);
    expect(run.code).toBe(2);
  });

  it("no command at all shows the help", async () => {
    const run = await ghostframe([]);
    expect(run.stdout).toBe("");
    expect(run.stderr).toMatch(/^Usage: ghostframe /);
    expect(run.code).toBe(2);
  });
});
