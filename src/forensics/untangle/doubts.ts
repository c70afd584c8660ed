/**
 * Octets that another reading, which fits as well or nearly so, assigns differently. Such readings are those that the
 * search gave up for the cheapest one (`Rival`), and those that it did not find, as nothing shows where they are cut:
 * two frames exchange octets, what lies between two pieces lies elsewhere, or a frame that was never finished has more.
 */
import type { Doubt, Owned } from "./alternative.ts";
import { exchanges } from "./exchanges.ts";
import { OpenFrames } from "./open-frames.ts";
import { IN_JUNK, type Piece, type Reading } from "./reading.ts";
import { slides } from "./slides.ts";
import type { Found, Stretch } from "./stretch.ts";
import { unfinished } from "./unfinished.ts";

/** Doubtful stretches reported of one incident, those of the likeliest readings; with this many there may be more. */
export const MAX_DOUBTFUL = 128;
/** Odds below which another reading is not reported. */
const LEAST_ODDS = 0.01;

export interface Doubts {
  /** Odds of all other readings together. */
  readonly odds: number;
  readonly stretches: readonly Doubt[];
}

/** What a reading leaves open; `learnedFrom` is one with other prices, which may have found another. */
export function doubtsOf(stretch: Stretch, found: Found, owned: readonly Owned[], learnedFrom: Found | null): Doubts {
  const until = found.boundary;
  const frames = new OpenFrames(stretch.octets, owned);
  const all = [
    ...exchanges(stretch, frames),
    ...slides(stretch, frames, owned),
    ...unfinished(stretch, owned, found.open),
  ];
  const doubt = (other: readonly Owned[], odds: number): void => {
    const doubts = differences(owned, other);
    if (doubts.length > 0) all.push({ doubts, odds });
  };
  const rivals = ({ reading, boundary }: Found, shared: ReadonlySet<Piece> | null): void => {
    for (let { rivals: rival } = reading; rival !== null; rival = rival.before) {
      const odds = Math.exp(-Math.max(0, rival.margin));
      doubt(ownedBy(rival.reading, Math.min(rival.at, boundary, until), shared), odds);
    }
  };
  rivals(found, new Set(piecesOf(found.reading)));
  if (learnedFrom !== null) {
    doubt(ownedBy(learnedFrom.reading, Math.min(learnedFrom.boundary, until)), 1);
    rivals(learnedFrom, null);
  }
  const credible = all.filter(({ odds }) => odds >= LEAST_ODDS).sort((a, b) => b.odds - a.odds);
  const stretches = new Map<string, Doubt>();
  for (const doubt of credible.flatMap(({ doubts }) => doubts)) {
    if (stretches.size < MAX_DOUBTFUL && doubt.from < until)
      stretches.set(`${doubt.from} ${doubt.to} ${doubt.frame} ${doubt.other}`, doubt);
  }
  return {
    odds: stretches.size === 0 ? 0 : all.reduce((sum, { odds }) => sum + odds, 0),
    stretches: [...stretches.values()].sort((a, b) => a.from - b.from),
  };
}

/** What a reading assigns to whom, up to index `end`: from its latest piece back to one of `shared`, left out. */
export function ownedBy(reading: Reading, end: number, shared: ReadonlySet<Piece> | null = null): Owned[] {
  const owned: Owned[] = [];
  const { mode, from, lostTo, frame } = reading;
  if (from < end) owned.push({ frame: mode === IN_JUNK ? lostTo : (frame?.id ?? from), from, to: end });
  for (let { pieces: piece } = reading; piece !== null && shared?.has(piece) !== true; piece = piece.before) {
    if (piece.from < end) owned.push({ frame: piece.frame, from: piece.from, to: Math.min(piece.to, end) });
  }
  return owned.reverse();
}

function piecesOf(reading: Reading): Piece[] {
  const pieces: Piece[] = [];
  for (let { pieces: piece } = reading; piece !== null; piece = piece.before) pieces.push(piece);
  return pieces;
}

/** Where two readings assign octets to different frames. Both ascend; `others` may begin later and end earlier. */
function differences(owned: readonly Owned[], others: readonly Owned[]): Doubt[] {
  const doubts: Doubt[] = [];
  let i = 0;
  for (const { frame: other, from: begin, to: end } of others) {
    while (i > 0 && owned[i - 1]!.to > begin) i--;
    while (i < owned.length && owned[i]!.to <= begin) i++;
    for (let k = i; k < owned.length && owned[k]!.from < end; k++) {
      const { frame, from, to } = owned[k]!;
      if (frame !== other) doubts.push({ from: Math.max(from, begin), to: Math.min(to, end), frame, other });
    }
  }
  return doubts;
}
