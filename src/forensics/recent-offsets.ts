const FIRST_ROOM = 16;

/** The latest stream offsets: `most` at most; the older half is forgotten when one more comes. */
export class RecentOffsets {
  readonly #most: number;
  #offsets = new Float64Array(FIRST_ROOM);
  #count = 0;

  /** `most`: a power of two times 16. */
  constructor(most: number) {
    this.#most = most;
  }

  push(streamOffset: number): void {
    if (this.#count === this.#offsets.length) this.#makeRoom();
    this.#offsets[this.#count++] = streamOffset;
  }

  pushThree(first: number, second: number, third: number): void {
    const count = this.#count;
    if (count + 3 > this.#offsets.length) {
      this.push(first);
      this.push(second);
      this.push(third);
      return;
    }
    this.#offsets[count] = first;
    this.#offsets[count + 1] = second;
    this.#offsets[count + 2] = third;
    this.#count = count + 3;
  }

  /** In the order in which they came. */
  list(): number[] {
    return Array.from(this.#offsets.subarray(0, this.#count));
  }

  keep(wanted: (streamOffset: number) => boolean): void {
    const kept = this.#offsets.subarray(0, this.#count).filter(wanted);
    this.#offsets.set(kept);
    this.#count = kept.length;
  }

  clear(): void {
    this.#count = 0;
  }

  #makeRoom(): void {
    if (this.#count < this.#most) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#offsets);
      this.#offsets = larger;
      return;
    }
    this.#offsets.copyWithin(0, this.#count / 2);
    this.#count /= 2;
  }
}
