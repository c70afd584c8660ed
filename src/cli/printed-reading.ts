/** Reading for commands that print while they read: `frames`, `messages`, `connections`, `stats`. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type InspectOptions, inspect } from "../inspect.ts";
import type { Report } from "../report/report.ts";
import { type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { graceOf, NO_TIME_FOR_REST, onInterrupt } from "./interrupt.ts";
import { keepHeapModerate } from "./memory.ts";
import { complain, isReaderGone, write } from "./output.ts";
import { ownFailures, printStack } from "./own-failure.ts";
import type { ParquetFolder } from "./parquet-folder.ts";
import { stoppedReadings } from "./stopped-reading.ts";
import type { CaptureSession } from "./telemetry-options.ts";

/** What a command does with captures. */
export interface PrintedReading {
  /** For `inspect`, besides the command line's options for reading. */
  options: InspectOptions;
  /** Prints what is left, and returns the errors, a sentence each. */
  finish: (report: Report) => readonly string[];
  /** What was asked for and does not exist, a sentence each; called when all is printed. */
  absent?: (report: Report) => readonly string[];
}

/** What goes out besides standard output. */
export interface Besides {
  telemetry?: CaptureSession | null;
  table?: ParquetFolder<never> | null;
}

/** Characters gathered before they are written. */
const BATCH = 1 << 16;

/** Text on its way to standard output, gathered before it is written. */
class Printer {
  #batch = "";
  #written: Promise<unknown> | undefined;

  print(text: string): void {
    this.#batch += text;
    if (this.#batch.length > BATCH) this.flush();
  }

  flush(): void {
    if (this.#batch === "") return;
    this.#written = write(this.#batch);
    this.#batch = "";
  }

  /** Resolves when all of it is on its way. */
  async ready(): Promise<void> {
    this.flush();
    await this.#written;
  }
}

/** Reads captures and writes the output of `reading`, as they are read. Sets the exit status. */
export async function readPrinting(
  paths: readonly string[],
  flags: CaptureFlags,
  reading: (print: (text: string) => void) => PrintedReading,
  { telemetry = null, table = null }: Besides = {},
): Promise<void> {
  const captures = await captureOptions(flags);
  if (captures === null) return;
  const printer = new Printer();
  const interruption = onInterrupt(await graceOf(paths), () => {
    printer.flush();
    complain(NO_TIME_FOR_REST);
  });
  const { signal: interrupt } = interruption;
  const stop = new AbortController();
  interrupt.addEventListener("abort", () => stop.abort());

  // The capture is read no faster than its lines are: otherwise what is written would wait in memory.
  const keepPace = async (): Promise<void> => {
    await printer.ready();
    await telemetry?.ready();
    await table?.ready();
    if (isReaderGone()) stop.abort();
  };

  const { options, finish, absent } = reading(text => printer.print(text));
  const report = await inspect(paths, {
    ...captures,
    ...options,
    onConnection: (number, ...connection) => {
      keepHeapModerate(number);
      options.onConnection?.(number, ...connection);
    },
    signal: stop.signal,
    onFailure: printStack,
    onExplaining: interruption.beforeDeafWork,
    onProgress: keepPace,
  });
  interruption.release();
  await telemetry?.finish([report]);
  await nextTurn();
  const problems = [...finish(report)];
  await nextTurn();
  interruption.reported();
  await keepPace();
  // A table of a part would look like a whole one.
  await (interrupt.aborted ? table?.discard() : table?.finish());
  for (const { path, error } of report.inputs) {
    if (error !== undefined) problems.push(`${path === "-" ? "standard input" : path}: ${error}`);
  }
  problems.push(...ownFailures(report));
  if (interrupt.aborted) problems.push(...stoppedReadings(report));
  // After an incomplete reading it is not known what does not exist.
  const missing = interrupt.aborted || isReaderGone() || absent === undefined ? [] : absent(report);
  for (const problem of [...problems, ...missing]) complain(problem);
  const failed = problems.length > 0 && !isReaderGone();
  const status = failed ? EXIT.FAILED : missing.length > 0 ? EXIT.FINDINGS : EXIT.CLEAN;
  process.exitCode = interrupt.aborted ? EXIT.INTERRUPTED : status;
}
