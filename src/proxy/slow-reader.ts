import type { Readable } from "node:stream";

/** How slowly a side is read: a portion of at most `octets` is passed on, then nothing is read for `pauseMs`. */
export interface ReadPace {
  octets: number;
  pauseMs: number;
}

/**
 * Reads a socket in portions, with a pause after each, so that the peer's kernel must hold back what it sends and the
 * peer's writes are cut.
 *
 * A write is cut when the peer's send buffer is full. Then the thread that wakes first writes on. The connection must
 * be read slowly from the first octets on: while it is read fast, Linux widens window and send buffer, and ten times as
 * much goes out before a write is cut. So there is a pause after every read, however little it gave. For the same
 * reason little may be read ahead: a paused socket with Node's usual high-water mark reads 16 KiB and more, one with
 * the least (1) a single chunk of at most 64 KiB. Smaller reads from the kernel were no better.
 *
 * Bound: the chunk that is being passed on, and what the paused socket reads ahead.
 */
export class SlowReader {
  readonly #pace: ReadPace;
  readonly #source: Readable;
  readonly #pass: (octets: Uint8Array) => boolean;
  #waiting: Uint8Array[] = [];
  #afterLast: (() => void) | null = null;
  #pause: NodeJS.Timeout | null = null;
  #blocked = false;
  #stopped = false;

  /** `pass` passes octets on, and returns false when nothing more may come before `drained` is called. */
  constructor(pace: ReadPace, source: Readable, pass: (octets: Uint8Array) => boolean) {
    this.#pace = pace;
    this.#source = source;
    this.#pass = pass;
  }

  take(chunk: Uint8Array): void {
    this.#waiting.push(chunk);
    this.#source.pause();
    this.#next();
  }

  /** Calls `then` when everything taken so far has been passed on. */
  finish(then: () => void): void {
    if (this.#waiting.length === 0) then();
    else this.#afterLast = then;
  }

  drained(): void {
    this.#blocked = false;
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting = [];
    this.#afterLast = null;
    if (this.#pause !== null) clearTimeout(this.#pause);
    this.#pause = null;
  }

  #next(): void {
    if (this.#stopped || this.#pause !== null || this.#blocked) return;
    const chunk = this.#waiting[0];
    if (chunk === undefined) {
      this.#read();
      return;
    }
    const { octets, pauseMs } = this.#pace;
    if (chunk.length <= octets) this.#waiting.shift();
    else this.#waiting[0] = chunk.subarray(octets);
    this.#pause = setTimeout(() => {
      this.#pause = null;
      this.#next();
    }, pauseMs);
    this.#blocked = !this.#pass(chunk.subarray(0, octets));
    if (this.#waiting.length === 0) this.#afterLast?.();
  }

  /** A paused socket's `read` gives all that was read ahead as one chunk, through its event `data`. */
  #read(): void {
    if (this.#source.read() === null) this.#source.resume();
  }
}
