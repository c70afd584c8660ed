/** What the disk may do while a recording is written: be full, fail, and lose the process that writes. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { readCapture } from "../../src/capture/capture-source.ts";
import { PcapngWriter } from "../../src/capture/pcapng-writer.ts";
import { RecordingFile } from "../../src/proxy/recording-file.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";

/** How many octets the disk still takes. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY, calls: 0 }));

vi.mock("node:fs", async original => {
  const real = await original<typeof fs>();
  const writeSync = (descriptor: number, bytes: Uint8Array, offset: number, length: number) => {
    disk.calls++;
    if (disk.room <= 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const octets = Math.min(length, disk.room);
    disk.room -= octets;
    return real.writeSync(descriptor, bytes, offset, octets);
  };
  return { ...real, writeSync };
});

afterEach(() => {
  disk.room = Number.POSITIVE_INFINITY;
  disk.calls = 0;
});

const SECONDS = 1_795_256_100;

function recordingFile({ onTestFinished }: Pick<TestContext, "onTestFinished">) {
  const directory = temporaryFolder(onTestFinished);
  const problems: string[] = [];
  const problem = (message: string) => problems.push(message);
  const file = new RecordingFile({ directory, fileOctets: 10_000_000, files: 5, problem });
  onTestFinished(() => file.close());
  const append = (octets: number, seconds = SECONDS) => {
    const writer = new PcapngWriter();
    writer.packet(octets, seconds, 0, null);
    file.append(writer.bytes, 0, writer.length, seconds, 0);
  };
  const packets = async () => {
    const counts: number[] = [];
    for (const name of fs.readdirSync(directory).sort()) {
      const { error, truncated, packets: count } = await readCapture(join(directory, name), () => {});
      expect([error, truncated]).toEqual([null, null]);
      counts.push(count);
    }
    return counts;
  };
  return { file, problems, append, packets, directory };
}

describe("a full disk", () => {
  it("leaves whole blocks, is told once, and is tried again", async context => {
    const { file, problems, append, packets } = recordingFile(context);
    for (let i = 0; i < 10; i++) append(1000);
    file.flush();
    disk.room = 2500;
    for (let i = 0; i < 7; i++) append(1000);
    file.flush();
    expect(await packets()).toEqual([10]);
    expect(file.lost).toBe(7);
    // Not before its time; then in vain, and without a trace.
    for (const later of [1, 9, 10, 11, 20]) {
      append(1000, SECONDS + later);
      file.flush();
    }
    expect(await packets()).toEqual([10]);
    expect(problems).toEqual([expect.stringMatching(/^recording to .* pauses: ENOSPC; /)]);
    expect(file.lost).toBe(12);

    disk.room = Number.POSITIVE_INFINITY;
    append(1000, SECONDS + 31);
    file.flush();
    expect(await packets()).toEqual([10, 1]);
    expect(problems.slice(1)).toEqual([expect.stringMatching(/^recording goes on in .*; packets lost so far: 12$/)]);
    // What is told once may be told again.
    disk.room = 0;
    append(1000, SECONDS + 32);
    file.flush();
    expect(problems).toHaveLength(3);
  });

  it("is no reason to wait when a new file is asked for", async context => {
    const { file, append, packets } = recordingFile(context);
    disk.room = 0;
    append(100);
    file.flush();
    disk.room = Number.POSITIVE_INFINITY;
    file.reopen();
    append(100);
    file.flush();
    expect(await packets()).toEqual([1]);
  });
});

it("a flush is one write, and one without packets none", context => {
  const { file, append } = recordingFile(context);
  for (let i = 0; i < 500; i++) append(1000);
  expect(disk.calls).toBe(0);
  file.flush();
  file.flush();
  expect(disk.calls).toBe(1);
});

it("more than a batch holds is written though nobody flushes", async context => {
  const { file, append, packets } = recordingFile(context);
  for (let i = 0; i < 100; i++) append(32_768);
  expect(disk.calls).toBeGreaterThan(1);
  file.close();
  expect(await packets()).toEqual([100]);
});

describe("a process that is killed", () => {
  /** Compiled apart, as the killed process runs no TypeScript. */
  let built = "";

  beforeAll(() => {
    built = fs.mkdtempSync(join(tmpdir(), "ghostframe-test-"));
    fs.writeFileSync(join(built, "package.json"), '{ "type": "module" }');
    const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    spawnSync(process.execPath, [compiler, "-p", ROOT, "--outDir", built, "--declaration", "false"], { cwd: ROOT });
    return () => fs.rmSync(built, { recursive: true, force: true });
  });

  it("leaves a file that is read, with a truncated last block at worst", async ({ onTestFinished }) => {
    let truncatedFiles = 0;
    const kills = Number(process.env.GHOSTFRAME_KILLS ?? 4);
    for (let kill = 0; kill < kills; kill++) {
      const directory = temporaryFolder(onTestFinished);
      await killWhileRecording(built, directory, 20 + 37 * kill, onTestFinished);
      // One that is only begun has not its name yet.
      const files = fs
        .readdirSync(directory)
        .filter(name => name.endsWith(".pcapng"))
        .sort();
      expect(files.length).toBeGreaterThan(0);
      for (const name of files) {
        const { error, truncated, packets } = await readCapture(join(directory, name), () => {});
        expect(error).toBeNull();
        expect(packets).toBeGreaterThan(0);
        if (truncated === null) continue;
        truncatedFiles++;
        expect(name).toBe(files.at(-1));
      }
    }
    if (process.env.GHOSTFRAME_KILLS) process.stderr.write(`${truncatedFiles} of ${kills} files truncated\n`);
  });
});

const BUSY = `
  const { Recorder } = await import(process.argv[1]);
  const recorder = new Recorder({ directory: process.argv[2], fileOctets: 20e6, files: 3, on: "always",
    credentials: false, ringOctets: 0, ringBudget: 0, problem: message => { throw new Error(message); } });
  const end = { address: "192.0.2.1", port: 5673 };
  const bytes = new Uint8Array(30000).fill(0x5a);
  recorder.opened(1, { address: "192.0.2.7", port: 50123 }, end, 1795256100, 0);
  for (let i = 0; ; i++) {
    for (let chunk = 0; chunk < 20; chunk++) recorder.data(1, 1, bytes, 0, 1 + (i * chunk * 7919) % 30000, 1795256100 + i, 0);
    recorder.flush();
    if (i % 10 === 0) process.stdout.write("flushed\\n");
  }
`;

/** Kills it once it has told so many times that it goes on. */
async function killWhileRecording(
  built: string,
  directory: string,
  after: number,
  onTestFinished: TestContext["onTestFinished"],
): Promise<void> {
  const script = join(built, "proxy", "recorder.js");
  const child = spawn(process.execPath, ["--input-type=module", "-e", BUSY, script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const exit = once(child, "exit");
  let failures = 0;
  for await (const _ of createInterface({ input: child.stdout })) if (++failures === after) child.kill("SIGKILL");
  expect((await exit)[1]).toBe("SIGKILL");
}
