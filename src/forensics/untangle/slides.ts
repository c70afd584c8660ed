/**
 * Readings in which octets between two pieces of a frame lie earlier or later in it. That fits if no start is among
 * them, and if what ends among them ends in a frame-end octet there, too. If nothing shows the place, all are as
 * likely.
 */
import { FRAME_END, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import type { Alternative, Doubt, Owned } from "./alternative.ts";
import { areOrderly, endOf, lowerBound, type OpenFrame, type OpenFrames } from "./open-frames.ts";
import type { Stretch } from "./stretch.ts";

/** Pieces of a frame that are examined, and places at which a frame may end unseen, for one tear. */
const MAX_PIECES = 24;
const MAX_ENDS = 512;

/** What lies between two pieces of a frame, and how far it may lie earlier or later. */
interface Between {
  readonly frame: OpenFrame;
  readonly cut: number;
  readonly goesOn: number;
  readonly pieces: readonly Owned[];
  readonly least: number;
  readonly most: number;
}

export function slides(stretch: Stretch, frames: OpenFrames, owned: readonly Owned[]): Alternative[] {
  const found: Alternative[] = [];
  for (const frame of frames.torn) {
    for (const [i, before] of frame.pieces.slice(0, MAX_PIECES).entries()) {
      const behind = frame.pieces[i + 1];
      if (behind === undefined) break;
      const [cut, goesOn] = [before.to, behind.from];
      const first = lowerBound(owned.length, at => owned[at]!.from >= cut);
      const pieces: Owned[] = [];
      for (let k = first; k < owned.length && owned[k]!.from < goesOn; k++) {
        const each = owned[k]!;
        if (each.frame < 0 || each.frame === each.from || pieces.length >= MAX_PIECES) break;
        pieces.push(each);
      }
      if (pieces.length === 0 || pieces.at(-1)!.to < goesOn) continue;
      const least = before.from + (i === 0 ? FRAME_HEADER_SIZE : 0) + 1 - cut;
      const slid = slide(stretch, frames, { frame, cut, goesOn, pieces, least, most: behind.to - 1 - goesOn });
      if (slid !== null) found.push(slid);
    }
  }
  return found;
}

function slide(stretch: Stretch, frames: OpenFrames, between: Between): Alternative | null {
  const { frame, cut, goesOn, pieces } = between;
  const [shifts, times] = shiftsOf(stretch.octets, frames, between);
  if (shifts.length === 0) return null;
  const [latest] = pieces as [Owned];
  const other = frames.get(latest.frame);
  const previous = other?.pieces[other.pieces.indexOf(latest) - 1]?.to;
  const isOrderly = areOrderly(stretch, other === undefined ? [frame] : [frame, other]);
  const costOf = (by: number): number => {
    const { places, continuity } = stretch;
    const at = cut + by;
    const cost = places.cutPrice(at, -1, true);
    if (!isOrderly) return cost;
    const joined = continuity.gain(at, goesOn + by) + (previous === undefined ? 0 : continuity.gain(previous, at));
    return cost + continuity.gain(at, at) - joined;
  };
  const own = costOf(0);
  const odds = times * shifts.reduce((sum, by) => sum + Math.exp(-Math.max(0, costOf(by) - own)), 0);
  const doubts: Doubt[] = pieces.map(piece => ({ ...piece, other: frame.id }));
  const [low, high] = [Math.min(...shifts), Math.max(...shifts)];
  if (low < 0) doubts.push({ from: cut + low, to: cut, frame: frame.id, other: latest.frame });
  if (high > 0) doubts.push({ from: goesOn, to: goesOn + high, frame: frame.id, other: pieces.at(-1)!.frame });
  return { doubts, odds };
}

/** By how many octets it may lie later, and how many such places each of them stands for. */
function shiftsOf(
  octets: Uint8Array,
  frames: OpenFrames,
  { pieces, least, most }: Between,
): [shifts: number[], times: number] {
  const ends = pieces.flatMap(({ frame: id, to }) => {
    const frame = frames.get(id);
    return frame !== undefined && endOf(frame) === to && octets[to - 1] === FRAME_END ? [to] : [];
  });
  const [end] = ends;
  // It fits everywhere: the ends stand for all between them.
  if (end === undefined) return most - least < 2 ? [[], 0] : [[least, most].filter(by => by !== 0), (most - least) / 2];
  const shifts: number[] = [];
  let at = octets.indexOf(FRAME_END, end + least - 1);
  for (; at >= 0 && at < end + most && shifts.length < MAX_ENDS; at = octets.indexOf(FRAME_END, at + 1)) {
    const by = at + 1 - end;
    if (by !== 0 && ends.every(each => octets[each + by - 1] === FRAME_END)) shifts.push(by);
  }
  return [shifts, 1];
}
