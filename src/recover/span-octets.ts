import type { Span } from "../forensics/diagnosis.ts";

/** Gathers the octets of some stretches of a stream as they come. */
export class SpanOctets {
  /** Octets that were asked for. */
  readonly size: number;
  /** Stream offset of the first of them, and behind the last. */
  readonly begin: number;
  readonly end: number;
  readonly #spans: readonly Span[];
  readonly #octets: Uint8Array;
  /** Octets that came, the first ones in a row. */
  #filled = 0;
  /** Some were missed: what comes behind them is of no use. */
  #isBroken = false;

  constructor(spans: readonly Span[]) {
    this.#spans = spans;
    this.size = octetsOf(spans);
    this.begin = spans[0]?.[0] ?? 0;
    const last = spans.at(-1);
    this.end = last === undefined ? 0 : last[0] + last[1];
    this.#octets = new Uint8Array(this.size);
  }

  /** bytes[start, end) stand at `offset` of the stream. */
  take(bytes: Uint8Array, start: number, end: number, offset: number): void {
    const behind = offset + end - start;
    if (behind <= this.begin || offset >= this.end) return;
    let at = 0;
    for (const [begin, octets] of this.#spans) {
      const from = Math.max(begin, offset);
      const to = Math.min(begin + octets, behind);
      if (from < to) {
        const into = at + from - begin;
        if (into !== this.#filled) this.#isBroken = true;
        if (this.#isBroken) return;
        this.#octets.set(bytes.subarray(start + from - offset, start + to - offset), into);
        this.#filled = into + to - from;
      }
      at += octets;
    }
  }

  /** What came in a row, from the first octet on. */
  get octets(): Uint8Array {
    return this.#octets.subarray(0, this.#filled);
  }
}

export function octetsOf(spans: readonly Span[]): number {
  return spans.reduce((sum, [, octets]) => sum + octets, 0);
}
