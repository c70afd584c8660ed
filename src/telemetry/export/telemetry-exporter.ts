import type { MetricsSnapshot } from "../instruments.ts";
import type { LogRecord, SpanRecord, TelemetrySink } from "../records.ts";
import type { TelemetrySetting } from "../settings.ts";
import { type SignalExports, signalExports } from "./signal-export.ts";
import { type QueueOptions, SignalQueue } from "./signal-queue.ts";

/** Sends telemetry. Its callers never wait. */
export class TelemetryExporter implements TelemetrySink {
  readonly #spans: SignalQueue<SpanRecord> | null;
  readonly #logs: SignalQueue<LogRecord> | null;

  readonly #metrics: SignalQueue<MetricsSnapshot> | null;

  private constructor({ traces, logs, metrics }: SignalExports, options: QueueOptions) {
    this.#spans = traces === null ? null : new SignalQueue(traces, options);
    this.#logs = logs === null ? null : new SignalQueue(logs, options);
    this.#metrics = metrics === null ? null : new SignalQueue(metrics, options);
  }

  /**
   * Loads OpenTelemetry's packages. `instance`: the sender's id, else random. Throws a TelemetryError for a bad folder.
   */
  static async open(setting: TelemetrySetting, options: QueueOptions, instance?: string): Promise<TelemetryExporter> {
    return new TelemetryExporter(await signalExports(setting, options.problem, instance), options);
  }

  span(span: SpanRecord): void {
    this.#spans?.add(span);
  }

  log(record: LogRecord): void {
    this.#logs?.add(record);
  }

  metrics(snapshot: MetricsSnapshot): void {
    if (snapshot.metrics.length > 0) this.#metrics?.add(snapshot);
  }

  /** Records that could not be sent. */
  get dropped(): number {
    return this.#queues.reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Records of which it is not known whether they will be sent. */
  get waiting(): number {
    return this.#queues.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** Sends what waits, and does not wait for it. */
  push(): void {
    for (const queue of this.#queues) queue.push();
  }

  /** Resolves when there is room for more. */
  async ready(): Promise<void> {
    for (const queue of this.#queues) await queue.ready();
  }

  /** Resolves when all was sent, or could not be sent. */
  async flush(): Promise<void> {
    await Promise.all(this.#queues.map(queue => queue.flush()));
  }

  get #queues(): Pick<SignalQueue<unknown>, "dropped" | "waiting" | "push" | "ready" | "flush">[] {
    return [this.#spans, this.#logs, this.#metrics].filter(queue => queue !== null);
  }
}
