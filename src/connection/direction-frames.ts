import { argumentsFit, propertiesFit } from "../amqp/argument-skip.ts";
import { AWAITS_HEADER, afterHeader, isInContent } from "../amqp/content-order.ts";
import {
  BASIC_ACK,
  BASIC_CANCEL,
  BASIC_NACK,
  CHANNEL_CLOSE,
  CONFIRM_SELECT,
  CONNECTION_CLASS,
  CONNECTION_CLOSE,
  CONNECTION_CLOSE_OK,
} from "../amqp/method-keys.ts";
import { type Method, methodOf } from "../amqp/method-registry.ts";
import { decodeArguments, walkArguments, walkProperties } from "../amqp/payload.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import { capital } from "../bytes/words.ts";
import type { BoundaryHypothesis } from "./boundary-hypothesis.ts";
import type { Channel } from "./channel.ts";
import { headerFault, takeBody, takeHeader, takeMethod } from "./channel-rules.ts";
import { ChannelStates } from "./channel-states.ts";
import {
  channelZeroFault,
  contentOnZero,
  heartbeatFault,
  outOfTurn,
  shortHeader,
  shortMethod,
  unknownMethod,
} from "./connection-rules.ts";
import { carriesCredentials, learnCredentials } from "./credentials.ts";
import type { DirectionIncidents } from "./direction-incidents.ts";
import { EarlyWarnings } from "./early-warnings.ts";
import { Handshake } from "./handshake.ts";
import type { DirectionListener, ObservedDirection } from "./observers.ts";
import type { PredictorFeed } from "./predictor-feed.ts";

/** Takes each frame of one direction: hands it to the predictor, then judges it by rules; faults become incidents. */
export class DirectionFrames {
  readonly handshake: Handshake;
  readonly channels: ChannelStates;
  readonly warnings = new EarlyWarnings();
  /** It has sent connection.close or close-ok: after that only its messages matter, which are lost. */
  closing = false;
  readonly #source: ObservedDirection;
  readonly #listener: DirectionListener;
  readonly #prediction: PredictorFeed;
  readonly #incidents: DirectionIncidents;
  readonly #hypothesis: BoundaryHypothesis;

  constructor(
    source: ObservedDirection,
    listener: DirectionListener,
    prediction: PredictorFeed,
    incidents: DirectionIncidents,
    hypothesis: BoundaryHypothesis,
  ) {
    this.handshake = new Handshake(source.side === 0);
    this.channels = new ChannelStates(() => listener.settlements.giveUp());
    this.#source = source;
    this.#listener = listener;
    this.#prediction = prediction;
    this.#incidents = incidents;
    this.#hypothesis = hypothesis;
  }

  /** Whether a whole message can be in its place. */
  get takesMessages(): boolean {
    return this.handshake.over && !this.closing;
  }

  /**
   * Does at once what the frames of a message do one by one, if the message's place is right: then only a verdict can
   * come of it. The octet of stream offset `base` + i is bytes[i]. Returns whether it did; otherwise nothing has
   * changed.
   */
  message(message: WholeMessage, bytes: Uint8Array, base: number): boolean {
    const { channel, at, headerAt, behind } = message;
    const state = this.channels.known(channel);
    if (state === undefined || !state.takesContent) return false;
    if (!this.#prediction.message(message, bytes, base + behind)) return false;
    this.#source.scanner.frameOffset = base + at;
    if (state !== this.channels.last) this.#channel(channel);
    this.#contentBegins(state, message.method, bytes, at + FRAME_HEADER_SIZE);
    this.#watchHeader(state, bytes, headerAt + FRAME_HEADER_SIZE, message.headerSize, base + headerAt);
    return true;
  }

  /** A frame part of whose payload was not captured. Of a body only the size is needed. */
  hidden(type: number, channel: number, size: number): void {
    if (type === FRAME_BODY) {
      this.#predict(FRAME_BODY, channel, NOTHING, -1, size, undefined, true);
      if (!this.closing && channel !== 0) this.#takeBody(channel, size);
      return;
    }
    this.#prediction.predictor?.uncertain();
    if (channel === 0) this.handshake.miss();
    else this.channels.forget(this.#channel(channel));
  }

  /** A method frame, whose payload is bytes[start, start + size). */
  method(channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (size < METHOD_IDS_SIZE) {
      this.#predict(FRAME_METHOD, channel, bytes, start, size, undefined, false);
      if (!this.closing) this.#incidents.add(shortMethod(size), FRAME_METHOD, channel, size);
      return;
    }
    const classId = short(bytes, start);
    const methodId = short(bytes, start + 2);
    const method = methodOf(classId, methodId);
    const fits = method === undefined || argumentsFit(method, bytes, start, size);
    const undecodable = fits ? null : walkArguments(method, bytes, start, size, null);
    const decodes = undecodable === null;
    this.#predict(FRAME_METHOD, channel, bytes, start, size, method, decodes);
    if (this.closing) {
      if (method?.content === true && decodes) this.#incidents.sentBehindClose(method, channel, size);
      return;
    }
    if (method === undefined) {
      this.#incidents.add(unknownMethod(classId, methodId), FRAME_METHOD, channel, size);
      return;
    }
    if (!decodes) {
      // The numbers in a clause may be misread octets.
      const secret = this.handshake.authenticates || (this.#source.isClient && carriesCredentials(method));
      const clause = secret ? `The arguments of ${method.name} do not decode` : capital(undecodable);
      this.#incidents.add({ rule: "frame-malformed", clause }, FRAME_METHOD, channel, size);
    }
    if (channel === 0 || classId === CONNECTION_CLASS) {
      this.#connectionMethod(method, channel, bytes, start, size, decodes);
    } else this.#channelMethod(method, channel, bytes, start, size, decodes);
  }

  // oxlint-disable-next-line max-params -- hot path: once for every method frame
  #connectionMethod(
    method: Method,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    if (decodes) learnCredentials(method, bytes, start, size, this.#listener.discretion);
    const fault = channelZeroFault(method, channel);
    if (fault !== null) {
      this.#incidents.add(fault, FRAME_METHOD, channel, size);
      return;
    }
    const closes = method.key === CONNECTION_CLOSE || method.key === CONNECTION_CLOSE_OK;
    if (this.#hypothesis.open && (closes || this.#source.frames > HANDSHAKE_FRAMES)) {
      if (closes && decodes) this.#hypothesis.keepClose(method, bytes.slice(start, start + size), this.#source.scanner);
      return;
    }
    const { over } = this.handshake;
    if (closes) this.closing = this.#incidents.closes(method);
    else if (!this.handshake.advances(method.key))
      this.#incidents.add(outOfTurn(method, 0, over), FRAME_METHOD, 0, size);
    if (!decodes) return;
    this.#listener.connectionMethod(this.#source, method, bytes, start, size);
  }

  // oxlint-disable-next-line max-params -- hot path: once for every method frame
  #channelMethod(
    method: Method,
    number: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    const channel = this.#channel(number);
    if (!this.handshake.over) {
      this.#incidents.add(outOfTurn(method, number, false), FRAME_METHOD, number, size);
      return;
    }
    this.#incidents.addAll(takeMethod(channel, method, this.#source.isClient), FRAME_METHOD, number, size);
    if (method.content) {
      this.#contentBegins(channel, method, decodes ? bytes : null, start);
      if (this.#source.isClient) channel.keepArguments(bytes, start, size);
    }
    const { isClient } = this.#source;
    if (isClient && method.key === CONFIRM_SELECT) channel.confirmsFromHere();
    if (!decodes || this.#hypothesis.open) return;
    this.#listener.settlements.take(this.#source, channel, method, bytes, start, size);
    if (!isClient && (method.key === BASIC_ACK || method.key === BASIC_NACK)) {
      this.#listener.confirmed(number, longlong(bytes, start + METHOD_IDS_SIZE));
    } else if (method.key === CHANNEL_CLOSE || (method.key === BASIC_CANCEL && !isClient)) {
      this.#listener.channelMethod(this.#source, number, method, decodeArguments(method, bytes, start, size));
    }
  }

  /** `bytes`: its payload begins at bytes[start]; null if that does not decode. */
  #contentBegins(state: Channel, method: Method, bytes: Uint8Array | null, start: number): void {
    this.warnings.splits.publishes++;
    state.published++;
    state.split = false;
    state.method = method;
    state.methodOffset = this.#source.scanner.frameOffset;
    if (bytes !== null && state.use !== null) this.#listener.settlements.content(this.#source, state, bytes, start);
    if (state.refused !== null) this.#incidents.sentBehindChannelClose(method, state.number, state.refused);
  }

  contentHeader(number: number, bytes: Uint8Array, start: number, size: number): void {
    const ofBasic = size >= LEAST_CONTENT_HEADER && short(bytes, start) === BASIC_CLASS;
    const plain = ofBasic && propertiesFit(bytes, start, size);
    const undecodable = !ofBasic || plain ? null : walkProperties(bytes, start, size, null);
    this.#predict(FRAME_HEADER, number, bytes, start, size, undefined, plain);
    if (this.closing) return;
    if (number === 0) this.#incidents.add(contentOnZero("A content header"), FRAME_HEADER, 0, size);
    else if (size < LEAST_CONTENT_HEADER) this.#incidents.add(shortHeader(size), FRAME_HEADER, number, size);
    else {
      const channel = this.#channel(number);
      this.#incidents.addAll(takeHeader(channel), FRAME_HEADER, number, size);
      const fault = headerFault(channel, bytes, start, undecodable);
      if (fault !== null) this.#incidents.add(fault, FRAME_HEADER, number, size);
      else if (!this.#hypothesis.open) {
        this.#watchHeader(channel, bytes, start, size, this.#source.scanner.frameOffset);
      }
      channel.content = afterHeader(longlong(bytes, start + BODY_SIZE_AT));
    }
  }

  #watchHeader(channel: Channel, bytes: Uint8Array, start: number, size: number, streamOffset: number): void {
    const { isClient, scanner } = this.#source;
    const { producers } = this.warnings;
    if (!isClient) this.#listener.contentDelivered(bytes, start, size);
    else if (producers.next()) producers.header(channel, bytes, start, size, streamOffset, scanner.frameMoment());
  }

  /** A content body; with `start` −1 its payload is not there, as in FrameSink.frame. */
  contentBody(channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.#predict(FRAME_BODY, channel, bytes, start, size, undefined, true);
    if (!this.closing) this.#takeBody(channel, size);
  }

  #takeBody(channel: number, size: number): void {
    if (channel === 0) this.#incidents.add(contentOnZero("A content body"), FRAME_BODY, 0, size);
    else this.#incidents.addAll(takeBody(this.#channel(channel), size), FRAME_BODY, channel, size);
  }

  heartbeat(channel: number, bytes: Uint8Array, start: number, size: number): void {
    this.#predict(FRAME_HEARTBEAT, channel, bytes, start, size, undefined, true);
    if (this.closing) return;
    const fault = heartbeatFault(channel, size);
    if (fault !== null) this.#incidents.add(fault, FRAME_HEARTBEAT, channel, size);
  }

  /** Hands a frame to the predictor, if there is one. */
  // oxlint-disable-next-line max-params -- hot path: once for every frame
  #predict(
    type: number,
    channel: number,
    bytes: Uint8Array,
    start: number,
    size: number,
    method: Method | undefined,
    decodes: boolean,
  ): void {
    if (this.#prediction.predictor === null) return;
    const behind = this.#source.scanner.frameOffset + size + FRAME_ENVELOPE;
    this.#prediction.frame(type, channel, bytes, start, size, method, decodes, behind);
  }

  /** The guess is over, and not refuted: a close after which nothing came did close the connection. */
  closed(method: Method, octets: Uint8Array): void {
    this.closing = this.#incidents.closes(method);
    this.#listener.connectionMethod(this.#source, method, octets, 0, octets.length);
  }

  #channel(number: number): Channel {
    const channels = this.channels;
    const { last } = channels;
    if (channels.isCurrent(last)) {
      if (last.number === number) return last;
      if (isInContent(last.content) && !this.#hypothesis.open) {
        const { scanner } = this.#source;
        const awaitsHeader = last.content === AWAITS_HEADER;
        this.warnings.splits.split(last, awaitsHeader, number, scanner.frameOffset, scanner.frameMoment());
      }
    }
    return channels.take(number);
  }
}

const NOTHING = new Uint8Array(0);
/** What a side sends before a channel is opened, and with it before any body. */
const HANDSHAKE_FRAMES = 4;
/** The body size's place in a content header, behind class-id and weight. */
const BODY_SIZE_AT = 4;
