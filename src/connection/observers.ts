/** The observers of a direction's frames: what each is called with, and when. */
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

/** A direction of a connection, as its observers see it. */
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
  /** The shared moment: when and where the present octets were seen. */
  readonly moment: Moment;
  frames: number;
  /** The channels on which this direction has sent frames, without channel 0. */
  readonly channels: UsedChannels;
  /** What is known of the boundary that its frames follow from. */
  readonly hypothesis: BoundaryHypothesis;
}

/** Channels on which frames have come. */
export interface UsedChannels {
  isUsed(channel: number): boolean;
  /** Rising. */
  readonly used: number[];
}

/** What a direction reports to its connection. */
export interface DirectionListener {
  /** What must not be shown of the connection. */
  readonly discretion: Discretion;
  /** What both ends sent about messages, joined. */
  readonly settlements: Settlements;
  /** A method of class connection that decodes, on channel 0. */
  connectionMethod(direction: ObservedDirection, method: Method, bytes: Uint8Array, start: number, size: number): void;
  /** channel.close, or the server's basic.cancel, with its arguments. */
  channelMethod(direction: ObservedDirection, channel: number, method: Method, values: Values): void;
  /** The server confirmed messages of a channel up to this number (basic.ack, basic.nack). */
  confirmed(channel: number, deliveryTag: number): void;
  /** The server sent content, whose header's payload is bytes[start, start + size). */
  contentDelivered(bytes: Uint8Array, start: number, size: number): void;
  /** A method that only one end may send: shows which side is the client if the beginning was not seen. */
  methodFrom(direction: ObservedDirection, sender: "client" | "server"): void;
  /** The frame boundary was found in a stream that was not known to be AMQP, or was lost. */
  boundaryFound(direction: ObservedDirection): void;
}

/** Called with what is wrong with a connection, at the moment it is found. Implemented by inspection/. */
export interface IncidentListener {
  /** A direction broke; further faults may belong to this incident until it is over. */
  incidentBegan(incident: Incident): void;
  /** An incident of a direction is over. Called once for each, also if its beginning was not reported. */
  incidentOver(incident: Incident): void;
  /** Something was found that concerns the connection as a whole. */
  noted(incident: Incident): void;
}

/**
 * Sees every frame, before it is judged: for `ghostframe frames` and the ledger of messages. If it wants the frames of
 * messages one by one, whole messages are taken apart into frames, which is slower.
 */
export interface FrameListener {
  /** False if it does not need the frames of messages: then whole messages are taken at once. */
  readonly wantsMessages: boolean;
  /**
   * As FrameSink.frame; offset and moment are `direction.scanner`'s. In mid-stream `direction.isClient` is a guess
   * until `direction.senderKnown`; for a frame that settles it, the call comes after that.
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
  /** A part of what was sent until here was missed, or may not have been frames: the boundary is a guess. */
  missed?(direction: ObservedDirection): void;
  /** The direction is over. */
  ended?(direction: ObservedDirection, reason: StreamEnd): void;
  /** `secret`: which of its octets may hold credentials, and must not be shown. */
  brokenEnvelope(direction: ObservedDirection, fault: EnvelopeFault, secret: Secret): void;
  boundaryFound(direction: ObservedDirection, streamOffset: number, moment: Moment): void;
  /** The frames since the boundary found at `since` break: they stood inside a body, or one of them is broken. */
  guessRefuted(direction: ObservedDirection, since: number): void;
}

/**
 * Predicts what the broker does with the client's frames, in stream order, until it has come to a verdict. Implemented
 * by broker/, which comes later in the order of imports.
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
  /** The server refused the client's first octets with a protocol header, as `0 0 9 1`; "" if it sent none. */
  serverRefused(answer: string): void;
  /** Octets of the server were missed. */
  serverMissed(): void;
  /** The client's first eight octets. */
  protocolHeader(octets: Uint8Array): void;
  /**
   * A whole frame. With `start` −1 `bytes` holds only the first octets of its payload. `method` is the one that a
   * method frame's ids name; `decodes`: its arguments, or a content header's properties, decode, and hold nothing
   * unusual. `behind`: the offset behind the frame.
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
   * The same for the three frames of a whole message in `bytes`, `behind` being the offset behind the last of them.
   * False: nothing has changed, and they must be judged one by one.
   */
  message(message: WholeMessage, bytes: Uint8Array, behind: number): boolean;
  /** A broken envelope, its rule settled. */
  brokenEnvelope(fault: EnvelopeFault): void;
  /** Octets were missed. */
  uncertain(): void;
}

/**
 * Keeps a direction's recent octets, and explains them where the envelope breaks. Implemented by forensics/, which
 * comes later in the order of imports.
 */
export interface StreamForensics {
  /** The next octets of the stream, before they are read. */
  received(bytes: Uint8Array, start: number, end: number, streamOffset: number, moment: Moment): void;
  /** A whole frame begins at this stream offset. */
  frame(streamOffset: number): void;
  /** The three frames of a whole message begin at these stream offsets. */
  message(methodOffset: number, headerOffset: number, bodyOffset: number): void;
  /** Octets of the stream were not captured. */
  gap(missing: number): void;
  /**
   * Whole frames that must not stand where they do: the first at `faultOffset`; all is in order again at `endOffset`.
   * `isOrder`: their order is wrong; else only a repetition may explain them.
   */
  disorder(faultOffset: number, endOffset: number, isOrder: boolean): void;
  /** The kept octets from this stream offset on, or from where they begin. Valid until the next call. */
  octetsFrom(streamOffset: number): Uint8Array;
  /** Stream offset behind the last octet that is kept. */
  readonly keptUntil: number;
  /** Whether the envelope that broke at stream offset `from` is explained, and all octets from there to `to` belong to frames. */
  explains(from: number, to: number): boolean;
  /** The stream is over. */
  end(): void;
  /** Searches for the boundary behind a broken envelope, by explaining what stands before it. */
  search(fault: EnvelopeFault, direction: ObservedDirection, sizeLimit: number): BoundarySearch;
}
