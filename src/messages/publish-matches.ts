/**
 * Which publish a delivery came from, if a capture has the connections of both, and which request a reply answers. Only
 * an unambiguous match is reported, with its basis: two identical publishes match nothing.
 */
import type { Moment } from "../net/connection-observer.ts";
import type { MatchedBy, Message, MessageConnection, SeenPublish } from "./message.ts";
import { COMPARED_OCTETS } from "./message-properties.ts";

interface Kept extends SeenPublish {
  exchange: string;
  routingKey: string;
  replyTo: string | null;
  /** Its first octet. */
  first: Time;
  /** Its last octet. */
  last: Time;
}

interface Time {
  seconds: number;
  nanoseconds: number;
}

/** Publishes that are remembered, twice. Beyond this, the oldest are forgotten. */
const MAX_REMEMBERED = 32_768;
/** Where direct reply-to delivers: https://www.rabbitmq.com/docs/direct-reply-to. */
const DIRECT_REPLY_TO = "amq.rabbitmq.reply-to";

export class PublishMatches {
  readonly #publishes = new Remembered();
  readonly #requests = new Remembered();

  /** Where connections lead: broker and virtual host. */
  readonly #places = new WeakMap<MessageConnection, string>();

  /** A whole publish; `last`: when its last octet was captured. */
  published(message: Message, last: Moment): void {
    const keyed = this.#keyOf(message);
    if (keyed === null) return;
    const { connection, channel, streamOffset, exchange, routingKey, replyTo, correlationId } = message;
    const kept: Kept = {
      connection: connection.number,
      channel,
      streamOffset,
      exchange,
      routingKey,
      replyTo,
      first: { seconds: message.seconds, nanoseconds: message.nanoseconds },
      last: { seconds: last.seconds, nanoseconds: last.nanoseconds },
    };
    this.#publishes.add(keyed.key, kept);
    if (replyTo !== null && correlationId !== null) this.#requests.add(requestKey(message), kept);
  }

  /** A whole delivery, or what basic.get brought. */
  delivered(message: Message): void {
    const keyed = this.#keyOf(message);
    const publish = keyed === null ? null : this.#publishes.get(keyed.key);
    if (publish !== null) {
      const { connection, channel, streamOffset, last } = publish;
      message.publish = { connection, channel, streamOffset, by: keyed!.by, seconds: since(last, message) };
    }
    if (message.correlationId === null) return;
    const request = this.#requests.get(requestKey(message));
    if (request === null || !isReplyTo(request.replyTo!, message.routingKey)) return;
    const { connection, channel, streamOffset, exchange, routingKey, first } = request;
    const seconds = since(first, message);
    if (seconds >= 0) message.request = { connection, channel, streamOffset, exchange, routingKey, seconds };
  }

  /** What a publish and its deliveries have in common. */
  #keyOf(message: Message): { key: string; by: MatchedBy } | null {
    const { exchange, routingKey, messageId, traceId, correlationId, size, bodyHash } = message;
    // Part of the body was not captured: it may differ there.
    if (message.hashed < Math.min(size, COMPARED_OCTETS)) return null;
    const common = `${this.#placeOf(message.connection)}\0${exchange}\0${routingKey}\0${traceId}\0${size}\0${bodyHash}`;
    if (messageId !== null) return { key: `m${common}\0${messageId}`, by: "message-id" };
    if (correlationId !== null) return { key: `c${common}\0${correlationId}`, by: "correlation-id" };
    // Empty messages cannot be distinguished.
    return size <= 0 ? null : { key: `b${common}`, by: "content" };
  }

  #placeOf(connection: MessageConnection): string {
    const known = this.#places.get(connection);
    if (known !== undefined) return known;
    const { amqp, carrier } = connection.inspected;
    const server = amqp.client === 0 ? 1 : 0;
    const place = `${carrier.address(server)}\0${carrier.port(server)}\0${amqp.virtualHost}`;
    this.#places.set(connection, place);
    return place;
  }
}

/** By key, what was added once; what was added twice counts as nothing. Bounded by two generations. */
class Remembered {
  #recent = new Map<string, Kept | null>();
  #older = new Map<string, Kept | null>();

  add(key: string, publish: Kept): void {
    if (this.#recent.size >= MAX_REMEMBERED) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, this.#recent.has(key) || this.#older.has(key) ? null : publish);
  }

  get(key: string): Kept | null {
    const recent = this.#recent.get(key);
    return recent === undefined ? (this.#older.get(key) ?? null) : recent;
  }
}

/** A reply comes to the connection that asked. */
function requestKey({ connection, correlationId }: Message): string {
  return `${connection.number}\0${correlationId}`;
}

function isReplyTo(replyTo: string, routingKey: string): boolean {
  return replyTo === DIRECT_REPLY_TO ? routingKey.startsWith(`${DIRECT_REPLY_TO}.`) : routingKey === replyTo;
}

function since({ seconds, nanoseconds }: Time, message: Message): number {
  const passed = message.seconds - seconds + (message.nanoseconds - nanoseconds) / 1e9;
  return passed >= 0 ? passed : -1;
}
