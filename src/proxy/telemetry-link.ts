import type { MessagePort } from "node:worker_threads";
import { jsonLine } from "../report/json.ts";
import { connectionRecord } from "../report/partial/connection-record.ts";
import { digest } from "../telemetry/export/digest.ts";
import { Instruments } from "../telemetry/instruments.ts";
import type { TelemetryParts } from "../telemetry/message-telemetry.ts";
import type { LogRecord, SpanRecord, TelemetrySink, UnixTime } from "../telemetry/records.ts";
import { shownText } from "../telemetry/shown.ts";
import { TraceIds } from "../telemetry/trace-ids.ts";
import type { InspectorSetting } from "./inspector-protocol.ts";
import type { Inspected } from "./live-inspection.ts";
import type { RecordedPackets } from "./recorded-packets.ts";
import type { FromInspectorPort, ToInspectorPort } from "./telemetry-protocol.ts";

/** Records that the other thread has not taken yet; beyond this, records are dropped, and counted. */
const MAX_OUTSTANDING = 16_384;
/** Connections that are shown. */
const MAX_SHOWN = 1000;

/** The inspector's end of telemetry: gathers records, and hands them to the thread that sends them. Waits for nothing. */
export class TelemetryLink implements TelemetrySink {
  readonly parts: TelemetryParts;
  readonly #instruments = new Instruments();
  readonly #packets: RecordedPackets | null;
  readonly #open: () => Iterable<Inspected>;
  readonly #start: UnixTime;
  #port: MessagePort | null = null;
  #spans: SpanRecord[] = [];
  #logs: LogRecord[] = [];
  #outstanding = 0;
  #dropped = 0;

  /** `packets`: where octets are recorded, null for nowhere; `open`: open connections; `start`: the present time. */
  constructor(
    { messages: choice, sendsSpans }: NonNullable<InspectorSetting["telemetry"]>,
    packets: RecordedPackets | null,
    open: () => Iterable<Inspected>,
    start: UnixTime,
  ) {
    const made = { ids: new TraceIds(digest, null), instruments: this.#instruments, sink: this };
    this.parts = { ...made, choice, sendsSpans, isRecorded: packets !== null };
    this.#packets = packets;
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

  /** Hands over what was gathered. What was relayed by then is recorded, if it is recorded at all. */
  flush(): void {
    this.#placeInRecording();
    if (this.#spans.length + this.#logs.length > 0) this.#post(null);
  }

  /** The same with all metrics. */
  measured(time: UnixTime): void {
    this.#placeInRecording();
    this.#post(this.#instruments.snapshot(this.#start, time));
  }

  close(): void {
    this.#port?.close();
  }

  #placeInRecording(): void {
    const packets = this.#packets;
    if (packets === null) return;
    for (const span of this.#spans) {
      place(span, packets);
      for (const event of span.events) place(event, packets);
    }
    for (const log of this.#logs) place(log, packets);
    packets.release();
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

/** Adds the packets of the recording that hold it. */
function place(record: SpanRecord | SpanRecord["events"][number] | LogRecord, packets: RecordedPackets): void {
  const { stretch, attributes } = record;
  if (stretch === undefined) return;
  record.stretch = undefined;
  const found = packets.find(stretch.connection, stretch.isClients ? 0 : 1, stretch.from, stretch.to);
  if (found === null) return;
  attributes["ghostframe.capture"] = shownText(found.path);
  attributes["ghostframe.packet.first"] = found.first;
  if (found.last !== null) attributes["ghostframe.packet.last"] = found.last;
}
