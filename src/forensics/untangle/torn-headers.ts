/** Frames whose headers are cut before they are whole, one perhaps inside the other, and how such a header goes on. */
import { hasIds } from "../../amqp/plausible-frame.ts";
import { FRAME_ENVELOPE, FRAME_HEADER_SIZE } from "../../amqp/spec/constants.ts";
import { long, short } from "../../bytes/big-endian.ts";
import { UNNAMED } from "./named-writers.ts";
import { admissions } from "./order.ts";
import * as price from "./prices.ts";
import { AT_BOUNDARY, type Reading, UNDECIDED, type Unfinished } from "./reading.ts";
import { couldBegin, HEADER_AND_IDS, headerFits, idsFit } from "./sender.ts";
import type { BasicMoves } from "./stretch.ts";

/** What it costs to try a cut before a header, in readings. */
const CUT_STEPS = 4;
/** And to read octets as a header that is cut. */
const OPEN_STEPS = 2;
/** Headers cut one inside the other. */
export const MAX_NESTED_HEADERS = 3;

/**
 * An interrupted frame goes on at `at` inside its header, which is whole now or is cut again by the next start.
 * This is tried at every start for every such frame, so that nothing is made before it is known to be possible.
 */
export function resumeHeader(moves: BasicMoves, reading: Reading, each: Unfinished, at: number, over: number): void {
  const { octets, end, starts, sender } = moves.stretch;
  const header = each.header!;
  const payload = at + FRAME_HEADER_SIZE - header.length;
  const cut = starts.at[starts.firstFrom(at + 1)] ?? end;
  if (cut < payload) {
    const more = [...header, ...octets.subarray(at, cut)];
    if (couldBegin(sender, more, 0, more.length)) {
      const again = moves.resumed(reading, each, at, over);
      again.from = at;
      again.price += price.CUT + price.TORN_HEADER;
      again.take(each.id, cut);
      const open: Unfinished = { ...each, header: more, cutAt: cut };
      again.others = [...again.others, open];
      again.mode = AT_BOUNDARY;
      again.frame = null;
      moves.atBoundary(again, cut, open);
    }
  }
  if (payload > end) return;
  const octet = (i: number): number => (i < header.length ? header[i]! : octets[at + i - header.length]!);
  const type = octet(0);
  const channel = (octet(1) << 8) | octet(2);
  const size = ((octet(3) << 24) | (octet(4) << 16) | (octet(5) << 8) | octet(6)) >>> 0;
  if (!headerFits(sender, type, channel, size)) return;
  if (hasIds(type) && payload + 4 <= end && size >= 4) {
    const ownsIds = (starts.at[starts.firstFrom(payload)] ?? end) >= payload + 4;
    if (ownsIds && !idsFit(sender, type, channel, short(octets, payload), short(octets, payload + 2))) return;
  }
  moves.admit(moves.resumed(reading, each, at, over), { id: each.id, type, channel, size }, at, payload + size + 1);
}

/**
 * `reading` is at a boundary at `from`, where a frame begins with only the octets up to `cut`. Returns the reading with
 * that frame interrupted; null if those octets begin no frame.
 */
export function openHeader(moves: BasicMoves, reading: Reading, from: number, cut: number): Reading | null {
  moves.spend(OPEN_STEPS);
  const { octets, sender } = moves.stretch;
  const count = cut - from;
  if (count >= HEADER_AND_IDS || !couldBegin(sender, octets, from, Math.min(count, FRAME_HEADER_SIZE))) return null;
  const next = reading.copy();
  next.from = from;
  next.take(from, cut);
  if (count < FRAME_HEADER_SIZE) {
    const header = Array.from(octets.subarray(from, cut));
    const channel = count >= 3 ? short(octets, from + 1) : -1;
    next.others = [
      ...next.others,
      { id: from, frame: null, channel, owes: UNDECIDED, left: -1, header, ignored: 0, cutAt: cut, by: UNNAMED },
    ];
    return next;
  }
  const frame = { id: from, type: octets[from]!, channel: short(octets, from + 1), size: long(octets, from + 3) };
  const left = frame.size + FRAME_ENVELOPE - count;
  if (left <= 0) return null;
  const [first] = admissions(reading, frame.type, frame.channel, frame.size, moves.maxBody);
  const { owes, by, others, price: cost, shared } = first!;
  next.price += cost;
  next.hasShared ||= shared;
  next.others = [
    ...others,
    { id: from, frame, channel: frame.channel, owes, left, header: null, ignored: 0, cutAt: cut, by },
  ];
  return next;
}

/**
 * Headers stand between `from`, where `reading` is at a boundary, and a start: each is cut short by the next, the last
 * one by the start. Goes on with those readings that are possible, `depth` headers at most.
 */
export function tornHeaders(moves: BasicMoves, reading: Reading, from: number, start: number, depth: number): void {
  const { octets, sender } = moves.stretch;
  if (start - from > depth * (HEADER_AND_IDS - 1) || !couldBegin(sender, octets, from, 1)) return;
  const whole = openHeader(moves, reading, from, start);
  if (whole !== null) {
    whole.price += price.CUT + price.TORN_HEADER;
    whole.lastCut = start;
    moves.atBoundary(whole, start, whole.others.at(-1)!);
  }
  if (depth === 1) return;
  for (let cut = Math.max(from + 1, start - (depth - 1) * (HEADER_AND_IDS - 1)); cut < start; cut++) {
    if (cut - from >= HEADER_AND_IDS) break;
    if (!couldBegin(sender, octets, cut, 1)) continue;
    const open = openHeader(moves, reading, from, cut);
    if (open === null) continue;
    open.price += price.CUT + price.TORN_HEADER;
    tornHeaders(moves, open, cut, start, depth - 1);
  }
}

/** The frame under way is cut shortly before a start, by frames whose headers are cut themselves. */
export function cutByHeaders(moves: BasicMoves, reading: Reading, start: number): void {
  const { octets, sender } = moves.stretch;
  const first = Math.max(reading.from + 1, start - MAX_NESTED_HEADERS * (HEADER_AND_IDS - 1));
  for (let at = start - 1; at >= first; at--) {
    if (!couldBegin(sender, octets, at, Math.min(3, start - at))) continue;
    moves.spend(CUT_STEPS);
    const next = moves.cut(reading, at);
    if (next !== null) tornHeaders(moves, next, at, start, MAX_NESTED_HEADERS);
  }
}
