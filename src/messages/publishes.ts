import type { Moment } from "../net/connection-observer.ts";
import { copyOf, isAfter } from "../net/moment-order.ts";
import type { LedgerSink } from "./ledger-sink.ts";
import {
  AWAITS_COMMIT,
  AWAITS_CONFIRM,
  AWAITS_NOTHING,
  AWAITS_UNKNOWN,
  type Awaited,
  type Message,
  type Outcome,
} from "./message.ts";
import type { MessageBudget } from "./message-budget.ts";
import { OutstandingMessages } from "./outstanding-messages.ts";
import { isSame, ReturnedPublishes } from "./returned-publishes.ts";

/** Publishes of a channel without confirms that are kept: the broker may still refuse one of them. */
const MAX_SENT = 16_384;
/** Exchanges of a channel that are known to have accepted publishes; beyond this, any may have. */
const MAX_TAKING = 64;
/** Confirms and returns of a channel that wait for their publish to be seen: directions may be out of step. */
const MAX_EARLY = 256;

interface EarlyConfirm {
  /** Confirms this publish, by `Message.publishNumber`; with `multiple` those before it, too. */
  tag: number;
  multiple: boolean;
  outcome: Outcome;
  at: Moment;
}

interface EarlyReturn {
  returned: Message;
  at: Moment;
}

type PublishSink = Pick<LedgerSink, "emit" | "isUnread" | "isHeld">;

/** The outcome of a publish when its channel or its connection is over, if nothing of it is hidden. */
export type EndOutcome = (message: Message) => Outcome;

/**
 * What a client publishes on one channel, and the broker's answers. Publishes are numbered in the order in which they
 * were sent; with confirms the broker counts from confirm.select on, and names that number.
 */
export class Publishes {
  /** How many were seen. */
  sent = 0;
  /** Some were given up without an answer. */
  hasForgotten = false;
  /** The answer that the broker will send to the next one. */
  #awaits: Awaited = AWAITS_UNKNOWN;
  readonly #outstanding = new OutstandingMessages();
  /** What was sent before confirm.select; −1 if the broker's numbers are not known. */
  #before = -1;
  /** The channel's beginning was not seen: its confirm.select may have been the second, which changes nothing. */
  #assumed = false;
  #isClosed = false;
  #early: EarlyConfirm[] = [];
  /** The latest confirm or return that was given up: its publish may be among those sent so far. */
  #givenUp: Moment | null = null;
  #earlyReturns: EarlyReturn[] = [];
  /** Exchanges that accepted publishes, and the last of them. */
  readonly #taking = new Set<string>();
  #lastTaking: string | null = null;
  readonly #budget: MessageBudget;
  readonly #sink: PublishSink;
  readonly #returns = new ReturnedPublishes({
    settleReturned: (message, outcome, at) => {
      this.#outstanding.take(message.number);
      this.#emit(message, outcome, at);
    },
  });

  constructor(budget: MessageBudget, sink: PublishSink) {
    this.#budget = budget;
    this.#sink = sink;
  }

  /** channel.open was seen: until confirm.select or tx.select the broker does not answer publishes. */
  opened(): void {
    this.#awaits = AWAITS_NOTHING;
  }

  /** The client has closed the channel, or the connection: the broker reads none of these. */
  closed(): void {
    this.#awaits = AWAITS_NOTHING;
    this.#isClosed = true;
  }

  /** confirm.select was sent at this moment. */
  confirmsFromHere(at: Moment): void {
    if (this.#awaits === AWAITS_CONFIRM) return;
    this.#assumed = this.#awaits === AWAITS_UNKNOWN;
    this.#awaits = AWAITS_CONFIRM;
    this.#before = this.sent;
    this.#early = this.#early.filter(early => isAfter(early.at, at));
  }

  /** tx.select was sent. */
  transactsFromHere(): void {
    this.#awaits = AWAITS_COMMIT;
  }

  /** The broker accepts what is published when it comes: not before its commit, and not behind a close. */
  get isTaken(): boolean {
    return this.#awaits !== AWAITS_COMMIT && !this.#isClosed;
  }

  add(message: Message): void {
    this.sent++;
    message.number = this.sent;
    message.awaits = this.#awaits;
    if (this.#awaits === AWAITS_CONFIRM) message.publishNumber = this.sent - this.#before;
    this.#outstanding.add(this.sent, message);
    this.#budget.outstanding++;
    if (this.#givenUp !== null && !isAfter(message, this.#givenUp)) message.isHidden = true;
    if (message.mandatory) this.#returns.add(message);
    if (this.#earlyReturns.length > 0) this.#returnEarly(message);
    if (this.#early.length > 0) this.#confirmEarly();
    const limit = this.#awaits === AWAITS_CONFIRM ? this.#budget.ofChannel : MAX_SENT;
    if (this.#outstanding.size > limit || this.#budget.isExceeded) this.#forgetFirst();
  }

  /** The broker's basic.ack or basic.nack. */
  confirm(tag: number, multiple: boolean, outcome: Outcome, at: Moment): void {
    const last = this.#before + tag;
    // The client may be seen later than the broker: its confirm.select may still come.
    if (this.#before < 0) this.#wait({ tag, multiple, outcome, at });
    else if (last <= this.sent) this.#confirm(last, multiple, outcome, at);
    else if (this.#awaits !== AWAITS_CONFIRM) {
      // Publishes were missed: a confirm of all up to one of those confirms all that are known.
      if (multiple) this.#confirm(this.sent, true, outcome, at);
    } else if (this.#assumed) this.#numbersUnknown();
    else if (this.#early.length < MAX_EARLY) this.#wait({ tag, multiple, outcome, at });
    else this.#numbersUnknown();
  }

  #wait(early: EarlyConfirm): void {
    if (this.#early.length === MAX_EARLY) this.#givenUp = this.#early.shift()!.at;
    this.#early.push({ ...early, at: copyOf(early.at) });
  }

  /** basic.return. */
  returned(back: Message, at: Moment): void {
    if (this.#returns.take(back, at)) return;
    if (this.#earlyReturns.length === MAX_EARLY) this.#givenUp = this.#earlyReturns.shift()!.at;
    this.#earlyReturns.push({ returned: back, at: copyOf(at) });
  }

  /**
   * The broker has answered a method that was sent behind the first `sent` messages: it has handled them, in their
   * order. For those without confirms there is no other sign.
   */
  handled(sent: number): void {
    this.#returns.handled(sent);
    for (let first = this.#outstanding.first; first !== null && first.number <= sent; first = this.#outstanding.first) {
      if (first.awaits !== AWAITS_NOTHING && first.awaits !== AWAITS_UNKNOWN) return;
      this.#outstanding.take(first.number);
      this.#settle(first, handledOutcome(first), null);
    }
  }

  /** The broker has answered tx.commit or tx.rollback, sent behind the first `sent` messages; hidden ones may be of another. */
  transacted(sent: number, outcome: Outcome, at: Moment): void {
    for (let next = this.#outstanding.takeFirst(sent); next !== null; next = this.#outstanding.takeFirst(sent)) {
      this.#settle(next, next.awaits === AWAITS_COMMIT && !next.isHidden ? outcome : "unknown", at);
    }
  }

  /** Octets of the client were missed: publishes with them, and perhaps a confirm.select. */
  missed(): void {
    // What is outstanding keeps its numbers, unless the broker's half is missed as well; a commit may be among what is missed.
    this.#awaits = AWAITS_UNKNOWN;
    this.#outstanding.miss(true);
    // A confirm of one of them has come; with `multiple` it confirms all that are known.
    if (this.#before >= 0) {
      for (const { multiple, outcome, at } of this.#early) if (multiple) this.#confirm(this.sent, true, outcome, at);
      this.#early = [];
    }
    for (const message of this.#outstanding) {
      if (message.isHidden || message.awaits === AWAITS_COMMIT) message.awaits = AWAITS_UNKNOWN;
    }
  }

  /** Octets of the broker were missed, which may have confirmed, returned or refused what was sent so far. */
  hide(): void {
    this.#outstanding.miss(false);
    for (const message of this.#outstanding) {
      message.isHidden = true;
      if (this.#awaits === AWAITS_UNKNOWN) message.awaits = AWAITS_UNKNOWN;
    }
  }

  /** The messages that are left, the first ones first. */
  get outstanding(): Iterable<Message> {
    return this.#outstanding;
  }

  /** Whether a publish to this exchange may have been accepted on this channel: it existed then. */
  hasTaken(exchange: string): boolean {
    return this.#taking.size >= MAX_TAKING || this.#taking.has(exchange);
  }

  /** Settles all that is left. What is hidden is unknown, unless it was never read. */
  end(outcomeOf: EndOutcome): void {
    for (let next = this.#outstanding.takeFirst(this.sent); next !== null; ) {
      const outcome = this.#isClosed ? "unread" : outcomeOf(next);
      const isUnknown = (next.isHidden || next.awaits === AWAITS_UNKNOWN) && outcome !== "unread";
      if (isUnknown) {
        next.code = 0;
        next.incident = null;
      }
      this.#settle(next, isUnknown ? "unknown" : outcome, null);
      next = this.#outstanding.takeFirst(this.sent);
    }
  }

  #confirm(last: number, multiple: boolean, outcome: Outcome, at: Moment): void {
    this.#returns.handled(last);
    if (!multiple) {
      const message = this.#outstanding.at(last);
      if (message?.awaits !== AWAITS_CONFIRM) return;
      this.#outstanding.take(last);
      const isTagged = !message.serverMissed || !(message.clientMissed || this.#sink.isHeld(true));
      // A message that came back is confirmed, too.
      const isKnown = isTagged && !(message.mandatory && message.isHidden);
      this.#settle(message, isKnown ? outcome : "unknown", isKnown ? at : null);
      return;
    }
    for (let first = this.#outstanding.first; first !== null && first.number <= last; first = this.#outstanding.first) {
      this.#outstanding.take(first.number);
      // A confirm of its own may have been missed: this one may not concern it.
      const isKnown = first.awaits === AWAITS_CONFIRM && !first.isHidden;
      // What was sent before confirm.select was handled before: the broker works in order.
      this.#settle(first, isKnown ? outcome : handledOutcome(first), isKnown ? at : null);
    }
  }

  #confirmEarly(): void {
    if (this.#before < 0) return;
    this.#early = this.#early.filter(({ tag, multiple, outcome, at }) => {
      const last = this.#before + tag;
      const isMeant = multiple || last <= this.sent;
      if (isMeant) this.#confirm(Math.min(last, this.sent), multiple, outcome, at);
      return last > this.sent;
    });
  }

  /** A return that was seen before its publish, although that was sent first. */
  #returnEarly(message: Message): void {
    const early = this.#earlyReturns.findIndex(
      ({ returned, at }) => isSame(message, returned) && !isAfter(message, at),
    );
    if (early < 0) return;
    const [found] = this.#earlyReturns.splice(early, 1);
    message.code = found!.returned.code;
    this.#settle(this.#outstanding.take(message.number), "returned", found!.at);
  }

  /** The broker's count differs from the one assumed. */
  #numbersUnknown(): void {
    this.#before = -1;
    this.#awaits = AWAITS_UNKNOWN;
    this.#early = [];
    for (const message of this.#outstanding) {
      message.awaits = AWAITS_UNKNOWN;
      message.publishNumber = 0;
    }
  }

  #forgetFirst(): void {
    const first = this.#outstanding.takeFirst(this.sent)!;
    const isUnread = this.#isClosed || this.#sink.isUnread(first);
    const isPlain = first.awaits === AWAITS_NOTHING && !first.isHidden;
    if (!(isUnread || isPlain)) this.#budget.forgotten++;
    this.hasForgotten = true;
    this.#settle(first, isUnread ? "unread" : isPlain ? "accepted" : "unknown", null);
  }

  #settle(message: Message | null, outcome: Outcome, at: Moment | null): void {
    if (message === null || (message.mandatory && !this.#returns.settles(message, outcome, at))) return;
    if (message.exchange !== this.#lastTaking && (outcome === "confirmed" || outcome === "accepted")) {
      this.#lastTaking = message.exchange;
      if (this.#taking.size < MAX_TAKING) this.#taking.add(message.exchange);
    }
    this.#emit(message, outcome, at);
  }

  #emit(message: Message, outcome: Outcome, at: Moment | null): void {
    this.#budget.outstanding--;
    message.settle(outcome, at);
    this.#sink.emit(message);
  }
}

/** The outcome of a publish without an answer that the broker has handled: if it asked for that, it may have come back unseen. */
function handledOutcome({ awaits, mandatory, isHidden }: Message): Outcome {
  return awaits === AWAITS_NOTHING && !(mandatory && isHidden) ? "accepted" : "unknown";
}
