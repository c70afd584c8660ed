/** What becomes of events whose reader is slow, or gone. The built class, in a process whose stdout it is. */
import { type ChildProcess, execFileSync, type IOType, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, type TestContext } from "vitest";
import { temporaryFolder } from "../support/command.ts";

const WRITER = fileURLToPath(new URL("event-writer.mjs", import.meta.url));
const RETRIER = fileURLToPath(new URL("event-retrier.mjs", import.meta.url));
/** Sets how long a file another process may write, as if a disk were full and had room again. */
const HAS_PRLIMIT = spawnSync("prlimit", ["--version"]).status === 0;
/** Lines of a kibibyte each: more than may wait. */
const MANY = 20_000;
/** Lines that may wait: 8 MiB, and the one that reaches them. */
const WAITING = 8 * 1024 + 1;

interface Answer {
  omitted: number;
  written?: boolean;
  failures?: string[];
}

class Writer {
  readonly child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  constructor({ onTestFinished }: TestContext, lines: number, stdout: IOType | number = "pipe") {
    this.child = spawn(process.execPath, [WRITER, `${lines}`], { stdio: ["pipe", stdout, "inherit", "pipe"] });
    onTestFinished(() => void this.child.kill("SIGKILL"));
    this.#answers = createInterface({ input: this.child.stdio[3] as Readable })[Symbol.asyncIterator]();
  }

  get stdout(): Readable {
    return this.child.stdout!;
  }

  go(): void {
    this.child.stdin!.end();
  }

  async answer(): Promise<Answer> {
    return JSON.parse((await this.#answers.next()).value as string) as Answer;
  }

  async exit(): Promise<unknown> {
    return this.child.exitCode ?? (await once(this.child, "exit"))[0];
  }
}

function numbersOf(shown: string): number[] {
  return shown
    .trimEnd()
    .split("\n")
    .map(line => Number.parseInt(line, 10));
}

describe("an event output", { concurrent: true }, () => {
  it("goes on, counts what is left out and ends, although nobody reads", async context => {
    const writer = new Writer(context, MANY);
    writer.go();
    const { omitted } = await writer.answer();
    // What a pipe takes by itself differs from system to system.
    expect(omitted).toBeGreaterThan(MANY / 4);
    expect(omitted).toBeLessThanOrEqual(MANY - WAITING);
    expect(await writer.answer()).toEqual({ omitted: omitted + 1, written: false, failures: [] });
    expect(await writer.exit()).toBe(7);
  });

  it("writes all that was not left out to a reader who comes late, whole and in order", async context => {
    const writer = new Writer(context, MANY);
    writer.go();
    const { omitted } = await writer.answer();
    const shown = await text(writer.stdout);
    const kept = MANY - omitted;
    const numbers = numbersOf(shown.replace("afterwards\n", ""));
    expect(numbers).toEqual(Array.from({ length: kept }, (_, i) => i));
    expect((await writer.answer()).written).toBe(true);
    expect(await writer.exit()).toBe(7);
  });

  it("leaves nothing out where its reader keeps up", async context => {
    const writer = new Writer(context, 1000);
    writer.go();
    expect(numbersOf((await text(writer.stdout)).replace("afterwards\n", ""))).toHaveLength(1000);
    expect(await writer.answer()).toEqual({ omitted: 0 });
    expect(await writer.answer()).toEqual({ omitted: 0, written: true, failures: [] });
  });

  it("tells once that its reader has gone, and counts what comes then", async context => {
    const writer = new Writer(context, MANY);
    writer.stdout.destroy();
    await once(writer.stdout, "close");
    writer.go();
    const { omitted } = await writer.answer();
    expect(omitted).toBeLessThan(MANY);
    expect(await writer.answer()).toEqual({ omitted: MANY + 1, written: true, failures: ["EPIPE"] });
    expect(await writer.exit()).toBe(7);
  });

  it("writes into a file, too", async context => {
    const file = join(temporaryFolder(context.onTestFinished), "events");
    const writer = new Writer(context, 1000, openSync(file, "w"));
    writer.go();
    expect(await writer.answer()).toEqual({ omitted: 0 });
    expect(await writer.answer()).toEqual({ omitted: 0, written: true, failures: [] });
    expect(await writer.exit()).toBe(7);
    expect(numbersOf(readFileSync(file, "utf8").replace("afterwards\n", ""))).toHaveLength(1000);
  });

  it.runIf(process.platform === "linux")("tells that a file takes no more", async context => {
    const writer = new Writer(context, 10, openSync("/dev/full", "w"));
    writer.go();
    expect(await writer.answer()).toEqual({ omitted: 0 });
    expect(await writer.answer()).toEqual({ omitted: 11, written: true, failures: ["ENOSPC"] });
    expect(await writer.exit()).toBe(7);
  });

  it.runIf(HAS_PRLIMIT)(
    "tries a file again that took no more, and counts what it lacks",
    async ({ onTestFinished }) => {
      const file = join(temporaryFolder(onTestFinished), "events");
      const command = ["--fsize=2500:unlimited", process.execPath, RETRIER];
      const child = spawn("prlimit", command, { stdio: ["pipe", openSync(file, "w"), "inherit", "pipe"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      const answers = createInterface({ input: child.stdio[3] as Readable })[Symbol.asyncIterator]();
      const answer = async (): Promise<unknown> => JSON.parse((await answers.next()).value as string);
      const write = (size: number | ""): void => void child.stdin!.write(`${size}\n`);
      for (let i = 0; i < 4; i++) write(1000);
      expect(await answer()).toEqual({ failed: "EFBIG" });
      // Two are written, the third in part; the next one is the first that is tried again.
      write(1000);
      let omitted = 0;
      while (omitted < 3) {
        write("");
        ({ omitted } = (await answer()) as { omitted: number });
      }
      execFileSync("prlimit", ["--pid", `${child.pid}`, "--fsize=unlimited:unlimited"]);
      write(10);
      expect(await answer()).toEqual({ recovered: 3 });
      write(10);
      child.stdin!.end();
      await once(child, "exit");
      const shown = readFileSync(file, "utf8").split("\n");
      expect(shown.map(line => line.slice(0, 2))).toEqual(["1.", "2.", "3.", "6.", "7.", ""]);
      expect(shown[2]).toHaveLength(500);
    },
  );
});
