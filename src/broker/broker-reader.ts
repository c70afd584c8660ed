import type { EnvelopeFault } from "../amqp/frame-scanner.ts";
import type { Method } from "../amqp/method-registry.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
} from "../amqp/spec/constants.ts";
import { long, short } from "../bytes/big-endian.ts";
import { BrokerChannel, type ChannelError } from "./broker-channel.ts";
import { BrokerState } from "./broker-state.ts";
import { binary } from "./erlang-term.ts";
import { judgeLogin } from "./login.ts";
import { methodOf08 } from "./methods-0-8.ts";
import { judgeOpening } from "./protocol-opening.ts";
import { ReadClock, type ReadMark } from "./same-read.ts";
import { judgeArguments, needsStrictJudgement } from "./strict-arguments.ts";
import { UndecidedVerdicts } from "./undecided-verdicts.ts";
import { closed, type Prediction, reset, SEQUEL } from "./verdict.ts";
import type { BrokerVersion } from "./versions.ts";

/** States of rabbit_reader, as far as the client's octets move it. */
const STARTING = 0;
const SECURING = 1;
const TUNING = 2;
const OPENING = 3;
const RUNNING = 4;
/** The client has closed the connection, and its channels have not all gone yet: errors are still told. */
const CLOSING = 5;
/** They have: errors are logged only. */
const CLOSED = 6;
/** The client speaks AMQP 1.0. */
const NOT_JUDGED = 7;
const STATES = ["starting", "securing", "tuning", "opening", "running", "closing", "closed", ""] as const;

/** What a server offers in connection.tune. */
export interface Offer {
  frameMax: number;
  channelMax: number;
}

/** RabbitMQ's defaults, for where the server's tune was not captured. */
const DEFAULT_OFFER: Offer = { frameMax: 131072, channelMax: 2047 };

const PRINTED_OCTETS = 16;

/**
 * Predicts what RabbitMQ does with a client's octets: rabbit_reader (the connection), rabbit_command_assembler (the
 * order of content on a channel) and as much of rabbit_channel as can end a connection.
 *
 * Fed with the frames and faults of the client's direction, in stream order, until it has `settled`: nothing later can
 * change that. What it takes for granted of the broker behind is in BrokerState. Where octets were missed
 * (`uncertain`) it takes what it cannot know for right.
 */
export class BrokerReader {
  /** What the server offered, once it did. */
  offer: Offer = DEFAULT_OFFER;

  readonly #version: BrokerVersion;
  readonly #clock = new ReadClock();
  readonly #verdicts = new UndecidedVerdicts(this.#clock);
  readonly #broker = new BrokerState();
  #state = STARTING;
  #certain = true;
  #mechanisms: string | null = null;
  /** The protocol header has selected the methods of AMQP 0-8. */
  #speaks08 = false;
  #channelMax = 0;
  #channels = new Map<number, BrokerChannel>();
  #last: BrokerChannel | null = null;
  /** In the state closing: since when. */
  #closing: ReadMark | null = null;

  constructor(version: BrokerVersion) {
    this.#version = version;
  }

  get prediction(): Prediction | null {
    return this.#verdicts.prediction;
  }

  get settled(): boolean {
    return this.#verdicts.settled;
  }

  /** The client's next octets were captured at this time. */
  delivered(seconds: number, nanoseconds: number): void {
    this.#clock.delivered(seconds, nanoseconds);
  }

  /** The server's connection.start, with the mechanisms it offers. */
  serverStarted(mechanisms: string): void {
    this.#mechanisms = mechanisms;
    this.#verdicts.serverHeard();
  }

  serverClosedChannel(channel: number): void {
    this.#verdicts.serverClosedChannel(channel);
  }

  /** Octets of the server were not seen. */
  serverMissed(): void {
    this.#verdicts.serverMissed();
  }

  /** The connection, or some of its octets, were not seen: what is not known is taken for right. */
  uncertain(): void {
    this.#verdicts.missed();
    this.#certain = false;
    if (this.#state < RUNNING) this.#state = RUNNING;
    this.#channels.clear();
    this.#last = null;
  }

  /** The first eight octets. */
  protocolHeader(octets: Uint8Array): void {
    const opening = judgeOpening(octets, this.#version);
    this.#clock.offset = 8;
    if (opening.kind === "refused") {
      const sequel = `${SEQUEL.refusal}: AMQP ${opening.answer}`;
      this.#verdicts.settle(reset(opening.reason, 8, sequel, ["closing AMQP connection <…> (…):", opening.reason]));
    } else if (opening.kind === "amqp-0-8") this.#speaks08 = true;
    else if (opening.kind === "amqp-1-0") this.#state = NOT_JUDGED;
  }

  /** A broken envelope whose rule is settled, in the order in which the broker sees it. */
  brokenEnvelope(fault: EnvelopeFault): void {
    if (this.#state === NOT_JUDGED) return;
    const { type, channel, size } = fault;
    switch (fault.rule) {
      case "frame-too-large": {
        this.#clock.offset = fault.streamOffset + FRAME_HEADER_SIZE;
        const limit = fault.sizeLimit - FRAME_ENVELOPE;
        this.#fatal(type, channel, new Uint8Array(0), 0, `{frame_too_large,${size},${limit}}`);
        return;
      }
      case "frame-end":
        this.#clock.offset = fault.endOffset + 1;
        this.#fatal(type, channel, snippetOf(fault), size, `{invalid_frame_end_marker,${fault.endOctet}}`);
        return;
      case "frame-type":
        this.frame(type, channel, snippetOf(fault), 0, size, undefined, true, fault.endOffset + 1);
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
    if (this.#state !== RUNNING && channel !== 0) {
      if (this.#state < RUNNING) this.#unexpected(type, channel, bytes, start, size);
      return;
    }
    switch (type) {
      case FRAME_METHOD:
        if (size < 4) break;
        if (this.#speaks08)
          this.#method(channel, methodOf08(short(bytes, start), short(bytes, start + 2)), bytes, start, size, false);
        else this.#method(channel, method, bytes, start, size, decodes);
        return;
      case FRAME_HEADER:
        if (size < 12) break;
        if (channel !== 0) this.#channelError(channel, this.#channel(channel)?.takeHeader(bytes, start, size, decodes));
        else this.#unexpected(type, channel, bytes, start, size);
        return;
      case FRAME_BODY:
        if (channel !== 0) this.#channelError(channel, this.#channel(channel)?.takeBody(size));
        else this.#unexpected(type, channel, bytes, start, size);
        return;
      case FRAME_HEARTBEAT:
        if (size !== 0) break;
        if (channel !== 0) this.#unexpected(type, channel, bytes, start, size);
        return;
    }
    if (this.#state > RUNNING) return;
    this.#close(501, `${this.#printed(type, snippet(bytes, start, size), size)}: unknown_frame`, channel);
  }

  #method(
    channel: number,
    method: Method | undefined,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    if (this.#state === NOT_JUDGED) return;
    if (method === undefined) {
      const ids = `{unknown_method_id,{${short(bytes, start)},${short(bytes, start + 2)}}}`;
      this.#crash("unknown_method_id", `exception exit: ${ids}`);
    } else if (channel === 0) this.#connectionMethod(method, bytes, start, size, decodes);
    else this.#channelMethod(channel, method, bytes, start, size, decodes);
  }

  // rabbit_reader:handle_method0/2

  #connectionMethod(method: Method, bytes: Uint8Array, start: number, size: number, decodes: boolean): void {
    const { classId, methodId } = method;
    if (!decodes || needsStrictJudgement(method)) {
      const judgement = judgeArguments(method, bytes, start, size, this.#version.unicodeUtf8);
      if (judgement !== "good" && this.#isClosed()) return;
      if (judgement === "bad-utf8") {
        this.#close(501, "Malformed UTF-8 in shortstr", 0, classId, methodId);
        return;
      }
      if (judgement !== "good") {
        // What is no amqp_error is not told before the connection is open.
        if (this.#state === OPENING) this.#silence([`exception on method ${method.name}`]);
        else this.#close(541, "", 0);
        return;
      }
    }
    if (this.#state > RUNNING) return;
    if (classId === 10) {
      switch (this.#speaks08 ? idIn091(methodId) : methodId) {
        case 11:
          if (this.#state !== STARTING) break;
          this.#startOk(bytes, start, size);
          return;
        case 21:
          if (this.#state !== SECURING) break;
          return;
        case 31:
          if (this.#state !== TUNING && this.#state !== SECURING) break;
          this.#tuneOk(short(bytes, start + 4), long(bytes, start + 6));
          return;
        case 40:
          if (this.#state !== OPENING) break;
          this.#state = RUNNING;
          return;
        case 50:
          if (this.#state !== RUNNING) break;
          this.#state = this.#openChannels() > 0 ? CLOSING : CLOSED;
          this.#closing = this.#clock.mark();
          this.#verdicts.closes(0);
          return;
        case 70:
          if (this.#state !== RUNNING) break;
          return;
      }
    }
    // In mid-stream nobody knows whether the handshake is over.
    if (!this.#certain && classId === 10) return;
    this.#close(504, `unexpected method in connection state ${STATES[this.#state]}`, 0, classId, methodId);
  }

  #startOk(bytes: Uint8Array, start: number, size: number): void {
    const { refusal, challenged, user } = judgeLogin(bytes, start, size, this.#mechanisms);
    this.#broker.user = user;
    if (refusal !== null) this.#silence(["closing AMQP connection <…> (…):", refusal]);
    else this.#state = challenged ? SECURING : TUNING;
  }

  #tuneOk(channelMax: number, frameMax: number): void {
    const { offer } = this;
    const minimum = this.#version.initialFrameMax;
    const refused =
      (frameMax !== 0 && frameMax < minimum) ||
      exceeds(frameMax, offer.frameMax) ||
      exceeds(channelMax, offer.channelMax);
    if (refused) {
      const reason = "failed to negotiate connection parameters";
      this.#silence(["closing AMQP connection <…> (…):", reason], reason);
      return;
    }
    this.#channelMax = channelMax;
    this.#state = OPENING;
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
    const closeOk = method.classId === 20 && method.methodId === 41;
    if (closeOk && decodes && size === 4) {
      this.#closeOk(number, method, bytes, start, size);
      return;
    }
    const error = this.#channel(number)?.takeMethod(method, bytes, start, size, decodes) ?? null;
    this.#channelError(number, error);
    if (error === null && method.classId === 20 && method.methodId === 40) this.#verdicts.closes(number);
  }

  /** Frees the channel's number at once; whether it was asked for, the server's octets may tell. */
  #closeOk(number: number, method: Method, bytes: Uint8Array, start: number, size: number): void {
    const there = this.#existing(number);
    if (there === undefined && !this.#certain) return;
    const channel = there ?? new BrokerChannel(number, this.#broker, this.#clock, this.#version, this.#certain);
    const error = channel.takeMethod(method, bytes, start, size, true);
    if (error?.by === "reader") {
      this.#channelError(number, error);
      return;
    }
    this.#verdicts.closeOk(number, error === null ? null : this.#closed(error, number));
    this.#channels.delete(number);
    this.#last = null;
  }

  #channelError(number: number, error: ChannelError | null | undefined): void {
    if (error === null || error === undefined) return;
    switch (error.by) {
      case "reader":
        this.#verdicts.settle(this.#closed(error, number));
        return;
      case "channel":
        this.#verdicts.pend(this.#closed(error, number), number, error.late);
        return;
      case "crash":
        this.#crash(error.text, "exception error: no function clause matching …");
    }
  }

  /** The channel of this number, new where it is the first to be heard of it; undefined where there are too many. */
  #channel(number: number): BrokerChannel | undefined {
    if (this.#last !== null && this.#last.number === number && this.#last.process.left === null) return this.#last;
    let channel = this.#existing(number);
    if (channel === undefined) {
      if (this.#certain && this.#channelMax !== 0 && this.#channels.size >= this.#channelMax) {
        const open = this.#openChannels();
        if (open >= this.#channelMax) {
          const limit = `number of channels opened (${open}) has reached the negotiated channel_max (${this.#channelMax})`;
          this.#close(530, limit, number);
          return undefined;
        }
      }
      channel = new BrokerChannel(number, this.#broker, this.#clock, this.#version, this.#certain);
      this.#channels.set(number, channel);
    }
    this.#last = channel;
    return channel;
  }

  #existing(number: number): BrokerChannel | undefined {
    const channel = this.#channels.get(number);
    const left = channel?.process.left ?? null;
    if (left === null || this.#clock.sameRead(left)) return channel;
    this.#channels.delete(number);
    this.#last = null;
    return undefined;
  }

  #openChannels(): number {
    for (const number of this.#channels.keys()) this.#existing(number);
    return this.#channels.size;
  }

  /** The client's close is done: nothing more is told. */
  #isClosed(): boolean {
    if (this.#state === CLOSING && !this.#clock.sameRead(this.#closing!)) this.#state = CLOSED;
    return this.#state === CLOSED;
  }

  #unexpected(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (this.#state > RUNNING) return;
    this.#close(505, this.#printed(type, snippet(bytes, start, size), size), channel);
  }

  #fatal(type: number, channel: number, octets: Uint8Array, size: number, error: string): void {
    if (this.#isClosed()) return;
    this.#close(501, `${this.#printed(type, octets, size)}: ${error}`, channel, 0, 0, true);
  }

  #printed(type: number, octets: Uint8Array, size: number): string {
    const amount = size <= PRINTED_OCTETS ? "all" : `first ${PRINTED_OCTETS}`;
    return `type ${type}, ${amount} octets = ${binary(octets, this.#version.unicodeTerms)}`;
  }

  // rabbit_reader:handle_exception/3

  #close(code: number, text: string, channel: number, classId = 0, methodId = 0, fatal = false): void {
    const prediction = this.#closed({ code, text, classId, methodId }, channel, fatal);
    // Not trusted yet: such a client is made to wait, and told nothing.
    if (this.#state < OPENING) this.#silence(prediction.log);
    else this.#verdicts.settle(prediction);
  }

  #closed(error: Omit<ChannelError, "by" | "late">, channel: number, fatal = false) {
    return closed(error, { state: STATES[this.#state]!, channel }, fatal, this.#clock.offset);
  }

  #silence(log: readonly string[], reason = `handshake_error in ${STATES[this.#state]}`): void {
    this.#verdicts.settle(reset(reason, this.#clock.offset, SEQUEL.silence, log));
  }

  /** The reader's process dies. */
  #crash(reason: string, log: string): void {
    this.#verdicts.settle(reset(reason, this.#clock.offset, SEQUEL.reset, [log]));
  }
}

/** Class connection of 0-8 has close and close-ok behind a redirect that 0-9-1 knows no more. */
function idIn091(methodId: number): number {
  if (methodId < 50) return methodId;
  return methodId === 50 ? 0 : methodId - 10;
}

function exceeds(wanted: number, offered: number): boolean {
  return offered !== 0 && (wanted === 0 || wanted > offered);
}

function snippet(bytes: Uint8Array, start: number, size: number): Uint8Array {
  const from = Math.max(start, 0);
  return bytes.slice(from, from + Math.min(size, PRINTED_OCTETS));
}

/** The first octets of a broken frame's payload. */
function snippetOf(fault: EnvelopeFault): Uint8Array {
  const octets = fault.behindOffset === fault.endOffset ? fault.payload : Uint8Array.from(fault.behind);
  return octets.slice(0, Math.min(fault.size, PRINTED_OCTETS));
}
