import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { CHANNEL_CLOSE, CHANNEL_CLOSE_OK } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEARTBEAT, FRAME_METHOD, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import { short } from "../bytes/big-endian.ts";
import type { BrokerChannel, ChannelError } from "./broker-channel.ts";
import { type BrokerRules, LAVINMQ } from "./broker-rules.ts";
import { BrokerState } from "./broker-state.ts";
import { CLOSED, CLOSING, ConnectionState, NOT_JUDGED, type Offer, OPENING, RUNNING } from "./connection-state.ts";
import { frameTooLarge } from "./lavinmq.ts";
import { methodOf08 } from "./methods-0-8.ts";
import { OpenChannels } from "./open-channels.ts";
import { OpeningVerdict } from "./opening-verdict.ts";
import { firstOctetsOf } from "./printed-frame.ts";
import { ReadClock } from "./read-timing.ts";
import { ReaderExceptions } from "./reader-exceptions.ts";
import { needsStrictCheck } from "./strict-arguments.ts";
import { UndecidedVerdicts } from "./undecided-verdicts.ts";
import type { Prediction } from "./verdict.ts";

/**
 * Predicts what RabbitMQ does with a client's octets: rabbit_reader (the connection), rabbit_command_assembler (the
 * order of content on a channel) and those parts of rabbit_channel that can end a connection.
 *
 * It gets the client's frames and faults in order, until it has `settled`: nothing later changes that. BrokerState
 * lists its assumptions. Where octets were missed (`uncertain`), what it cannot know is taken as right.
 */
export class BrokerPredictor {
  readonly #rules: BrokerRules;
  readonly #clock = new ReadClock();
  readonly #verdicts = new UndecidedVerdicts(this.#clock);
  readonly #broker = new BrokerState();
  readonly #connection: ConnectionState;
  readonly #channels: OpenChannels;
  readonly #exceptions: ReaderExceptions;
  readonly #opening: OpeningVerdict;

  constructor(rules: BrokerRules) {
    this.#rules = rules;
    this.#connection = new ConnectionState(rules);
    this.#opening = new OpeningVerdict(rules, this.#connection);
    this.#exceptions = new ReaderExceptions(rules, this.#connection, this.#clock, this.#verdicts);
    this.#channels = new OpenChannels(this.#broker, this.#clock, rules);
  }

  get prediction(): Prediction | null {
    if (this.#rules.id === null) return null;
    return this.#opening.refusal ?? this.#verdicts.under(this.#rules);
  }

  get settled(): boolean {
    return this.#verdicts.settled || this.#rules.id === null;
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
    this.#opening.judge();
    if (!this.#rules.isRabbitMQ) this.#connection.now = NOT_JUDGED;
    this.#verdicts.serverSeen();
  }

  serverClosedChannel(channel: number): void {
    this.#verdicts.serverClosedChannel(channel);
  }

  serverCancelled(channel: number, consumerTag: string): void {
    this.#verdicts.serverCancelled(channel, consumerTag);
  }

  serverClosedConnection(replyText: string): void {
    this.#verdicts.serverClosedConnection(replyText);
  }

  /** The server answered with a protocol header, as `0 0 9 1`. */
  serverRefused(answer: string): void {
    this.#opening.answered(answer);
  }

  /** Octets of the server were not seen. */
  serverMissed(): void {
    this.#verdicts.serverMissed();
  }

  /** The connection, or some of its octets, were not seen: what is not known is taken as right. */
  uncertain(): void {
    this.#verdicts.missed();
    this.#connection.miss();
    this.#channels.certain = false;
    this.#channels.forgetAll();
  }

  /** The first eight octets. */
  protocolHeader(octets: Uint8Array): void {
    this.#clock.offset = octets.length;
    this.#opening.take(octets);
  }

  /** A broken envelope whose rule is settled, in the order in which the broker sees it. */
  brokenEnvelope(fault: EnvelopeFault): void {
    const ofLavinMq = this.#rules.id === LAVINMQ ? frameTooLarge(fault) : null;
    if (ofLavinMq !== null) this.#verdicts.settle(ofLavinMq);
    if (this.#connection.now === NOT_JUDGED) return;
    const { rule, type, channel, size, endOffset } = fault;
    if (rule === "frame-type") this.frame(type, channel, firstOctetsOf(fault), 0, size, undefined, true, endOffset + 1);
    else this.#exceptions.brokenEnvelope(fault);
  }

  // oxlint-disable-next-line max-params -- hot path: once for every frame, as Predictor has it
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
      if (state < RUNNING) this.#exceptions.unexpected({ type, channel, size }, bytes, start);
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
      case FRAME_BODY: {
        if (type === FRAME_HEADER && size < 12) break;
        if (channel === 0) {
          this.#exceptions.unexpected({ type, channel, size }, bytes, start);
          return;
        }
        const taken = this.#channel(channel);
        if (taken === null) return;
        const isHeader = type === FRAME_HEADER;
        this.#channelError(channel, isHeader ? taken.takeHeader(bytes, start, size, decodes) : taken.takeBody(size));
        return;
      }
      case FRAME_HEARTBEAT:
        if (size !== 0) break;
        if (channel !== 0) this.#exceptions.unexpected({ type, channel, size }, bytes, start);
        return;
    }
    if (state > RUNNING) return;
    this.#exceptions.unknownFrame({ type, channel, size }, bytes, start);
  }

  /** As Predictor.message: false if it may have a fault that its frames must show one by one. */
  message(message: WholeMessage, bytes: Uint8Array, behind: number): boolean {
    const { now, speaks08 } = this.#connection;
    if (now === NOT_JUDGED) return true;
    if (now !== RUNNING || speaks08 || this.#verdicts.isPending) return false;
    const channel = this.#channels.inUse(message.channel);
    if (channel === null || !channel.awaitsMessage(message.bodySize)) return false;
    this.#clock.offset = behind;
    this.#channelError(message.channel, channel.takeMessage(message, bytes));
    return true;
  }

  // oxlint-disable-next-line max-params -- hot path: once for every method frame
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
      this.#exceptions.crash("unknown_method_id", `exception exit: ${ids}`);
    } else if (channel === 0) this.#connectionMethod(method, bytes, start, size, decodes);
    else this.#channelMethod(channel, method, bytes, start, size, decodes);
  }

  // rabbit_reader:handle_method0/3
  #connectionMethod(method: Method, bytes: Uint8Array, start: number, size: number, decodes: boolean): void {
    const connection = this.#connection;
    if (!decodes || needsStrictCheck(method)) {
      const outcome = this.#rules.checkArguments(method, bytes, start, size);
      if (outcome !== "good" && this.#exceptions.isClosed) return;
      if (outcome === "bad-utf8") {
        this.#exceptions.close({ code: 501, text: "Malformed UTF-8 in shortstr", ...method }, 0);
        return;
      }
      if (outcome !== "good") {
        // An error that is no amqp_error is not sent before the connection is open.
        if (connection.now === OPENING) this.#exceptions.silence();
        else this.#exceptions.close({ code: 541, text: "" }, 0);
        return;
      }
    }
    if (connection.now > RUNNING) return;
    const step = connection.take(method, bytes, start, size);
    if (step === "taken") {
      this.#channels.limit = connection.channelMax;
      this.#broker.user = connection.user;
      this.#broker.notifiesCancel = connection.notifiesCancel;
    } else if (step === "closes") {
      const open = this.#channels.count();
      connection.now = open > 0 ? CLOSING : CLOSED;
      this.#exceptions.closes();
      this.#verdicts.closesConnection(open);
    } else if (step === "out-of-turn") {
      this.#exceptions.outOfTurn(method);
    } else if (step === "close-ok") {
      this.#verdicts.connectionCloseOk(this.#exceptions.ofTurn(method));
      connection.now = CLOSED;
    } else if ("loginRefusal" in step) this.#verdicts.refuseLogin(this.#exceptions.silent(step.loginRefusal));
    else this.#verdicts.settle(this.#exceptions.silent(step.refusal));
  }

  // rabbit_reader:process_frame/3
  // oxlint-disable-next-line max-params -- hot path: once for every method frame
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

  /** Frees the channel's number at once. The server's octets may show whether it sent a close. */
  #closeOk(number: number, method: Method, bytes: Uint8Array, start: number, size: number): void {
    const channel = this.#channels.find(number) ?? this.#channels.uncounted(number);
    const error = channel.takeMethod(method, bytes, start, size, true);
    if (error?.by === "reader") {
      this.#channelError(number, error);
      return;
    }
    const unasked = error === null || !this.#channels.certain ? null : this.#exceptions.closedByChannel(error, number);
    this.#verdicts.closeOk(number, unasked, error?.slow === true);
    this.#channels.forget(number);
  }

  #channelError(number: number, error: ChannelError | null): void {
    if (error === null) return;
    switch (error.by) {
      case "reader": {
        const prediction = this.#exceptions.closed(error, number);
        if (error.newerOnly === true && this.#rules.isGuess) this.#verdicts.settleByNewer(prediction);
        else this.#verdicts.settle(prediction);
        return;
      }
      case "channel":
        this.#verdicts.pend(this.#exceptions.closedByChannel(error, number), number, error);
        return;
      case "crash":
        this.#exceptions.crash(error.text, "exception error: no function clause matching …");
    }
  }

  #channel(number: number): BrokerChannel | null {
    const channel = this.#channels.take(number);
    if (channel === null) {
      const text = `number of channels opened (${this.#channels.count()}) has reached the negotiated channel_max (${this.#channels.limit})`;
      this.#exceptions.close({ code: 530, text }, number);
    }
    return channel;
  }
}
