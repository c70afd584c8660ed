/** Places looked at for one context. Of more, one run of nth runs is taken, and counts n times: each nth place would follow the records of a body. */
const MAX_PLACES = 512;
const RUN = 32;
/** Answers that are kept. */
const MAX_KNOWN = 1 << 15;

/** Behind how many of the octets in question another one was seen. */
const BEHIND_TWO = 1;
const BEHIND_THREE = 2;

/** Octets that are learned from, from one offset to another. */
export type Block = readonly [from: number, to: number];

/** What is known of an octet behind three others; [n] is of the nearest n of these three. */
export interface ContextCounts {
  /** How often these octets stand, with an octet behind them. */
  readonly stood: readonly [number, number, number, number];
  /** How many octets were found behind them. */
  readonly distinct: readonly [number, number, number, number];
  /** How often this octet was found behind them. */
  readonly followed: readonly [number, number, number, number];
}

/**
 * How often octets stand behind others. Nothing is counted for a context before it is asked for: places are sorted by the
 * two octets before them, so that one context costs a look at the places it shares with others, or at a sample of them.
 */
export class ContextIndex {
  /** Places looked at so far. */
  looked = 0;
  readonly #octets: Uint8Array;
  /** Of each octet that stands somewhere, its number among these; −1 of others. Few octets need small tables. */
  readonly #numbers = new Int16Array(0x100).fill(-1);
  /** How many octets have a number. */
  readonly #numbered: number;
  /** By the number of the octet before a place, then of the one before that: where its places begin in #places. */
  readonly #begins: Uint32Array;
  readonly #places: Uint32Array;
  /** How often each octet stands, and how often behind each other one, by their numbers. */
  readonly #alone = new Uint32Array(0x100);
  readonly #pairs: Uint32Array;
  readonly #kinds: number;
  /** How many octets were found behind each one; −1 before it is asked for. */
  readonly #kindsBehindOne = new Int16Array(0x100).fill(-1);
  readonly #seen = new Uint8Array(0x100);
  readonly #known = new Map<number, ContextCounts>();

  /** Before each block there must be three octets. */
  constructor(octets: Uint8Array, blocks: readonly Block[]) {
    this.#octets = octets;
    const numbers = this.#numbers;
    let numbered = 0;
    let length = 0;
    for (const [from, to] of blocks) {
      length += to - from;
      for (let at = from - 2; at < to; at++) if (numbers[octets[at]!] === -1) numbers[octets[at]!] = numbered++;
    }
    this.#numbered = numbered;
    const begins = new Uint32Array(numbered * numbered + 1);
    const pairs = new Uint32Array(numbered * numbered);
    for (const [from, to] of blocks) {
      for (let at = from; at < to; at++) {
        const octet = octets[at]!;
        const last = numbers[octets[at - 1]!]! * numbered;
        this.#alone[octet]!++;
        pairs[last + numbers[octet]!]!++;
        begins[last + numbers[octets[at - 2]!]!]!++;
      }
    }
    this.#pairs = pairs;
    this.#kinds = this.#alone.filter(count => count > 0).length;
    // From here to the loop's end each is where its places end: they are put in from the last one on.
    let end = 0;
    for (let key = 0; key < begins.length; key++) {
      end += begins[key]!;
      begins[key] = end;
    }
    const places = new Uint32Array(length);
    for (const [from, to] of blocks.toReversed()) {
      for (let at = to - 1; at >= from; at--)
        places[--begins[numbers[octets[at - 1]!]! * numbered + numbers[octets[at - 2]!]!]!] = at;
    }
    this.#begins = begins;
    this.#places = places;
  }

  /** Of `octet` behind three others, of which the nearest one is the lowest octet of `context`. */
  counts(octet: number, context: number): ContextCounts {
    const key = context * 0x100 + octet;
    let counts = this.#known.get(key);
    if (counts === undefined) {
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      counts = this.#count(octet, context & 0xff, (context >> 8) & 0xff, context >> 16);
      this.#known.set(key, counts);
    }
    return counts;
  }

  #count(octet: number, first: number, second: number, third: number): ContextCounts {
    const octets = this.#octets;
    const begins = this.#begins;
    const behindFirst = this.#numbers[first]! * this.#numbered;
    const isKnown = behindFirst >= 0 && this.#numbers[second]! >= 0;
    const from = isKnown ? begins[behindFirst + this.#numbers[second]!]! : 0;
    const to = isKnown ? begins[behindFirst + this.#numbers[second]! + 1]! : 0;
    const stoodOne = behindFirst < 0 ? 0 : begins[behindFirst + this.#numbered]! - begins[behindFirst]!;
    const isFollowed = behindFirst >= 0 && this.#numbers[octet]! >= 0;
    const every = Math.ceil((to - from) / MAX_PLACES) || 1;
    this.looked += (to - from) / every;
    const seen = this.#seen.fill(0);
    let stood = 0;
    let followed = 0;
    let followedTwo = 0;
    let distinct = 0;
    let distinctTwo = 0;
    for (let run = from; run < to; run += RUN * every) {
      for (let i = run; i < to && i < run + RUN; i++) {
        const at = this.#places[i]!;
        const behind = octets[at]!;
        if (behind === octet) followedTwo++;
        if (seen[behind] === 0) {
          seen[behind] = BEHIND_TWO;
          distinctTwo++;
        }
        if (octets[at - 3] !== third) continue;
        stood++;
        if (behind === octet) followed++;
        if (seen[behind] === BEHIND_TWO) {
          seen[behind] = BEHIND_THREE;
          distinct++;
        }
      }
    }
    return {
      stood: [this.#places.length, stoodOne, to - from, stood * every],
      distinct: [this.#kinds, this.#kindsBehind(first), distinctTwo, distinct],
      followed: [
        this.#alone[octet]!,
        isFollowed ? this.#pairs[behindFirst + this.#numbers[octet]!]! : 0,
        Math.min(followedTwo * every, to - from),
        followed * every,
      ],
    };
  }

  /** How many octets were found behind `first`. */
  #kindsBehind(first: number): number {
    let kinds = this.#kindsBehindOne[first]!;
    if (kinds < 0) {
      const at = this.#numbers[first]! * this.#numbered;
      kinds = at < 0 ? 0 : this.#pairs.subarray(at, at + this.#numbered).filter(count => count > 0).length;
      this.#kindsBehindOne[first] = kinds;
    }
    return kinds;
  }
}
