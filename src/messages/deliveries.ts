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
  queue: string;
  /** Its deliveries need no acknowledgment. */
  noAck: boolean;
}

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
    if (this.#waiting.length > 0 && !this.#transacts) this.#settleWaiting();
    if (this.#outstanding.size > this.#budget.ofChannel || this.#budget.isExceeded) this.#forgetFirst();
  }

  /** The client's basic.ack, nack or reject. Tag 0 with `multiple` means all (§1.8.3.13). */
  settle(tag: number, multiple: boolean, outcome: Outcome, at: Moment): void {
    if (this.#transacts || tag > this.#last) this.#wait({ tag, multiple, outcome, at });
    else this.#settle(tag === 0 && multiple ? this.#last : tag, multiple, outcome, at);
  }

  /** basic.recover: all that is outstanding goes back. */
  recover(at: Moment): void {
    this.#settle(this.#last, true, "requeued", at);
  }

  transactsFromHere(): void {
    this.#transacts = true;
  }

  /** tx.commit or tx.rollback was answered. */
  transacted(commits: boolean): void {
    if (!commits) this.#waiting = [];
    else this.#settleWaiting();
  }

  /** Octets of the client were missed, which may have settled what was delivered so far. */
  hide(): void {
    this.#outstanding.miss(true);
    for (const message of this.#outstanding) message.isHidden = true;
    this.#waiting = [];
  }

  /** Octets of the server were missed, and perhaps the channel's end with them. */
  missed(): void {
    this.#outstanding.miss(false);
  }

  /** Nothing more comes: what is left goes back to its queue, or with `outcome` "unsettled" is not known yet. */
  end(outcome: Outcome, at: Moment | null): void {
    for (let next = this.#outstanding.takeFirst(this.#last); next !== null; ) {
      const consumer = this.#consumerOf(next);
      if (consumer !== null) next.queue ??= consumer.queue;
      // If a consumer's beginning was not seen, it is not known whether it acknowledges at all.
      const isKnown = !next.isHidden && (consumer !== null ? !consumer.noAck : next.queue !== null);
      this.#finish(next, isKnown ? outcome : "unknown", isKnown ? at : null);
      next = this.#outstanding.takeFirst(this.#last);
    }
  }

  #consumerOf({ consumerTag }: Message): Consumer | null {
    return consumerTag === null ? null : (this.#consumers.get(consumerTag) ?? null);
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

  #settleWaiting(): void {
    this.#waiting = this.#waiting.filter(({ tag, multiple, outcome, at }) => {
      if (tag > this.#last && !multiple) return true;
      this.#settle(tag === 0 && multiple ? this.#last : Math.min(tag, this.#last), multiple, outcome, at);
      return tag > this.#last;
    });
  }

  #settle(last: number, multiple: boolean, outcome: Outcome, at: Moment): void {
    if (!multiple) {
      const message = this.#outstanding.at(last);
      if (message === null || !this.#isSent(message, at)) return;
      this.#outstanding.take(last);
      const isTagged = !message.clientMissed || !(message.serverMissed || this.#sink.isHeld(false));
      this.#finish(message, isTagged ? outcome : "unknown", isTagged ? at : null);
      return;
    }
    for (
      let next = this.#outstanding.first;
      next !== null && next.deliveryTag <= last;
      next = this.#outstanding.first
    ) {
      if (!this.#isSent(next, at)) return;
      this.#outstanding.take(next.deliveryTag);
      // A settlement of its own may have been missed: this one may not concern it.
      if (next.isHidden) this.#finish(next, "unknown", null);
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
