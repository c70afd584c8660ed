import { Moment } from "../net/connection-observer.ts";

/** Octets kept behind the last one while nothing is wrong: a frame of the usual frame-max, and what leads to it. */
const KEPT_OCTETS = 3 << 16;
/** As many are kept where all windows together keep more than they may. */
const KEPT_IN_NEED = 1 << 13;

/** So many times as much may gather before it is cut: a cut moves what is kept. */
const GATHERED = 4;

/** Segments kept, and kept in need. */
const MAX_MARKS = 2048;
const MARKS_IN_NEED = 64;

/** Octets that all windows of an inspection keep together, and how many they may. */
export interface WindowBudget {
  octets: number;
  limit: number;
}

/** Octets kept for explaining what breaks, over all connections, before each window keeps less. */
export const WINDOW_BUDGET = 48 << 20;

/**
 * The recent octets of one direction of a stream, and when each was captured. Grows only while it is held; otherwise
 * it forgets what is older than KEPT_OCTETS, now and then.
 */
export class OctetWindow {
  /** The octets, from index 0 to `length`. */
  bytes: Uint8Array = new Uint8Array(1 << 9);
  length = 0;
  /** Stream offset of bytes[0]. */
  base: number;
  /** Nothing is forgotten while this is set. */
  held = false;
  #marks: Mark[] = [];
  readonly #budget: WindowBudget;

  constructor(base: number, budget: WindowBudget) {
    this.base = base;
    this.#budget = budget;
    budget.octets += this.bytes.length;
  }

  /** Whether no more should be kept for as long as the others keep what they do. */
  get inNeed(): boolean {
    return this.#budget.octets > this.#budget.limit;
  }

  /** Stream offset behind the last octet. */
  get end(): number {
    return this.base + this.length;
  }

  append(bytes: Uint8Array, start: number, end: number, moment: Moment): void {
    if (!this.held) {
      const keep = this.inNeed ? KEPT_IN_NEED : KEPT_OCTETS;
      if (this.length > GATHERED * keep) this.#forget(this.length - keep);
      // Segments of a few octets each take more room by their moments than by themselves.
      const most = this.inNeed ? MARKS_IN_NEED : MAX_MARKS;
      if (this.#marks.length > 2 * most) this.#forget(this.#marks.at(-most)!.from - this.base);
    }
    const size = this.length + end - start;
    if (size > this.bytes.length) this.#resize(Math.max(size, this.bytes.length * 2));
    this.bytes.set(bytes.subarray(start, end), this.length);
    const copy = new Moment();
    copy.set(moment);
    this.#marks.push({ from: this.end, moment: copy });
    this.length = size;
  }

  /** The stream is over: gives its memory back. */
  release(): void {
    this.#budget.octets -= this.bytes.length;
    this.bytes = new Uint8Array(0);
    this.length = 0;
    this.#marks = [];
  }

  /** Forgets everything: the next octet appended has this stream offset. */
  restart(base: number): void {
    this.base = base;
    this.length = 0;
    this.#marks = [];
  }

  /** When and where the octet at this stream offset was captured. */
  momentAt(streamOffset: number): Moment {
    return this.#marks[this.#markAt(streamOffset)]!.moment;
  }

  /** Stream offsets behind `from` at which TCP segments begin: writes often end there. */
  segmentsFrom(from: number): number[] {
    const segments = this.#marks.map(mark => mark.from);
    return segments.filter(offset => offset > from);
  }

  /** Hands on the octets of stream offsets [from, to) by the moments they were captured at. */
  pieces(from: number, to: number, piece: (start: number, end: number, moment: Moment) => void): void {
    for (let i = this.#markAt(from); i < this.#marks.length && this.#marks[i]!.from < to; i++) {
      const start = Math.max(from, this.#marks[i]!.from);
      const end = Math.min(to, this.#marks[i + 1]?.from ?? this.end);
      if (end > start) piece(start - this.base, end - this.base, this.#marks[i]!.moment);
    }
  }

  #markAt(streamOffset: number): number {
    const marks = this.#marks;
    let low = 0;
    let high = marks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (marks[middle]!.from <= streamOffset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #resize(capacity: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, this.length));
    this.#budget.octets += capacity - this.bytes.length;
    this.bytes = bytes;
  }

  #forget(octets: number): void {
    this.bytes.copyWithin(0, octets, this.length);
    this.base += octets;
    this.length -= octets;
    if (this.bytes.length > 2 * GATHERED * KEPT_OCTETS || (this.inNeed && this.bytes.length > 8 * this.length)) {
      this.#resize(2 * this.length);
    }
    const first = this.#markAt(this.base);
    this.#marks.splice(0, first);
  }
}

interface Mark {
  from: number;
  moment: Moment;
}
