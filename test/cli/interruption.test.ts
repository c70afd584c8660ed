/** Ctrl-C ends the command within a second, wherever it is: here it waits for somebody who never writes. */
import { execFileSync } from "node:child_process";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { stoppedReadings } from "../../src/cli/stopped-reading.ts";
import { inspect } from "../../src/inspect.ts";
import { text } from "../../src/report/text.ts";
import { type Ended, ended, start, temporaryFolder } from "../support/command.ts";
import { manyBroken } from "../support/many-connections.ts";

const SICK = "interleaving/message-inside-a-body.pcap";
/** What is promised, and slack for a machine that has other things to do. */
const MILLISECONDS = 1000 * 3;

function pipeIn(onTestFinished: TestContext["onTestFinished"]): string {
  const pipe = join(temporaryFolder(onTestFinished), "pipe");
  execFileSync("mkfifo", [pipe]);
  return pipe;
}

/** Starts a command that opens the pipe, waits until it has, interrupts it, and returns how it ended. */
async function interrupted(args: readonly string[], pipe: string): Promise<Ended & { milliseconds: number }> {
  const child = start(args);
  const end = ended(child);
  // Opens once the other end is open, too.
  const writer = await open(pipe, "w");
  const begun = performance.now();
  child.kill("SIGINT");
  const result = await end;
  const milliseconds = performance.now() - begun;
  await writer.close();
  child.stdin.end();
  return { ...result, milliseconds };
}

/** A shell shows 130 for a process that the signal ended, too. */
const statusOf = ({ code, signal }: Ended): number | null => (signal === "SIGINT" ? 130 : code);

describe.skipIf(process.platform === "win32")("Ctrl-C while it waits for", { concurrent: true }, () => {
  it.for<[what: string, args: (pipe: string) => string[]]>([
    ["a capture", pipe => ["inspect", pipe]],
    ["a capture, in check", pipe => ["check", "--no-config", pipe]],
    ["frames of a capture", pipe => ["frames", pipe]],
    ["a broker's log", pipe => ["inspect", "--broker-log", pipe, SICK]],
    ["a config", pipe => ["check", "--config", pipe, SICK]],
    ["a baseline", pipe => ["check", "--no-config", "--baseline", pipe, SICK]],
    ["a key log", pipe => ["inspect", "--tls-keys", pipe, SICK]],
    ["certificates", pipe => ["proxy", "--listen", "127.0.0.1:0", "--upstream", "amqps://127.0.0.1", "--ca", pipe]],
    ["a key log, in check", pipe => ["check", "--no-config", "--tls-keys", pipe, SICK]],
  ])("%s", async ([, args], { onTestFinished }) => {
    const pipe = pipeIn(onTestFinished);
    const run = await interrupted(args(pipe), pipe);
    expect(statusOf(run)).toBe(130);
    expect(run.milliseconds).toBeLessThan(MILLISECONDS);
  });

  it("lines to explain", async () => {
    const child = start(["explain"]);
    const end = ended(child);
    // More than a pipe holds: the callback says that some of it was read.
    await new Promise(resolve => child.stdin.write("{frame_too_large,1,2}\n".repeat(20_000), resolve));
    child.kill("SIGINT");
    expect(statusOf(await end)).toBe(130);
  });
});

it("what was not read when it came is told, and nothing is called clean", async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const [large, next] = ["large.pcap", "next.pcap"].map(name => join(folder, name)) as [string, string];
  await writeFile(large, manyBroken(2000));
  await writeFile(next, manyBroken(1));
  const controller = new AbortController();
  const report = await inspect([large, next], {
    signal: controller.signal,
    onProgress: () => controller.abort(),
  });
  const [first, second] = report.inputs;
  expect(first!.error).toBeUndefined();
  expect(second).toMatchObject({ packets: 0, error: "reading was stopped before it began" });
  const ofFile = report.findings.filter(({ connection }) => connection === null);
  expect(ofFile).toMatchObject([{ rule: "unread", severity: "note", input: 0 }]);
  expect(ofFile[0]!.message).toMatch(/^Reading was stopped after [\d,]+ octets: what follows was not read\.$/);
  expect(text(report)).not.toContain("Clean.");
  expect(stoppedReadings(report)).toEqual([`${large}: ${ofFile[0]!.message.slice(0, -1)}`]);
});

it("while broken connections are explained, what the first reading found is told", async ({ onTestFinished }) => {
  const path = join(temporaryFolder(onTestFinished), "many.pcap");
  await writeFile(path, manyBroken(200));
  const controller = new AbortController();
  let explaining = 0;
  const report = await inspect([path], {
    signal: controller.signal,
    onExplaining: connections => {
      explaining = connections;
    },
    onProgress: () => {
      if (explaining > 0) controller.abort();
    },
  });
  expect(explaining).toBe(200);
  expect(report.summary.errors).toBe(200);
  expect(report.findings.every(({ diagnosis }) => diagnosis === undefined)).toBe(true);
});
