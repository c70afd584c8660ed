/**
 * One channel's process in the broker (rabbit_channel): what it does with complete commands, as far as that can end the
 * connection, or closes the channel so that later commands are dropped.
 */
import {
  BASIC_ACK,
  BASIC_CANCEL,
  BASIC_CANCEL_OK,
  BASIC_CONSUME,
  BASIC_CREDIT,
  BASIC_GET,
  BASIC_NACK,
  BASIC_QOS,
  BASIC_RECOVER,
  BASIC_RECOVER_ASYNC,
  BASIC_REJECT,
  CHANNEL_CLOSE,
  CHANNEL_CLOSE_OK,
  CHANNEL_FLOW,
  CHANNEL_FLOW_OK,
  CHANNEL_OPEN,
  CONFIRM_SELECT,
  CONNECTION_CLASS,
  EXCHANGE_BIND,
  EXCHANGE_DECLARE,
  EXCHANGE_DELETE,
  EXCHANGE_UNBIND,
  QUEUE_BIND,
  QUEUE_DECLARE,
  QUEUE_DELETE,
  QUEUE_UNBIND,
  TX_COMMIT,
  TX_ROLLBACK,
  TX_SELECT,
} from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import { decodeArguments, type Values } from "../amqp/payload.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { long } from "../bytes/big-endian.ts";
import { SettledTags } from "../connection/settled-tags.ts";
import type { BrokerState } from "./broker-state.ts";
import { namesLastQueue, takesTime } from "./channel-methods.ts";
import { type Complaint, CRASH, type Outcome } from "./complaint.ts";
import { PROPERTIES_FAST_REPLY, PROPERTIES_GOOD, PROPERTIES_UNDECODABLE } from "./content-properties.ts";
import { declareExchange, declareQueue, FAST_REPLY, named } from "./declarations.ts";
import type { ReadClock, ReadMark } from "./read-timing.ts";

const UNIMPLEMENTED: Complaint = { code: 503, text: "unimplemented method" };
const LATE_CRASH: Complaint = { ...CRASH, forestalledBy: "channel.close" };
const SECOND_OPEN: Complaint = { code: 504, text: "second 'channel.open' seen" };
/** The reader gets the channel's close first, and may have ended the connection before this. */
const OPEN_WHILE_CLOSING: Complaint = { ...SECOND_OPEN, forestalledBy: "connection.close" };

/** Consumers remembered of a channel. */
const MAX_CONSUMERS = 4096;

interface Consumer {
  queue: string | null;
  /** When it was requested; null if the broker does not answer it (no-wait). */
  asked: ReadMark | null;
}

export class ChannelProcess {
  /** "closing": after an error of the channel's, or the client's channel.close: commands are dropped. */
  state: "starting" | "running" | "closing";
  /** In closing: when the client closed it; null if an error did. */
  left: ReadMark | null = null;
  /** The last command that takes time, as those on queues and exchanges do. */
  #busy: ReadMark | null = null;
  readonly #broker: BrokerState;
  readonly #clock: ReadClock;
  /** No octets sent on this channel were missed. */
  #certain: boolean;
  /** The queue that an empty name stands for. */
  #lastQueue: string | null = null;
  #mode: "plain" | "confirm" | "tx" = "plain";
  /** There may be deliveries to acknowledge. */
  #acknowledges = false;
  readonly #settled = new SettledTags();
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
    const id = method.key;
    if (id === BASIC_ACK && this.#acknowledges && this.state === "running") {
      return this.#settles(id, bytes, start) ? null : this.#fail();
    }
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

  /** A command whose content is complete. `properties`: by checkProperties; `refused`: its exchange is refused. */
  performContent(method: Method, immediate: boolean, refused: boolean, properties: number): Outcome {
    if (this.state !== "running") {
      return this.state === "starting" ? { code: 504, text: "expected 'channel.open'" } : null;
    }
    if (method.from === "server") return UNIMPLEMENTED;
    if (immediate) return { code: 540, text: "immediate=true" };
    if (refused) return this.#fail();
    if (properties === PROPERTIES_GOOD) return null;
    if (properties === PROPERTIES_UNDECODABLE) return CRASH;
    if (properties === PROPERTIES_FAST_REPLY && (this.#fastReply || !this.#certain)) return null;
    return this.#fail();
  }

  /** It has work to do that came in the present read: another channel's process will report before it. */
  get isBusy(): boolean {
    return this.#busy !== null && this.#clock.sameRead(this.#busy);
  }

  /** Whether the deliveries that a basic.ack, nack or reject settles are unsettled so far, as far as that is known. */
  #settles(id: number, bytes: Uint8Array, start: number): boolean {
    // A rollback returns what was settled in a transaction, and missed octets may have settled anything.
    if (!this.#certain || this.#mode === "tx") return true;
    const multiple = id !== BASIC_REJECT && (bytes[start + METHOD_IDS_SIZE + 8]! & 1) === 1;
    return this.#settled.settle(bytes, start + METHOD_IDS_SIZE, multiple);
  }

  #fail(): "channel-error" {
    if (this.state !== "closing") this.left = null;
    this.state = "closing";
    return "channel-error";
  }

  #run(id: number, method: Method, bytes: Uint8Array, start: number, size: number): Outcome {
    const certain = this.#certain;
    if (isUnimplemented(method)) return UNIMPLEMENTED;
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
        if (this.#acknowledges || !certain) return this.#settles(id, bytes, start) ? null : "channel-error";
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
    }
    return this.#runNamed(id, decodeArguments(method, bytes, start, size));
  }

  /** Commands that name queues, exchanges or consumers. */
  #runNamed(id: number, values: Values): Outcome {
    switch (id) {
      case EXCHANGE_DECLARE:
        return declareExchange(this.#broker, values);
      case EXCHANGE_DELETE: {
        const name = named(values, "exchange");
        if (name === "" || name.startsWith("amq.")) return "channel-error";
        this.#broker.deleteExchange(name);
        return null;
      }
      case EXCHANGE_BIND:
      case EXCHANGE_UNBIND:
        return named(values, "destination") === "" || named(values, "source") === "" ? "channel-error" : null;
      case QUEUE_DECLARE: {
        const declared = declareQueue(this.#broker, values);
        if (declared === null || declared === "channel-error" || "code" in declared) return declared;
        this.#lastQueue = declared.queue;
        return null;
      }
      case QUEUE_BIND:
      case QUEUE_UNBIND:
        return named(values, "exchange") === "" ? "channel-error" : null;
      case QUEUE_DELETE:
        this.#broker.deleteQueue(this.#queue(values) ?? "");
        return null;
      case BASIC_GET:
        if (values.get("no-ack") !== true) this.#acknowledges = true;
        return null;
      case BASIC_CONSUME:
        return this.#consume(values);
      case BASIC_CANCEL:
        return this.#cancel(named(values, "consumer-tag"));
      case BASIC_CREDIT: {
        const tag = named(values, "consumer-tag");
        const consumers = this.#consumers;
        const unknown = consumers === null || (!consumers.has(tag) && !consumers.has(""));
        return this.#certain && unknown ? "channel-error" : null;
      }
    }
    return null;
  }

  #consume(values: Values): Outcome {
    const tag = named(values, "consumer-tag");
    const queue = this.#queue(values);
    const noAck = values.get("no-ack") === true;
    this.#consumers ??= new Map();
    const there = this.#consumers.get(tag);
    if (there !== undefined && tag !== "") {
      const reuse = { code: 530, text: `attempt to reuse consumer tag '${tag}'` };
      if (this.#isThereStill(there)) return reuse;
      // Its queue may have been deleted; only a client that wants it is notified of that.
      if (this.#broker.notifiesCancel && !this.#broker.deletesQueues) return { ...reuse, unlessCancelled: tag };
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

  /** A consumer ends with its queue, which others may delete unless it is exclusive. */
  #isThereStill({ queue, asked }: Consumer): boolean {
    if (queue !== null && this.#broker.isExclusive(queue)) return true;
    return asked !== null && this.#clock.sameRead(asked);
  }

  /** The channel dies of the queue's answer to a consume that was cancelled before the answer came. */
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

/** What the server sends, what belongs to the connection, and answers without a request. */
function isUnimplemented({ key, from, classId }: Method): boolean {
  if (from === "server" || classId === CONNECTION_CLASS) return true;
  return key === CHANNEL_FLOW_OK || key === BASIC_CANCEL_OK || key === CHANNEL_CLOSE_OK;
}
