/** Where writes are likely to be cut: at the ends of TCP segments, and where a kernel's or a client's buffer ends. */
import * as price from "./prices.ts";
import type { Piece } from "./reading.ts";

/** Sizes of the buffers that a socket frees, or a client writes, at a time: a cut is a multiple of one behind another. */
const QUANTA = [1448, 1460, 4096, 6144, 8192, 16384, 65483, 65536] as const;
/** Segments that could have been longer are a tenth of all: then writes are seen as segments. */
const ALIGNED = 0.1;

/** Segments of which none has so many octets end anywhere, and tell nothing. */
const LEAST_SEGMENT = 48;

const NO_END = 0;
/** A segment that could have been longer ends here, or a full one. */
const SHORT_END = 1;
const FULL_END = 2;

/** How often frames are cut at segments' ends that lie inside them: at a short segment's end, and at a full one's. */
export interface Turns {
  readonly short: number;
  readonly full: number;
}

const BEFORE_LEARNING: Turns = { short: 0.4, full: 0.08 };

export class Places {
  /** Indices at which segments begin, ascending. */
  readonly segments: readonly number[];
  readonly #ends = new Map<number, number>();
  readonly #aligned: boolean;
  #cut: readonly number[] = [];
  #pass: readonly number[] = [];

  constructor(all: readonly number[]) {
    let largest = 0;
    for (let i = 1; i < all.length; i++) largest = Math.max(largest, all[i]! - all[i - 1]!);
    const segments = largest < LEAST_SEGMENT ? [] : all;
    this.segments = segments;
    let short = 0;
    for (let i = 0; i < segments.length; i++) {
      const isShort = i > 0 && segments[i]! - segments[i - 1]! < largest;
      if (isShort) short++;
      this.#ends.set(segments[i]!, isShort ? SHORT_END : FULL_END);
    }
    this.#aligned = segments.length > 2 && short > ALIGNED * segments.length;
    this.turns = BEFORE_LEARNING;
  }

  set turns({ short, full }: Turns) {
    this.#cut = [0, -Math.log(short), -Math.log(full)];
    this.#pass = [0, -Math.log(1 - short), -Math.log(1 - full)];
  }

  isSegment(at: number): boolean {
    return this.#ends.has(at);
  }

  /** What a cut costs here, the one before it being at `lastCut` (−1: none is known). */
  cutPrice(at: number, lastCut: number): number {
    const end = this.#ends.get(at);
    if (end !== undefined) return this.#cut[end]!;
    if (lastCut >= 0 && at > lastCut) {
      for (const quantum of QUANTA) if ((at - lastCut) % quantum === 0) return price.CUT + price.ON_GRID;
    }
    return price.CUT + (this.#aligned ? price.OFF_SEGMENT : price.ANYWHERE);
  }

  /** What a cut somewhere between two indices costs at least; unseen where it is at no segment's end. */
  leastCutPrice(from: number, to: number): number {
    const segment = this.segments[this.firstFrom(from + 1)] ?? to;
    return segment < to ? Math.min(this.#cut[SHORT_END]!, this.#cut[FULL_END]!) : this.unseenCutPrice;
  }

  /** What a cut costs where nothing shows it. */
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

  /** What it costs that a frame goes on here. */
  passPrice(at: number): number {
    return this.#pass[this.#ends.get(at) ?? NO_END]!;
  }

  /** How often the frames of these pieces are cut where a segment ends inside them. */
  learn(pieces: Piece | null): Turns {
    const cut = [0, 0, 0];
    const passed = [0, 0, 0];
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
    const share = (of: number, prior: number): number => {
      // As if so many had been seen before.
      const weight = 2;
      return Math.min(0.98, Math.max(0.002, (cut[of]! + weight * prior) / (cut[of]! + passed[of]! + weight)));
    };
    return { short: share(SHORT_END, BEFORE_LEARNING.short), full: share(FULL_END, BEFORE_LEARNING.full) };
  }
}
