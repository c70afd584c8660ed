/** Messages between the relay's thread and the inspector's thread. */
import type { MessagePort } from "node:worker_threads";
import type { BrokerChoice } from "../broker/versions.ts";
import type { EventWriting } from "../report/event-writer.ts";
import type { MessageChoice } from "../telemetry/message-telemetry.ts";
import type { CountMessage, EventMessage } from "./event-message.ts";

export interface InspectorSetting {
  broker: BrokerChoice;
  /** Where and how to record; null for not at all. */
  record: RecordSetting | null;
  /** Look for clients' sockets that several processes hold. */
  sharedSockets: boolean;
  /** How events are written; null if they are not read. */
  writing: EventWriting | null;
  /** Findings of new fingerprints carry their line of JSON, for the webhook. */
  lines?: boolean;
  /** Which messages get spans, and whether these are sent; null if there is no telemetry. */
  telemetry: { messages: MessageChoice; sendsSpans: boolean } | null;
  /** Events go to the live page, by the port of telemetry. */
  live?: boolean;
}

/** What the inspector's thread is started with. */
export interface InspectorData extends InspectorSetting {
  /** Findings are numbered from this on: an inspector before this one may have used the numbers below. */
  firstFinding: number;
  /** Memory of the OctetPipe. */
  pipe: SharedArrayBuffer;
}

export interface RecordSetting {
  directory: string;
  /** Octets after which a file is full. */
  fileOctets: number;
  /** Files that are kept. */
  files: number;
  on: "always" | "finding";
  /** Record what authenticates clients, too. */
  credentials: boolean;
}

export type ToInspector =
  /** `buffer` holds `used` octets of records. It is transferred, and comes back; the chunks do not. */
  | { kind: "batch"; buffer: ArrayBuffer; used: number; chunks: ArrayBuffer[] }
  /** There is something in the pipe. */
  | { kind: "piped" }
  /** The other end of this port takes telemetry. */
  | { kind: "telemetry"; port: MessagePort }
  /** Conclude everything, then end. */
  | { kind: "close" };

export type FromInspector =
  /** A batch was read, with this many octets of chunks. */
  | { kind: "batch-read"; buffer: ArrayBuffer; chunkOctets: number }
  | { kind: "events"; events: EventMessage[] }
  | { kind: "counts"; counts: CountMessage[] }
  | { kind: "problem"; message: string }
  /** This many more packets could not be recorded. */
  | { kind: "lost-packets"; count: number }
  | { kind: "closed" };
