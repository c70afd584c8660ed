/**
 * Which publishes of a channel came back (basic.return). A return names none: it holds what was published. RabbitMQ
 * handles publishes in their order, and sends the return of one before its confirm. So a return belongs to a publish
 * that is identical, asked for it (mandatory), and stands behind the last one that is known to be handled. If several
 * are left, and not all of them come back, none of them is called returned.
 */
import { Moment } from "../net/connection-observer.ts";
import type { Message, Outcome } from "./message.ts";

/** Publishes of a channel that wait because one of several came back; beyond this, nothing is known. */
const MAX_CANDIDATES = 4096;

interface Returned {
  code: number;
  at: Moment;
  /** It concerns a publish behind this one, by `Message.number`. */
  after: number;
  /** The first and the last candidate that it can concern. */
  first: number;
  last: number;
}

interface Otherwise {
  outcome: Outcome;
  at: Moment | null;
}

/** Identical publishes, and the returns that concern some of them. */
interface Group {
  /** In the order in which they were sent. */
  candidates: Message[];
  returns: Returned[];
  /** Other answers to candidates, by number. */
  otherwise: Map<number, Otherwise>;
}

/** Called with the outcome of a candidate. */
export interface ReturnSink {
  settleReturned(message: Message, outcome: Outcome, at: Moment | null): void;
}

export class ReturnedPublishes {
  /** Mandatory publishes whose outcome is awaited, by the content that a return has. */
  readonly #waiting = new Map<string, Message[]>();
  readonly #groups = new Set<Group>();
  readonly #sink: ReturnSink;
  #held = 0;
  /** The broker has handled all up to this one: what comes back now stands behind it. */
  #handled = 0;

  constructor(sink: ReturnSink) {
    this.#sink = sink;
  }

  /** A mandatory publish, which may come back. */
  add(message: Message): void {
    const key = keyOf(message);
    const same = this.#waiting.get(key);
    if (same === undefined) this.#waiting.set(key, [message]);
    else same.push(message);
  }

  /** Something else settles a mandatory publish. False if it must wait: it may be the one that came back. */
  settles(message: Message, outcome: Outcome, at: Moment | null): boolean {
    const group = this.#groupOf(message);
    if (group === undefined) {
      this.#remove(message);
      return true;
    }
    const moment = at === null ? null : new Moment();
    if (at !== null) moment!.set(at);
    group.otherwise.set(message.number, { outcome, at: moment });
    if (group.candidates.every(({ number }) => group.otherwise.has(number))) this.#decide(group);
    return false;
  }

  /** The broker has handled all publishes up to this number. */
  handled(number: number): void {
    if (number <= this.#handled) return;
    this.#handled = number;
    for (const group of this.#groups) if (group.candidates.at(-1)!.number <= number) this.#decide(group);
  }

  /** basic.return. False if it can concern no publish. */
  take(back: Message, at: Moment): boolean {
    const candidates = this.#candidates(back);
    if (candidates.length === 0) return false;
    const known = candidates.map(each => this.#groupOf(each)).find(each => each !== undefined);
    if (candidates.length === 1 && known === undefined) {
      this.#handled = candidates[0]!.number;
      this.#settleReturned(candidates[0]!, back.code, at);
      return true;
    }
    const group: Group = known ?? { candidates: [], returns: [], otherwise: new Map() };
    this.#groups.add(group);
    const fresh = candidates.filter(each => !group.candidates.includes(each));
    this.#held += fresh.length;
    group.candidates.push(...fresh);
    group.candidates.sort((a, b) => a.number - b.number);
    const moment = new Moment();
    moment.set(at);
    const first = candidates[0]!.number;
    const last = candidates.at(-1)!.number;
    group.returns.push({ code: back.code, at: moment, after: this.#handled, first, last });
    this.#handled = Math.max(this.#handled, first - 1);
    if (group.returns.length === group.candidates.length || this.#held > MAX_CANDIDATES) this.#decide(group);
    return true;
  }

  #candidates(back: Message): Message[] {
    const same = (this.#waiting.get(keyOf(back)) ?? []).filter(
      each => each.number > this.#handled && mayHaveSameBody(each, back),
    );
    // A broker may write the properties anew.
    const exact = same.filter(({ propertiesHash }) => propertiesHash === back.propertiesHash);
    return exact.length > 0 ? exact : same;
  }

  #groupOf(message: Message): Group | undefined {
    for (const group of this.#groups) if (group.candidates.includes(message)) return group;
    return undefined;
  }

  /** No more answers to these come: returns are in the order of publishing, so each has first and last candidates. */
  #decide(group: Group): void {
    this.#groups.delete(group);
    this.#held -= group.candidates.length;
    const { candidates, returns, otherwise } = group;
    const isAll = returns.length >= candidates.length;
    const numbers = candidates.map(({ number }) => number);
    narrow(returns, numbers);
    const doubtful = returns.filter(({ first, last }) => first !== last);
    const inDoubt = candidates.filter(({ number }) =>
      doubtful.some(each => each.first <= number && number <= each.last),
    );
    for (const message of candidates) {
      const { number } = message;
      const at = numbers.indexOf(number);
      const own = isAll ? returns[at] : returns.find(({ first, last }) => first === number && last === number);
      const other = otherwise.get(number);
      if (own !== undefined) this.#settleReturned(message, own.code, own.at);
      else if (inDoubt.includes(message)) {
        message.mayBeReturned = { code: doubtful[0]!.code, returns: doubtful.length, candidates: inDoubt.length };
        this.#settle(message, "unknown", null);
      } else if (other !== undefined) this.#settle(message, other.outcome, other.at);
    }
  }

  #settleReturned(message: Message, code: number, at: Moment): void {
    message.code = code;
    this.#settle(message, "returned", at);
  }

  #settle(message: Message, outcome: Outcome, at: Moment | null): void {
    this.#remove(message);
    this.#sink.settleReturned(message, outcome, at);
  }

  #remove(message: Message): void {
    const key = keyOf(message);
    const same = this.#waiting.get(key);
    const at = same?.indexOf(message) ?? -1;
    if (at < 0) return;
    same!.splice(at, 1);
    if (same!.length === 0) this.#waiting.delete(key);
  }
}

/** No two returns concern one publish: each concerns a later one than the return before it. */
function narrow(returns: Returned[], numbers: readonly number[]): void {
  let before = 0;
  for (const each of returns) {
    each.first = numbers.find(number => number > Math.max(before, each.after)) ?? each.first;
    before = each.first;
  }
  let behind = Number.POSITIVE_INFINITY;
  for (const each of [...returns].reverse()) {
    each.last = numbers.findLast(number => number < behind && number <= each.last) ?? each.last;
    behind = each.last;
  }
}

/** What a return has of its publish, without its body. */
function keyOf(message: Message): string {
  const { exchange, routingKey, size, messageId, correlationId, replyTo, appId } = message;
  return [exchange, routingKey, size, messageId, correlationId, replyTo, appId].join("\0");
}

/** For a body that was captured in part, this is not known. */
function mayHaveSameBody(sent: Message, back: Message): boolean {
  return sent.hashed !== back.hashed || sent.bodyHash === back.bodyHash;
}

/** Whether a return may be of a publish, by what both say of it. */
export function isSame(sent: Message, back: Message): boolean {
  return (
    sent.mandatory &&
    sent.exchange === back.exchange &&
    sent.routingKey === back.routingKey &&
    sent.size === back.size &&
    sent.messageId === back.messageId &&
    sent.correlationId === back.correlationId
  );
}
