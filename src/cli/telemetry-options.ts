/** `--otlp` and its companions, for the commands that read captures. */
import { randomBytes } from "node:crypto";
import { type Command, Option } from "commander";
import type { CheckResult } from "../check/check-result.ts";
import type { W3cContext } from "../messages/trace-context.ts";
import type { MessageReaders } from "../report/message-output.ts";
import type { Report } from "../report/report.ts";
import { counted } from "../report/text/wording.ts";
import type { CaptureTelemetry } from "../telemetry/capture-telemetry.ts";
import type { Broker } from "../telemetry/connection-source.ts";
import type { TelemetryExporter } from "../telemetry/export/telemetry-exporter.ts";
import type { Instruments } from "../telemetry/instruments.ts";
import { MESSAGE_CHOICES, type MessageChoice } from "../telemetry/message-telemetry.ts";
import type { Attributes, LogRecord, SpanContext, UnixTime } from "../telemetry/records.ts";
import { type OtlpTarget, TelemetryError, telemetrySetting } from "../telemetry/settings.ts";
import { traceParent } from "../telemetry/trace-parent.ts";
import { complain } from "./output.ts";
import { OTLP, type OutputFile } from "./output-option.ts";

export { TelemetryError };

export interface TelemetryOptions {
  otlp?: string | true;
  otlpMessages: MessageChoice;
}

export function addTelemetryOptions(command: Command): Command {
  return command
    .option(
      "--otlp [url]",
      "send traces, metrics and logs by OTLP over HTTP, or write them as JSON lines with file:DIR (default: where the OTEL_ variables say)",
    )
    .addOption(
      new Option("--otlp-messages <which>", "which messages get spans; those that an incident cost always do")
        .choices(MESSAGE_CHOICES)
        .default("traced"),
    );
}

/**
 * Where telemetry goes: the value of `--otlp`, or the file of `--output otlp=FILE`.
 *
 * @throws TelemetryError if both are given
 */
export function otlpTarget(otlp: TelemetryOptions["otlp"], outputs: readonly OutputFile[] = []): OtlpTarget {
  const files = outputs.filter(({ format }) => format === OTLP);
  if (files.length === 0) return otlp;
  if (files.length > 1) throw new TelemetryError("--output otlp", `expected one file, found ${files.length}`);
  if (otlp !== undefined) throw new TelemetryError("--output otlp", "expected without --otlp, found both");
  return { file: files[0]!.path };
}

const complained = new Set<string>();

/** For values of the variables that cannot be used: `run --repeat` reads them again and again. */
export function complainOnce(problem: string): void {
  if (!complained.has(problem)) complain(problem);
  complained.add(problem);
}

/** Batches that fail one after another until a capture's telemetry is given up. */
const MAX_FAILURES = 2;

/** The parts of OpenTelemetry and of ours that are loaded only on request. */
async function load() {
  const [{ TelemetryExporter }, { CaptureTelemetry, spanOf }, { Instruments }, { TraceIds }, { digest }] =
    await Promise.all([
      import("../telemetry/export/telemetry-exporter.ts"),
      import("../telemetry/capture-telemetry.ts"),
      import("../telemetry/instruments.ts"),
      import("../telemetry/trace-ids.ts"),
      import("../telemetry/export/digest.ts"),
    ]);
  return { TelemetryExporter, CaptureTelemetry, spanOf, Instruments, TraceIds, digest };
}

interface Measured {
  instruments: Instruments;
  /** Whether it is one of the outputs that were asked for. */
  isFile: boolean;
  spanOf: (report: Report) => { start: UnixTime; end: UnixTime };
}

/** The telemetry of one command that reads captures. */
export class CaptureSession {
  readonly #exporter: TelemetryExporter;
  readonly #newCapture: () => CaptureTelemetry;
  /** For each capture. */
  readonly #captures: (CaptureTelemetry | undefined)[] = [];
  /** This many of them are read. */
  #finished = 0;
  readonly #measured: Measured;
  readonly #began = now();
  readonly #parent: W3cContext | null;
  /** The command's own span, the parent of its connections; null if it has none. */
  readonly span: W3cContext | null;

  private constructor(
    exporter: TelemetryExporter,
    newCapture: () => CaptureTelemetry,
    measured: Measured,
    [parent, span]: [W3cContext | null, W3cContext | null],
  ) {
    this.#measured = measured;
    this.#exporter = exporter;
    this.#newCapture = newCapture;
    this.#parent = parent;
    this.span = span;
  }

  /**
   * Null if nothing is to be sent: then none of this is loaded. `spans`: whether the command has its own span: always,
   * under the one that TRACEPARENT names, or never. A trace that is not recorded gets none. `captures`: the files that
   * are read: the same files again count as the same instance. `server`: the broker, if connections lead to a proxy.
   * Throws a TelemetryError.
   */
  static async open(
    {
      otlp,
      otlpMessages,
      captures = [],
    }: { otlp: OtlpTarget; otlpMessages: MessageChoice; captures?: readonly string[] },
    spans: "always" | "in-trace" | "never" = "never",
    server: Broker | null = null,
  ): Promise<CaptureSession | null> {
    const setting = telemetrySetting(otlp, process.env, complainOnce);
    if (setting === null) return null;
    const loaded = await load();
    const problem = (message: string): void => complain(`telemetry: ${message}`);
    const isKnown = captures.length > 0 && !captures.includes("-");
    const instance = isKnown ? uuidOf(loaded.digest(captures.join("\n"))) : undefined;
    const exporter = await loaded.TelemetryExporter.open(setting, { maxFailures: MAX_FAILURES, problem }, instance);
    const parent = spans === "never" ? null : traceParent(process.env);
    const span = spans === "always" || parent?.sampled === true ? spanUnder(parent) : null;
    const ids = new loaded.TraceIds(loaded.digest, span === null ? null : contextOf(span));
    const instruments = new loaded.Instruments();
    const isUnrecorded = span?.sampled === false;
    const sink = isUnrecorded ? { span: () => {}, log: (record: LogRecord) => exporter.log(record) } : exporter;
    const parts = { ids, choice: otlpMessages, sink, instruments };
    const newCapture = () => new loaded.CaptureTelemetry(parts, () => exporter.ready(), server);
    const measured = { instruments, spanOf: loaded.spanOf };
    return new CaptureSession(exporter, newCapture, { ...measured, isFile: typeof otlp === "object" }, [parent, span]);
  }

  /** What it needs from the inspection of a capture, which has this number from 0. */
  readers(capture = 0): Pick<MessageReaders, "onMessageFacts" | "onConnectionFacts"> {
    const telemetry = this.#of(capture);
    return {
      onMessageFacts: message => telemetry.message(message),
      onConnectionFacts: facts => telemetry.connection(facts),
    };
  }

  /** Resolves when what came so far is on its way, and there is room for more. */
  async ready(): Promise<void> {
    const begun = this.#captures.slice(this.#finished);
    // The last one may still be read.
    this.#finished = Math.max(this.#captures.length - 1, 0);
    for (const capture of begun) await capture?.ready();
  }

  /**
   * Sends the contents of the reports, and waits for all. What could not be sent is reported, and changes nothing else;
   * only an incomplete file that was asked for makes it false. `own`: the command's own span, if it has one.
   */
  async finish(reports: readonly Report[], own: OwnSpan | null = null): Promise<boolean> {
    for (const [i, report] of reports.entries()) await this.#of(i).report(report);
    if (own !== null && this.span?.sampled === true) {
      this.#exporter.span({
        ...contextOf(this.span),
        parentSpanId: this.#parent?.spanId ?? null,
        hasRemoteParent: true,
        kind: "internal",
        start: this.#began,
        end: now(),
        events: [],
        links: [],
        ...own,
      });
    }
    this.#sendMetrics(reports);
    await this.#exporter.flush();
    const { dropped } = this.#exporter;
    const { isFile } = this.#measured;
    if (dropped > 0) complain(`telemetry: ${counted(dropped, "record")} could not be ${isFile ? "written" : "sent"}`);
    return dropped === 0 || !isFile;
  }

  /** At the time of the captures: from their first connection's beginning to their last one's end. */
  #sendMetrics(reports: readonly Report[]): void {
    const { instruments, spanOf } = this.#measured;
    const spans = reports.filter(({ connections }) => connections.length > 0).map(spanOf);
    const starts = spans.map(({ start }) => start).toSorted((a, b) => a[0] - b[0]);
    const ends = spans.map(({ end }) => end).toSorted((a, b) => a[0] - b[0]);
    if (starts.length > 0) this.#exporter.metrics(instruments.snapshot(starts[0]!, ends.at(-1)!));
  }

  #of(capture: number): CaptureTelemetry {
    this.#captures[capture] ??= this.#newCapture();
    return this.#captures[capture];
  }
}

export interface OwnSpan {
  name: string;
  attributes: Attributes;
  error: string | null;
}

/** The span of `check` or `run`: it fails if the check does, or the command of `run`, whose exit status `exit` is. */
export function commandSpan(command: "check" | "run", { passed, summary }: CheckResult, exit?: number): OwnSpan {
  const hasFailed = exit !== undefined && exit !== 0;
  const problems = [
    ...(hasFailed ? [`the command ended with exit status ${exit}`] : []),
    ...(passed ? [] : [summary.failing > 0 ? counted(summary.failing, "failing finding") : "the check did not pass"]),
  ];
  return {
    name: `ghostframe ${command}`,
    attributes: {
      "ghostframe.check.passed": passed,
      ...(exit === undefined ? {} : { "process.exit.code": exit }),
      ...(problems.length === 0 ? {} : { "error.type": passed ? "command-failed" : "check-failed" }),
    },
    error: problems.length === 0 ? null : problems.join("; "),
  };
}

/** A span of the parent's trace, or of a new one. */
function spanUnder(parent: W3cContext | null): W3cContext {
  const { traceId = randomId(16), sampled = true, traceState = null } = parent ?? {};
  return { traceId, spanId: randomId(8), sampled, traceState };
}

function contextOf({ traceId, spanId, traceState }: W3cContext): SpanContext {
  return { traceId, spanId, traceState: traceState ?? undefined };
}

/** A UUID of these digits: version 8, for custom formats (RFC 9562 §5.8). */
function uuidOf(digits: string): string {
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(12, 15)}`, `8${digits.slice(15, 18)}`];
  return [...parts, digits.slice(18, 30)].join("-");
}

function now(): UnixTime {
  const milliseconds = Date.now();
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1e6];
}

function randomId(octets: number): string {
  return randomBytes(octets).toString("hex");
}
