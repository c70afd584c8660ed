import {
  type AnswerReading,
  answerReader,
  type Prelude,
  type PreludeReading,
  readPrelude,
} from "../connection/prelude.ts";
import type { ConnectionObserver, Side, StreamEnd } from "../net/connection-observer.ts";

/** Octets that are kept of a supposed prelude: enough to recognise another protocol. */
const KEPT = 16;
/** Preludes in front of one another: a load balancer behind a load balancer, and one to spare. */
const MAX_PRELUDES = 4;

/** By the first octet of an answer (HTTP's H, SOCKS5's 5, SOCKS4's 0), that of its request. */
const REQUESTS: ReadonlyMap<number, number> = new Map([
  [0x48, 0x43],
  [5, 5],
  [0, 4],
]);

/** What a prelude's reader needs to know about the connection behind it. */
export interface PreludeSurroundings {
  /** Gets what follows, and all octets if there is no prelude. */
  beyond: () => ConnectionObserver;
  /** Gets every prelude, in order. */
  found: Prelude[];
  /** No more preludes come: octets need not come here any more. */
  over: () => void;
}

/**
 * Steps over what stands in front of a connection's protocol (connection/prelude.ts). Octets that turn out to be no
 * prelude are handed on: of a long one only the first KEPT, which show what it is.
 */
export class PreludeReader implements ConnectionObserver {
  readonly #around: PreludeSurroundings;
  #reading: PreludeReading<Omit<Prelude, "octets">> | null = begun(readPrelude());
  #answer: AnswerReading | null = null;
  /** For the present prelude, by side: octets read, and the first of them. */
  readonly #counts: [number, number] = [0, 0];
  readonly #kept: [number[], number[]] = [[], []];
  /** Read to its end, and not reported yet: its answer decides. */
  #awaiting: Prelude | null = null;
  /** Octets of the server were handed on: they were no answer. */
  #serverSpoke = false;
  /** The server's answer came first, or the client's side was not captured: what follows it needs no request. */
  #answered = false;
  /** The client's prelude may be missing: the server's first octets show it. */
  #awaitsServer = false;

  constructor(around: PreludeSurroundings) {
    this.#around = around;
  }

  data(side: Side, bytes: Uint8Array, start: number, end: number): void {
    const at = side === 0 ? this.#client(bytes, start, end) : this.#server(bytes, start, end);
    this.#settle();
    if (at < end) this.#around.beyond().data(side, bytes, at, end);
  }

  gap(side: Side, missing: number, cut: boolean): void {
    if (side === 0 && !this.#serverSpoke && this.#answer === null && !this.#answered) {
      this.#close();
      this.#pass(0);
      this.#awaitsServer = true;
    } else if (side === 0 || this.#answer !== null) {
      // What is missing may be the rest of the prelude: what follows may be anything.
      this.#pass(0);
      this.#pass(1);
      this.#close();
    }
    this.#around.beyond().gap(side, missing, cut);
  }

  end(side: Side, reason: StreamEnd): void {
    this.#giveUp();
    this.#around.beyond().end(side, reason);
  }

  #client(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    // The client continues: the stream is open, although the answer was not seen yet.
    if (this.#awaiting !== null) this.#accept(this.#awaiting);
    while (at < end && this.#reading !== null) {
      if (this.#counts[0] === 0 && !this.#expectAnswer(bytes[at]!)) break;
      this.#note(0, bytes[at]!);
      const { done, value } = this.#reading.next(bytes[at++]!);
      if (done !== true) continue;
      this.#reading = null;
      if (value !== null) {
        this.#awaiting = { ...value, octets: this.#counts[0] };
        if (this.#answer === null) this.#accept(this.#awaiting);
      } else {
        if (this.#counts[0] <= at - start) {
          at -= this.#counts[0];
          this.#forget(0);
        }
        this.#giveUp();
      }
    }
    return at;
  }

  /** Sets the reader of the server's answer to this first octet. False if the server has sent something else. */
  #expectAnswer(first: number): boolean {
    if (this.#answered) return true;
    this.#answer ??= begun(answerReader(first));
    if (this.#answer === null || !this.#serverSpoke) return true;
    this.#close();
    return false;
  }

  #server(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#answer === null) this.#answer = this.#firstWord(bytes[at]!);
    if (this.#answer === null) this.#serverSpoke = true;
    this.#awaitsServer = false;
    while (at < end && this.#answer !== null) {
      this.#note(1, bytes[at]!);
      const { done, value } = this.#answer.next(bytes[at++]!);
      if (done !== true) continue;
      this.#answer = null;
      if (value === true) {
        this.#answered = true;
        this.#pass(1);
        if (this.#awaiting !== null) this.#accept(this.#awaiting);
      } else this.#giveUp();
    }
    return at;
  }

  /** The reader of an answer whose request was not seen (yet); null if the server does not begin like an answer. */
  #firstWord(octet: number): AnswerReading | null {
    const isFirst = !this.#serverSpoke && !this.#answered && this.#counts[0] === 0 && this.#awaiting === null;
    const request = isFirst && (this.#reading !== null || this.#awaitsServer) ? REQUESTS.get(octet) : undefined;
    return request === undefined ? null : begun(answerReader(request));
  }

  #note(side: Side, octet: number): void {
    if (this.#counts[side]++ < KEPT) this.#kept[side].push(octet);
  }

  /** It is a prelude: what follows is read in the same way. */
  #accept(prelude: Prelude): void {
    this.#around.found.push(prelude);
    this.#pass(0, prelude);
    this.#awaiting = null;
    if (this.#around.found.length < MAX_PRELUDES) this.#reading = begun(readPrelude());
  }

  /** The octets read of a side belong to no protocol: they count, and are not handed on. */
  #pass(side: Side, what: Prelude | null = null): void {
    const octets = this.#counts[side];
    this.#forget(side);
    if (octets > 0) this.#around.beyond().prelude?.(side, octets, what);
  }

  /** It is no prelude, or does not end: the kept octets are handed on. */
  #giveUp(): void {
    this.#close();
    for (const side of [0, 1] as const) {
      const kept = Uint8Array.from(this.#kept[side]);
      this.#forget(side);
      if (kept.length > 0) this.#around.beyond().data(side, kept, 0, kept.length);
    }
  }

  #forget(side: Side): void {
    this.#counts[side] = 0;
    this.#kept[side] = [];
  }

  #close(): void {
    this.#reading = null;
    this.#answer = null;
    this.#awaiting = null;
  }

  #settle(): void {
    const isOver = this.#reading === null && this.#answer === null && this.#awaiting === null && !this.#awaitsServer;
    if (isOver) this.#around.over();
  }
}

/** A generator that waits for its first octet. */
function begun<Reading extends Generator<undefined, unknown, number> | null>(reading: Reading): Reading {
  reading?.next(0);
  return reading;
}
