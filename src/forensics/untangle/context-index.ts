/** Places looked at for one context. Of more, one run of nth runs is taken, and counts n times: each nth place would follow the records of a body. */
const MAX_PLACES = 512;
const RUN = 32;

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
  /** By the octet before a place, then the one before that: where its places begin in #places. */
  readonly #begins = new Uint32Array(0x10001);
  readonly #places: Uint32Array;
  /** How often each octet stands, and how often behind each other one. */
  readonly #alone = new Uint32Array(0x100);
  readonly #pairs = new Uint32Array(0x10000);
  readonly #kinds: number;
  /** How many octets were found behind each one; −1 before it is asked for. */
  readonly #kindsBehindOne = new Int16Array(0x100).fill(-1);
  readonly #seen = new Uint8Array(0x100);
  readonly #known = new Map<number, ContextCounts>();

  /** Before each block there must be three octets. */
  constructor(octets: Uint8Array, blocks: readonly Block[]) {
    this.#octets = octets;
    const begins = this.#begins;
    let length = 0;
    for (const [from, to] of blocks) {
      length += to - from;
      for (let at = from; at < to; at++) {
        const octet = octets[at]!;
        const last = octets[at - 1]!;
        this.#alone[octet]!++;
        this.#pairs[(last << 8) | octet]!++;
        begins[((last << 8) | octets[at - 2]!) + 1]!++;
      }
    }
    this.#kinds = this.#alone.filter(count => count > 0).length;
    for (let key = 0; key < 0x10000; key++) begins[key + 1]! += begins[key]!;
    this.#places = new Uint32Array(length);
    const next = begins.slice();
    for (const [from, to] of blocks) {
      for (let at = from; at < to; at++) this.#places[next[(octets[at - 1]! << 8) | octets[at - 2]!]!++] = at;
    }
  }

  /** Of `octet` behind three others, of which the nearest one is the lowest octet of `context`. */
  counts(octet: number, context: number): ContextCounts {
    const key = context * 0x100 + octet;
    let counts = this.#known.get(key);
    if (counts === undefined) {
      counts = this.#count(octet, context & 0xff, (context >> 8) & 0xff, context >> 16);
      this.#known.set(key, counts);
    }
    return counts;
  }

  #count(octet: number, first: number, second: number, third: number): ContextCounts {
    const octets = this.#octets;
    const begins = this.#begins;
    const from = begins[(first << 8) | second]!;
    const to = begins[((first << 8) | second) + 1]!;
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
      stood: [this.#places.length, begins[(first + 1) << 8]! - begins[first << 8]!, to - from, stood * every],
      distinct: [this.#kinds, this.#kindsBehind(first), distinctTwo, distinct],
      followed: [
        this.#alone[octet]!,
        this.#pairs[(first << 8) | octet]!,
        Math.min(followedTwo * every, to - from),
        followed * every,
      ],
    };
  }

  /** How many octets were found behind `first`. */
  #kindsBehind(first: number): number {
    let kinds = this.#kindsBehindOne[first]!;
    if (kinds < 0) {
      kinds = this.#pairs.subarray(first << 8, (first + 1) << 8).filter(count => count > 0).length;
      this.#kindsBehindOne[first] = kinds;
    }
    return kinds;
  }
}
