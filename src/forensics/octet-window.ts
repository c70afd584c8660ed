import { Moment } from "../net/connection-observer.ts";
import { SegmentMarks } from "./segment-marks.ts";

/** Octets kept behind the last one while nothing is wrong: a frame of the usual frame-max, and what leads to it. */
const KEPT_OCTETS = 3 << 16;
/** As many are kept if all windows together keep more than they may. */
const KEPT_IN_NEED = 1 << 13;

/** This many times as much may gather before it is cut: a cut moves what is kept. */
const GATHERED = 4;

/** Segments kept, and kept in need. */
const MAX_MARKS = 2048;
const MARKS_IN_NEED = 64;

/** Octets that all windows of an inspection keep together, and their limit. */
export interface WindowBudget {
  octets: number;
  limit: number;
}

/** Octets kept for explaining what breaks, over all connections, before each window keeps less. */
export const WINDOW_BUDGET = 48 << 20;

/**
 * The recent octets of one direction of a stream, and when each was captured. It grows only while it is held; otherwise
 * it now and then forgets what is older than KEPT_OCTETS.
 */
export class OctetWindow {
  /** The octets, from index 0 to `length`. */
  bytes: Uint8Array = new Uint8Array(1 << 9);
  length = 0;
  /** Stream offset of bytes[0]. */
  base: number;
  /** Nothing is forgotten while this is set. */
  held = false;
  /** Where each segment that is kept begins, and when it was captured. */
  readonly #marks = new SegmentMarks();
  readonly #budget: WindowBudget;

  constructor(base: number, budget: WindowBudget) {
    this.base = base;
    this.#budget = budget;
    budget.octets += this.bytes.length;
  }

  /** Whether no more should be kept while the others keep what they do. */
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
      // For segments of a few octets each, the moments take more memory than the octets.
      const most = this.inNeed ? MARKS_IN_NEED : MAX_MARKS;
      const { count } = this.#marks;
      if (count > 2 * most) this.#forget(this.#marks.from(count - most) - this.base);
    }
    const size = this.length + end - start;
    if (size > this.bytes.length) this.#resize(Math.max(size, this.bytes.length * 2));
    copyOctets(bytes, start, end, this.bytes, this.length);
    this.#marks.push(this.end, moment);
    this.length = size;
  }

  /** The stream is over: gives its memory back. */
  release(): void {
    this.#budget.octets -= this.bytes.length;
    this.bytes = new Uint8Array(0);
    this.length = 0;
    this.#marks.release();
  }

  /** Forgets everything: the next octet appended has this stream offset. */
  restart(base: number): void {
    this.base = base;
    this.length = 0;
    this.#marks.clear();
  }

  /** When and where the octet at this stream offset was captured. */
  momentAt(streamOffset: number): Moment {
    const moment = new Moment();
    this.#marks.readMoment(this.#marks.at(streamOffset), moment);
    return moment;
  }

  /** Stream offsets behind `from` at which TCP segments begin: writes often end there. */
  segmentsFrom(from: number): number[] {
    const marks = this.#marks;
    const segments: number[] = [];
    for (let i = marks.at(from); i < marks.count; i++) {
      if (marks.from(i) > from) segments.push(marks.from(i));
    }
    return segments;
  }

  /**
   * Hands on the octets of stream offsets [from, to), each piece with the moment of its capture. The moment is valid
   * only during the call.
   */
  pieces(from: number, to: number, piece: (start: number, end: number, moment: Moment) => void): void {
    const marks = this.#marks;
    const moment = new Moment();
    for (let i = marks.at(from); i < marks.count && marks.from(i) < to; i++) {
      const start = Math.max(from, marks.from(i));
      const end = Math.min(to, i + 1 < marks.count ? marks.from(i + 1) : this.end);
      if (end <= start) continue;
      marks.readMoment(i, moment);
      piece(start - this.base, end - this.base, moment);
    }
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
    this.#marks.forget(this.#marks.at(this.base));
  }
}

/** Octets up to which a loop copies faster than a block copy, which needs a view, an object. */
const COPIED_ONE_BY_ONE = 128;

function copyOctets(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > COPIED_ONE_BY_ONE) to.set(from.subarray(start, end), at);
  else for (let i = start, j = at; i < end; i++, j++) to[j] = from[i]!;
}
