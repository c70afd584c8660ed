/** The lanes painted onto the scale: plain characters, a string of them for each lane, without any label. */

import type { Diagnosis } from "../../report.ts";
import { type Lane, lanesOf } from "./lanes.ts";
import { type Piece, scaled } from "./scale.ts";
import { endOf, touches } from "./spans.ts";

/** The meaning of each character in a lane. */
export const GLYPHS = {
  torn: "█",
  whole: "▄",
  stretch: "▒",
  unknown: "?",
  open: "┄",
  missing: "░",
  shortened: "╱",
  nothing: " ",
} as const;

export interface Grid {
  lanes: readonly Lane[];
  pieces: readonly Piece[];
  /** By offset, how dispensable its label is: 0 the least. */
  ranks: ReadonlyMap<number, number>;
  /** One string per lane, as many characters as there are columns. */
  rows: readonly string[];
}

/**
 * Null if a picture would show nothing: no lanes, or a single stretch in a single one. Within the lanes' extent
 * `marks` are offsets that must begin in a column of their own.
 */
export function grid(diagnosis: Diagnosis, marks: readonly number[], width: number): Grid | null {
  const lanes = lanesOf(diagnosis);
  const missing = new Map<number, number>();
  for (const lane of lanes) {
    for (const [offset, octets] of lane.missing) missing.set(offset, Math.max(octets, missing.get(offset) ?? 0));
  }
  const ranks = ranked(diagnosis, lanes);
  if (ranks.size + missing.size < 3) return null;
  const [first, last] = extent(ranks);
  for (const offset of marks)
    if (offset > first && offset < last) ranks.set(offset, Math.min(2, ranks.get(offset) ?? 2));
  const occupied = (from: number, to: number) => lanes.some(({ spans }) => touches(spans, from, to));
  const pieces = scaled({ ranks, missing, occupied }, width);
  return { lanes, pieces, ranks, rows: lanes.map(lane => pieces.map(piece => painted(lane, piece)).join("")) };
}

/** Ends of the picture, the first torn frame, the other torn frames, octets of no writer, and then all the rest. */
function ranked({ torn, replayed, overwritten }: Diagnosis, lanes: readonly Lane[]): Map<number, number> {
  const ranks = new Map<number, number>();
  const cut = (offset: number, rank: number) => ranks.set(offset, Math.min(rank, ranks.get(offset) ?? rank));
  for (const { fill, spans, missing } of lanes) {
    const rank = fill === "frames" ? 4 : 3;
    for (const span of spans) {
      cut(span[0], rank);
      cut(endOf(span), rank);
    }
    for (const offset of missing.keys()) cut(offset, 2);
  }
  // Two of a kind that follow each other are one stretch of their lane, but still two.
  for (const { span } of [...replayed, ...overwritten]) if (span[1] > 0) cut(span[0], 3);
  for (const [at, { spans }] of torn.entries()) {
    for (const span of spans) {
      if (span[1] <= 0) continue;
      cut(span[0], at === 0 ? 1 : 2);
      cut(endOf(span), at === 0 ? 1 : 2);
    }
  }
  for (const offset of extent(ranks)) if (ranks.has(offset)) ranks.set(offset, 0);
  return ranks;
}

function extent(ranks: ReadonlyMap<number, number>): [first: number, last: number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const offset of ranks.keys()) {
    first = Math.min(first, offset);
    last = Math.max(last, offset);
  }
  return [first, last];
}

function painted(lane: Lane, { from, to, missing, folds, shortened, columns }: Piece): string {
  if (missing > 0) {
    if (lane.missing.has(from)) return GLYPHS.missing.repeat(columns);
    return (isOpenAt(lane, from) ? GLYPHS.open : GLYPHS.nothing).repeat(columns);
  }
  if (!touches(lane.spans, from, to)) {
    if (folds > 1 && missesWithin(lane, from, to)) return GLYPHS.missing.repeat(columns);
    return (touches(lane.open, from, to) ? GLYPHS.open : GLYPHS.nothing).repeat(columns);
  }
  if (folds > 1) return GLYPHS.shortened.repeat(columns);
  const fill = touches(lane.torn, from, to) ? GLYPHS.torn : FILLS[lane.fill];
  if (!shortened || columns < 4) return fill.repeat(columns);
  const left = (columns - 2) >> 1;
  return fill.repeat(left) + GLYPHS.shortened.repeat(2) + fill.repeat(columns - 2 - left);
}

const FILLS = { frames: GLYPHS.whole, stretch: GLYPHS.stretch, unknown: GLYPHS.unknown } as const;

/** Octets never written whose place is folded with others'. */
export function missesWithin({ missing }: Lane, from: number, to: number): boolean {
  for (const offset of missing.keys()) if (offset > from && offset < to) return true;
  return false;
}

/** Nothing was written here, but a frame of this lane stood open before and behind it. */
function isOpenAt({ open }: Lane, offset: number): boolean {
  return open.some(span => span[0] <= offset && endOf(span) >= offset);
}
