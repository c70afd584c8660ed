/**
 * Keeps the event loop turning for a moment behind a small chunk, instead of letting the thread sleep: an idle processor,
 * above all a virtual one, takes longer to wake than a chunk takes to be relayed.
 *
 * It does so only where it pays: where more than two of three chunks come within that moment of the one before, on
 * whatever connection. And only with processor time that is left over: where the loop comes round too late for too much of
 * the time, others want what it wastes, or it has enough to do, and it sleeps for a while. One serves all connections of a
 * thread.
 */

/** Milliseconds that the loop is kept turning; about as long as a broker takes for a confirm. */
const REACH = 0.2;
/** Octets within REACH that are a bulk transfer, which gains nothing: 80 MB/s. A chunk as large is one by itself. */
const BULK = 16 * 1024;
/** A chunk in time counts one, one that is late takes two away: from ENOUGH on the loop is kept turning. */
const ENOUGH = 8;
const MOST = 16;
/** Milliseconds between two turns that were somebody else's; or the loop's own work, of which there is plenty then. */
const STOLEN = 0.5;
/** Milliseconds that may be stolen of so many: more than the inspector takes for such traffic. */
const MAX_STOLEN = 15;
const WINDOW = 250;
/** Milliseconds for which the thread sleeps then; twice as long each time that it comes to that again. */
const LEAST_REST = 500;
const MOST_REST = 16_000;
/** Counted between two looks, some 2 µs: each leaves half a kilobyte behind, and to collect that takes time as well. */
const COUNT_TO = 500;

export interface Turning {
  /** The steady clock, in milliseconds. */
  now: () => number;
  /** Calls back when the loop has looked for what came. */
  next: (turn: () => void) => void;
}

const EVENT_LOOP: Turning = { now: () => performance.now(), next: setImmediate };

export class BusyPolling {
  readonly #loop: Turning;
  #score = 0;
  #lastChunk = Number.NEGATIVE_INFINITY;
  /** Octets that came, as far as they did not leak away at the rate of a bulk transfer. */
  #recent = 0;
  #isTurning = false;
  #lastTurn = 0;
  #until = 0;
  /** How much was stolen in the window that began at `#windowAt`. */
  #stolen = 0;
  #windowAt = 0;
  #rest = LEAST_REST;
  #restsUntil = 0;
  /** Kept, so that the counting is not compiled away. */
  #counted = 0;

  constructor(loop: Turning = EVENT_LOOP) {
    this.#loop = loop;
  }

  /** So many octets were relayed just now. */
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
      // A window in which little was stolen, or nothing, makes up for all before it.
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
