/** The method frame a message begins with: where it goes, or where it comes from (§1.8.3). */
import { argumentsFit } from "../amqp/argument-skip.ts";
import { BASIC_DELIVER, BASIC_GET_OK, BASIC_PUBLISH, BASIC_RETURN } from "../amqp/method-keys.ts";
import { type Method, methodOf } from "../amqp/method-registry.ts";
import { walkArguments } from "../amqp/payload.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { longlong, short } from "../bytes/big-endian.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import { Moment } from "../net/connection-observer.ts";
import { Message, type MessageConnection, type MessageOrigin } from "./message.ts";
import type { TextCache } from "./text-cache.ts";

/** The method of a payload of `size` octets at bytes[start] whose arguments decode; null if there is none. */
export function decodableMethod(bytes: Uint8Array, start: number, size: number): Method | null {
  if (size < METHOD_IDS_SIZE) return null;
  const method = methodOf(short(bytes, start), short(bytes, start + 2));
  if (method === undefined) return null;
  const decodes = argumentsFit(method, bytes, start, size) || walkArguments(method, bytes, start, size, null) === null;
  return decodes ? method : null;
}

/** Begins the messages of one connection. */
export class MessageBeginnings {
  /** Where the present message begins. */
  readonly #origin: { -readonly [Name in keyof MessageOrigin]: MessageOrigin[Name] };
  readonly #texts: TextCache;

  constructor(connection: MessageConnection, texts: TextCache) {
    this.#origin = { connection, channel: 0, streamOffset: 0, moment: new Moment() };
    this.#texts = texts;
  }

  /** The message that begins with a method frame whose payload stands at bytes[start]; null if none does. */
  begin(from: ObservedDirection, method: Method, channel: number, bytes: Uint8Array, start: number): Message | null {
    const origin = this.#origin;
    origin.channel = channel;
    origin.streamOffset = from.scanner.frameOffset;
    origin.moment = from.scanner.frameMoment();
    return beginMessage(method, bytes, start, origin, this.#texts);
  }
}

/** The message that begins with a method whose payload is bytes[start…] and decodes; null if none does. */
function beginMessage(
  { key }: Method,
  bytes: Uint8Array,
  start: number,
  origin: MessageOrigin,
  texts: TextCache,
): Message | null {
  const at = start + METHOD_IDS_SIZE;
  switch (key) {
    case BASIC_PUBLISH: {
      // reserved-1, exchange, routing-key, mandatory and immediate
      const message = new Message("publish", origin);
      const flagsAt = readDestination(message, bytes, at + 2, texts);
      message.mandatory = (bytes[flagsAt]! & 1) === 1;
      return message;
    }
    case BASIC_DELIVER: {
      // consumer-tag, delivery-tag, redelivered, exchange, routing-key
      const message = new Message("deliver", origin);
      message.consumerTag = texts.shortstr(bytes, at);
      const tagAt = at + 1 + bytes[at]!;
      message.deliveryTag = longlong(bytes, tagAt);
      message.redelivered = (bytes[tagAt + 8]! & 1) === 1;
      readDestination(message, bytes, tagAt + 9, texts);
      return message;
    }
    case BASIC_GET_OK: {
      // delivery-tag, redelivered, exchange, routing-key, message-count
      const message = new Message("get", origin);
      message.deliveryTag = longlong(bytes, at);
      message.redelivered = (bytes[at + 8]! & 1) === 1;
      readDestination(message, bytes, at + 9, texts);
      return message;
    }
    case BASIC_RETURN: {
      // reply-code, reply-text, exchange, routing-key
      const message = new Message("return", origin);
      message.code = short(bytes, at);
      readDestination(message, bytes, at + 3 + bytes[at + 2]!, texts);
      return message;
    }
    default:
      return null;
  }
}

/** Exchange and routing key, which stand one behind the other at bytes[at]. Returns the index behind them. */
function readDestination(message: Message, bytes: Uint8Array, at: number, texts: TextCache): number {
  message.exchange = texts.shortstr(bytes, at);
  const keyAt = at + 1 + bytes[at]!;
  message.routingKey = texts.shortstr(bytes, keyAt);
  return keyAt + 1 + bytes[keyAt]!;
}
