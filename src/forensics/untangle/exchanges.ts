/**
 * Readings in which two frames exchange octets: the search finds visible cuts, and only a few others.
 *
 * Theory. Two frames that are open at the same time may have exchanged their octets between two places of the stream if
 * they have the same number there: then both keep their lengths. Both end well if they exchange all that is left of
 * them, or if end octets stand where they must. Such a reading is as likely as the places at which it is cut; it is
 * less likely if the octets continue better in the one that was found.
 */
import { FRAME_END, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import type { Alternative, Doubt, Owned } from "./alternative.ts";
import { areOrderly, endOf, type OpenFrame, type OpenFrames } from "./open-frames.ts";
import * as price from "./prices.ts";
import type { Stretch } from "./stretch.ts";

/** Pairs of frames, and pieces of a pair, that are examined. */
const MAX_PAIRS = 4096;
const MAX_PIECES = 24;
/** A cut at the same depth as in another frame of equal length: writers that do the same are cut alike. */
const SAME_DEPTH = 1;

interface Pair {
  readonly stretch: Stretch;
  readonly frames: OpenFrames;
  readonly one: OpenFrame;
  readonly other: OpenFrame;
  /** The pieces of both, in their order. */
  readonly pieces: readonly Owned[];
}

/** A place of the stream, and how many more octets of one frame than of the other stand before it. */
interface Level {
  readonly at: number;
  readonly ahead: number;
}

export function exchanges(stretch: Stretch, frames: OpenFrames): Alternative[] {
  const found: Alternative[] = [];
  let pairs = 0;
  for (const one of frames.torn) {
    for (const other of frames.openWith(one)) {
      if (++pairs > MAX_PAIRS) return found;
      const pieces = [...one.pieces, ...other.pieces].sort((a, b) => a.from - b.from);
      if (pieces.length > MAX_PIECES) continue;
      const pair = { stretch, frames, one, other, pieces };
      for (const [first, last] of evenStretches(pair)) {
        const alternative = exchanged(pair, first, last);
        if (alternative !== null) found.push(alternative);
      }
    }
  }
  return found;
}

/** Where both frames of a pair have equally many octets: from or to a place at which a piece of them begins. */
function evenStretches({ one, other, pieces }: Pair): [from: number, to: number][] {
  const begun = Math.max(one.id, other.id) + FRAME_HEADER_SIZE;
  const levels: Level[] = [];
  let ahead = 0;
  for (const { frame, from, to } of pieces) {
    if (from >= begun) levels.push({ at: from, ahead });
    ahead += frame === one.id ? to - from : from - to;
  }
  levels.push({ at: pieces.at(-1)!.to, ahead });
  const even: [number, number][] = [];
  for (const [i, level] of levels.entries()) {
    for (const later of levels.slice(i + 1)) if (later.ahead === level.ahead) even.push([level.at, later.at]);
    let before = 0;
    for (const { frame, from, to } of pieces) {
      const grows = frame === one.id ? 1 : -1;
      const inside = from + grows * (level.ahead - before);
      before += grows * (to - from);
      if (inside <= Math.max(from, begun) || inside >= to) continue;
      even.push([Math.min(inside, level.at), Math.max(inside, level.at)]);
    }
  }
  return even;
}

/** The reading in which a pair exchanges all its octets between two places; null if it does not fit. */
function exchanged({ stretch, frames, one, other, pieces }: Pair, first: number, last: number): Alternative | null {
  const mine = within(one, first, last);
  const its = within(other, first, last);
  if (mine.length === 0 || its.length === 0) return null;
  const fits = (frame: OpenFrame, with_: OpenFrame, given: readonly Owned[]): boolean => {
    const end = given.at(-1)!.to;
    if (endOf(frame) > last) return true;
    return stretch.octets[end - 1] === FRAME_END && frames.mayEnd(frame, with_, end);
  };
  if (!fits(one, other, its) || !fits(other, one, mine)) return null;
  let cost = 0;
  for (const at of [first, last]) {
    const cut = pieces.find(({ from, to }) => from < at && at < to);
    if (cut !== undefined)
      cost += cut.frame === one.id ? cutPrice(stretch, at, one, other) : cutPrice(stretch, at, other, one);
  }
  if (areOrderly(stretch, [one, other])) {
    const { continuity } = stretch;
    for (const at of [first, last]) {
      const a = junction(one, at);
      const b = junction(other, at);
      if (a === null || b === null) continue;
      cost += continuity.gain(a.before, a.at) + continuity.gain(b.before, b.at);
      cost -= continuity.gain(a.before, b.at) + continuity.gain(b.before, a.at);
    }
  }
  const to = (id: number, given: readonly Owned[]): Doubt[] => given.map(each => ({ ...each, other: id }));
  return { doubts: [...to(other.id, mine), ...to(one.id, its)], odds: Math.exp(-Math.max(0, cost)) };
}

function within({ pieces }: OpenFrame, begin: number, end: number): Owned[] {
  return pieces.flatMap(({ frame, from, to }) => {
    const [first, last] = [Math.max(from, begin), Math.min(to, end)];
    return first < last ? [{ frame, from: first, to: last }] : [];
  });
}

/** The price if a frame is cut at `at`, and goes on elsewhere. */
function cutPrice({ places }: Stretch, at: number, cut: OpenFrame, like: OpenFrame): number {
  const depth = octetsBefore(cut, at);
  const isAlike =
    octetsBefore(cut, endOf(cut)) === octetsBefore(like, endOf(like)) &&
    like.pieces.slice(1).some(({ from }) => octetsBefore(like, from) === depth);
  const cost = places.cutPrice(at, -1, true);
  return price.RESUME + (isAlike ? Math.min(cost, SAME_DEPTH) : cost);
}

function octetsBefore({ pieces }: OpenFrame, at: number): number {
  return pieces.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, at) - from), 0);
}

/** Where the octets of a frame from `at` on follow those before it; null if none do. */
function junction({ pieces }: OpenFrame, at: number): { before: number; at: number } | null {
  let before = -1;
  for (const { from, to } of pieces) {
    if (from < at) before = Math.min(to, at);
    if (to > at) return before < 0 ? null : { before, at: Math.max(from, at) };
  }
  return null;
}
