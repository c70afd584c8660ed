/**
 * Keeps the event loop turning for a moment after a small chunk, instead of letting the thread sleep: to wake an idle
 * processor, above all a virtual one, takes longer than to relay a chunk.
 *
 * It does so only where it pays: when more than two of three chunks, counted over all connections, come within that
 * time after the chunk before. And only while the processor is not needed otherwise: when the loop turns too late for
 * too much of the time, other threads need the processor, or the loop has enough to do. Then it sleeps for a while. One
 * BusyPolling serves all connections of a thread.
 */

/** Milliseconds that the loop is kept turning: about as long as a broker takes for a confirm. */
const REACH = 0.2;
/** This many octets within REACH are a bulk transfer (80 MB/s), which gains nothing. So is one chunk of this size. */
const BULK = 16 * 1024;
/** A chunk within REACH adds one, a later one takes two away. From ENOUGH on the loop is kept turning. */
const ENOUGH = 8;
const MOST = 16;
/** With this many milliseconds or more between two turns, other threads or the loop's own work took the time. */
const STOLEN = 0.5;
/** Milliseconds that may be taken in a window of this length: more than the inspector takes for such traffic. */
const MAX_STOLEN = 15;
const WINDOW = 250;
/** Milliseconds for which the thread sleeps then: at first, and at most. It doubles each time. */
const LEAST_REST = 500;
const MOST_REST = 16_000;
/** Counts between two turns, about 2 µs: each turn leaves half a kilobyte to the garbage collector. */
const COUNT_TO = 500;

export interface Turning {
  /** The steady clock, in milliseconds. */
  now: () => number;
  /** Calls back when the loop has checked for new octets. */
  next: (turn: () => void) => void;
}

const EVENT_LOOP: Turning = { now: () => performance.now(), next: setImmediate };

export class BusyPolling {
  readonly #loop: Turning;
  #score = 0;
  #lastChunk = Number.NEGATIVE_INFINITY;
  /** Octets that came lately; they leak away at the rate of a bulk transfer. */
  #recent = 0;
  #isTurning = false;
  #lastTurn = 0;
  #until = 0;
  /** Milliseconds taken in the window that began at `#windowAt`. */
  #stolen = 0;
  #windowAt = 0;
  #rest = LEAST_REST;
  #restsUntil = 0;
  /** Kept, so that the counting is not compiled away. */
  #counted = 0;

  constructor(loop: Turning = EVENT_LOOP) {
    this.#loop = loop;
  }

  /** This many octets were relayed now. */
  relayed(octets: number): void {
    const now = this.#loop.now();
    const since = now - this.#lastChunk;
    this.#lastChunk = now;
    this.#recent = Math.min(2 * BULK, Math.max(0, this.#recent - since * (BULK / REACH)) + octets);
    if (this.#recent >= BULK) return;
    if (since < REACH) this.#score = Math.min(MOST, this.#score + 1);
    else this.#score = Math.max(0, this.#score - 2);
    if (this.#score < ENOUGH || now < this.#restsUntil) return;
    this.#until = now + REACH;
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#lastTurn = now;
    this.#loop.next(this.#turn);
  }

  readonly #turn = (): void => {
    const now = this.#loop.now();
    const since = now - this.#lastTurn;
    if (since >= STOLEN) this.#wasStolen(since, now);
    if (now >= this.#until || now < this.#restsUntil) {
      this.#isTurning = false;
      return;
    }
    this.#lastTurn = now;
    this.#loop.next(this.#turn);
    for (let i = 0; i < COUNT_TO; i++) this.#counted = (this.#counted * 31 + i) | 0;
  };

  #wasStolen(milliseconds: number, now: number): void {
    if (now - this.#windowAt > WINDOW) {
      // After a window in which little was taken, the rest begins small again.
      if (now - this.#restsUntil > WINDOW) this.#rest = LEAST_REST;
      this.#windowAt = now;
      this.#stolen = 0;
    }
    this.#stolen += milliseconds;
    if (this.#stolen <= MAX_STOLEN) return;
    this.#restsUntil = now + this.#rest;
    this.#rest = Math.min(MOST_REST, 2 * this.#rest);
  }
}
