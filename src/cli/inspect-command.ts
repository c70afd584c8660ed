import { setImmediate as nextTurn } from "node:timers/promises";
import { Command } from "commander";
import type { OutputName } from "../check/outputs/outputs.ts";
import { type InspectOptions, inspect } from "../inspect.ts";
import { buildReport } from "../report/build-report.ts";
import type { MessageReaders } from "../report/message-output.ts";
import type { Report } from "../report/report.ts";
import { AskedReport } from "./asked-report.ts";
import { brokerOption } from "./broker-option.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { positiveNumber } from "./check-options.ts";
import { EXIT } from "./exit-codes.ts";
import type { PageSample } from "./html-output.ts";
import { graceOf, onInterrupt } from "./interrupt.ts";
import { keepHeapModerate, keepHeapSmall } from "./memory.ts";
import { addFilterOptions, type FilterFlags, selects } from "./message-filter-options.ts";
import { complain, terminalOptions, widthOption, write } from "./output.ts";
import { formatOption } from "./output-option.ts";
import { ownFailures, printStack } from "./own-failure.ts";
import { Progress } from "./progress.ts";
import { addReportOutputs, type ReportOutputOptions, rendered, wantsPage, writeReports } from "./report-output.ts";
import { inspectSharded, type SentOptions, shardsFor } from "./sharded-inspection.ts";
import { filesRead } from "./taken-files.ts";
import {
  addTelemetryOptions,
  CaptureSession,
  otlpTarget,
  TelemetryError,
  type TelemetryOptions,
} from "./telemetry-options.ts";

import { UsageError } from "./usage-error.ts";

interface Options extends TelemetryOptions, CaptureFlags, ReportOutputOptions, FilterFlags {
  format: OutputName;
  explain: boolean;
  jobs: number;
  brokerLog?: string;
  all: boolean;
  width?: number;
}

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description(
      `Reads captures (pcap, pcapng, either of them gzipped, "-" for standard input) and reports what is corrupt in their AMQP 0-9-1 connections: which frame, where, in which packet, why, and what the broker answered. Several files are read as one timeline: give the files of a ring buffer in their order.`,
    )
    .argument("<file...>", "captures")
    .addOption(formatOption("report"));
  addFilterOptions(addCaptureOptions(command), { when: "findings and messages" })
    .addOption(brokerOption())
    .option("--broker-log <file>", "a log of the broker: show its messages with the connections they are about")
    .option("--no-explain", "read a capture only once: report what is broken, do not explain it")
    .option("--jobs <number>", "threads that share the connections of large files", positiveNumber, 1)
    .option("--all", "show everything in the text, however long it is", false)
    .addOption(widthOption());
  return addTelemetryOptions(addReportOutputs(command))
    .addHelpText(
      "after",
      `
--connection, --channel, --user, --vhost, --from and --to choose which findings
are shown and count for the exit status; the number of the others is shown, too.
--exchange, --routing-key, --queue, --message-id, --trace, --outcome and
--slower-than choose the connections that carried such a message, with all their
findings. --otlp sends everything. sarif, junit and github cannot say what was
left out, so they are refused with any of these options.

Exit status: 0 nothing wrong, 1 errors or warnings found, or nothing has the id,
exchange, channel, … asked for, 2 an input could not be read, or is corrupt from
some octet on, or a connection asked for is not there, 130 stopped by Ctrl-C. A
capture that only ends inside its last packet gets a note, like packets that
were not read.

Examples:
  $ ghostframe inspect trace.pcapng
  $ ghostframe inspect trace.pcapng --output html=report.html
  $ ghostframe inspect trace.pcapng --connection c7 --from 18:20 --to 18:25
  $ ghostframe inspect trace.pcapng --message-id order-4711
  $ ghostframe inspect --format json ring_*.pcapng | jq .findings
  $ ghostframe inspect trace.pcapng --broker-log rabbit@host.log
  $ ghostframe inspect trace.pcapng --otlp=http://collector:4318
  $ tcpdump -i any -w - port 5672 | ghostframe inspect -`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  try {
    const taken = filesRead(paths, options);
    taken.takeOutputs(options.output ?? []);
    taken.refuseTelemetry(options.otlp, process.env);
    refuseGates(options);
    await inspectCaptures(paths, options);
  } catch (error) {
    if (!(error instanceof TelemetryError || error instanceof UsageError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Formats that pass or fail cannot report what was left out. */
const GATES: ReadonlySet<string> = new Set(["sarif", "junit", "github"]);

function refuseGates({ format, output = [], ...flags }: Options): void {
  const gate = [format, ...output.map(each => each.format)].find(each => GATES.has(each));
  if (gate === undefined || !selects(flags)) return;
  throw new UsageError(`${gate} cannot say what --connection and its like leave out: leave these out, or take json`);
}

const NO_TIME = "stopped by Ctrl-C; the report of what was read would have taken too long";

async function inspectCaptures(paths: string[], options: Options): Promise<void> {
  if (options.brokerLog === "-" && paths.includes("-")) {
    complain("standard input cannot be both the capture and the broker's log");
    process.exitCode = EXIT.FAILED;
    return;
  }
  const captures = await captureOptions(options);
  if (captures === null) return;
  const { otlpMessages } = options;
  const otlp = otlpTarget(options.otlp, options.output);
  const telemetry = await CaptureSession.open({ otlp, otlpMessages, captures: paths });
  const asked = new AskedReport(options);
  const sample = wantsPage(options) ? new (await import("./html-output.ts")).PageSample() : null;
  const interruption = onInterrupt(await graceOf(paths), () => complain(NO_TIME));
  const { signal } = interruption;
  const progress = new Progress(process.stderr, performance);
  const hooks = {
    signal,
    onFailure: printStack,
    onConnection: keepHeapModerate,
    onExplaining: (connections: number) => {
      keepHeapSmall(connections);
      interruption.beforeDeafWork();
    },
    onProgress: (path: string, read: number, total: number | null) => {
      progress.update(path, read, total);
      return telemetry?.ready();
    },
  };
  const readers = readersOf(telemetry?.readers(), sample, asked);
  const { explain, channel: channels, jobs } = options;
  const seen = await inspected(paths, { ...captures, explain, channels }, jobs, { ...hooks, ...readers });
  progress.clear();
  const sent = await telemetry?.finish([seen]);
  interruption.release();
  const { brokerLog } = options;
  const whole =
    brokerLog === undefined
      ? seen
      : await (await import("./broker-log-file.ts")).addBrokerLog(seen, brokerLog, signal.aborted);
  // Here and below: what Ctrl-C has begun may end the process.
  await nextTurn();
  const report = asked.of(whole);
  const unknown = asked.unknown(whole);
  // After an incomplete reading it is not known what does not exist.
  const absent = signal.aborted || unknown.length > 0 ? [] : asked.absent(whole);
  const { flavor, traceUrl } = options;
  const page = { ...sample?.data, ...(traceUrl === undefined ? {} : { traceUrl }) };
  const terminal = terminalOptions(process.stdout, process.env, options);
  const layout = { ...terminal, ...(flavor === undefined ? {} : { flavor }) };
  const pieces = await rendered(report, options.format, layout, page);
  await nextTurn();
  interruption.reported();
  for (const piece of pieces) if (!(await write(piece))) break;
  const written = signal.aborted || ((await writeReports(report, options, page)) && sent !== false);
  complainOf(report);
  for (const words of [...unknown, ...absent]) complain(words);
  const done = written && unknown.length === 0;
  process.exitCode = signal.aborted ? EXIT.INTERRUPTED : done ? exitCode(report, absent.length > 0) : EXIT.FAILED;
}

/** By as many threads as are allowed: one if messages are asked for, which come in the order of the files. */
async function inspected(
  paths: readonly string[],
  inspection: SentOptions,
  jobs: number,
  hooks: InspectOptions & { signal: AbortSignal },
): Promise<Report> {
  const asksMessages = hooks.onAnyMessage ?? hooks.onMessage ?? hooks.onConnectionFacts;
  const shards = asksMessages === undefined ? await shardsFor(paths, jobs) : 1;
  if (shards < 2) return inspect(paths, { ...inspection, ...hooks });
  return buildReport(await inspectSharded(paths, shards, inspection, hooks));
}

/** What kept inputs from being read whole goes to standard error: inputs, the broker's log, own failures. */
function complainOf(report: Report): void {
  for (const { path, error } of report.inputs) {
    if (error !== undefined) complain(`${path === "-" ? "standard input" : path}: ${error}`);
  }
  if (report.brokerLog?.error !== undefined) complain(`${report.brokerLog.path}: ${report.brokerLog.error}`);
  ownFailures(report).forEach(complain);
}

/** Telemetry gets everything, the page the requested messages. */
function readersOf(
  telemetry: ReturnType<CaptureSession["readers"]> | undefined,
  sample: PageSample | null,
  asked: AskedReport,
): MessageReaders {
  const readers: MessageReaders = {};
  if (telemetry !== undefined || asked.wantsMessages) {
    readers.onAnyMessage = message => {
      asked.see(message);
      telemetry?.onMessageFacts?.(message);
    };
  }
  if (telemetry !== undefined || sample !== null) {
    readers.onConnectionFacts = facts => {
      sample?.connection(facts);
      telemetry?.onConnectionFacts?.(facts);
    };
  }
  if (sample !== null) {
    readers.messages = asked.options;
    readers.onMessage = message => sample.take(message);
  }
  return readers;
}

/** `isAbsent`: something that was asked for does not exist. */
function exitCode(report: Report, isAbsent: boolean): number {
  if (report.inputs.some(input => input.error !== undefined) || report.brokerLog?.error !== undefined) {
    return EXIT.FAILED;
  }
  if (ownFailures(report).length > 0) return EXIT.FAILED;
  return report.summary.errors + report.summary.warnings > 0 || isAbsent ? EXIT.FINDINGS : EXIT.CLEAN;
}
