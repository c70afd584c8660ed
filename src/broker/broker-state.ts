/**
 * What the emulator assumes about the broker behind the reader of one connection. All that a client's octets do not
 * show is here:
 *
 * - the client may do what it does: log in, use the virtual host, configure, write and read all that it names;
 * - queues and exchanges exist if the stream uses them, as they may have been declared elsewhere, and none of them
 *   conflicts with what is declared in the stream;
 * - no plugin changes what a method means, but exchange types of plugins (x-…) may be there;
 * - no other client deletes or changes what the stream has declared for itself alone (exclusive queues).
 *
 * What is not known is taken as right. So an error of the broker that needs more assumptions is not predicted.
 */
export class BrokerState {
  /** The user's name, if the login shows it. */
  user: Uint8Array | null = null;
  /** The client wants to be notified when a consumer is cancelled with its queue. */
  notifiesCancel = false;
  /** The stream has deleted a queue. */
  deletesQueues = false;
  readonly #exchanges = new Map<string, Exchange>(PREDECLARED);
  #internals = 1;
  readonly #exclusiveQueues = new Set<string>();
  #serverNamed = 0;

  /** Whether clients may not publish to it. Called only if `mayBeInternal` returned true. */
  isInternal(exchange: string): boolean {
    return this.#exchanges.get(exchange)?.internal === true;
  }

  /** Decided by the length of its name, so that a publish costs no more than that. */
  mayBeInternal(nameLength: number): boolean {
    return this.#internals > 1 || nameLength === TRACE.length;
  }

  /** False if the exchange exists already, with other properties than it is declared with now. */
  declareExchange(name: string, as: Exchange): boolean {
    const there = this.#exchanges.get(name);
    if (there === undefined && this.#exchanges.size >= MAX_REMEMBERED) return true;
    if (there === undefined) {
      this.#exchanges.set(name, as);
      if (as.internal) this.#internals++;
      return true;
    }
    const same =
      there.type === as.type &&
      there.durable === as.durable &&
      there.autoDelete === as.autoDelete &&
      there.internal === as.internal;
    // An auto-delete exchange may have gone by itself.
    if (!same && there.autoDelete) {
      this.#exchanges.set(name, as);
      return true;
    }
    return same;
  }

  /** Whether it is one of the broker's predeclared exchanges. */
  isPredeclared(exchange: string): boolean {
    return PREDECLARED.has(exchange);
  }

  deleteExchange(name: string): void {
    this.#exchanges.delete(name);
  }

  /** Returns the name by which the queue is known from now on. */
  declareQueue(name: string, exclusive: boolean): string {
    // The name that the server gives is not known. No client can write this one.
    const known = name === "" ? `\0${++this.#serverNamed}` : name;
    if (exclusive && this.#exclusiveQueues.size < MAX_REMEMBERED) this.#exclusiveQueues.add(known);
    return known;
  }

  /** Declared in this stream, and only this client may delete it. */
  isExclusive(queue: string): boolean {
    return this.#exclusiveQueues.has(queue);
  }

  deleteQueue(name: string): void {
    this.deletesQueues = true;
    this.#exclusiveQueues.delete(name);
  }
}

export interface Exchange {
  type: string;
  durable: boolean;
  autoDelete: boolean;
  internal: boolean;
}

/** Names remembered of each kind: a client may declare without end. What is forgotten is taken as right. */
const MAX_REMEMBERED = 4096;

const TRACE = "amq.rabbitmq.trace";

const PREDECLARED: ReadonlyMap<string, Exchange> = new Map(
  [
    ["", "direct"],
    ["amq.direct", "direct"],
    ["amq.fanout", "fanout"],
    ["amq.topic", "topic"],
    ["amq.headers", "headers"],
    ["amq.match", "headers"],
    [TRACE, "topic"],
  ].map(([name, type]) => [name!, { type: type!, durable: true, autoDelete: false, internal: name === TRACE }]),
);
