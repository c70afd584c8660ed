import type { Moment } from "../net/connection-observer.ts";
import { copyOf, isAfter } from "../net/moment-order.ts";
import type { LedgerSink } from "./ledger-sink.ts";
import type { Message, Outcome } from "./message.ts";
import type { MessageBudget } from "./message-budget.ts";
import { OutstandingMessages } from "./outstanding-messages.ts";

/** Consumers of a channel whose queue is remembered. */
const MAX_CONSUMERS = 1024;
/** Settlements of a channel that wait: for their delivery to be seen, or for tx.commit. */
const MAX_WAITING = 4096;

export interface Consumer {
  /** null if it is not known. */
  queue: string | null;
  /** Its deliveries need no acknowledgment. */
  noAck: boolean;
  /** When its basic.consume was seen, or its answer. */
  since?: Moment;
  /** Octets of the client, and of the server, were missed since: another consumer may have its tag. */
  clientMissed?: boolean;
  serverMissed?: boolean;
}

/** With this begin tags that RabbitMQ made (rabbit_guid): no other consumer has them. */
const MADE_BY_BROKER = "amq.ctag-";

interface Settlement {
  tag: number;
  multiple: boolean;
  outcome: Outcome;
  at: Moment;
}

type DeliverySink = Pick<LedgerSink, "emit" | "isHeld">;

/** What the broker delivers on one channel, and how the client settles it: by delivery tags, which count from 1. */
export class Deliveries {
  readonly #consumers = new Map<string, Consumer>();
  readonly #outstanding = new OutstandingMessages();
  /** The latest delivery tag. */
  #last = 0;
  #waiting: Settlement[] = [];
  /** Octets of either direction were missed. */
  #hasMissed = false;
  /** In a transaction nothing is settled before its commit. */
  #transacts = false;
  readonly #budget: MessageBudget;
  readonly #sink: DeliverySink;

  constructor(budget: MessageBudget, sink: DeliverySink) {
    this.#budget = budget;
    this.#sink = sink;
  }

  consume(tag: string, consumer: Consumer): void {
    if (this.#consumers.size >= MAX_CONSUMERS) this.#consumers.delete(this.#consumers.keys().next().value!);
    this.#consumers.set(tag, consumer);
  }

  /** A delivery; `consumer` for what basic.get brought. */
  add(message: Message, consumer: Consumer | null = this.#consumerOf(message)): void {
    const { deliveryTag } = message;
    if (deliveryTag > this.#last) this.#last = deliveryTag;
    if (consumer !== null) {
      message.queue = consumer.queue;
      if (consumer.noAck) {
        message.settle("auto-acked", null);
        this.#sink.emit(message);
        return;
      }
    }
    if (!this.#outstanding.add(deliveryTag, message)) {
      message.settle("unknown", null);
      this.#sink.emit(message);
      return;
    }
    this.#budget.outstanding++;
    if (this.#waiting.length > 0) this.#settleWaiting(false);
    if (this.#outstanding.size > this.#budget.ofChannel || this.#budget.isExceeded) this.#forgetFirst();
  }

  /** The client's basic.ack, nack or reject. Tag 0 with `multiple` means all (§1.8.3.13). */
  settle(tag: number, multiple: boolean, outcome: Outcome, at: Moment): void {
    if (this.#transacts || tag > this.#last) this.#wait({ tag, multiple, outcome, at });
    else this.#settle({ tag, multiple, outcome, at });
  }

  /** basic.recover: all that is outstanding goes back. */
  recover(at: Moment): void {
    this.#settle({ tag: 0, multiple: true, outcome: "requeued", at });
  }

  transactsFromHere(): void {
    this.#transacts = true;
  }

  /** tx.commit or tx.rollback was answered. */
  transacted(commits: boolean): void {
    if (!commits) this.#waiting = [];
    else this.#settleAll(true);
  }

  /** Octets of the client were missed, which may have settled what was delivered so far. */
  hide(): void {
    this.#outstanding.miss(true);
    this.doubt();
    this.#waiting = [];
    for (const consumer of this.#consumers.values()) consumer.clientMissed = true;
    this.#forgetDoubtful();
  }

  /** Octets of the server were missed, and perhaps the channel's end with them. */
  missed(): void {
    this.#settleWaiting(true);
    this.#outstanding.miss(false);
    // A commit may have been answered.
    if (this.#transacts) this.doubt();
    for (const consumer of this.#consumers.values()) consumer.serverMissed = true;
    this.#forgetDoubtful();
  }

  /** What was delivered so far may have been settled unseen. */
  doubt(): void {
    for (const message of this.#outstanding) message.isHidden = true;
  }

  /** The channel may have been opened again in what was missed of both directions, with other consumers. */
  #forgetDoubtful(): void {
    this.#hasMissed = true;
    for (const [tag, { clientMissed, serverMissed }] of this.#consumers) {
      if (clientMissed && serverMissed && isReused(tag)) this.#consumers.delete(tag);
    }
  }

  /**
   * Nothing more comes: what is left goes back to its queue, or with `outcome` "unsettled" is not known yet; nor is
   * what was sent after `over`.
   */
  end(outcome: Outcome, at: Moment | null, over: Moment | null): void {
    this.#settleWaiting(true);
    for (let next = this.#outstanding.takeFirst(this.#last); next !== null; ) {
      const consumer = this.#consumerOf(next);
      if (consumer !== null) next.queue ??= consumer.queue;
      const isKnown = !next.isHidden && this.#isToSettle(next) && (over === null || !isAfter(next, over));
      this.#finish(next, isKnown ? outcome : "unknown", isKnown ? at : null);
      next = this.#outstanding.takeFirst(this.#last);
    }
  }

  /** If a consumer's beginning was not seen, it is not known whether it acknowledges at all. */
  #isToSettle(message: Message): boolean {
    const consumer = this.#consumerOf(message);
    return consumer !== null ? !consumer.noAck : message.queue !== null;
  }

  /** A delivery was acknowledged by its tag: so are its consumer's others. */
  #acknowledges(message: Message): void {
    const { consumerTag } = message;
    if (consumerTag === null || this.#consumers.has(consumerTag)) return;
    if (!message.isHidden) this.consume(consumerTag, { queue: null, noAck: false });
  }

  #consumerOf(message: Message): Consumer | null {
    const { consumerTag } = message;
    const consumer = consumerTag === null ? undefined : this.#consumers.get(consumerTag);
    if (consumer === undefined || !this.#hasMissed || !isReused(consumerTag!)) return consumer ?? null;
    const { serverMissed = false, since } = consumer;
    const isOther = (serverMissed && this.#sink.isHeld(true)) || (since !== undefined && isAfter(since, message));
    return isOther ? null : consumer;
  }

  /** What a basic.get asked for that is seen behind its answer. */
  gotEarly(message: Message, consumer: Consumer): void {
    message.queue = consumer.queue;
    if (consumer.noAck && this.#outstanding.at(message.deliveryTag) === message) {
      this.#finish(this.#outstanding.take(message.deliveryTag)!, "auto-acked", null);
    }
  }

  #wait({ at, ...settlement }: Settlement): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.hide();
      return;
    }
    this.#waiting.push({ ...settlement, at: copyOf(at) });
  }

  /**
   * Settlements that were seen before a delivery; `ahead`: one of several messages also settles those that are known
   * where the delivery that it names may never be seen. Otherwise basic.recover-ok may still come before that.
   */
  #settleWaiting(ahead: boolean): void {
    if (!this.#transacts) this.#settleAll(ahead);
  }

  #settleAll(ahead: boolean): void {
    this.#waiting = this.#waiting.filter(settlement => {
      if ((ahead && settlement.multiple) || settlement.tag <= this.#last) this.#settle(settlement);
      return settlement.tag > this.#last;
    });
  }

  #settle({ tag, multiple, outcome, at }: Settlement): void {
    if (!multiple) {
      const message = this.#outstanding.at(tag);
      if (message === null || !this.#isSent(message, at)) return;
      this.#outstanding.take(tag);
      this.#acknowledges(message);
      const isTagged = !message.clientMissed || !(message.serverMissed || this.#sink.isHeld(false));
      this.#finish(message, isTagged ? outcome : "unknown", isTagged ? at : null);
      return;
    }
    const last = tag === 0 ? this.#last : tag;
    // All there are: that proves of none that it was to be acknowledged.
    const named = tag === 0 ? null : this.#outstanding.at(tag);
    if (named !== null) this.#acknowledges(named);
    for (
      let next = this.#outstanding.first;
      next !== null && next.deliveryTag <= last;
      next = this.#outstanding.first
    ) {
      if (!this.#isSent(next, at)) return;
      this.#outstanding.take(next.deliveryTag);
      // A settlement of its own may have been missed: this one may not concern it. Nor may its consumer acknowledge.
      if (next.isHidden || !(next === named || this.#isToSettle(next))) this.#finish(next, "unknown", null);
      else this.#finish(next, outcome, at);
    }
  }

  /** Whether a delivery was sent by then; else the settlement belongs to an unknown one. */
  #isSent(message: Message, at: Moment): boolean {
    if (!isAfter(message, at)) return true;
    message.isHidden = true;
    return false;
  }

  #forgetFirst(): void {
    this.#budget.forgotten++;
    this.#finish(this.#outstanding.takeFirst(this.#last)!, "unknown", null);
  }

  #finish(message: Message, outcome: Outcome, at: Moment | null): void {
    this.#budget.outstanding--;
    message.queue ??= this.#consumerOf(message)?.queue ?? null;
    message.settle(outcome, at);
    this.#sink.emit(message);
  }
}

/** Whether more than one consumer may have this tag. */
function isReused(tag: string): boolean {
  return !tag.startsWith(MADE_BY_BROKER);
}
