import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../amqp/spec/constants.ts";
import type { ChannelError } from "./broker-channel.ts";
import type { BrokerRules } from "./broker-rules.ts";
import { CLOSED, CLOSING, type ConnectionState, OPENING, RUNNING } from "./connection-state.ts";
import { firstOctets, firstOctetsOf, printedFrame } from "./printed-frame.ts";
import type { ReadClock, ReadMark } from "./read-timing.ts";
import type { UndecidedVerdicts } from "./undecided-verdicts.ts";
import { closed, type PredictedClose, type PredictedReset, type Prediction, reset, SEQUEL } from "./verdict.ts";

/** A frame by its header. */
interface FrameHeader {
  type: number;
  channel: number;
  size: number;
}

/** Why the broker closes a connection: a reply code, its text, and the method at fault, if there is one. */
interface Refusal {
  code: number;
  text: string;
  classId?: number;
  methodId?: number;
}

/** How the connection's process ends by an exception (rabbit_reader:handle_exception/3): close, no answer, or death. */
export class ReaderExceptions {
  readonly #rules: BrokerRules;
  readonly #connection: ConnectionState;
  readonly #clock: ReadClock;
  readonly #verdicts: UndecidedVerdicts;
  /** In the state closing: since when. */
  #closing: ReadMark | null = null;

  constructor(rules: BrokerRules, connection: ConnectionState, clock: ReadClock, verdicts: UndecidedVerdicts) {
    this.#rules = rules;
    this.#connection = connection;
    this.#clock = clock;
    this.#verdicts = verdicts;
  }

  /** The client closes the connection. */
  closes(): void {
    this.#closing = this.#clock.mark();
  }

  /** The client's close is done: nothing more is sent. */
  get isClosed(): boolean {
    const connection = this.#connection;
    if (connection.now === CLOSING && !this.#clock.sameRead(this.#closing!)) connection.now = CLOSED;
    return connection.now === CLOSED;
  }

  /** A frame that may not come here. Its payload begins at `start`; with −1 `bytes` holds only its first octets. */
  unexpected(frame: FrameHeader, bytes: Uint8Array, start: number): void {
    if (this.#connection.now > RUNNING) return;
    const octets = firstOctets(bytes, start, frame.size);
    this.#settle(() => this.#refused({ code: 505, text: this.#printed(frame, octets) }, frame.channel, false));
  }

  /** A frame of an unknown type, or of a size that its type cannot have. */
  unknownFrame(frame: FrameHeader, bytes: Uint8Array, start: number): void {
    const octets = firstOctets(bytes, start, frame.size);
    const text = (): string => `${this.#printed(frame, octets)}: unknown_frame`;
    this.#settle(() => this.#refused({ code: 501, text: text() }, frame.channel, false));
  }

  /** An envelope is broken where the broker sees it: nothing more is read. */
  brokenEnvelope(fault: EnvelopeFault): void {
    const { rule, streamOffset, sizeLimit, endOffset, endOctet, size } = fault;
    if (rule === "frame-too-large") {
      this.#clock.offset = streamOffset + FRAME_HEADER_SIZE;
      const error = `{frame_too_large,${size},${sizeLimit - FRAME_ENVELOPE}}`;
      this.#fatal({ type: fault.type, channel: fault.channel, size: 0 }, NOTHING, error);
    } else if (rule === "frame-end") {
      this.#clock.offset = endOffset + 1;
      this.#fatal(fault, firstOctetsOf(fault), `{invalid_frame_end_marker,${endOctet}}`);
    }
  }

  #fatal(frame: FrameHeader, octets: Uint8Array, error: string): void {
    if (this.isClosed) return;
    const text = (): string => `${this.#printed(frame, octets)}: ${error}`;
    this.#settle(() => this.#refused({ code: 501, text: text() }, frame.channel, true));
  }

  /** Settles a verdict whose text prints octets, which brokers print differently: a guess keeps both texts. */
  #settle(make: () => Prediction): void {
    this.#verdicts.settle(make(), this.#rules.byOldest(make));
  }

  outOfTurn(method: { classId: number; methodId: number }): void {
    this.#verdicts.settle(this.ofTurn(method));
  }

  /** The result of a method out of turn. */
  ofTurn({ classId, methodId }: { classId: number; methodId: number }): Prediction {
    const text = `unexpected method in connection state ${this.#connection.name}`;
    return this.#refused({ code: 504, text, classId, methodId }, 0, false);
  }

  close(refusal: Refusal, channel: number): void {
    this.#verdicts.settle(this.#refused(refusal, channel, false));
  }

  closed(error: Omit<ChannelError, "by" | "slow">, channel: number, fatal = false): PredictedClose {
    return closed(error, { state: this.#connection.name, channel }, fatal, this.#clock.offset);
  }

  /** The same of a channel's process. */
  closedByChannel(error: ChannelError, channel: number): PredictedClose {
    return { ...this.closed(error, channel), byChannel: channel };
  }

  silence(): void {
    this.#verdicts.settle(this.silent());
  }

  /** The client gets no close. */
  silent(
    reason = `handshake_error in ${this.#connection.name}`,
    log: readonly string[] = ["closing AMQP connection <…> (…):", reason],
  ): PredictedReset {
    return reset(reason, this.#clock.offset, SEQUEL.silence, log);
  }

  /** The reader's process dies. */
  crash(reason: string, log: string): void {
    this.#verdicts.settle(reset(reason, this.#clock.offset, SEQUEL.reset, [log]));
  }

  #refused({ code, text, classId = 0, methodId = 0 }: Refusal, channel: number, fatal: boolean): Prediction {
    const prediction = this.closed({ code, text, classId, methodId }, channel, fatal);
    // Not trusted yet: the broker lets such a client wait, and sends no close.
    return this.#connection.now < OPENING ? this.silent(undefined, prediction.log) : prediction;
  }

  #printed({ type, size }: FrameHeader, octets: Uint8Array): string {
    return printedFrame(type, octets, size, this.#rules.row.unicodeTerms);
  }
}

const NOTHING = new Uint8Array(0);
