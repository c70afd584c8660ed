/**
 * One channel in the connection's reader: the assembler that makes commands out of frames
 * (rabbit_command_assembler:process/2), and the process that gets them (rabbit_channel).
 */
import {
  AWAITS_ANY,
  AWAITS_HEADER,
  AWAITS_METHOD,
  afterBody,
  afterHeader,
  afterMethod,
  type ContentState,
  contentFault,
  IN_ORDER,
  OVERRUN,
} from "../amqp/content-order.ts";
import type { Method } from "../amqp/method-registry.ts";
import { FRAME_BODY, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD } from "../amqp/spec/constants.ts";
import type { WholeMessage } from "../amqp/whole-message.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import type { BrokerRules } from "./broker-rules.ts";
import type { BrokerState } from "./broker-state.ts";
import { ChannelProcess } from "./channel-process.ts";
import type { Outcome } from "./complaint.ts";
import { checkProperties, PROPERTIES_GOOD } from "./content-properties.ts";
import { decimals } from "./erlang-term.ts";
import type { ReadClock } from "./read-timing.ts";
import { needsStrictCheck } from "./strict-arguments.ts";
import { MAX_BODY_SIZE } from "./versions.ts";

/** What ends the connection: an error of the reader or of the channel's process, or the reader's death. */
export interface ChannelError {
  by: "reader" | "channel" | "crash";
  code: number;
  text: string;
  classId: number;
  methodId: number;
  /** As in Complaint. */
  forestalledBy?: "channel.close" | "connection.close";
  unlessCancelled?: string;
  /** From a channel's process: errors of others come before it. */
  slow: boolean;
  /** Brokers before RabbitMQ 4.2.6 go on. */
  newerOnly?: boolean;
}

const NO_METHOD = { classId: 0, methodId: 0 };

export class BrokerChannel {
  readonly number: number;
  readonly channelProcess: ChannelProcess;
  /** What the assembler takes next. */
  #content: ContentState;
  /** The method whose content is being assembled. */
  #method: Method | null = null;
  #immediate = false;
  /** The exchange published to takes nothing from clients. */
  #refused = false;
  #properties = PROPERTIES_GOOD;
  readonly #broker: BrokerState;
  readonly #rules: BrokerRules;

  constructor(number: number, broker: BrokerState, clock: ReadClock, rules: BrokerRules, certain: boolean) {
    this.number = number;
    this.channelProcess = new ChannelProcess(broker, clock, certain);
    this.#broker = broker;
    this.#rules = rules;
    this.#content = certain ? AWAITS_METHOD : AWAITS_ANY;
  }

  /** A method frame; `decodes`: its arguments have the right lengths. */
  takeMethod(method: Method, bytes: Uint8Array, start: number, size: number, decodes: boolean): ChannelError | null {
    if (contentFault(this.#content, FRAME_METHOD, size) !== IN_ORDER) return this.#misplaced();
    if (!decodes || needsStrictCheck(method)) {
      const error = this.#checkArguments(method, bytes, start, size);
      if (error !== null) return error;
    }
    this.#content = afterMethod(method.content);
    if (!method.content) {
      const outcome = this.channelProcess.perform(method, bytes, start, size);
      return outcome === null ? null : channelError(outcome, method, this.channelProcess.isBusy);
    }
    this.#publish(method, bytes, start, size);
    return null;
  }

  /** A method with content. */
  #publish(method: Method, bytes: Uint8Array, start: number, size: number): void {
    this.#method = method;
    // basic.publish: class-id, method-id, reserved-1, exchange, routing-key, and a last octet of mandatory and immediate.
    this.#immediate = (bytes[start + size - 1]! & 2) !== 0;
    const nameLength = bytes[start + 6]!;
    this.#refused =
      this.#broker.mayBeInternal(nameLength) &&
      this.#broker.isInternal(UTF8.decode(bytes.subarray(start + 7, start + 7 + nameLength)));
  }

  /** A content header frame of 12 octets or more; `plain`: as checkProperties takes it. */
  takeHeader(bytes: Uint8Array, start: number, size: number, plain: boolean): ChannelError | null {
    if (contentFault(this.#content, FRAME_HEADER, size) !== IN_ORDER) return this.#misplaced();
    const method = this.#method;
    const classId = short(bytes, start);
    if (short(bytes, start + 2) !== 0) return this.#content === AWAITS_ANY ? null : this.#misplaced();
    if (method !== null && classId !== method.classId) {
      return readerError(
        505,
        `expected content header for class ${method.classId}, got one for class ${classId} instead`,
        method,
      );
    }
    const bodySize = longlong(bytes, start + 4);
    this.#properties = checkProperties(bytes, start, size, plain, this.#broker.user);
    this.#content = afterHeader(bodySize);
    if (this.#rules.row.refusesOverrun && bodySize > MAX_BODY_SIZE && method !== null) {
      return readerError(
        501,
        `content body size ${bodySize} exceeds maximum allowed size ${MAX_BODY_SIZE}`,
        method,
        true,
      );
    }
    return bodySize === 0 ? this.#complete() : null;
  }

  takeBody(size: number): ChannelError | null {
    const fault = contentFault(this.#content, FRAME_BODY, size);
    if (fault === OVERRUN) {
      this.#content = SWALLOWS_BODIES;
      if (!this.#rules.row.refusesOverrun || this.#method === null) return null;
      return readerError(501, "content body frame exceeds remaining content size", this.#method, true);
    }
    if (fault !== IN_ORDER) return this.#misplaced();
    if (this.#content === AWAITS_ANY) return null;
    this.#content = afterBody(this.#content, size);
    return this.#content === AWAITS_METHOD ? this.#complete() : null;
  }

  /** Whether a whole message with a body of this size is in its place here: then only its content can be wrong. */
  awaitsMessage(bodySize: number): boolean {
    return this.#content === AWAITS_METHOD && bodySize <= MAX_BODY_SIZE;
  }

  /** A whole message that is in its place: method, content header and body. */
  takeMessage(message: WholeMessage, bytes: Uint8Array): ChannelError | null {
    const { method, at, methodSize, headerAt, headerSize } = message;
    this.#publish(method, bytes, at + FRAME_HEADER_SIZE, methodSize);
    this.#properties = checkProperties(bytes, headerAt + FRAME_HEADER_SIZE, headerSize, true, this.#broker.user);
    return this.#complete();
  }

  #complete(): ChannelError | null {
    const method = this.#method;
    if (method === null) return null;
    const outcome = this.channelProcess.performContent(method, this.#immediate, this.#refused, this.#properties);
    return outcome === null ? null : channelError(outcome, method, this.channelProcess.isBusy);
  }

  #checkArguments(method: Method, bytes: Uint8Array, start: number, size: number): ChannelError | null {
    switch (this.#rules.checkArguments(method, bytes, start, size)) {
      case "good":
        return null;
      case "cannot-decode":
        return readerError(501, `cannot decode ${decimals(bytes.subarray(start + 4, start + size))}`, method);
      case "bad-utf8":
        return readerError(501, "Malformed UTF-8 in shortstr", NO_METHOD);
      case "bad-table":
        return { ...readerError(541, "function_clause", NO_METHOD), by: "crash" };
    }
  }

  /** A frame that the assembler does not expect. */
  #misplaced(): ChannelError {
    const method = this.#method ?? NO_METHOD;
    if (this.#content === AWAITS_METHOD) {
      return readerError(505, "expected method frame, got non method frame instead", NO_METHOD);
    }
    if (this.#content === AWAITS_HEADER) {
      const clause = `expected content header for class ${method.classId}, got non content header frame instead`;
      return readerError(505, clause, method);
    }
    return readerError(505, "expected content body, got non content body frame instead", method);
  }
}

/** After an overrun the assembler takes all later bodies as the same content, which never becomes complete. */
const SWALLOWS_BODIES: ContentState = Number.POSITIVE_INFINITY;
const UTF8 = new TextDecoder();

function readerError(
  code: number,
  text: string,
  { classId, methodId }: typeof NO_METHOD,
  newerOnly = false,
): ChannelError {
  return { by: "reader", code, text, classId, methodId, slow: false, newerOnly };
}

/** A process that dies of another error than an amqp_error names no method. */
function channelError(outcome: Outcome, method: Method, busy: boolean): ChannelError | null {
  if (outcome === null || outcome === "channel-error") return null;
  const { classId, methodId } = outcome.code === 541 ? NO_METHOD : method;
  return { by: "channel", classId, methodId, slow: busy || outcome.code === 541, ...outcome };
}
