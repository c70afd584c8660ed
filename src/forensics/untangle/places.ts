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
export type Turns = readonly [none: number, short: number, full: number, grid: number];

const BEFORE_LEARNING: Turns = [0, 0.4, 0.08, 0.5];

export class Places {
  /** Indices at which segments begin, or buffers of the grid end, ascending. */
  readonly segments: readonly number[];
  /** Octets of the largest segment. */
  readonly largest: number = 0;
  readonly #ends = new Map<number, number>();
  readonly #aligned: boolean;
  #cut: readonly number[] = [];
  #pass: readonly number[] = [];

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
    this.turns = BEFORE_LEARNING;
  }

  set turns(turns: Turns) {
    this.#cut = turns.map(share => (share === 0 ? 0 : -Math.log(share)));
    this.#pass = turns.map(share => -Math.log(1 - share));
  }

  isSegment(at: number): boolean {
    return this.#ends.has(at);
  }

  /** The price of a cut here, the one before it being at `lastCut` (−1: none is known). */
  cutPrice(at: number, lastCut: number): number {
    const end = this.#ends.get(at);
    if (end !== undefined) return this.#cut[end]!;
    if (lastCut >= 0 && at > lastCut) {
      for (const quantum of QUANTA) if ((at - lastCut) % quantum === 0) return price.CUT + price.ON_GRID;
    }
    return price.CUT + (this.#aligned ? price.OFF_SEGMENT : price.ANYWHERE);
  }

  /** The least price of a cut between two indices; unseen if it is at no segment's end. */
  leastCutPrice(from: number, to: number): number {
    const segment = this.segments[this.firstFrom(from + 1)] ?? to;
    return segment < to ? Math.min(...this.#cut.slice(1)) : this.unseenCutPrice;
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

  /** The price if a frame goes on here. */
  passPrice(at: number): number {
    return this.#pass[this.#ends.get(at) ?? NO_END]!;
  }

  /** How often the frames of these pieces are cut where a segment ends inside them. */
  learn(pieces: Piece | null): Turns {
    const cut = [0, 0, 0, 0];
    const passed = [0, 0, 0, 0];
    const goOn = new Set<number>();
    let i = this.segments.length - 1;
    for (let piece = pieces; piece !== null; piece = piece.before) {
      if (piece.frame < 0) continue;
      const end = this.#ends.get(piece.to);
      if (end !== undefined && goOn.has(piece.frame)) cut[end]!++;
      goOn.add(piece.frame);
      while (i >= 0 && this.segments[i]! >= piece.to) i--;
      for (; i >= 0 && this.segments[i]! > piece.from; i--) passed[this.#ends.get(this.segments[i]!)!]!++;
    }
    const share = (prior: number, of: number): number => {
      // As if this many had been seen before.
      const weight = 2;
      return Math.min(0.98, Math.max(0.002, (cut[of]! + weight * prior) / (cut[of]! + passed[of]! + weight)));
    };
    const [, short, full, grid] = BEFORE_LEARNING;
    return [0, share(short, SHORT_END), share(full, FULL_END), share(grid, GRID_END)];
  }
}
