/** Who looks at a direction's frames besides the direction itself: what each is told, and when. */
import type { BoundarySearch } from "../amqp/boundary-search.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import type { Method } from "../amqp/method-registry.ts";
import type { Values } from "../amqp/payload.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import type { Moment, Side, StreamEnd } from "../net/connection-observer.ts";
import type { BoundaryHypothesis } from "./boundary-hypothesis.ts";
import type { Discretion } from "./discretion.ts";
import type { Incident, Secret } from "./incident.ts";
import type { Settlements } from "./settlements.ts";

/** A direction of a connection, as it is seen by those it tells something. */
export interface ObservedDirection {
  readonly side: Side;
  /** Number of the connection. */
  readonly connection: number;
  readonly isClient: boolean;
  /** Whether `isClient` is certain. */
  readonly senderKnown: boolean;
  /** Frames follow from a boundary that is a guess: they may lie inside a body. */
  readonly isGuess: boolean;
  readonly scanner: FrameScanner;
  /** The shared moment: when and where the octets now looked at were seen. */
  readonly moment: Moment;
  frames: number;
  /** Whether this direction has sent frames on a channel, or opened it. */
  usesChannel(channel: number): boolean;
  /** What is known of the boundary that its frames follow from. */
  readonly hypothesis: BoundaryHypothesis;
}

/** What a direction tells the connection it belongs to. */
export interface DirectionListener {
  /** What must not be shown of the connection. */
  readonly discretion: Discretion;
  /** What both ends say of messages, joined. */
  readonly settlements: Settlements;
  /** A method of class connection that decodes, on channel 0. */
  connectionMethod(direction: ObservedDirection, method: Method, bytes: Uint8Array, start: number, size: number): void;
  /** channel.close, or basic.cancel of the server's, with its arguments. */
  channelMethod(direction: ObservedDirection, channel: number, method: Method, values: Values): void;
  /** The server confirmed messages of a channel up to this number (basic.ack, basic.nack). */
  confirmed(channel: number, deliveryTag: number): void;
  /** The server sent content, whose header's payload is bytes[start, start + size). */
  contentDelivered(bytes: Uint8Array, start: number, size: number): void;
  /** A method that only one end may send: settles who the client is where the beginning was not seen. */
  methodFrom(direction: ObservedDirection, sender: "client" | "server"): void;
  /** The frame boundary was found in a stream that was not known to be AMQP, or was lost. */
  boundaryFound(direction: ObservedDirection): void;
}

/** Is told what is wrong with a connection, at the moment it is found. Implemented by inspection/. */
export interface IncidentListener {
  /** A direction broke; further faults may belong to this incident until it is over. */
  incidentBegan(incident: Incident): void;
  /** An incident of a direction is over. Told once of each, also of those that nobody saw begin. */
  incidentOver(incident: Incident): void;
  /** Something was found that concerns the connection as a whole. */
  noted(incident: Incident): void;
}

/**
 * Sees every frame, before it is judged: for `ghostframe frames` and the ledger of messages. Where it wants the frames of
 * messages one by one, whole messages are taken apart into frames, which is slower.
 */
export interface FrameListener {
  /** False where it can do without the frames of messages, which are then taken whole where they lie whole. */
  readonly wantsMessages: boolean;
  /**
   * As FrameSink.frame; offset and moment are `direction.scanner`'s. In mid-stream `direction.isClient` is a guess until
   * `direction.senderKnown`; a frame that settles it is told when it has.
   */
  frame(
    direction: ObservedDirection,
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
  ): void;
  /** A whole message of `bytes`, taken at once where `wantsMessages` is false; `base`: stream offset of bytes[0]. */
  message?(direction: ObservedDirection, message: WholeMessage, bytes: Uint8Array, base: number): void;
  hiddenFrame(direction: ObservedDirection, type: number, channel: number, size: number): void;
  /** Of what was sent until here a part was missed, or may not have been frames: a guess was made of the boundary. */
  missed?(direction: ObservedDirection): void;
  /** The direction is over. */
  ended?(direction: ObservedDirection, reason: StreamEnd): void;
  /** `secret` says which of its octets may hold credentials, and must not be shown. */
  brokenEnvelope(direction: ObservedDirection, fault: EnvelopeFault, secret: Secret): void;
  boundaryFound(direction: ObservedDirection, streamOffset: number, moment: Moment): void;
  /** The frames told since the boundary that was found at `since` break: they stood inside a body, or one of them is broken. */
  guessRefuted(direction: ObservedDirection, since: number): void;
}

/**
 * Predicts what the broker makes of the client's frames, in stream order, until it has come to a verdict. Implemented by
 * broker/, which lies ahead of this folder.
 */
export interface Predictor {
  /** Set once it has its verdict: nothing that follows can change it. */
  readonly settled: boolean;
  /** What the server offered in connection.tune. */
  offer: { frameMax: number; channelMax: number };
  /** The client's next octets were captured at this time. */
  delivered(seconds: number, nanoseconds: number): void;
  /** The server's connection.start was seen, with the mechanisms it offers. */
  serverStarted(mechanisms: string): void;
  serverClosedChannel(channel: number): void;
  serverCancelled(channel: number, consumerTag: string): void;
  serverClosedConnection(replyText: string): void;
  /** The server refused the client's first octets with a protocol header, as `0 0 9 1`; "" where it sent none. */
  serverRefused(answer: string): void;
  /** Octets of the server were missed. */
  serverMissed(): void;
  /** The client's first eight octets. */
  protocolHeader(octets: Uint8Array): void;
  /**
   * A whole frame. With `start` −1 `bytes` holds the first octets of its payload only. `method` is what a method
   * frame's ids name; `decodes`: its arguments, or a content header's properties, do, and there is nothing peculiar
   * in those. `behind`: offset behind it.
   */
  frame(
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    method: Method | undefined,
    decodes: boolean,
    behind: number,
  ): void;
  /**
   * The same as the three frames of a whole message in `bytes`, `behind` being the offset behind the last of them; or
   * false, and nothing has changed: they are to be judged one by one.
   */
  message(message: WholeMessage, bytes: Uint8Array, behind: number): boolean;
  /** A broken envelope, its rule settled. */
  brokenEnvelope(fault: EnvelopeFault): void;
  /** Octets were missed. */
  uncertain(): void;
}

/**
 * Keeps a direction's recent octets, and explains what they are where the envelope breaks. Implemented by forensics/,
 * which lies ahead of this folder.
 */
export interface StreamForensics {
  /** The next octets of the stream, before they are looked at. */
  received(bytes: Uint8Array, start: number, end: number, streamOffset: number, moment: Moment): void;
  /** A whole frame begins at this stream offset. */
  frame(streamOffset: number): void;
  /** The three frames of a whole message begin at these. */
  message(methodOffset: number, headerOffset: number, bodyOffset: number): void;
  /** Octets of the stream were not captured. */
  gap(missing: number): void;
  /**
   * Whole frames that must not stand where they do, the first at `faultOffset`, and all in order again at `endOffset`.
   * `isOrder`: it is their order that is wrong; else only a repetition may explain them.
   */
  disorder(faultOffset: number, endOffset: number, isOrder: boolean): void;
  /** The octets that are kept from this stream offset on, or from where they begin. Valid until the next call. */
  octetsFrom(streamOffset: number): Uint8Array;
  /** The stream is over. */
  end(): void;
  /** Looks for the boundary behind a broken envelope, by explaining what stands before it. */
  search(fault: EnvelopeFault, direction: ObservedDirection, sizeLimit: number): BoundarySearch;
}
