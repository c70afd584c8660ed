/** What the live page of `proxy --ui` gets, as JSON in server-sent events. Times are ISO 8601, UTC, unless noted. */
import type { MessageRecord } from "../message-record.ts";
import type { Connection, Direction, Endpoint, Finding } from "../report.ts";

/** The present state of a connection; its `octets` and `frames` grow. */
export interface LiveConnection extends Connection {
  /** The broker it is relayed to. */
  upstream: Endpoint;
  /** Neither its end nor the inspector's was reported. */
  isOpen: boolean;
  /** Why it is not inspected any more; left out if it is inspected. */
  uninspected?: string;
  /** Number of its findings so far. */
  found: number;
}

export interface LiveFinding extends Finding {
  /** False if the same finding may come again with more. */
  final: boolean;
  /** What was recorded around it can be downloaded. */
  isRecorded: boolean;
  /** Its octets and its diagnosis are left out here: they are too large, or many findings are alike. */
  isShort?: true;
}

/** One second: milliseconds since the epoch, connections open, octets to and from the broker, frames, messages. */
export type RateSample = [
  time: number,
  open: number,
  toBroker: number,
  fromBroker: number,
  frames: number,
  messages: number,
];

export interface LiveCounts {
  /** Connections that are relayed now. */
  open: number;
  accepted: number;
  /** Connections that could not be relayed. */
  refused: number;
  /** Connections that continued uninspected. */
  uninspected: number;
  /** Octets that the inspector is behind. */
  behind: number;
  /** Findings and messages that were reported since the proxy began; fewer may be shown. */
  findings: number;
  messages: number;
  /** Connections that are not in the list any more: the oldest that were closed, and beyond a bound. */
  leftOut: number;
  /** Messages that findings cost, and that are not listed. */
  lostLeftOut: number;
}

/** What changed since the event before. */
export interface LiveUpdate {
  /** Changed or new. */
  connections: LiveConnection[];
  /** Ids of connections, and of findings, that are not shown any more. */
  gone: string[];
  goneFindings: string[];
  findings: LiveFinding[];
  /** Their outcome is known; the latest ones. */
  messages: MessageRecord[];
  /** The same for those that a finding cost: all of them. */
  lost: MessageRecord[];
  rates: RateSample[];
  counts: LiveCounts;
}

/** All that is known: `update` events follow. Nothing is gone. */
export interface LiveSnapshot extends LiveUpdate {
  version: string;
  /** Since when findings are kept. */
  began: string;
}

/** A frame of a connection that is watched. */
export interface LiveFrame {
  time: string;
  direction: Direction | null;
  channel: number;
  streamOffset: number;
  /** method, header, body, heartbeat; or `broken frame`. */
  type: string;
  /** Octets of payload. */
  size: number;
  /** Method, arguments, properties. */
  details: string;
}

/** `omitted`: frames that came too fast to be shown. `over`: the connection is closed, or not inspected any more. */
export interface LiveFrames {
  frames: LiveFrame[];
  omitted: number;
  over: boolean;
}
