/** Messages between the thread of telemetry, the relay's thread and the inspector's. */
import type { MetricsSnapshot } from "../telemetry/instruments.ts";
import type { MessageChoice } from "../telemetry/message-telemetry.ts";
import type { LogRecord, SpanRecord } from "../telemetry/records.ts";
import type { TelemetrySetting } from "../telemetry/settings.ts";
import type { ListenAddress, UpstreamAddress } from "./address.ts";

/** What telemetry is wanted of a proxy. */
export interface ProxyTelemetrySetting {
  /** What is sent, and where to; null for nothing. */
  otlp: TelemetrySetting | null;
  messages: MessageChoice;
  /** Where metrics and health are served; null for nowhere. */
  admin: ListenAddress | null;
}

/** What the thread is started with. */
export interface TelemetryData extends ProxyTelemetrySetting {
  upstreams: readonly UpstreamAddress[];
}

/** What the relay knows, once a second. */
export interface RelayState {
  isListening: boolean;
  isDraining: boolean;
  accepted: number;
  open: number;
  /** Connections that could not be relayed. */
  refused: number;
  /** Connections that went on uninspected because the inspector fell behind or died. */
  uninspected: number;
  /** Octets that were passed on of each side. */
  octets: readonly [client: number, broker: number];
  /** Pauses in reading from clients; null where they are read as fast as can be. */
  pauses: number | null;
  /** Octets that the inspector is behind. */
  behind: number;
  /** Whether the last client that came was connected to its broker; null before the first one. */
  upstreamReached: boolean | null;
}

export type ToTelemetry =
  | { kind: "relay"; state: RelayState }
  /** The other end of this port is an inspector's. */
  | { kind: "inspector"; port: import("node:worker_threads").MessagePort }
  /** Send all, then end. */
  | { kind: "close" };

export type FromTelemetry =
  | { kind: "ready"; admin: { address: string; port: number } | null }
  /** It cannot do what is wanted: no folder, no port. */
  | { kind: "failed"; what: string; problem: string }
  | { kind: "problem"; message: string }
  | { kind: "closed"; dropped: number };

/** From an inspector. */
export interface InspectorRecords {
  kind: "records";
  spans: SpanRecord[];
  logs: LogRecord[];
  /** Records that it had to drop so far. */
  dropped: number;
  metrics: MetricsSnapshot | null;
}

/** Open connections as `GET /connections` shows them: JSON each. */
export interface InspectorConnections {
  kind: "connections";
  request: number;
  open: number;
  connections: string[];
}

export type FromInspectorPort = InspectorRecords | InspectorConnections;
export type ToInspectorPort = { kind: "taken"; records: number } | { kind: "connections"; request: number };
