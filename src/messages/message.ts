import type { Span } from "../forensics/diagnosis.ts";
import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import type { Moment } from "../net/connection-observer.ts";

/** "return" is what basic.return brings, until its publish is found: it is never reported. */
export type Operation = "publish" | "deliver" | "get" | "return";

/**
 * The outcome of a message.
 *
 *   publish   confirmed, nacked, returned, committed, rolled-back   as the broker answered
 *             accepted      sent without confirms, and nothing shows that the broker refused it
 *             refused       the broker closed the channel because of it
 *             torn          not whole when its stream broke
 *             swallowed     inside a frame of another message, which broke
 *             unread        behind what the broker read
 *             unconfirmed   no confirm had come when its channel, its connection or the capture ended
 *   delivery  acked, nacked, rejected                               as the client answered
 *             requeued      back in its queue: the client sent it back, or its channel or connection ended
 *             auto-acked    sent to a consumer that does not acknowledge
 *             unsettled     neither of these when the capture ended
 *   both      unknown       it may be in octets that were not captured
 */
export const OUTCOMES = [
  "confirmed",
  "nacked",
  "returned",
  "committed",
  "rolled-back",
  "accepted",
  "refused",
  "torn",
  "swallowed",
  "unread",
  "unconfirmed",
  "acked",
  "rejected",
  "requeued",
  "auto-acked",
  "unsettled",
  "unknown",
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What the broker will answer to a publish: nothing, a confirm, the answer to a commit; or it is not known which. */
export const AWAITS_NOTHING = 0;
export const AWAITS_CONFIRM = 1;
export const AWAITS_COMMIT = 2;
export const AWAITS_UNKNOWN = 3;
export type Awaited = typeof AWAITS_NOTHING | typeof AWAITS_CONFIRM | typeof AWAITS_COMMIT | typeof AWAITS_UNKNOWN;

/** The connection of a message. */
export interface MessageConnection {
  /** c1, c2, … */
  readonly number: number;
  readonly inspected: InspectedConnection;
}

/** Where a message begins. Read at once: one object may stand for message after message. */
export interface MessageOrigin {
  readonly connection: MessageConnection;
  readonly channel: number;
  readonly streamOffset: number;
  readonly moment: Moment;
}

/** A publish's match besides destination, size and first octets: message id, correlation id, or nothing else. */
export type MatchedBy = "message-id" | "correlation-id" | "content";

/** A publish that was seen. */
export interface SeenPublish {
  /** c1, c2, … */
  readonly connection: number;
  readonly channel: number;
  readonly streamOffset: number;
}

/** The publish of a delivery. */
export interface PublishMatch extends SeenPublish {
  readonly by: MatchedBy;
  /** From the publish's last octet to the delivery's first one, as captured; −1 if captured in the other order. */
  readonly seconds: number;
}

/** The request that a reply answers. */
export interface RequestMatch extends SeenPublish {
  readonly exchange: string;
  readonly routingKey: string;
  /** From the request's first octet to the reply's first one. */
  readonly seconds: number;
}

/** Outcomes of messages that an answer was awaited for when all was over. */
const UNANSWERED: ReadonlySet<Outcome> = new Set<Outcome>(["unconfirmed", "requeued", "unsettled"]);

/** One message on its way: a publish, a delivery, or what basic.get brought. Plain fields, one object a message. */
export class Message {
  readonly operation: Operation;
  readonly connection: MessageConnection;
  readonly channel: number;
  /** Where its method frame begins, in its direction's stream. */
  readonly streamOffset: number;
  /** When and where its method frame began. */
  readonly input: number;
  readonly packet: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly timeDigits: number;
  /** The packet with its last octet. */
  lastPacket: number;
  /** Stream offset behind its last octet. */
  endOffset = 0;

  exchange = "";
  routingKey = "";
  /** null if it is not known, as in mid-stream. */
  queue: string | null = null;
  consumerTag: string | null = null;
  /** For a publish: its number since confirm.select. 0 if it has none. */
  publishNumber = 0;
  /** For a delivery. 0 if it has none. */
  deliveryTag = 0;
  redelivered = false;
  mandatory = false;
  /** Octets of its body, as its content header announces them; −1 where that was not seen. */
  size = -1;
  messageId: string | null = null;
  correlationId: string | null = null;
  replyTo: string | null = null;
  appId: string | null = null;
  /** Hexadecimal digits, as its trace context has them. */
  traceId: string | null = null;
  spanId: string | null = null;
  /** Whether its trace is recorded; null if its context does not contain that. */
  sampled: boolean | null = null;
  /** W3C's `tracestate`; null for none. */
  traceState: string | null = null;

  outcome: Outcome = "unknown";
  /** Reply code of a return, or of the close that refused it; 0 for none. */
  code = 0;
  /** Seconds from its first octet to what settled it; −1 if that is not known. */
  latency = -1;
  /**
   * Seconds from its first octet to its last one; for a message without an answer to where its channel, its connection
   * or the capture ended. −1 if that is not known.
   */
  lasted = -1;
  /** Identity of the incident that cost it (FindingMade); null for none. */
  incident: string | null = null;
  /** For a publish in a diagnosis: the stretches of the stream that its frames occupy, and the confidence. */
  explained: { readonly spans: readonly Span[]; readonly confidence: number } | null = null;
  /** For a publish: it is one of several identical ones, and not all of these were returned. Null otherwise. */
  mayBeReturned: { readonly code: number; readonly returns: number; readonly candidates: number } | null = null;
  /** For a mandatory publish, and for what comes back: FNV-1a (32 bits) of its properties' octets. */
  propertiesHash = 0;
  /** Its outcome may be in a gap. */
  isHidden = false;
  /**
   * Octets of the client, and of the server, were missed since: if both were, its channel may have been closed and
   * opened again in the gap, and a tag may be another message's.
   */
  clientMissed = false;
  serverMissed = false;
  /** Hash of the first octets of its body (FNV-1a, 32 bits), and their number. */
  bodyHash = 0x811c9dc5;
  hashed = 0;
  /** For a delivery: the publish it came from, if the capture shows it. */
  publish: PublishMatch | null = null;
  /** For a delivery: the request that it answers. */
  request: RequestMatch | null = null;
  /** For a publish: counts the publishes seen on its channel, from 1. */
  number = 0;
  /** For a publish: the answer that the broker will send. */
  awaits: Awaited = AWAITS_UNKNOWN;

  constructor(operation: Operation, { connection, channel, streamOffset, moment }: MessageOrigin) {
    const { input, packet, seconds, nanoseconds, timeDigits } = moment;
    this.operation = operation;
    this.connection = connection;
    this.channel = channel;
    this.streamOffset = streamOffset;
    this.input = input;
    this.packet = packet;
    this.lastPacket = packet;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.timeDigits = timeDigits;
  }

  /** What settled it was seen at this moment. Directions of a capture may be out of step: then there is no latency. */
  settle(outcome: Outcome, at: Moment | null): void {
    this.outcome = outcome;
    if (at === null) return;
    const latency = this.#secondsTo(at);
    if (latency >= 0) this.latency = latency;
  }

  /** Its last octet was seen at this moment. */
  complete(at: Moment): void {
    this.lastPacket = at.packet;
    const lasted = this.#secondsTo(at);
    if (lasted >= 0) this.lasted = lasted;
  }

  /** Nothing more can come of it: its connection was last seen at this moment. */
  end(at: Moment): void {
    if (this.latency >= 0) return;
    const isOpen = UNANSWERED.has(this.outcome) || (this.outcome === "torn" && this.lasted < 0);
    if (isOpen) this.lasted = Math.max(this.lasted, this.#secondsTo(at));
  }

  #secondsTo(at: Moment): number {
    return at.seconds - this.seconds + (at.nanoseconds - this.nanoseconds) / 1e9;
  }
}
