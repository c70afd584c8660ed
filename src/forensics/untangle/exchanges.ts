/**
 * Readings that differ from one that was found only in who goes on where: the search sees those that are cut where something
 * is seen, and of those that are cut unseen only a few.
 *
 * Theory. Two frames that are open at the same time may have exchanged their octets between two places of the stream if they
 * have as many of them there: then both are as long as they must be. Both end well if they exchange all that is left of
 * them, or end octets stand where they must. Octets that came between two pieces of a frame may also lie earlier or later in
 * it, if no start is among them, and what ends among them ends in a frame-end octet there, too. Where such a reading is
 * cut in other places it is as likely as those are; where the octets go on better, less so (continuity.ts).
 */
import { FRAME_END, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { short } from "../../bytes/big-endian.ts";
import type { Alternative, Doubt, Owned } from "./doubts.ts";
import * as price from "./prices.ts";
import type { Stretch } from "./stretch.ts";

/** Torn frames, pairs of frames, and pieces of a pair that are looked at. */
const MAX_TORN = 256;
const MAX_PAIRS = 4096;
const MAX_PIECES = 24;
/** Places at which a frame may end unseen that are looked at for one tear. */
const MAX_ENDS = 512;
/** A second frame of the same length, cut in the same depth: writers that do the same are cut alike. */
const SAME_DEPTH = 1;

interface OpenFrame {
  readonly id: number;
  readonly pieces: Owned[];
  readonly channel: number;
  readonly octets: number;
}

/** The place of a frame's cut, or of none: its octets go on from `before` at `at`. */
interface Junction {
  readonly before: number;
  readonly at: number;
}

/** Other readings of the same octets. */
export function exchanges(stretch: Stretch, owned: readonly Owned[]): Alternative[] {
  const frames = framesOf(stretch.octets, owned);
  const torn = frames.filter(({ pieces }) => pieces.length > 1).slice(0, MAX_TORN);
  const found: Alternative[] = [];
  let pairs = 0;
  for (const frame of torn) {
    slides(stretch, frame, owned, frames, found);
    for (const other of frames) {
      if (other.id === frame.id || (other.pieces.length > 1 && other.id < frame.id)) continue;
      if (!overlaps(frame, other)) continue;
      if (++pairs > MAX_PAIRS) return found;
      exchangesOf(stretch, frame, other, frames, found);
    }
  }
  return found;
}

function framesOf(octets: Uint8Array, owned: readonly Owned[]): OpenFrame[] {
  const pieces = new Map<number, Owned[]>();
  for (const each of owned) {
    if (each.frame < 0) continue;
    const known = pieces.get(each.frame);
    if (known === undefined) pieces.set(each.frame, [each]);
    else known.push(each);
  }
  return Array.from(pieces, ([id, list]) => ({
    id,
    pieces: list,
    channel: short(octets, id + 1),
    octets: list.reduce((sum, { from, to }) => sum + to - from, 0),
  })).filter(({ pieces: [first] }) => first!.to - first!.from >= FRAME_HEADER_SIZE);
}

function overlaps(one: OpenFrame, other: OpenFrame): boolean {
  return other.id < endOf(one) && one.id < endOf(other);
}

function endOf({ pieces }: OpenFrame): number {
  return pieces.at(-1)!.to;
}

/** A place of the stream, and by how many octets more of the first frame than of the second one stand before it. */
interface Level {
  readonly at: number;
  readonly ahead: number;
  /** Inside a piece of one of both, which would be cut there. */
  readonly isInside: boolean;
}

/** Exchanges between two frames of which at least one place is where one of their pieces begins. */
function exchangesOf(
  stretch: Stretch,
  one: OpenFrame,
  other: OpenFrame,
  frames: readonly OpenFrame[],
  found: Alternative[],
): void {
  const pieces = [...one.pieces, ...other.pieces].sort((a, b) => a.from - b.from);
  if (pieces.length > MAX_PIECES) return;
  const begun = Math.max(one.id, other.id) + FRAME_HEADER_SIZE;
  const levels: Level[] = [];
  let ahead = 0;
  for (const { frame, from, to } of pieces) {
    const grows = frame === one.id ? 1 : -1;
    if (from >= begun) levels.push({ at: from, ahead, isInside: false });
    ahead += grows * (to - from);
  }
  const end = pieces.at(-1)!.to;
  const fixed: Level[] = [...levels, { at: end, ahead, isInside: false }];
  for (const level of fixed) {
    let at = 0;
    for (const { frame, from, to } of pieces) {
      const grows = frame === one.id ? 1 : -1;
      const inside = from + grows * (level.ahead - at);
      at += grows * (to - from);
      if (inside > from && inside < to && inside > begun) {
        tell(stretch, { one, other, frames }, [level, { at: inside, ahead: level.ahead, isInside: true }], found);
      }
    }
  }
  for (const [i, level] of fixed.entries()) {
    for (const later of fixed.slice(i + 1)) {
      if (later.ahead === level.ahead) tell(stretch, { one, other, frames }, [level, later], found);
    }
  }
}

interface Pair {
  readonly one: OpenFrame;
  readonly other: OpenFrame;
  readonly frames: readonly OpenFrame[];
}

/** Tells the exchange of all octets of a pair between two places. */
function tell(stretch: Stretch, { one, other, frames }: Pair, places: [Level, Level], found: Alternative[]): void {
  const [first, last] = places[0].at < places[1].at ? places : [places[1], places[0]];
  const mine = within(one, first.at, last.at);
  const its = within(other, first.at, last.at);
  if (mine.length === 0 || its.length === 0) return;
  for (const [frame, given] of [
    [one, its],
    [other, mine],
  ] as const) {
    if (endOf(frame) > last.at) continue;
    const end = given.at(-1)!.to;
    if (stretch.octets[end - 1] !== FRAME_END || !isFree(frames, frame, other === frame ? one : other, end)) return;
  }
  let cost = 0;
  for (const level of places) if (level.isInside) cost += cutPrice(stretch, level.at, one, other);
  const evidence = isOrderly(stretch, one) || isOrderly(stretch, other) ? [first.at, last.at] : [];
  for (const at of evidence) {
    const a = junction(one, at);
    const b = junction(other, at);
    if (a === null || b === null) continue;
    cost += stretch.continuity.gain(a.before, a.at) + stretch.continuity.gain(b.before, b.at);
    cost -= stretch.continuity.gain(a.before, b.at) + stretch.continuity.gain(b.before, a.at);
  }
  const doubts = [...mine.map(piece => doubt(piece, other.id)), ...its.map(piece => doubt(piece, one.id))];
  found.push({ doubts, odds: Math.exp(-Math.max(0, cost)) });
}

function within({ pieces }: OpenFrame, begin: number, end: number): Owned[] {
  return pieces.flatMap(({ frame, from, to }) => {
    const [first, last] = [Math.max(from, begin), Math.min(to, end)];
    return first < last ? [{ frame, from: first, to: last }] : [];
  });
}

function doubt({ frame, from, to }: Owned, other: number): Doubt {
  return { from, to, frame, other };
}

/** Whether a frame may end at `end`: its channel carries nothing else from where it ended on. */
function isFree(frames: readonly OpenFrame[], frame: OpenFrame, other: OpenFrame, end: number): boolean {
  const from = endOf(frame);
  return !frames.some(
    ({ id, channel }) => channel === frame.channel && id >= from && id < end && id !== frame.id && id !== other.id,
  );
}

/** What it costs that one of two frames is cut at `at`, and goes on elsewhere. */
function cutPrice({ places }: Stretch, at: number, one: OpenFrame, other: OpenFrame): number {
  const [cut, like] = one.pieces.some(({ from, to }) => from < at && at < to) ? [one, other] : [other, one];
  const depth = octetsBefore(cut, at);
  const isLikeIt =
    cut.octets === like.octets && like.pieces.slice(1).some(({ from }) => octetsBefore(like, from) === depth);
  const latest = Math.max(-1, ...[...one.pieces, ...other.pieces].map(({ to }) => (to < at ? to : -1)));
  const cost = places.cutPrice(at, latest);
  return price.RESUME + (isLikeIt ? Math.min(cost, SAME_DEPTH) : cost);
}

/** Whether the octets of a frame tell where it goes on. */
function isOrderly({ continuity }: Stretch, { pieces }: OpenFrame): boolean {
  const [longest] = pieces.toSorted((a, b) => b.to - b.from - (a.to - a.from));
  return continuity.isOrderly(longest!.from, longest!.to);
}

function octetsBefore({ pieces }: OpenFrame, at: number): number {
  return pieces.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(to, at) - from), 0);
}

/** Where the octets of a frame from `at` on follow those before; null where none do. */
function junction({ pieces }: OpenFrame, at: number): Junction | null {
  let before = -1;
  for (const { from, to } of pieces) {
    if (from < at) before = Math.min(to, at);
    if (to > at) return before < 0 ? null : { before, at: Math.max(from, at) };
  }
  return null;
}

/** Readings in which what lies between two pieces of a frame lies elsewhere in it. */
function slides(
  stretch: Stretch,
  frame: OpenFrame,
  owned: readonly Owned[],
  frames: readonly OpenFrame[],
  found: Alternative[],
): void {
  const { octets, continuity, places } = stretch;
  for (const [i, before] of frame.pieces.slice(0, MAX_PIECES).entries()) {
    const behind = frame.pieces[i + 1];
    if (behind === undefined) return;
    const [cut, goesOn] = [before.to, behind.from];
    const between = owned.filter(({ from }) => from >= cut && from < goesOn);
    if (between.some(each => each.frame < 0 || each.frame === each.from)) continue;
    const ends = frames.flatMap(each => {
      const end = endOf(each);
      return end > cut && end <= goesOn && octets[end - 1] === FRAME_END ? [end] : [];
    });
    const least = before.from + (i === 0 ? FRAME_HEADER_SIZE : 0) + 1 - cut;
    const most = behind.to - 1 - goesOn;
    const latest = between[0]!;
    const from = previousEnd(frames, latest);
    const other = frames.find(({ id }) => id === latest.frame);
    const tells = isOrderly(stretch, frame) || (other !== undefined && isOrderly(stretch, other));
    const joined = (at: number, by: number): number =>
      continuity.gain(at, goesOn + by) + (from < 0 ? 0 : continuity.gain(from, at)) - continuity.gain(at, at);
    const told = (at: number, by: number): number => places.cutPrice(at, -1) - (tells ? joined(at, by) : 0);
    const own = told(cut, 0);
    let odds = 0;
    let looked = 0;
    let [low, high] = [0, 0];
    const take = (by: number, times = 1): void => {
      odds += times * Math.exp(-Math.max(0, told(cut + by, by) - own));
      low = Math.min(low, by);
      high = Math.max(high, by);
    };
    const [end] = ends;
    if (end === undefined) {
      // It fits everywhere: one place tells for all.
      const by = most > 0 ? most : least;
      if (by !== 0) take(by, most - least);
    } else {
      for (let at = octets.indexOf(FRAME_END, end + least - 1); at >= 0 && at < end + most; at = octets.indexOf(FRAME_END, at + 1)) {
        const by = at + 1 - end;
        if (by === 0 || !ends.every(each => octets[each + by - 1] === FRAME_END)) continue;
        if (++looked > MAX_ENDS) break;
        take(by);
      }
    }
    if (odds === 0) continue;
    const doubts: Doubt[] = between.map(piece => doubt(piece, frame.id));
    if (low < 0) doubts.push({ from: cut + low, to: cut, frame: frame.id, other: latest.frame });
    if (high > 0) doubts.push({ from: goesOn, to: goesOn + high, frame: frame.id, other: between.at(-1)!.frame });
    found.push({ doubts, odds });
  }
}

/** Index behind the octets of a frame that stand before one of its pieces. */
function previousEnd(frames: readonly OpenFrame[], piece: Owned): number {
  const pieces = frames.find(({ id }) => id === piece.frame)?.pieces ?? [];
  return pieces[pieces.indexOf(piece) - 1]?.to ?? -1;
}
