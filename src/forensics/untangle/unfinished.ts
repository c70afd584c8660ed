/**
 * What frames that never became whole leave open. Whole frames may lie in such a body, as in that of a relay or a dead
 * letter; but not if the frame is whole to the octet without them. And if another frame goes on behind an unfinished
 * one, it may do so later: then the unfinished one has more octets, and the other one fewer, or others in their place.
 */
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { long } from "../../bytes/big-endian.ts";
import type { Alternative, Doubt, Owned } from "./alternative.ts";
import { NOBODY } from "./reading.ts";
import type { Stretch } from "./stretch.ts";

/** Unfinished frames examined, and frames that another one may hold in a row. */
const MAX_UNFINISHED = 64;
const MAX_HELD = 32;

/** A frame with octets that were not found. */
interface Unfinished {
  readonly id: number;
  /** Index behind its last octet. */
  readonly last: number;
  readonly lacks: number;
}

/** Other readings of unfinished frames; `isOpen`: nothing follows behind the octets. */
export function unfinished(stretch: Stretch, owned: readonly Owned[], isOpen: boolean): Alternative[] {
  const { octets, end } = stretch;
  const found: Alternative[] = [];
  for (const each of unfinishedBodies(octets, owned).slice(0, MAX_UNFINISHED)) {
    inside(each, owned, isOpen ? end : null, found);
    goesOnLater(stretch, each, owned, found);
  }
  return found;
}

function unfinishedBodies(octets: Uint8Array, owned: readonly Owned[]): Unfinished[] {
  const known = new Map<number, Unfinished>();
  for (const { frame: id, from, to } of owned) {
    if (id < 0 || octets[id] !== FRAME_BODY) continue;
    const before = known.get(id);
    if (before === undefined && to - from < FRAME_HEADER_SIZE) continue;
    const lacks = before?.lacks ?? long(octets, id + 3) + FRAME_ENVELOPE;
    known.set(id, { id, last: to, lacks: lacks - (to - from) });
  }
  return [...known.values()].filter(({ lacks }) => lacks > 0);
}

/** Frames behind which it or another goes on while it lacks as many octets; or behind which all ends before that. */
function inside(
  { id, last, lacks }: Unfinished,
  owned: readonly Owned[],
  end: number | null,
  found: Alternative[],
): void {
  const reach = last + lacks;
  const isAll = end !== null && reach >= end;
  let frames: Doubt[] = [];
  let held = 0;
  for (const { frame, from, to } of owned) {
    if (from < id + FRAME_HEADER_SIZE || (from >= reach && !isAll)) continue;
    if (frame !== id && frame !== NOBODY) {
      frames.push({ from, to, frame, other: id });
      continue;
    }
    const size = held + octetsOf(frames);
    if (frames.length > 0 && size <= lacks) {
      found.push({ doubts: frames, odds: 1 });
      held = size;
    }
    frames = [];
  }
  if (isAll && frames.length > 0) found.push({ doubts: frames, odds: 1 });
}

/** Another frame goes on where the unfinished one was cut, perhaps later: where it would end well, or by its frames. */
function goesOnLater(
  stretch: Stretch,
  { id, last, lacks }: Unfinished,
  owned: readonly Owned[],
  found: Alternative[],
): void {
  const { octets, places } = stretch;
  const next = owned.find(({ from }) => from === last);
  if (next === undefined || next.frame < 0 || next.frame === next.from) return;
  const { frame: other, from: cut, to } = next;
  const later = (by: number, held: readonly Doubt[], at: number): void => {
    const odds = Math.exp(-Math.max(0, places.cutPrice(at, -1, true) - places.cutPrice(cut, -1, true)));
    found.push({ doubts: [...held, { from: cut, to: cut + by, frame: other, other: id }], odds });
  };
  if (cut + lacks <= to && octets[cut + lacks - 1] === FRAME_END) later(lacks, [], to);
  let held: Doubt[] = [];
  for (const { frame, from, to: behind } of owned) {
    if (from <= other || from >= cut) continue;
    const isWhole = frame === from && behind - from === long(octets, from + 3) + FRAME_ENVELOPE;
    if (!isWhole || held.length >= MAX_HELD) {
      held = [];
      continue;
    }
    held = [...held, { from, to: behind, frame, other }];
    const by = octetsOf(held);
    if (by <= lacks && cut + by < to) later(by, held, cut + by);
  }
}

function octetsOf(stretches: readonly Doubt[]): number {
  return stretches.reduce((sum, { from, to }) => sum + to - from, 0);
}
