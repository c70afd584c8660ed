/** Messages between the thread of telemetry, the relay's thread and the inspector's. */

import type { Endpoint } from "../report/report.ts";
import type { MetricsSnapshot } from "../telemetry/instruments.ts";
import type { MessageChoice } from "../telemetry/message-telemetry.ts";
import type { LogRecord, SpanRecord } from "../telemetry/records.ts";
import type { TelemetrySetting } from "../telemetry/settings.ts";
import type { ListenAddress, UpstreamAddress } from "./address.ts";
import type { VisitSecrets } from "./one-visit.ts";

/** The telemetry settings of a proxy. */
export interface ProxyTelemetrySetting {
  /** What is sent, and where to; null for nothing. */
  otlp: TelemetrySetting | null;
  messages: MessageChoice;
  /** Where metrics and health are served; null for nowhere. */
  admin: ListenAddress | null;
  /** The HTML of the live page; null for none. */
  livePage?: string | null;
}

/** Where the live page is served, and the token that lets a browser in. */
export interface LiveAddress {
  /** Of 127.0.0.1; 0 for one that is free. */
  port: number;
  secrets: VisitSecrets;
}

/** What the thread is started with. */
export interface TelemetryData extends ProxyTelemetrySetting {
  upstreams: readonly UpstreamAddress[];
  /** Of `livePage`. */
  live?: LiveAddress;
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
  /** Octets of each side that were passed on. */
  octets: readonly [client: number, broker: number];
  /** Pauses in reading from clients; null if they are read as fast as possible. */
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
  /** Another browser may be let in to the live page, with this token. */
  | { kind: "new-visit"; token: string }
  /** Send all, then end; what waits after so many milliseconds is only counted. */
  | { kind: "close"; within: number };

export type FromTelemetry =
  /** `live`: port of the live page; null for none. */
  | { kind: "ready"; admin: { address: string; port: number } | null; live: number | null }
  /** The token of the live page was used. */
  | { kind: "visited" }
  /** It cannot do what is asked: no folder, no port. */
  | { kind: "failed"; what: string; problem: string }
  | { kind: "problem"; message: string }
  /** Records that were dropped, and those that still waited when its time was over. */
  | ({ kind: "closed" } & Unsent);

export interface Unsent {
  dropped: number;
  waiting: number;
}

/** From an inspector. */
export interface InspectorRecords {
  kind: "records";
  spans: SpanRecord[];
  logs: LogRecord[];
  /** Records that it dropped so far. */
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

/** For the live page: what is new since the last one. */
export interface InspectorNews {
  kind: "news";
  connections: ConnectionNews[];
  findings: FindingNews[];
  /** MessageRecord, JSON each; and those that findings cost. */
  messages: string[];
  lost: string[];
  /** Since the inspector began. */
  frames: number;
  messageCount: number;
  /** Connections, and messages that findings cost, that were not sent because they were too many. */
  dropped: number;
  lostDropped: number;
}

export interface ConnectionNews {
  id: string;
  isOpen: boolean;
  /** LiveConnection. */
  json: string;
}

export interface FindingNews {
  id: string;
  connection: string;
  /** LiveFinding. */
  json: string;
  /** What to take out of which recording; null if it is not recorded. */
  excerpt: Excerpt | null;
}

/** The packets of one connection around a moment. Times: microseconds since the epoch. */
export interface Excerpt {
  /** A file of the recording. */
  path: string;
  ends: readonly [Endpoint, Endpoint];
  opened: number;
  around: number;
}

/** Frames of a watched connection: LiveFrame, JSON each. */
export interface WatchedFrames {
  kind: "frames";
  watch: number;
  frames: string[];
  omitted: number;
  over: boolean;
}

export type FromInspectorPort = InspectorRecords | InspectorConnections | InspectorNews | WatchedFrames;
export type ToInspectorPort =
  | { kind: "taken"; records: number }
  | { kind: "connections"; request: number }
  | { kind: "news-taken" }
  /** `channel`: null for all. */
  | { kind: "watch"; watch: number; connection: string; channel: number | null }
  | { kind: "unwatch"; watch: number };
