/**
 * The events that `ghostframe proxy` emits while it runs, each complete in itself: `--format ndjson` prints them as
 * they are. Like the report they change only by addition.
 */
import type { RuleId } from "../connection/rules.ts";
import type { Connection, Direction, Endpoint, Finding, Severity } from "./report.ts";

export const EVENT_SCHEMA = "ghostframe.event/1";

/** What all events of a connection have. */
interface ConnectionPlace {
  schema: typeof EVENT_SCHEMA;
  /** ISO 8601, UTC. */
  time: string;
  /** The connection as far as it is known; its server is the proxy's end, where the client connected to. */
  connection: Connection;
  /** The broker it is relayed to. */
  upstream: Endpoint;
}

/** A client is connected to its broker. */
export interface OpenedEvent extends ConnectionPlace {
  event: "opened";
}

/** Something broke: the first event of an incident. Its finding follows when it is over. */
export interface FaultEvent extends ConnectionPlace {
  event: "fault";
  rule: RuleId;
  severity: Severity;
  direction: Direction;
  streamOffset: number;
  /** One sentence. */
  message: string;
}

export interface FindingEvent extends ConnectionPlace {
  event: "finding";
  /** False if the same finding, by its id, may come again with more: the incident is not over. */
  final: boolean;
  finding: Finding;
  /** The same whenever the same program makes the same mistake: 16 hexadecimal digits. */
  fingerprint?: string;
  /** The recording's file that has it, if there is one. */
  recording?: string;
}

/** The connection could not be relayed, or was not ended by its two ends. */
export interface TroubleEvent extends ConnectionPlace {
  event: "trouble";
  kind: string;
  message: string;
}

/** The connection continues, and is not inspected any more. */
export interface UninspectedEvent extends ConnectionPlace {
  event: "uninspected";
  message: string;
}

/** The guard stopped the client before its broken frame reached the broker: reported at once, explained later. */
export interface GuardedEvent extends ConnectionPlace {
  event: "guarded";
  message: string;
}

export interface ClosedEvent extends ConnectionPlace {
  event: "closed";
  findings: { errors: number; warnings: number; notes: number };
}

/** An event of one connection. */
export type ConnectionEvent =
  | OpenedEvent
  | FaultEvent
  | FindingEvent
  | TroubleEvent
  | UninspectedEvent
  | GuardedEvent
  | ClosedEvent;

/** A finding that was emitted came again, with other connections or in other places. */
export interface RepeatedEvent {
  schema: typeof EVENT_SCHEMA;
  time: string;
  event: "repeated";
  fingerprint: string;
  /** Id, rule, severity and sentence of the finding that was emitted. */
  finding: string;
  rule: RuleId;
  severity: Severity;
  message: string;
  /** How often it came since it was emitted, and how often since that was last counted. */
  count: number;
  more: number;
  /** When it was emitted. */
  since: string;
  /** Address of the latest client with this finding. */
  client: string;
}

/** More events of one kind came than are emitted. */
export interface LimitedEvent {
  schema: typeof EVENT_SCHEMA;
  time: string;
  event: "limited";
  /** `closed`, `trouble upstream-refused`, `finding frame-end`. */
  kind: string;
  /** Events left out since then, and from how many clients' addresses. */
  count: number;
  addresses: number;
  since: string;
}

/** A count of events that are not emitted one by one. */
export type CountEvent = RepeatedEvent | LimitedEvent;

/** Something about the proxy itself: it listens, it could not record, it ends. */
export interface ProxyEvent {
  schema: typeof EVENT_SCHEMA;
  time: string;
  event: "proxy";
  kind: "listening" | "draining" | "reloaded" | "problem" | "status" | "summary";
  message: string;
  /** For the kinds status and summary. */
  counters?: ProxyCounters;
}

export interface ProxyCounters {
  /** Connections relayed, and how many of them were not inspected to their end. */
  connections: number;
  /** Connections that came and went without an octet, as health checks do: not among the others. */
  probes?: number;
  /** Clients that the guard stopped. */
  guarded?: number;
  /** Packets that could not be recorded. */
  lostPackets?: number;
  /** Findings that the webhook did not accept; missing if there is no webhook. */
  unsent?: number;
  uninspected: number;
  /** Connections that could not be relayed: the broker was away, too many at a time. */
  refused: number;
  errors: number;
  warnings: number;
  notes: number;
  /** Events that could not be written because their reader was too slow. */
  untold: number;
}

export type LiveEvent = ConnectionEvent | CountEvent | ProxyEvent;
