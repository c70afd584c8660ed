import { Moment } from "../net/connection-observer.ts";

/** Octets kept: more than two of the largest records. */
const KEPT = 48 << 10;
/** Octets kept while the octets behind a broken record are not understood. */
const MOST = 256 << 10;

/** Memory that all windows of an inspection take. */
export interface OctetBudget {
  octets: number;
  limit: number;
}
export const RECENT_OCTETS_BUDGET = 32 << 20;

/** The latest octets of one direction, and the packets they came in. */
export class RecentOctets {
  bytes: Uint8Array = new Uint8Array(0);
  /** Stream offset of bytes[0]. */
  base = 0;
  length = 0;
  /** Nothing from this stream offset on is dropped, as long as there is room. */
  heldFrom = Number.POSITIVE_INFINITY;
  #marks: { from: number; moment: Moment }[] = [];
  readonly #budget: OctetBudget;

  constructor(budget: OctetBudget) {
    this.#budget = budget;
  }

  get end(): number {
    return this.base + this.length;
  }

  /** The next octets of the stream: bytes[start, end) at `streamOffset`. */
  append(bytes: Uint8Array, start: number, end: number, streamOffset: number, moment: Moment): void {
    if (streamOffset !== this.end) {
      this.base = streamOffset;
      this.length = 0;
      this.#marks = [];
    }
    const octets = end - start;
    if (this.length + octets > this.bytes.length && !this.#makeRoom(octets)) return;
    const captured = new Moment();
    captured.set(moment);
    this.#marks.push({ from: this.end, moment: captured });
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length += octets;
  }

  /** When and where the octet at this offset was captured; null if it is not kept. */
  momentAt(streamOffset: number): Moment | null {
    if (streamOffset < this.base || streamOffset >= this.end) return null;
    return this.#marks.findLast(mark => mark.from <= streamOffset)?.moment ?? null;
  }

  release(): void {
    this.#budget.octets -= this.bytes.length;
    this.bytes = new Uint8Array(0);
    this.length = 0;
    this.#marks = [];
  }

  #makeRoom(octets: number): boolean {
    const wanted = Math.min(Math.max(this.end - Math.min(this.heldFrom, this.end), KEPT), MOST);
    const drop = Math.max(0, this.length - wanted);
    this.bytes.copyWithin(0, drop, this.length);
    this.base += drop;
    this.length -= drop;
    let stale = 0;
    while (stale + 1 < this.#marks.length && this.#marks[stale + 1]!.from <= this.base) stale++;
    this.#marks.splice(0, stale);
    if (this.length + octets <= this.bytes.length) return true;
    const size = Math.max((this.length + octets) * 2, 4096);
    const more = size - this.bytes.length;
    if (this.#budget.octets + more > this.#budget.limit) return false;
    this.#budget.octets += more;
    const larger = new Uint8Array(size);
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    return true;
  }
}
