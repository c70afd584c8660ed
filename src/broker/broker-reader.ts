import type { EnvelopeFault } from "../amqp/frame-scanner.ts";
import type { Method } from "../amqp/method-registry.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  REPLY_CODES,
} from "../amqp/spec/constants.ts";
import { long, longlong, short } from "../bytes/big-endian.ts";
import { BrokerChannel } from "./broker-channel.ts";
import { binary, decimals } from "./erlang-term.ts";
import { judgeArguments, needsStrictJudgement } from "./strict-arguments.ts";
import { errorLog, type Prediction, replyText, SEQUEL } from "./verdict.ts";
import { type BrokerVersion, MAX_BODY_SIZE } from "./versions.ts";

/** States of rabbit_reader, as far as the client's octets move it. */
const STARTING = 0;
const SECURING = 1;
const TUNING = 2;
const OPENING = 3;
const RUNNING = 4;
const STATES = ["starting", "securing", "tuning", "opening", "running"] as const;

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
 * Fed with the frames and faults of the client's direction, in stream order, until `prediction` is set: nothing later
 * can change that. It knows what a client can know: not who may do what, nor which queues and exchanges there are.
 * Where octets were missed (`uncertain`) it takes what it cannot know for right.
 */
export class BrokerReader {
  prediction: Prediction | null = null;
  /** What the server offered, once it did. */
  offer: Offer = DEFAULT_OFFER;

  readonly #version: BrokerVersion;
  #state = STARTING;
  /** The client has closed the connection, or been told to: its frames are ignored. */
  #over = false;
  #certain = true;
  #channelMax = 0;
  readonly #channels = new Map<number, BrokerChannel>();
  #last: BrokerChannel | null = null;
  /** Stream offset behind the frame being judged. */
  #behind = 0;

  constructor(version: BrokerVersion) {
    this.#version = version;
  }

  /** The connection, or some of its octets, were not seen: what is not known is taken for right. */
  uncertain(): void {
    this.#certain = false;
    if (this.#state !== RUNNING) this.#state = RUNNING;
    this.#channels.clear();
    this.#last = null;
  }

  /** The first eight octets: `reason` is the broker's name for what is wrong with them, null when nothing is. */
  protocolHeader(octets: Uint8Array): void {
    const version = Array.from(octets.subarray(4, 8));
    const isAmqp = String.fromCharCode(...octets.subarray(0, 4)) === "AMQP";
    if (isAmqp && this.#version.accepts.includes(version.join(" "))) return;
    let reason = `{bad_header,${binary(octets.slice(0, 8), this.#version.unicodeTerms)}}`;
    if (isAmqp) {
      const amqp1 = version[1] === 1 && version[2] === 0 && version[3] === 0;
      reason = amqp1 ? "amqp1_0_plugin_not_enabled" : `{bad_version,{${version.join(",")}}}`;
    }
    this.#behind = 8;
    this.#reset(reason, SEQUEL.refusal, [`closing AMQP connection <…> (…):`, reason]);
  }

  /** A broken envelope whose rule is settled, in the order in which the broker sees it. */
  brokenEnvelope(fault: EnvelopeFault): void {
    if (this.prediction !== null) return;
    const { type, channel, size } = fault;
    switch (fault.rule) {
      case "frame-too-large": {
        this.#behind = fault.streamOffset + FRAME_HEADER_SIZE;
        const limit = fault.sizeLimit - FRAME_ENVELOPE;
        this.#fatal(type, channel, new Uint8Array(0), 0, `{frame_too_large,${size},${limit}}`);
        return;
      }
      case "frame-end":
        this.#behind = fault.endOffset + 1;
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
   * is what its ids name; `decodes` tells whether the arguments, or a content header's properties, decoded.
   * `behind` is the stream offset behind the frame.
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
    if (this.#over && channel !== 0) return;
    this.#behind = behind;
    if (channel !== 0 && this.#state !== RUNNING) {
      this.#unexpected(type, channel, bytes, start, size);
      return;
    }
    switch (type) {
      case FRAME_METHOD:
        if (size < 4) break;
        if (method === undefined) {
          const ids = `{unknown_method_id,{${short(bytes, start)},${short(bytes, start + 2)}}}`;
          this.#reset("unknown_method_id", SEQUEL.reset, [`exception exit: ${ids}`]);
        } else if (channel === 0) this.#connectionMethod(method, bytes, start, size, decodes);
        else this.#channelMethod(this.#channel(channel), method, bytes, start, size, decodes);
        return;
      case FRAME_HEADER:
        if (size < 12) break;
        if (channel === 0) this.#unexpected(type, channel, bytes, start, size);
        else this.#contentHeader(this.#channel(channel), bytes, start, decodes);
        return;
      case FRAME_BODY:
        if (channel === 0) this.#unexpected(type, channel, bytes, start, size);
        else this.#contentBody(this.#channel(channel), size);
        return;
      case FRAME_HEARTBEAT:
        if (size !== 0) break;
        if (channel !== 0) this.#unexpected(type, channel, bytes, start, size);
        return;
    }
    if (this.#over) return;
    this.#close(
      501,
      `${printed(type, this.#snippet(bytes, start, size), size, this.#version)}: unknown_frame`,
      channel,
    );
  }

  // rabbit_reader:handle_method0/2

  #connectionMethod(method: Method, bytes: Uint8Array, start: number, size: number, decodes: boolean): void {
    const { classId, methodId } = method;
    const judgement = decodes && !needsStrictJudgement(method) ? "good" : judgeArguments(method, bytes, start, size);
    if (this.#over) return;
    if (judgement === "bad-utf8") {
      this.#close(501, "Malformed UTF-8 in shortstr", 0, classId, methodId);
      return;
    }
    if (judgement !== "good") {
      this.#close(541, "", 0);
      return;
    }
    if (classId === 10) {
      switch (methodId) {
        case 11:
          if (this.#state !== STARTING) break;
          // Which mechanism is meant, and whether one challenge is enough, is not ours to know.
          this.#state = TUNING;
          return;
        case 21:
          if (this.#state !== SECURING && !(this.#state === TUNING && !this.#certain)) break;
          this.#state = TUNING;
          return;
        case 31:
          if (this.#state !== TUNING) break;
          this.#tune(short(bytes, start + 4), long(bytes, start + 6));
          return;
        case 40:
          if (this.#state !== OPENING) break;
          this.#state = RUNNING;
          return;
        case 50:
          if (this.#state !== RUNNING) break;
          this.#over = true;
          return;
        case 70:
          if (this.#state !== RUNNING) break;
          return;
      }
    }
    this.#close(504, `unexpected method in connection state ${STATES[this.#state]}`, 0, classId, methodId);
  }

  #tune(channelMax: number, frameMax: number): void {
    const { offer } = this;
    const minimum = this.#version.initialFrameMax;
    const refused =
      (frameMax !== 0 && frameMax < minimum) ||
      exceeds(frameMax, offer.frameMax) ||
      exceeds(channelMax, offer.channelMax);
    if (refused) {
      const reason = "failed to negotiate connection parameters";
      this.#reset(reason, SEQUEL.silence, [`closing AMQP connection <…> (…):`, reason]);
      return;
    }
    this.#channelMax = channelMax;
    this.#state = OPENING;
  }

  // rabbit_command_assembler:process/2, and rabbit_channel for what is complete

  #channelMethod(
    channel: BrokerChannel,
    method: Method,
    bytes: Uint8Array,
    start: number,
    size: number,
    decodes: boolean,
  ): void {
    if (this.prediction !== null) return;
    if (channel.awaits !== "method" && channel.awaits !== "unknown") {
      this.#misplaced(channel);
      return;
    }
    if (!decodes || channel.strict(method)) {
      const judgement = judgeArguments(method, bytes, start, size);
      switch (judgement) {
        case "cannot-decode": {
          const octets = decimals(bytes.subarray(start + 4, start + size));
          this.#close(501, `cannot decode ${octets}`, channel.number, method.classId, method.methodId);
          return;
        }
        case "bad-utf8":
          this.#close(501, "Malformed UTF-8 in shortstr", channel.number);
          return;
        case "bad-table":
          this.#reset("function_clause", SEQUEL.reset, ["exception error: no function clause matching …"]);
          return;
      }
    }
    if (method.content) {
      channel.awaits = "header";
      channel.method = method;
      channel.immediate = (bytes[start + size - 1]! & 2) !== 0;
      return;
    }
    channel.awaits = "method";
    const complaint = channel.perform(method, bytes, start);
    if (complaint !== null) {
      this.#close(complaint.code, complaint.text, channel.number, method.classId, method.methodId);
    } else if (channel.gone) {
      this.#channels.delete(channel.number);
      this.#last = null;
    }
  }

  #contentHeader(channel: BrokerChannel, bytes: Uint8Array, start: number, decodes: boolean): void {
    if (this.prediction !== null) return;
    if (channel.awaits !== "header" && channel.awaits !== "unknown") {
      this.#misplaced(channel);
      return;
    }
    const method = channel.method;
    const classId = short(bytes, start);
    if (short(bytes, start + 2) !== 0) {
      if (method !== null) this.#misplaced(channel);
      return;
    }
    if (method !== null && classId !== method.classId) {
      const clause = `expected content header for class ${method.classId}, got one for class ${classId} instead`;
      this.#close(505, clause, channel.number, method.classId, method.methodId);
      return;
    }
    channel.propertiesDecode = decodes;
    channel.remaining = longlong(bytes, start + 4);
    if (this.#version.refusesOverrun && channel.remaining > MAX_BODY_SIZE && method !== null) {
      const clause = `content body size ${longlong(bytes, start + 4)} exceeds maximum allowed size ${MAX_BODY_SIZE}`;
      this.#close(501, clause, channel.number, method.classId, method.methodId);
      return;
    }
    channel.awaits = "body";
    if (channel.remaining === 0) this.#contentComplete(channel);
  }

  #contentBody(channel: BrokerChannel, size: number): void {
    if (this.prediction !== null) return;
    if (channel.awaits !== "body") {
      if (channel.awaits !== "unknown") this.#misplaced(channel);
      return;
    }
    channel.remaining -= size;
    if (channel.remaining === 0) this.#contentComplete(channel);
    else if (channel.remaining < 0 && this.#version.refusesOverrun && channel.method !== null) {
      const { classId, methodId } = channel.method;
      this.#close(501, "content body frame exceeds remaining content size", channel.number, classId, methodId);
    }
  }

  #contentComplete(channel: BrokerChannel): void {
    channel.awaits = "method";
    const method = channel.method;
    if (method === null) return;
    const complaint = channel.performContent(method);
    if (complaint === null) return;
    const { classId, methodId } = complaint.code === 541 ? NO_METHOD : method;
    this.#close(complaint.code, complaint.text, channel.number, classId, methodId);
  }

  /** A frame that the assembler does not await. */
  #misplaced(channel: BrokerChannel): void {
    if (this.prediction !== null) return;
    const { classId, methodId } = channel.method ?? NO_METHOD;
    switch (channel.awaits) {
      case "method":
        this.#close(505, "expected method frame, got non method frame instead", channel.number);
        return;
      case "header": {
        const clause = `expected content header for class ${classId}, got non content header frame instead`;
        this.#close(505, clause, channel.number, classId, methodId);
        return;
      }
      case "body":
        this.#close(
          505,
          "expected content body, got non content body frame instead",
          channel.number,
          classId,
          methodId,
        );
        return;
      case "unknown":
        return;
    }
  }

  #channel(number: number): BrokerChannel {
    if (this.#last !== null && this.#last.number === number) return this.#last;
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      const open = this.#channels.size;
      if (this.#certain && this.#channelMax !== 0 && open >= this.#channelMax && this.prediction === null) {
        const clause = `number of channels opened (${open}) has reached the negotiated channel_max (${this.#channelMax})`;
        this.#close(530, clause, number);
      }
      channel = new BrokerChannel(number, this.#certain);
      this.#channels.set(number, channel);
    }
    this.#last = channel;
    return channel;
  }

  #unexpected(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void {
    if (this.#over) return;
    this.#close(505, printed(type, this.#snippet(bytes, start, size), size, this.#version), channel);
  }

  #snippet(bytes: Uint8Array, start: number, size: number): Uint8Array {
    const from = Math.max(start, 0);
    return bytes.slice(from, from + Math.min(size, PRINTED_OCTETS));
  }

  #fatal(type: number, channel: number, snippet: Uint8Array, size: number, error: string): void {
    const explanation = `${printed(type, snippet, size, this.#version)}: ${error}`;
    if (this.#over) return;
    this.#close(501, explanation, channel, 0, 0, true);
  }

  #close(code: number, explanation: string, channel: number, classId = 0, methodId = 0, fatal = false): void {
    if (this.prediction !== null) return;
    const state = STATES[this.#state]!;
    const site = { state, channel, classId, methodId };
    const log = errorLog(code, explanation, site);
    if (fatal) log.push("closing AMQP connection <…> (…):", "fatal_frame_error");
    if (this.#state < OPENING) {
      // Not trusted yet: such a client is made to wait, and told nothing.
      this.#reset(`handshake_error in ${state}`, SEQUEL.silence, log);
      return;
    }
    this.prediction = {
      outcome: "close",
      code,
      name: REPLY_CODES[code]!.name,
      text: replyText(code, explanation),
      classId,
      methodId,
      fatal,
      streamOffset: this.#behind,
      sequel: fatal ? SEQUEL.fatal : SEQUEL.close,
      log,
    };
  }

  #reset(reason: string, sequel: string, log: readonly string[]): void {
    this.prediction ??= { outcome: "reset", reason, streamOffset: this.#behind, sequel, log };
  }
}

const NO_METHOD = { classId: 0, methodId: 0 };

function exceeds(wanted: number, offered: number): boolean {
  return offered !== 0 && (wanted === 0 || wanted > offered);
}

function printed(type: number, snippet: Uint8Array, size: number, version: BrokerVersion): string {
  const amount = size <= PRINTED_OCTETS ? "all" : `first ${PRINTED_OCTETS}`;
  return `type ${type}, ${amount} octets = ${binary(snippet, version.unicodeTerms)}`;
}

/** The first octets of a broken frame's payload. */
function snippetOf(fault: EnvelopeFault): Uint8Array {
  const octets = fault.behindOffset === fault.endOffset ? fault.payload : Uint8Array.from(fault.behind);
  return octets.slice(0, Math.min(fault.size, PRINTED_OCTETS));
}
