/** Places tried for one key: if others use them all, the key is not counted. */
const TRIES = 4;

/** How often each of many keys was counted. A key is a hash of 32 bits: two are hardly ever confused. */
export class CountTable {
  readonly #tags: Uint16Array;
  readonly #counts: Uint32Array;
  readonly #shift: number;

  /** With 2 ** `bits` places. */
  constructor(bits: number) {
    this.#tags = new Uint16Array(1 << bits);
    this.#counts = new Uint32Array(1 << bits);
    this.#shift = 32 - bits;
  }

  /** Counts a key, and returns how often it was counted before; −1 if there is no room for it. */
  add(key: number): number {
    const place = this.#placeOf(key);
    if (place < 0) return -1;
    this.#tags[place] = tagOf(key);
    return this.#counts[place]!++;
  }

  get(key: number): number {
    const place = this.#placeOf(key);
    return place < 0 ? 0 : this.#counts[place]!;
  }

  /** Where a key is counted, or would be. */
  #placeOf(key: number): number {
    const tags = this.#tags;
    const tag = tagOf(key);
    const first = Math.imul(key, 0x85ebca6b) >>> this.#shift;
    for (let i = 0; i < TRIES; i++) {
      const place = (first + i) & (tags.length - 1);
      if (tags[place] === tag || tags[place] === 0) return place;
    }
    return -1;
  }
}

function tagOf(key: number): number {
  return key & 0xffff || 1;
}
