import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { CHANNEL_CLOSE, CHANNEL_CLOSE_OK } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import { short } from "../bytes/big-endian.ts";
import type { BrokerChannel, ChannelError } from "./broker-channel.ts";
import { BrokerState } from "./broker-state.ts";
import { CLOSED, CLOSING, ConnectionState, NOT_JUDGED, type Offer, OPENING, RUNNING } from "./connection-state.ts";
import { methodOf08 } from "./methods-0-8.ts";
import { OpenChannels } from "./open-channels.ts";
import { firstOctets, firstOctetsOf, printedFrame } from "./printed-frame.ts";
import { checkOpening } from "./protocol-opening.ts";
import { ReadClock, type ReadMark } from "./read-timing.ts";
import { checkArguments, needsStrictCheck } from "./strict-arguments.ts";
import { UndecidedVerdicts } from "./undecided-verdicts.ts";
import { closed, type PredictedClose, type PredictedReset, type Prediction, reset, SEQUEL } from "./verdict.ts";
import type { BrokerVersion } from "./versions.ts";

/**
 * Predicts what RabbitMQ does with a client's octets: rabbit_reader (the connection), rabbit_command_assembler (the
 * order of content on a channel) and as much of rabbit_channel as can end a connection.
 *
 * Fed with the frames and faults of the client's direction, in stream order, until it has `settled`: nothing later can
 * change that. What it takes for granted of the broker behind is in BrokerState. Where octets were missed
 * (`uncertain`) it takes what it cannot know for right.
 */
export class BrokerPredictor {
  readonly #version: BrokerVersion;
  readonly #clock = new ReadClock();
  readonly #verdicts = new UndecidedVerdicts(this.#clock);
  readonly #broker = new BrokerState();
  readonly #connection: ConnectionState;
  readonly #channels: OpenChannels;
  /** In the state closing: since when. */
  #closing: ReadMark | null = null;

  constructor(version: BrokerVersion) {
    this.#version = version;
    this.#connection = new ConnectionState(version);
    this.#channels = new OpenChannels(this.#broker, this.#clock, version);
  }

  get prediction(): Prediction | null {
    return this.#verdicts.prediction;
  }

  get settled(): boolean {
    return this.#verdicts.settled;
  }

  /** What the server offered, once it did. */
  get offer(): Offer {
    return this.#connection.offer;
  }
  set offer(offer: Offer) {
    this.#connection.offer = offer;
    this.#verdicts.acceptLogin();
  }

  /** The client's next octets were captured at this time. */
  delivered(seconds: number, nanoseconds: number): void {
    this.#clock.delivered(seconds, nanoseconds);
  }

  /** The server's connection.start, with the mechanisms it offers. */
  serverStarted(mechanisms: string): void {
    this.#connection.mechanisms = mechanisms;
    this.#verdicts.serverHeard();
  }

  serverClosedChannel(channel: number): void {
    this.#verdicts.serverClosedChannel(channel);
  }

  serverClosedConnection(): void {
    this.#verdicts.serverClosedConnection();
  }

  /** Octets of the server were not seen. */
  serverMissed(): void {
    this.#verdicts.serverMissed();
  }

  /** The connection, or some of its octets, were not seen: what is not known is taken for right. */
  uncertain(): void {
    this.#verdicts.missed();
    this.#connection.miss();
    this.#channels.certain = false;
    this.#channels.forgetAll();
  }

  /** The first eight octets. */
  protocolHeader(octets: Uint8Array): void {
    const opening = checkOpening(octets, this.#version);
    this.#clock.offset = 8;
    if (opening.kind === "refused") {
      const sequel = `${SEQUEL.refusal}: AMQP ${opening.answer}`;
      this.#verdicts.settle(reset(opening.reason, 8, sequel, ["closing AMQP connection <…> (…):", opening.reason]));
    } else if (opening.kind === "amqp-0-8") this.#connection.speaks08 = true;
    else if (opening.kind === "amqp-1-0") this.#connection.now = NOT_JUDGED;
  }

  /** A broken envelope whose rule is settled, in the order in which the broker sees it. */
  brokenEnvelope(fault: EnvelopeFault): void {
    if (this.#connection.now === NOT_JUDGED) return;
    const { type, channel, size } = fault;
    switch (fault.rule) {
      case "frame-too-large": {
        this.#clock.offset = fault.streamOffset + FRAME_HEADER_SIZE;
        const limit = fault.sizeLimit - FRAME_ENVELOPE;
        this.#fatal(type, channel, NOTHING, 0, `{frame_too_large,${size},${limit}}`);
        return;
      }
      case "frame-end":
        this.#clock.offset = fault.endOffset + 1;
        this.#fatal(type, channel, firstOctetsOf(fault), size, `{invalid_frame_end_marker,${fault.endOctet}}`);
        return;
      case "frame-type":
        this.frame(type, channel, firstOctetsOf(fault), 0, size, undefined, true, fault.endOffset + 1);
        return;
      case "undecided":
      case "stalled":
        return;
    }
  }

  /**
   * A whole frame. `start` −1 says that `bytes` holds the first octets of its payload only. Of a method frame `method`
   * is what its ids name; `decodes` tells that the arguments, or a content header's properties, decode, and of
   * properties that there is nothing in them that readers disagree on. `behind` is the stream offset behind the frame.
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
  ): void {
    this.#clock.offset = behind;
    if (this.#verdicts.isPending) {
      this.#verdicts.expire();
      if (this.settled) return;
    }
    const state = this.#connection.now;
    if (state !== RUNNING && channel !== 0) {
      if (state < RUNNING) this.#unexpected(type, channel, bytes, start, size);
      return;
    }
    switch (type) {
      case FRAME_METHOD:
        if (size < METHOD_IDS_SIZE) break;
        if (this.#connection.speaks08) {
          const named = methodOf08(short(bytes, start), short(bytes, start + 2));
          this.#method(channel, named, bytes, start, size, false);
        } else this.#method(channel, method, bytes, start, size, decodes);
        return;
      case FRAME_HEADER:
        if (size < 12) break;
        if (channel !== 0) {
          const taken = this.#channel(channel);
          if (taken !== null) this.#channelError(channel, taken.takeHeader(bytes, start, size, decodes));
        } else this.#unexpected(type, channel, bytes, start, size);
        return;
      case FRAME_BODY:
        if (channel !== 0) {
          const taken = this.#channel(channel);
          if (taken !== null) this.#channelError(channel, taken.takeBody(size));
        } else this.#unexpected(type, channel, bytes, start, size);
        return;
      case FRAME_HEARTBEAT:
        if (size !== 0) break;
        if (channel !== 0) this.#unexpected(type, channel, bytes, start, size);
        return;
    }
    if (state > RUNNING) return;
    this.#close(501, `${this.#printed(type, firstOctets(bytes, start, size), size)}: unknown_frame`, channel);
  }

  /**
   * A whole message, where it can be at fault as a whole only: `behind` is the stream offset behind it. Else false, and
   * nothing has changed: it has to come frame by frame.
   */
  message(message: WholeMessage, bytes: Uint8Array, behind: number): boolean {
    const { now, speaks08 } = this.#connection;
    if (now !== RUNNING || speaks08 || this.#verdicts.isPending) return false;
    const channel = this.#channels.inUse(message.channel);
    if (channel === null || !channel.awaitsMessage(message.bodySize)) return false;
    this.#clock.offset = behind;
    const error = channel.takeMessage(message, bytes);
    if (error !== null) this.#channelError(message.channel, error);
    return true;
  }

  #method(
    channel: number,
    method: Method | undefined,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    if (this.#connection.now === NOT_JUDGED) return;
    if (method === undefined) {
      const ids = `{unknown_method_id,{${short(bytes, start)},${short(bytes, start + 2)}}}`;
      this.#crash("unknown_method_id", `exception exit: ${ids}`);
    } else if (channel === 0) this.#connectionMethod(method, bytes, start, size, decodes);
    else this.#channelMethod(channel, method, bytes, start, size, decodes);
  }

  // rabbit_reader:handle_method0/3

  #connectionMethod(method: Method, bytes: Uint8Array, start: number, size: number, decodes: boolean): void {
    const { classId, methodId } = method;
    const connection = this.#connection;
    if (!decodes || needsStrictCheck(method)) {
      const outcome = checkArguments(method, bytes, start, size, this.#version.unicodeUtf8);
      if (outcome !== "good" && this.#isClosed()) return;
      if (outcome === "bad-utf8") {
        this.#close(501, "Malformed UTF-8 in shortstr", 0, classId, methodId);
        return;
      }
      if (outcome !== "good") {
        // What is no amqp_error is not told before the connection is open.
        if (connection.now === OPENING) this.#verdicts.settle(this.#silent());
        else this.#close(541, "", 0);
        return;
      }
    }
    if (connection.now > RUNNING) return;
    const step = connection.take(method, bytes, start, size);
    if (step === "taken") {
      this.#channels.limit = connection.channelMax;
      this.#broker.user = connection.user;
    } else if (step === "closes") {
      const open = this.#channels.count();
      connection.now = open > 0 ? CLOSING : CLOSED;
      this.#closing = this.#clock.mark();
      this.#verdicts.closesConnection(open);
    } else if (step === "out-of-turn") {
      this.#close(504, this.#outOfTurn(), 0, classId, methodId);
    } else if (step === "close-ok") {
      this.#verdicts.connectionCloseOk(this.#refusal(504, this.#outOfTurn(), 0, classId, methodId));
      connection.now = CLOSED;
    } else if ("loginRefusal" in step) this.#verdicts.refuseLogin(this.#silent(step.loginRefusal));
    else this.#verdicts.settle(this.#silent(step.refusal));
  }

  // rabbit_reader:process_frame/3

  #channelMethod(
    number: number,
    method: Method,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    if (method.key === CHANNEL_CLOSE_OK && size === METHOD_IDS_SIZE) {
      this.#closeOk(number, method, bytes, start, size);
      return;
    }
    const channel = this.#channel(number);
    if (channel === null) return;
    const error = channel.takeMethod(method, bytes, start, size, decodes);
    this.#channelError(number, error);
    if (error === null && method.key === CHANNEL_CLOSE) this.#verdicts.closesChannel(number);
  }

  /** Frees the channel's number at once; whether it was asked for, the server's octets may tell. */
  #closeOk(number: number, method: Method, bytes: Uint8Array, start: number, size: number): void {
    const channel = this.#channels.find(number) ?? this.#channels.uncounted(number);
    const error = channel.takeMethod(method, bytes, start, size, true);
    if (error?.by === "reader") {
      this.#channelError(number, error);
      return;
    }
    const { certain } = this.#channels;
    const unasked = error === null || !certain ? null : this.#closed(error, number);
    this.#verdicts.closeOk(number, unasked, error?.slow === true);
    this.#channels.forget(number);
  }

  #channelError(number: number, error: ChannelError | null): void {
    if (error === null) return;
    switch (error.by) {
      case "reader":
        this.#verdicts.settle(this.#closed(error, number));
        return;
      case "channel":
        this.#verdicts.pend(this.#closed(error, number), number, error);
        return;
      case "crash":
        this.#crash(error.text, "exception error: no function clause matching …");
    }
  }

  #channel(number: number): BrokerChannel | null {
    const channel = this.#channels.take(number);
    if (channel === null) {
      const { limit } = this.#channels;
      const clause = `number of channels opened (${this.#channels.count()}) has reached the negotiated channel_max (${limit})`;
      this.#close(530, clause, number);
    }
    return channel;
  }

  /** The client's close is done: nothing more is told. */
  #isClosed(): boolean {
    const connection = this.#connection;
    if (connection.now === CLOSING && !this.#clock.sameRead(this.#closing!)) connection.now = CLOSED;
    return connection.now === CLOSED;
  }

  #unexpected(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (this.#connection.now > RUNNING) return;
    this.#close(505, this.#printed(type, firstOctets(bytes, start, size), size), channel);
  }

  #fatal(type: number, channel: number, octets: Uint8Array, size: number, error: string): void {
    if (this.#isClosed()) return;
    this.#close(501, `${this.#printed(type, octets, size)}: ${error}`, channel, 0, 0, true);
  }

  #printed(type: number, octets: Uint8Array, size: number): string {
    return printedFrame(type, octets, size, this.#version.unicodeTerms);
  }

  // rabbit_reader:handle_exception/3

  #close(code: number, text: string, channel: number, classId = 0, methodId = 0, fatal = false): void {
    this.#verdicts.settle(this.#refusal(code, text, channel, classId, methodId, fatal));
  }

  #refusal(code: number, text: string, channel: number, classId = 0, methodId = 0, fatal = false): Prediction {
    const prediction = this.#closed({ code, text, classId, methodId }, channel, fatal);
    // Not trusted yet: such a client is made to wait, and told nothing.
    return this.#connection.now < OPENING ? this.#silent(undefined, prediction.log) : prediction;
  }

  #outOfTurn(): string {
    return `unexpected method in connection state ${this.#connection.name}`;
  }

  #closed(error: Omit<ChannelError, "by" | "slow">, channel: number, fatal = false): PredictedClose {
    return closed(error, { state: this.#connection.name, channel }, fatal, this.#clock.offset);
  }

  #silent(
    reason = `handshake_error in ${this.#connection.name}`,
    log: readonly string[] = ["closing AMQP connection <…> (…):", reason],
  ): PredictedReset {
    return reset(reason, this.#clock.offset, SEQUEL.silence, log);
  }

  /** The reader's process dies. */
  #crash(reason: string, log: string): void {
    this.#verdicts.settle(reset(reason, this.#clock.offset, SEQUEL.reset, [log]));
  }
}

const NOTHING = new Uint8Array(0);
