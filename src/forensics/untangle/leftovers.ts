/** What octets of no frame cost, by what they seem to be. */
import { FRAME_END, FRAME_ENVELOPE } from "../../amqp/spec/constants.ts";
import * as price from "./prices.ts";
import type { Reading } from "./reading.ts";
import type { Stretch } from "./stretch.ts";

/** A repetition shorter than this may be chance. */
const LEAST_REPEAT = 24;
/** The share of a frame that must be there for its end to be recognised. */
const MOST_OF_FRAME = 0.5;

/** Places at which a repetition is searched for, and how far back. */
const MAX_TRIES = 500;
const REACH = 1 << 16;

/**
 * How many octets from octets[at] on stood before, and are sent again up to the end of a frame, with all frames that
 * begin in them; 0 if they are not. `counts` has how often each octet occurs.
 */
function sentAgain({ octets, starts, end }: Stretch, counts: Uint32Array, at: number): number {
  if (at + LEAST_REPEAT > end) return 0;
  const first = Math.max(0, at - REACH);
  // The rarest of the octets that must stand there leads to the fewest places.
  let rarest = 0;
  for (let i = 1; i < LEAST_REPEAT; i++) if (counts[octets[at + i]!]! < counts[octets[at + rarest]!]!) rarest = i;
  let from = at - LEAST_REPEAT + 1;
  for (let tries = 0; ; tries++) {
    from = from <= 0 || tries === MAX_TRIES ? -1 : octets.lastIndexOf(octets[at + rarest]!, from + rarest - 1) - rarest;
    if (from < first || isAlike(octets, from, at, LEAST_REPEAT)) break;
  }
  if (from < first) return 0;
  let length = 0;
  while (at + length < end && from + length < at && octets[at + length] === octets[from + length]) length++;
  if (at + length === end) return length;
  for (let i = starts.firstFrom(at + length + 1) - 1; i >= 0 && starts.at[i]! >= at + LEAST_REPEAT; i--) {
    if (octets[starts.at[i]! - 1] === FRAME_END) return starts.at[i]! - at;
  }
  return 0;
}

/**
 * The price of assigning octets[at, reading.end) to no frame: less if they are the rest of a buffer into which another
 * frame was written, or the end of a body that is due.
 */
export function leftoverPrice(octets: Uint8Array, reading: Reading, at: number): number {
  const { end } = reading;
  const length = end - at;
  const unknown = price.JUNK + length * price.JUNK_OCTET;
  if (octets[end - 1] !== FRAME_END) return unknown;
  const before = reading.pieces;
  if (before !== null && before.from === before.frame && isAlike(octets, before.from, end, at - before.from)) {
    return price.OVERWRITTEN;
  }
  for (const { owes, left } of reading.others) {
    const whole = owes + FRAME_ENVELOPE;
    if (left === 0 && owes > 0 && length < whole && length > MOST_OF_FRAME * whole) return price.BEGINNING_LOST;
  }
  return unknown;
}

function isAlike(octets: Uint8Array, a: number, b: number, length: number): boolean {
  if (a < 0 || length <= 0 || b + length > octets.length) return false;
  for (let i = 0; i < length; i++) if (octets[a + i] !== octets[b + i]) return false;
  return true;
}

/** Octets that are counted to find rare ones. */
const COUNTED = 1 << 17;

/** What repeats earlier octets, for places that many readings need. */
export class Repeats {
  readonly #stretch: Stretch;
  readonly #known = new Map<number, number>();
  #counts: Uint32Array | null = null;

  constructor(stretch: Stretch) {
    this.#stretch = stretch;
  }

  /** As `sentAgain`. */
  sentAgain(at: number): number {
    let length = this.#known.get(at);
    if (length === undefined) {
      this.#counts ??= octetCounts(this.#stretch.octets, this.#stretch.end);
      length = sentAgain(this.#stretch, this.#counts, at);
      this.#known.set(at, length);
    }
    return length;
  }
}

/** Index of the first start behind `at` that stands right behind a frame-end octet; −1 if none does. */
export function startBehindEnd({ octets, starts }: Stretch, at: number): number {
  let i = starts.firstFrom(at + 1);
  while (i < starts.at.length && octets[starts.at[i]! - 1] !== FRAME_END) i++;
  return starts.at[i] ?? -1;
}

/** How often each octet occurs in octets[0, end), or in the first of them: that shows which ones are rare. */
function octetCounts(octets: Uint8Array, end: number): Uint32Array {
  const counts = new Uint32Array(256);
  for (let i = 0; i < Math.min(end, COUNTED); i++) counts[octets[i]!]!++;
  return counts;
}
