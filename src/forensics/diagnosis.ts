/** What is known of an incident once its octets are explained: plain data, as the report prints it. */

import type { Place, Range } from "../net/place.ts";

/** A stretch of one direction's stream: offset and octets. */
export type Span = [streamOffset: number, octets: number];

export interface Diagnosis {
  kind: DiagnosisKind;
  /** Of findings reported with 0.9, nine in ten are right. */
  confidence: number;
  /** What happened, with the numbers that prove it. */
  summary: string;
  remedy: string;
  /** Frames interrupted by other writers' octets, each with the spans it really occupies. */
  torn: TornFrame[];
  /** Octets sent a second time: `span` repeats `of`. */
  replayed: { span: Span; of: Span; at?: Range; ofAt?: Range }[];
  /** Octets of a frame that were never written, and where the stream goes on without them. */
  missing: { streamOffset: number; octets: number; at?: Place }[];
  /** Stretches of the right length that hold wrong octets. */
  overwritten: { span: Span; at?: Range }[];
  /** Octets of another protocol. */
  foreign: { span: Span; protocol: string; at?: Range }[];
  /**
   * Stretches that another reading, which fits as well or nearly so, assigns differently; left out if there are none.
   * Frames are named by the stream offset of their first octet, −1: none. The confidence is 0.6 at most if such a
   * reading is near.
   */
  doubtful?: Doubtful[];
  /** Octets that nothing explains. */
  unexplained: Span[];
  /** Where the unexplained octets were captured. */
  unexplainedAt?: Range[];
  writers: Writer[];
}

/** Octets that are assigned to one frame, and may belong to another. */
export interface Doubtful {
  span: Span;
  /** The frame that they are assigned to, and the one that they may belong to. */
  frame: number;
  other: number;
  at?: Range;
}

export type DiagnosisKind =
  | "torn-frame"
  | "missing-octets"
  | "replayed-octets"
  | "overwritten-octets"
  | "foreign-protocol"
  | "misordered-frames"
  | "genuine-oversize"
  | "torn-record"
  | "replayed-record"
  | "unfinished-record"
  | "shared-session"
  | "unexplained";

export interface TornFrame {
  type: number;
  channel: number;
  size: number;
  spans: Span[];
  /** First and last packet of each span, in the order of `spans`. */
  packets: [first: number, last: number][];
  /** Where each span begins and ends: the files of a ring are one stream, and a tear may lie across two. */
  at?: Range[];
  /** All its octets were written. */
  complete: boolean;
  /** Name of its writer in `writers`. */
  writer: string;
}

/** One of the writers whose octets are interleaved: a thread, a process, a heartbeat timer. */
export interface Writer {
  /** A, B, C, … in the order in which they appear. */
  name: string;
  channels: number[];
  /** What it wrote within the incident: each stretch of octets, in order. */
  spans: Span[];
  messages: Message[];
  /** The header of its messages that names the writer, and its values: several if the letter stands for several. */
  identity?: { header: string; names: string[] };
}

export interface Message {
  exchange: string;
  routingKey: string;
  messageId?: string;
  correlationId?: string;
  appId?: string;
  /** W3C trace context, if a header carries it. */
  traceparent?: string;
  /** Octets of its body, as its content header announced them; left out if that was not read. */
  size?: number;
  /** Headers with a plain value. */
  headers: Record<string, string>;
  /** The stretches of the stream that its frames occupy. */
  spans: Span[];
  /** Where each of them begins and ends. */
  at?: Range[];
  /**
   * What the broker does with it: it stops reading at the first broken frame. The diagnosis itself has "delivered",
   * "torn" or "unread"; a report gives a lost message the fate from its list of lost messages.
   */
  fate: "delivered" | "torn" | "unread" | "swallowed" | "refused" | "unconfirmed";
}
