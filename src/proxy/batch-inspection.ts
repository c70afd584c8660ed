/** Reads the relay's records: has each one inspected, then recorded together with its findings. */

import type { BrokerChoice } from "../broker/versions.ts";
import { printable } from "../bytes/printable.ts";
import { Moment } from "../net/connection-observer.ts";
import { MAX_SEGMENT } from "../net/synthetic-tcp.ts";
import type { ConnectionEvent } from "../report/live-event.ts";
import type { TelemetryParts } from "../telemetry/message-telemetry.ts";
import type { RelayedConnection, RelayTrouble } from "./connection-tap.ts";
import type { FrameWatch } from "./frame-watch.ts";
import { type Connected, LiveInspection } from "./live-inspection.ts";
import {
  type BatchRecord,
  CLOSED,
  CONCLUDE,
  CONNECTED,
  DATA,
  ENDED_BY_FIN,
  ENDED_BY_RST,
  GUARDED,
  LOST,
  OPENED,
  REOPENED,
  readRecords,
  TROUBLE,
} from "./octet-batch.ts";
import type { Recorder } from "./recorder.ts";

export interface BatchInspectionOptions {
  broker: BrokerChoice;
  recorder: Recorder | null;
  /** Findings are numbered from this on. */
  firstFinding?: number;
  /** Called with what was thrown when the inspection of a connection fails. */
  failed?: (error: unknown) => void;
  emit: (event: ConnectionEvent) => void;
  /** For making telemetry; null for none. */
  telemetry?: TelemetryParts | null;
  /** Shows frames to those who watch them; null for none. */
  watch?: FrameWatch | null;
}

const FELL_BEHIND = "the inspector fell behind; its octets are relayed, and not looked at any more";

export class BatchInspection {
  readonly inspection: LiveInspection;
  readonly #moment = new Moment();
  readonly #recorder: Recorder | null;
  readonly #emit: (event: ConnectionEvent) => void;
  /** Events emitted since the last packet was recorded. */
  #news: ConnectionEvent[] = [];
  /** Connections whose client the guard has stopped: guard and recording discard the client's octets. */
  readonly #concluded = new Set<number>();

  constructor(options: BatchInspectionOptions) {
    const { broker, recorder, firstFinding = 1, failed, emit, telemetry = null, watch = null } = options;
    this.#recorder = recorder;
    this.#emit = emit;
    this.inspection = new LiveInspection({
      broker,
      moment: this.#moment,
      firstFinding,
      ...(failed === undefined ? {} : { failed }),
      emit: event => this.#news.push(event),
      telemetry,
      watch,
    });
  }

  /** Reads batch[0, used) and the chunks that belong to it. */
  read(batch: Uint8Array, used: number, chunks: readonly ArrayBuffer[] = []): void {
    // With a recording, octets are inspected in the pieces in which they are recorded.
    const mostOctets = this.#recorder === null ? Number.POSITIVE_INFINITY : MAX_SEGMENT;
    readRecords(batch, used, chunks, mostOctets, record => {
      try {
        this.#record(record);
      } catch (error) {
        this.#giveUp(record.connection, error);
      }
    });
    this.#recorder?.flush();
  }

  /** What happens at this time without an octet. */
  at(seconds: number, microseconds: number, happens: (inspection: LiveInspection) => void): void {
    this.#setMoment(seconds, microseconds);
    happens(this.inspection);
    this.#emitNews();
    this.#recorder?.flush();
  }

  /** Concludes all connections that are open. */
  finish(): void {
    for (const {
      carrier: { number },
    } of this.inspection.open) {
      this.inspection.closed(number);
      this.#emitNews();
      this.#recorder?.closed(number);
    }
    this.#recorder?.close();
  }

  /** A failure on one connection must not end the inspection of the others. */
  #giveUp(connection: number, error: unknown): void {
    this.inspection.failed(connection, error);
    this.#emitNews();
    this.#recorder?.closed(connection);
  }

  #record({ kind, side, connection, seconds, microseconds, bytes, start, end }: BatchRecord): void {
    this.#setMoment(seconds, microseconds);
    const nanoseconds = microseconds * 1000;
    const { inspection } = this;
    const recorder = this.#recorder;
    switch (kind) {
      case OPENED: {
        const opened = decoded<RelayedConnection>(bytes, start, end);
        inspection.opened(opened);
        recorder?.opened(connection, opened.client, opened.listener, seconds, nanoseconds);
        break;
      }
      case CONNECTED: {
        inspection.connected(connection, decoded<Connected>(bytes, start, end));
        break;
      }
      case DATA:
        if (side === 0 && this.#concluded.has(connection)) break;
        inspection.data(connection, side, bytes, start, end);
        recorder?.data(connection, side, bytes, start, end, seconds, nanoseconds, this.#faultShown());
        break;
      case ENDED_BY_FIN:
      case ENDED_BY_RST: {
        const reason = kind === ENDED_BY_FIN ? "fin" : "rst";
        inspection.end(connection, side, reason);
        // A reset by the proxy itself was done by neither client nor broker.
        if (reason === "rst" && inspection.isCut(connection)) break;
        recorder?.end(connection, side, reason, seconds, nanoseconds, this.#faultShown());
        break;
      }
      case TROUBLE:
        inspection.trouble(connection, decoded<RelayTrouble>(bytes, start, end));
        break;
      case LOST:
        inspection.lost(connection, FELL_BEHIND);
        break;
      case CONCLUDE:
        this.#concluded.add(connection);
        inspection.conclude(connection);
        break;
      case GUARDED:
        inspection.guarded(connection, decoded<{ reason: string }>(bytes, start, end).reason);
        break;
      case CLOSED:
        this.#concluded.delete(connection);
        inspection.closed(connection);
        break;
      case REOPENED:
        recorder?.reopen();
    }
    this.#emitNews();
    if (kind === LOST) recorder?.comment(connection, 0, FELL_BEHIND, seconds, nanoseconds);
    // Octets behind lost ones would be recorded in the place of the lost ones.
    if (kind === LOST || kind === CLOSED) recorder?.closed(connection);
  }

  #setMoment(seconds: number, microseconds: number): void {
    this.#moment.seconds = seconds;
    this.#moment.nanoseconds = microseconds * 1000;
  }

  /** What the present packet showed to be broken: it gets this packet's number in the recording. */
  #faultShown(): string | null {
    const fault = this.#news.find(({ event }) => event === "fault");
    return fault?.event === "fault" ? `${fault.rule}: ${printable(fault.message)}` : null;
  }

  /** Emits what is new, and writes findings into the recording as well. */
  #emitNews(): void {
    if (this.#news.length === 0) return;
    const news = this.#news;
    this.#news = [];
    for (const event of news) {
      if (this.#recorder !== null) this.#recordFinding(event, this.#recorder);
      this.#emit(event);
    }
  }

  #recordFinding(event: ConnectionEvent, recorder: Recorder): void {
    if (event.event !== "fault" && event.event !== "finding") return;
    const { seconds, nanoseconds } = this.#moment;
    const number = Number(event.connection.id.slice(1));
    if (event.event === "fault" || event.finding.severity !== "note") recorder.finding(number, seconds, nanoseconds);
    if (event.event === "fault") return;
    const { id, rule, message, diagnosis, direction } = event.finding;
    const side = direction === "server-to-client" ? 1 : 0;
    const said = diagnosis === undefined ? message : `${diagnosis.summary} ${diagnosis.remedy}`;
    const isRecorded = recorder.comment(number, side, `${id} ${rule}: ${printable(said)}`, seconds, nanoseconds);
    if (isRecorded && recorder.file !== null) event.recording = recorder.file;
  }
}

const DECODER = new TextDecoder();

function decoded<Value>(batch: Uint8Array, start: number, end: number): Value {
  return JSON.parse(DECODER.decode(batch.subarray(start, end))) as Value;
}
