/**
 * One channel's process in the broker (rabbit_channel): what it makes of complete commands, as far as that can end the
 * connection, or closes the channel so that later commands are dropped.
 */
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { long } from "../bytes/big-endian.ts";
import type { BrokerState, Exchange } from "./broker-state.ts";
import { PROPERTIES_FAST_REPLY, PROPERTIES_GOOD, PROPERTIES_UNDECODABLE } from "./content-properties.ts";
import type { ReadClock, ReadMark } from "./same-read.ts";

/** An amqp_error that ends the connection; class-id and method-id are those of the method. */
export interface Complaint {
  code: number;
  text: string;
  /**
   * The channel's close forestalls it, or the connection's where this is the last channel, if that comes in the same
   * read.
   */
  forestalledBy?: "channel.close" | "connection.close";
}

/** Nothing, an error that ends the connection, or one that closes the channel. */
export type Outcome = Complaint | "channel-error" | null;

const UNIMPLEMENTED: Complaint = { code: 503, text: "unimplemented method" };
const CRASH: Complaint = { code: 541, text: "" };
const LATE_CRASH: Complaint = { ...CRASH, forestalledBy: "channel.close" };
const SECOND_OPEN: Complaint = { code: 504, text: "second 'channel.open' seen" };
/** The reader hears first that the channel is closing, and may be done with the connection then. */
const OPEN_WHILE_CLOSING: Complaint = { ...SECOND_OPEN, forestalledBy: "connection.close" };
const FAST_REPLY = "amq.rabbitmq.reply-to";
const EXCHANGE_TYPES = ["direct", "fanout", "topic", "headers"];

/** Consumers remembered of a channel. */
const MAX_CONSUMERS = 4096;

interface Consumer {
  queue: string | null;
  /** When it was asked for; null where the broker does not answer it (no-wait). */
  asked: ReadMark | null;
}

export class ChannelProcess {
  /** "closing": after an error of the channel's, or the client's channel.close: commands are dropped. */
  state: "starting" | "running" | "closing";
  /** In closing: when the client asked for it; null where an error did it. */
  left: ReadMark | null = null;
  /** The last command that takes time, as those on queues and exchanges do. */
  #busy: ReadMark | null = null;
  readonly #broker: BrokerState;
  readonly #clock: ReadClock;
  /** Nothing of what was sent on this channel was missed. */
  #certain: boolean;
  /** The queue that an empty name stands for. */
  #lastQueue: string | null = null;
  #mode: "plain" | "confirm" | "tx" = "plain";
  /** There may be deliveries to acknowledge. */
  #acknowledges = false;
  #consumers: Map<string, Consumer> | null = null;
  #fastReply = false;

  constructor(broker: BrokerState, clock: ReadClock, certain: boolean) {
    this.#broker = broker;
    this.#clock = clock;
    this.#certain = certain;
    this.state = certain ? "starting" : "running";
  }

  /** A command without content, whose payload is bytes[start, start + size). */
  perform(method: Method, bytes: Uint8Array, start: number, size: number): Outcome {
    const id = (method.classId << 8) | method.methodId;
    if (id === BASIC_ACK && this.#acknowledges && this.state === "running") return null;
    // rabbit_channel:expand_shortcuts/2 comes before everything else.
    if (this.#lastQueue === null && this.#certain && namesLastQueue(id) && bytes[start + 6] === 0) return this.#fail();
    if (id === CHANNEL_OPEN) {
      const second = this.state !== "starting" && this.#certain;
      const closing = this.left !== null;
      this.#certain = true;
      this.state = "running";
      return second ? (closing ? OPEN_WHILE_CLOSING : SECOND_OPEN) : null;
    }
    if (this.state === "starting") return { code: 504, text: "expected 'channel.open'" };
    if (this.state === "closing") return null;
    const outcome = this.#run(id, method, bytes, start, size);
    if (outcome === null && takesTime(id, bytes, start)) this.#busy = this.#clock.mark();
    return outcome === "channel-error" ? this.#fail() : outcome;
  }

  /** A command whose content is complete; `properties` as judgeProperties found them, `refused`: its exchange is. */
  performContent(method: Method, immediate: boolean, refused: boolean, properties: number): Outcome {
    if (this.state === "starting") return { code: 504, text: "expected 'channel.open'" };
    if (this.state === "closing") return null;
    if (method.from === "server") return UNIMPLEMENTED;
    if (immediate) return { code: 540, text: "immediate=true" };
    if (refused) return this.#fail();
    if (properties === PROPERTIES_GOOD) return null;
    if (properties === PROPERTIES_UNDECODABLE) return CRASH;
    if (properties === PROPERTIES_FAST_REPLY && (this.#fastReply || !this.#certain)) return null;
    return this.#fail();
  }

  /** It has work to do that came in the present read: another channel's process will be heard before it. */
  get isBusy(): boolean {
    return this.#busy !== null && this.#clock.sameRead(this.#busy);
  }

  #fail(): "channel-error" {
    if (this.state !== "closing") this.left = null;
    this.state = "closing";
    return "channel-error";
  }

  #run(id: number, method: Method, bytes: Uint8Array, start: number, size: number): Outcome {
    const certain = this.#certain;
    switch (id) {
      case CHANNEL_FLOW:
        return bytes[start + 4]! & 1 ? null : { code: 540, text: "active=false" };
      case CHANNEL_CLOSE:
        this.state = "closing";
        this.left = this.#clock.mark();
        return null;
      case BASIC_QOS: {
        const prefetch = long(bytes, start + 4);
        return prefetch === 0 ? null : { code: 540, text: `prefetch_size!=0 (${prefetch})` };
      }
      case BASIC_RECOVER_ASYNC:
      case BASIC_RECOVER:
        return bytes[start + 4]! & 1 ? null : { code: 540, text: "requeue=false" };
      case BASIC_ACK:
      case BASIC_NACK:
      case BASIC_REJECT: {
        if (this.#acknowledges || !certain) return null;
        const all = id !== BASIC_REJECT && (bytes[start + 12]! & 1) === 1;
        const first = long(bytes, start + 4) === 0 && long(bytes, start + 8) === 0;
        return all && first ? null : "channel-error";
      }
      case CONFIRM_SELECT:
        if (this.#mode === "tx") return "channel-error";
        this.#mode = "confirm";
        return null;
      case TX_SELECT:
        if (this.#mode === "confirm") return "channel-error";
        this.#mode = "tx";
        return null;
      case TX_COMMIT:
      case TX_ROLLBACK:
        return this.#mode === "tx" || !certain ? null : "channel-error";
      case EXCHANGE_DECLARE:
        return this.#declareExchange(decodeArguments(method, bytes, start, size));
      case EXCHANGE_DELETE: {
        const name = named(decodeArguments(method, bytes, start, size), "exchange");
        if (name === "" || name.startsWith("amq.")) return "channel-error";
        this.#broker.deleteExchange(name);
        return null;
      }
      case EXCHANGE_BIND:
      case EXCHANGE_UNBIND: {
        const values = decodeArguments(method, bytes, start, size);
        return named(values, "destination") === "" || named(values, "source") === "" ? "channel-error" : null;
      }
      case QUEUE_DECLARE:
        return this.#declareQueue(decodeArguments(method, bytes, start, size));
      case QUEUE_BIND:
      case QUEUE_UNBIND:
        return named(decodeArguments(method, bytes, start, size), "exchange") === "" ? "channel-error" : null;
      case QUEUE_DELETE:
        this.#broker.deleteQueue(this.#queue(decodeArguments(method, bytes, start, size)) ?? "");
        return null;
      case BASIC_GET:
        if (decodeArguments(method, bytes, start, size).get("no-ack") !== true) this.#acknowledges = true;
        return null;
      case BASIC_CONSUME:
        return this.#consume(decodeArguments(method, bytes, start, size));
      case BASIC_CANCEL:
        return this.#cancel(named(decodeArguments(method, bytes, start, size), "consumer-tag"));
      case BASIC_CREDIT: {
        const tag = named(decodeArguments(method, bytes, start, size), "consumer-tag");
        const consumers = this.#consumers;
        const unknown = consumers === null || (!consumers.has(tag) && !consumers.has(""));
        return certain && unknown ? "channel-error" : null;
      }
    }
    const answers = id === CHANNEL_FLOW_OK || id === BASIC_CANCEL_OK || id === CHANNEL_CLOSE_OK;
    return method.from === "server" || method.classId === 10 || answers ? UNIMPLEMENTED : null;
  }

  // rabbit_exchange:check_type/1 comes first, and is asked for nothing where the exchange is only looked for.
  #declareExchange(values: Values): Outcome {
    const name = named(values, "exchange").replace(/[\r\n]/g, "");
    const type = named(values, "type");
    if (values.get("passive") === true) return name === "" ? "channel-error" : null;
    if (type === "") return { code: 503, text: "invalid exchange type ''" };
    if (!EXCHANGE_TYPES.includes(type)) {
      // An exchange type of a plugin, or one that only this broker knows.
      if (type.startsWith("x-")) return null;
      // Where there happens to be an Erlang atom of that name it is "invalid", not "unknown". These two are known to be.
      const how = type === "true" || type === "queue" ? "invalid" : "unknown";
      return { code: 503, text: `${how} exchange type '${type}'` };
    }
    const broker = this.#broker;
    if (name === "" || (name.startsWith("amq.") && !broker.isPredeclared(name))) return "channel-error";
    const as: Exchange = {
      type,
      durable: values.get("durable") === true,
      autoDelete: values.get("auto-delete") === true,
      internal: values.get("internal") === true,
    };
    return broker.declareExchange(name, as) ? null : "channel-error";
  }

  #declareQueue(values: Values): Outcome {
    const name = named(values, "queue").replace(/[\r\n]/g, "");
    if (name === FAST_REPLY) return null;
    if (values.get("passive") === true) {
      if (name === "") return "channel-error";
      this.#lastQueue = name;
      return null;
    }
    const table = values.get("arguments");
    const type = table instanceof Map ? table.get("x-queue-type") : undefined;
    if (type !== undefined && type !== "classic" && type !== "quorum" && type !== "stream") {
      return name === "" ? CRASH : "channel-error";
    }
    const exclusive = values.get("exclusive") === true;
    if (name.startsWith("amq.") && !name.startsWith("amq.gen-")) return "channel-error";
    if (!exclusive && this.#broker.isExclusive(name)) return "channel-error";
    this.#lastQueue = this.#broker.declareQueue(name, exclusive);
    return null;
  }

  #consume(values: Values): Outcome {
    const tag = named(values, "consumer-tag");
    const queue = this.#queue(values);
    const noAck = values.get("no-ack") === true;
    this.#consumers ??= new Map();
    const there = this.#consumers.get(tag);
    if (there !== undefined && tag !== "" && this.#isThereStill(there)) {
      return { code: 530, text: `attempt to reuse consumer tag '${tag}'` };
    }
    if (queue === FAST_REPLY) {
      if ((!noAck || this.#fastReply) && this.#certain) return "channel-error";
      this.#fastReply = true;
    }
    if (!noAck) this.#acknowledges = true;
    const asked = values.get("no-wait") === true ? null : this.#clock.mark();
    if (this.#consumers.size < MAX_CONSUMERS) this.#consumers.set(tag, { queue, asked });
    return null;
  }

  /** A consumer goes with its queue, which others may delete unless it is exclusive. */
  #isThereStill({ queue, asked }: Consumer): boolean {
    if (queue !== null && this.#broker.isExclusive(queue)) return true;
    return asked !== null && this.#clock.sameRead(asked);
  }

  /** The channel dies of the queue's answer to a consume that has been cancelled before it came. */
  #cancel(tag: string): Outcome {
    const consumer = this.#consumers?.get(tag);
    if (consumer === undefined) return null;
    this.#consumers!.delete(tag);
    const answered = consumer.asked === null || consumer.queue === FAST_REPLY || !this.#clock.sameRead(consumer.asked);
    return answered ? null : LATE_CRASH;
  }

  #queue(values: Values): string | null {
    const name = named(values, "queue");
    return name === "" ? this.#lastQueue : name;
  }
}

function named(values: Values, argument: string): string {
  const value = values.get(argument);
  return typeof value === "string" ? value : "";
}

function id(classId: number, methodId: number): number {
  return (classId << 8) | methodId;
}

const CHANNEL_OPEN = id(20, 10);
const CHANNEL_FLOW = id(20, 20);
const CHANNEL_FLOW_OK = id(20, 21);
const CHANNEL_CLOSE = id(20, 40);
const CHANNEL_CLOSE_OK = id(20, 41);
const EXCHANGE_DECLARE = id(40, 10);
const EXCHANGE_DELETE = id(40, 20);
const EXCHANGE_BIND = id(40, 30);
const EXCHANGE_UNBIND = id(40, 40);
const QUEUE_DECLARE = id(50, 10);
const QUEUE_BIND = id(50, 20);
const QUEUE_PURGE = id(50, 30);
const QUEUE_DELETE = id(50, 40);
const QUEUE_UNBIND = id(50, 50);
const BASIC_QOS = id(60, 10);
const BASIC_CONSUME = id(60, 20);
const BASIC_CANCEL = id(60, 30);
const BASIC_CANCEL_OK = id(60, 31);
const BASIC_GET = id(60, 70);
const BASIC_ACK = id(60, 80);
const BASIC_REJECT = id(60, 90);
const BASIC_RECOVER_ASYNC = id(60, 100);
const BASIC_RECOVER = id(60, 110);
const BASIC_NACK = id(60, 120);
const BASIC_CREDIT = id(60, 200);
const CONFIRM_SELECT = id(85, 10);
const TX_SELECT = id(90, 10);
const TX_COMMIT = id(90, 20);
const TX_ROLLBACK = id(90, 30);

/** Commands that others wait for: those that change queues and exchanges, and ask queues. */
function takesTime(method: number, bytes: Uint8Array, start: number): boolean {
  switch (method) {
    case EXCHANGE_DECLARE: {
      // Bit 0 behind two names is passive: then it is only looked for.
      const type = start + 7 + bytes[start + 6]!;
      return (bytes[type + 1 + bytes[type]!]! & 1) === 0;
    }
    case EXCHANGE_DELETE:
    case EXCHANGE_BIND:
    case EXCHANGE_UNBIND:
    case QUEUE_DECLARE:
    case QUEUE_BIND:
    case QUEUE_PURGE:
    case QUEUE_DELETE:
    case QUEUE_UNBIND:
    case BASIC_CONSUME:
    case BASIC_GET:
    case TX_COMMIT:
      return true;
    default:
      return false;
  }
}

/** Methods that begin with reserved-1 and a queue, whose empty name stands for the queue declared last. */
function namesLastQueue(method: number): boolean {
  switch (method) {
    case QUEUE_BIND:
    case QUEUE_PURGE:
    case QUEUE_DELETE:
    case QUEUE_UNBIND:
    case BASIC_GET:
    case BASIC_CONSUME:
      return true;
    default:
      return false;
  }
}
