import type { MessagePort } from "node:worker_threads";
import { jsonLine } from "../report/json.ts";
import { connectionRecord } from "../report/partial/connection-record.ts";
import { digest } from "../telemetry/export/digest.ts";
import { Instruments } from "../telemetry/instruments.ts";
import type { MessageChoice, TelemetryParts } from "../telemetry/message-telemetry.ts";
import type { LogRecord, SpanRecord, TelemetrySink, UnixTime } from "../telemetry/records.ts";
import { TraceIds } from "../telemetry/trace-ids.ts";
import type { Inspected } from "./live-inspection.ts";
import type { FromInspectorPort, ToInspectorPort } from "./telemetry-protocol.ts";

/** Records that the other thread has not taken yet; more are dropped, and counted. */
const MAX_OUTSTANDING = 16_384;
/** Connections that are shown. */
const MAX_SHOWN = 1000;

/** The inspector's end of telemetry: gathers records, and hands them to the thread that sends them. Waits for nothing. */
export class TelemetryLink implements TelemetrySink {
  readonly parts: TelemetryParts;
  readonly #instruments = new Instruments();
  readonly #open: () => Iterable<Inspected>;
  readonly #start: UnixTime;
  #port: MessagePort | null = null;
  #spans: SpanRecord[] = [];
  #logs: LogRecord[] = [];
  #outstanding = 0;
  #dropped = 0;

  /** `open`: connections that are open; `start`: the present. */
  constructor(choice: MessageChoice, open: () => Iterable<Inspected>, start: UnixTime) {
    this.parts = { ids: new TraceIds(digest, null), choice, sink: this, instruments: this.#instruments };
    this.#open = open;
    this.#start = start;
  }

  /** Another thread sends from now on. */
  connect(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    this.#outstanding = this.#spans.length + this.#logs.length;
    port.on("message", (message: ToInspectorPort) => {
      if (message.kind === "taken") this.#outstanding -= message.records;
      else if (message.kind === "connections") this.#showConnections(message.request);
    });
  }

  span(span: SpanRecord): void {
    if (this.#hasRoom()) this.#spans.push(span);
  }

  log(record: LogRecord): void {
    if (this.#hasRoom()) this.#logs.push(record);
  }

  /** Hands over what was gathered. */
  flush(): void {
    if (this.#spans.length + this.#logs.length > 0) this.#post(null);
  }

  /** The same with all metrics. */
  measured(time: UnixTime): void {
    this.#post(this.#instruments.snapshot(this.#start, time));
  }

  close(): void {
    this.#port?.close();
  }

  #hasRoom(): boolean {
    if (this.#outstanding < MAX_OUTSTANDING) {
      this.#outstanding++;
      return true;
    }
    this.#dropped++;
    return false;
  }

  #post(metrics: ReturnType<Instruments["snapshot"]> | null): void {
    if (this.#port === null) return;
    const message: FromInspectorPort = {
      kind: "records",
      spans: this.#spans,
      logs: this.#logs,
      dropped: this.#dropped,
      metrics,
    };
    this.#port.postMessage(message);
    this.#spans = [];
    this.#logs = [];
  }

  #showConnections(request: number): void {
    const open = [...this.#open()];
    const connections = open.slice(0, MAX_SHOWN).map(connection => {
      const { id, upstream } = connection.carrier;
      return jsonLine({ id, upstream, ...connectionRecord(connection) });
    });
    const message: FromInspectorPort = { kind: "connections", request, open: open.length, connections };
    this.#port?.postMessage(message);
  }
}
