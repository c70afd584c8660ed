/** The price if a frame seems to start, but does not. */
import { long, short } from "../../bytes/big-endian.ts";
import { bodyDue } from "./order.ts";
import * as price from "./prices.ts";
import type { Reading } from "./reading.ts";
import { BODY_START, HALF_START, WHOLE_START } from "./starts.ts";
import type { BasicMoves } from "./stretch.ts";

/** The price if an interrupted frame goes on where a frame starts. `strength`: of that start. */
export function resumedOver(moves: BasicMoves, reading: Reading, at: number, strength: number): number {
  switch (strength) {
    case WHOLE_START:
      return price.RESUMED_OVER_START;
    case HALF_START:
      return price.IGNORED_HALF;
    case BODY_START:
      return bodyPrice(moves, reading, at);
    default:
      return 0;
  }
}

/** The price of reading a start as content of the frame under way, and whether that makes the next one cheaper. */
export function ignored(
  moves: BasicMoves,
  reading: Reading,
  at: number,
  strength: number,
): { cost: number; counts: boolean } {
  const first =
    strength === WHOLE_START
      ? price.IGNORED_WHOLE
      : strength === HALF_START
        ? price.IGNORED_HALF
        : bodyPrice(moves, reading, at);
  if (first < price.IGNORED_AGAIN) return { cost: first, counts: false };
  if (reading.ignored > 0) return { cost: price.IGNORED_AGAIN_HERE, counts: true };
  return { cost: reading.hasIgnored ? price.IGNORED_AGAIN : first, counts: true };
}

function bodyPrice({ stretch, maxBody }: BasicMoves, reading: Reading, at: number): number {
  const { octets } = stretch;
  const channel = short(octets, at + 1);
  const size = long(octets, at + 3);
  const { last } = reading;
  if (last !== null && last.channel === channel && last.owes === size) return price.IGNORED_BODY_DUE;
  const due = bodyDue(reading, channel, size, maxBody);
  if (due === "no") return 0;
  return due === "due" ? price.IGNORED_BODY_DUE : price.IGNORED_BODY_FITS;
}
