/** Buckets to a power of ten: each is 1.5 % wide. */
const TO_DECADE = 150;
/** From 1 µs to 1,000 s: shorter and longer ones count in the first and the last bucket. */
const DECADES = 9;
const LEAST = 1e-6;

/** Latencies in buckets of equal ratio: a bounded table, however many there are. */
export class LatencyHistogram {
  count = 0;
  /** Seconds; exact. */
  max = 0;
  readonly #buckets = new Uint32Array(TO_DECADE * DECADES + 1);

  /** `latency` in seconds. */
  add(latency: number): void {
    this.count++;
    if (latency > this.max) this.max = latency;
    const bucket = latency <= LEAST ? 0 : Math.ceil(Math.log10(latency / LEAST) * TO_DECADE);
    this.#buckets[Math.min(bucket, this.#buckets.length - 1)]!++;
  }

  /** Seconds within which a share of all are, to within 1.5 %; 0 if there are none. */
  quantile(share: number): number {
    let left = Math.ceil(this.count * share);
    for (let i = 0; i < this.#buckets.length; i++) {
      left -= this.#buckets[i]!;
      if (left <= 0) return Math.min(LEAST * 10 ** (i / TO_DECADE), this.max);
    }
    return this.max;
  }
}
