import type { CallFacts } from "./ledger-sink.ts";
import type { Message, MessageConnection, Outcome } from "./message.ts";

/** Which messages are wanted; a list means any of its entries. */
export interface MessageFilterOptions {
  /** c1; address:port of either end; or the client's name for the connection. */
  connection?: readonly string[];
  channel?: readonly number[];
  exchange?: readonly string[];
  routingKey?: readonly string[];
  queue?: readonly string[];
  messageId?: readonly string[];
  trace?: readonly string[];
  user?: readonly string[];
  vhost?: readonly string[];
  outcome?: readonly Outcome[];
  /** Seconds. */
  slowerThan?: number;
  /** Message, correlation or trace id: one story, on any connections. */
  follow?: string;
  /** Whether a time is within the requested range. */
  takesTime?: (moment: { seconds: number; nanoseconds: number }) => boolean;
}

/** Options that choose messages, and not connections, channels or times. */
const OF_MESSAGES = [
  "exchange",
  "routingKey",
  "queue",
  "messageId",
  "trace",
  "outcome",
  "slowerThan",
  "follow",
] as const;

/** Whether messages are chosen by their own properties, besides their connection, channel and time. */
export function choosesMessages(options: MessageFilterOptions): boolean {
  return OF_MESSAGES.some(name => options[name] !== undefined);
}

/** c1. */
export const NUMBERED = /^c[1-9]\d*$/;

/** c1, or address:port: what is known of a connection before its first frame. */
export function isPlain(name: string): boolean {
  return NUMBERED.test(name) || /^.{1,80}:\d{1,5}$/.test(name);
}

export class MessageFilter {
  readonly #options: MessageFilterOptions;
  /** By connection, once its messages come: its name, user and virtual host are known by then. */
  readonly #connections = new WeakMap<MessageConnection, boolean>();

  constructor(options: MessageFilterOptions) {
    this.#options = options;
  }

  /** False if no message of a connection can be wanted, as far as is known of it before its first frame. */
  mayTake(connection: MessageConnection): boolean {
    const { connection: names } = this.#options;
    if (names === undefined || !names.every(isPlain)) return true;
    return namesOf(connection).some(name => names.includes(name));
  }

  takes(message: Message): boolean {
    const { channel, exchange, routingKey, queue, messageId, trace, outcome, slowerThan, follow, takesTime } =
      this.#options;
    return (
      this.#takesConnection(message.connection) &&
      (channel === undefined || channel.includes(message.channel)) &&
      isIn(exchange, message.exchange) &&
      isIn(routingKey, message.routingKey) &&
      isIn(queue, message.queue) &&
      isIn(messageId, message.messageId) &&
      isIn(trace, message.traceId) &&
      isIn(outcome, message.outcome) &&
      (slowerThan === undefined || message.latency > slowerThan) &&
      (follow === undefined || [message.messageId, message.correlationId, message.traceId].includes(follow)) &&
      (takesTime === undefined || takesTime(message))
    );
  }

  /** Calls have no message: if one of a message's properties is asked for, no call is wanted. */
  takesCall({ connection, channel: number, latency, ...moment }: CallFacts): boolean {
    const { slowerThan, ...others } = this.#options;
    const { channel, takesTime } = others;
    return (
      !choosesMessages(others) &&
      this.#takesConnection(connection) &&
      (channel === undefined || channel.includes(number)) &&
      (slowerThan === undefined || latency > slowerThan) &&
      (takesTime === undefined || takesTime(moment))
    );
  }

  #takesConnection(connection: MessageConnection): boolean {
    const known = this.#connections.get(connection);
    if (known !== undefined) return known;
    const { connection: names, user, vhost } = this.#options;
    const { amqp } = connection.inspected;
    const takes =
      (names === undefined || namesOf(connection).some(name => names.includes(name))) &&
      isIn(user, amqp.login.user) &&
      isIn(vhost, amqp.virtualHost);
    this.#connections.set(connection, takes);
    return takes;
  }
}

/** The names of a connection that options may use. */
function namesOf({ number, inspected }: MessageConnection): string[] {
  const { carrier, amqp } = inspected;
  const name = amqp.login.properties.get("connection_name");
  const ends = ([0, 1] as const).map(side => `${carrier.address(side)}:${carrier.port(side)}`);
  return [`c${number}`, ...ends, ...(name === undefined ? [] : [name])];
}

function isIn<Value extends string>(wanted: readonly Value[] | undefined, value: Value | null): boolean {
  return wanted === undefined || (value !== null && wanted.includes(value));
}
