/**
 * Whole frames that may be no writer's own: a body may hold AMQP frames, as that of a relay or a dead letter does. A frame that is
 * whole to the octet without them holds none. One that never became whole may: where it goes on behind them and still
 * lacks as many octets, or where the octets end before it would.
 */
import { FRAME_BODY, FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { long } from "../../bytes/big-endian.ts";
import type { Alternative, Doubt, Owned } from "./doubts.ts";
import { NOBODY } from "./reading.ts";

/** Unfinished bodies looked at. */
const MAX_UNFINISHED = 64;

/** Readings in which frames lie in the body that they seem to interrupt; `end`: where the octets end, if nothing follows. */
export function innerFrames(octets: Uint8Array, owned: readonly Owned[], end: number | null): Alternative[] {
  const found: Alternative[] = [];
  for (const { id, last, lacks } of unfinishedBodies(octets, owned).slice(0, MAX_UNFINISHED)) {
    const reach = last + lacks;
    const isAll = end !== null && reach >= end;
    let inside: Doubt[] = [];
    let held = 0;
    for (const { frame, from, to } of owned) {
      if (from < id + FRAME_HEADER_SIZE || (from >= reach && !isAll)) continue;
      if (frame !== id && frame !== NOBODY) {
        inside.push({ from, to, frame, other: id });
        continue;
      }
      // It goes on, or octets stand here that nobody else wrote.
      const size = inside.reduce((sum, each) => sum + each.to - each.from, held);
      if (inside.length > 0 && size <= lacks) {
        found.push({ doubts: inside, odds: 1 });
        held = size;
      }
      inside = [];
    }
    if (isAll && inside.length > 0) found.push({ doubts: inside, odds: 1 });
  }
  return found;
}

interface Unfinished {
  readonly id: number;
  /** Index behind its last octet. */
  readonly last: number;
  readonly lacks: number;
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
