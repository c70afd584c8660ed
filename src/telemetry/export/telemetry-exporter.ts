import type { LogRecord, SpanRecord, TelemetrySink } from "../records.ts";
import type { TelemetrySetting } from "../settings.ts";
import { signalExports } from "./signal-export.ts";
import { type QueueOptions, SignalQueue } from "./signal-queue.ts";

/** Sends telemetry. Whoever gives it records waits for nothing. */
export class TelemetryExporter implements TelemetrySink {
  readonly #spans: SignalQueue<SpanRecord> | null;
  readonly #logs: SignalQueue<LogRecord> | null;

  private constructor(spans: SignalQueue<SpanRecord> | null, logs: SignalQueue<LogRecord> | null) {
    this.#spans = spans;
    this.#logs = logs;
  }

  /** Loads OpenTelemetry's packages. Throws a TelemetryError where a folder cannot be written. */
  static async open(setting: TelemetrySetting, options: QueueOptions): Promise<TelemetryExporter> {
    const { traces, logs } = await signalExports(setting, options.problem);
    return new TelemetryExporter(
      traces === null ? null : new SignalQueue(traces, options),
      logs === null ? null : new SignalQueue(logs, options),
    );
  }

  span(span: SpanRecord): void {
    this.#spans?.add(span);
  }

  log(record: LogRecord): void {
    this.#logs?.add(record);
  }

  /** Records that could not be sent. */
  get dropped(): number {
    return this.#queues.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Sends what waits, and waits for nothing. */
  push(): void {
    for (const queue of this.#queues) queue.push();
  }

  /** Resolves when there is room for more. */
  async ready(): Promise<void> {
    for (const queue of this.#queues) await queue.ready();
  }

  /** Resolves when all was sent, or could not be. */
  async flush(): Promise<void> {
    await Promise.all(this.#queues.map(queue => queue.flush()));
  }

  get #queues(): (SignalQueue<SpanRecord> | SignalQueue<LogRecord>)[] {
    return [this.#spans, this.#logs].filter(queue => queue !== null);
  }
}
