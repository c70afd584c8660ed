/** How `messages`, `connections` and `stats` read captures. */
import type { Command } from "commander";
import { inspect } from "../inspect.ts";
import type { MessageReaders } from "../report/message-output.ts";
import type { Report } from "../report/report.ts";
import { EXIT } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";
import { collectKeyLogs, keyLogsFrom } from "./key-log-files.ts";
import { addFilterOptions, type FilterFlags, filterOf, unknownConnections } from "./message-filter-options.ts";
import { complain, isReaderGone, write } from "./output.ts";
import { ownFailures, tellStack } from "./own-failure.ts";
import { collectPorts } from "./port-option.ts";
import type { CaptureSession } from "./telemetry-options.ts";

export interface ReadingOptions extends FilterFlags {
  port?: number[];
  decodeAs?: number[];
  vxlanPort?: number[];
  tlsKeys?: string[];
}

export function addReadingOptions(command: Command): Command {
  return addFilterOptions(command)
    .option("--port <port>", "only connections that use this port", collectPorts)
    .option("--decode-as <port>", "take every connection on this port for AMQP", collectPorts)
    .option("--vxlan-port <port>", "take packets to this UDP port for VXLAN", collectPorts)
    .option(
      "--tls-keys <file>",
      "decrypt TLS with this key log, as SSLKEYLOGFILE names one (repeat it for more)",
      collectKeyLogs,
    );
}

/** Characters gathered before they are written. */
const BATCH = 1 << 16;

/**
 * Reads captures and writes what is made of their messages: `readers` get them and print, `finish` makes the rest of the
 * report. Sets the exit status.
 */
export async function readMessages(
  paths: readonly string[],
  { port, decodeAs, vxlanPort, tlsKeys, ...flags }: ReadingOptions,
  readers: (print: (text: string) => void) => MessageReaders,
  finish: (report: Report) => string,
  telemetry: CaptureSession | null = null,
): Promise<void> {
  const keyLogs = await keyLogsFrom(tlsKeys);
  if (keyLogs === null) return;
  const { signal: interrupt } = onInterrupt();
  const stop = new AbortController();
  interrupt.addEventListener("abort", () => stop.abort());

  let batch = "";
  let written: Promise<unknown> | undefined;
  const flush = (): void => {
    if (batch === "") return;
    written = write(batch);
    batch = "";
  };
  const print = (text: string): void => {
    batch += text;
    if (batch.length > BATCH) flush();
  };
  // The capture is read no faster than its lines are: what is written waits in memory otherwise.
  const keepPace = async (): Promise<void> => {
    flush();
    await written;
    await telemetry?.ready();
    if (isReaderGone()) stop.abort();
  };

  const report = await inspect(paths, {
    ...(port === undefined ? {} : { ports: port }),
    ...(decodeAs === undefined ? {} : { decodeAs }),
    ...(vxlanPort === undefined ? {} : { vxlanPorts: vxlanPort }),
    keyLogs,
    messages: filterOf(flags),
    ...readers(print),
    ...telemetry?.readers(),
    signal: stop.signal,
    onFailure: tellStack,
    onProgress: keepPace,
  });
  await telemetry?.finish([report]);
  print(finish(report));
  await keepPace();
  const problems = unknownConnections(flags.connection, report);
  for (const { path, error } of report.inputs) {
    if (error !== undefined) problems.push(`${path === "-" ? "standard input" : path}: ${error}`);
  }
  problems.push(...ownFailures(report));
  problems.forEach(complain);
  const failed = problems.length > 0 && !isReaderGone();
  process.exitCode = interrupt.aborted ? EXIT.INTERRUPTED : failed ? EXIT.FAILED : EXIT.CLEAN;
}
