import type { Span } from "./diagnosis.ts";

/** Stretches of a stream, to find out whether one encloses another. */
export class SpanIndex {
  /** In ascending order of where they begin, once `encloses` was called. */
  #spans: Span[] = [];
  /** By index: the furthest end of these and all before them. */
  #furthest: number[] = [];

  add(spans: readonly Span[]): void {
    if (spans.length === 0) return;
    for (const span of spans) this.#spans.push(span);
    this.#furthest = [];
  }

  /** Whether one of them holds all octets from stream offset `from` up to `to`, and begins before these. */
  encloses(from: number, to: number): boolean {
    if (this.#furthest.length === 0) this.#sort();
    let low = 0;
    let high = this.#spans.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#spans[middle]![0] < from) low = middle + 1;
      else high = middle;
    }
    return low > 0 && this.#furthest[low - 1]! >= to;
  }

  #sort(): void {
    this.#spans.sort((a, b) => a[0] - b[0]);
    let furthest = 0;
    this.#furthest = this.#spans.map(([from, octets]) => (furthest = Math.max(furthest, from + octets)));
  }
}
