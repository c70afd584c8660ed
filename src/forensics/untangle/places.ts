/** Where writes are likely to be cut: at the ends of TCP segments, and where a kernel's or a client's buffer ends. */
import type { Grid } from "./grid.ts";
import * as price from "./prices.ts";
import type { Piece } from "./reading.ts";

/** Sizes of the buffers that a socket frees, or a client writes, at a time: a cut is a multiple of one behind another. */
const QUANTA = [1448, 1460, 4096, 6144, 8192, 16384, 65483, 65536] as const;
/** Segments that could have been longer are a tenth of all: then writes are seen as segments. */
const ALIGNED = 0.1;

/** If no segment has this many octets, segments may end anywhere, and show nothing. */
const LEAST_SEGMENT = 48;

const NO_END = 0;
/** A segment that could have been longer ends here, or a full one; a buffer does. */
const SHORT_END = 1;
const FULL_END = 2;
const GRID_END = 3;

/** How often frames are cut where such places lie inside them: a short segment's end, a full one's, a buffer's. */
export type Shares = readonly [none: number, short: number, full: number, grid: number];

/** The same while no other frame is interrupted, and while another one waits to go on: then writers take turns. */
export interface Turns {
  readonly alone: Shares;
  readonly contended: Shares;
}

const BEFORE_LEARNING: Shares = [0, 0.4, 0.08, 0.5];

/** By the kind of place. */
interface Prices {
  readonly alone: readonly number[];
  readonly contended: readonly number[];
}

/** How often frames were cut, and went on, by the kind of place. */
class Counts {
  readonly cut = [0, 0, 0, 0];
  readonly passed = [0, 0, 0, 0];

  get shares(): Shares {
    const share = (of: number): number => {
      // As if so many had been seen before.
      const weight = 2;
      const cut = this.cut[of]!;
      const seen = (cut + weight * BEFORE_LEARNING[of]!) / (cut + this.passed[of]! + weight);
      return Math.min(0.98, Math.max(0.002, seen));
    };
    return [0, share(SHORT_END), share(FULL_END), share(GRID_END)];
  }
}

export class Places {
  /** Indices at which segments begin, or buffers of the grid end, ascending. */
  readonly segments: readonly number[];
  /** Octets of the largest segment. */
  readonly largest: number = 0;
  readonly #ends = new Map<number, number>();
  readonly #aligned: boolean;
  #cut: Prices = { alone: [], contended: [] };
  #least = 0;
  #pass: Prices = { alone: [], contended: [] };

  /** `all`: where segments begin; `end`: index behind the last octet. */
  constructor(all: readonly number[], grid: Grid | null, end: number) {
    for (let i = 1; i < all.length; i++) this.largest = Math.max(this.largest, all[i]! - all[i - 1]!);
    const segments = this.largest < LEAST_SEGMENT ? [] : all;
    let short = 0;
    for (let i = 0; i < segments.length; i++) {
      const isShort = i > 0 && segments[i]! - segments[i - 1]! < this.largest;
      if (isShort) short++;
      this.#ends.set(segments[i]!, isShort ? SHORT_END : FULL_END);
    }
    const inSegments = segments.length > 2 && short > ALIGNED * segments.length;
    this.segments = segments;
    if (grid !== null) {
      for (let at = grid.phase; at < end; at += grid.quantum) {
        if (this.#ends.get(at) !== SHORT_END) this.#ends.set(at, GRID_END);
      }
      this.segments = [...this.#ends.keys()].sort((a, b) => a - b);
    }
    this.#aligned = inSegments || grid !== null;
    this.turns = { alone: BEFORE_LEARNING, contended: BEFORE_LEARNING };
  }

  set turns({ alone, contended }: Turns) {
    const cut = (shares: Shares): number[] => shares.map(share => (share === 0 ? 0 : -Math.log(share)));
    const pass = (shares: Shares): number[] => shares.map(share => -Math.log(1 - share));
    this.#cut = { alone: cut(alone), contended: cut(contended) };
    this.#least = Math.min(...this.#cut.alone.slice(1), ...this.#cut.contended.slice(1));
    this.#pass = { alone: pass(alone), contended: pass(contended) };
  }

  isSegment(at: number): boolean {
    return this.#ends.has(at);
  }

  /** The price of a cut here, the one before it being at `lastCut` (−1: none is known); `contended`: while another frame waits. */
  cutPrice(at: number, lastCut: number, contended: boolean): number {
    const end = this.#ends.get(at);
    if (end !== undefined) return this.#cut[contended ? "contended" : "alone"][end]!;
    if (lastCut >= 0 && at > lastCut) {
      for (const quantum of QUANTA) if ((at - lastCut) % quantum === 0) return price.CUT + price.ON_GRID;
    }
    return price.CUT + (this.#aligned ? price.OFF_SEGMENT : price.ANYWHERE);
  }

  /** The least price of a cut between two indices; unseen if it is at no segment's end. */
  leastCutPrice(from: number, to: number): number {
    const segment = this.segments[this.firstFrom(from + 1)] ?? to;
    return segment < to ? this.#least : this.unseenCutPrice;
  }

  /** The price of a cut that nothing shows. */
  get unseenCutPrice(): number {
    return price.CUT + (this.#aligned ? price.OFF_SEGMENT : price.ON_GRID);
  }

  /** Position in `segments` of the first that is not before index `from`. */
  firstFrom(from: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]! < from) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The price if a frame goes on here; `contended`: while another one waits. */
  passPrice(at: number, contended: boolean): number {
    return this.#pass[contended ? "contended" : "alone"][this.#ends.get(at) ?? NO_END]!;
  }

  /** How often the frames of these pieces are cut where a segment ends inside them. */
  learn(pieces: Piece | null): Turns {
    const alone = new Counts();
    const contended = new Counts();
    // From the last piece back: frames that go on behind a piece, of which those that have begun before it wait while it is written.
    const goOn = new Set<number>();
    let i = this.segments.length - 1;
    for (let piece = pieces; piece !== null; piece = piece.before) {
      const { frame, from, to } = piece;
      if (frame < 0) continue;
      let counts = alone;
      for (const each of goOn) if (each !== frame && each < from) counts = contended;
      const end = this.#ends.get(to);
      if (end !== undefined && goOn.has(frame)) counts.cut[end]!++;
      goOn.add(frame);
      while (i >= 0 && this.segments[i]! >= to) i--;
      for (; i >= 0 && this.segments[i]! > from; i--) counts.passed[this.#ends.get(this.segments[i]!)!]!++;
      if (frame === from) goOn.delete(frame);
    }
    return { alone: alone.shares, contended: contended.shares };
  }
}
