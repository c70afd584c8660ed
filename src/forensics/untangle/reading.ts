/** A reading of torn octets up to some place: what was put together, what is under way, and its price. */

import { AWAITS_HEADER, AWAITS_METHOD } from "../../amqp/content-order.ts";
import { UNNAMED } from "./named-writers.ts";
import * as price from "./prices.ts";

/** A frame whose header is whole. */
export interface Frame {
  /** Index of its first octet. */
  readonly id: number;
  readonly type: number;
  readonly channel: number;
  readonly size: number;
}

/** Beside the states of content-order.ts: a method or content header under way; its octets decide when it is whole. */
export const UNDECIDED = -3;

/** A writer in the middle of a frame, or between the frames of one content. */
export interface Unfinished {
  /** Index of the frame's first octet; −1 between frames. */
  readonly id: number;
  /** Null between frames, and if the header is not whole. */
  readonly frame: Frame | null;
  /** −1 if the header has not come so far. */
  readonly channel: number;
  /** What its content carries next, when the frame is whole. */
  readonly owes: number;
  /** Octets of the frame still to come; 0 between frames, −1 if that is not known. */
  readonly left: number;
  /** The header's octets so far, if it is not whole. */
  readonly header: readonly number[] | null;
  /** Starts in it that were read as content. */
  readonly ignored: number;
  /** Index at which it was cut; −1 between frames. */
  readonly cutAt: number;
  /** Who wrote its content, by name; UNNAMED where nobody knows, or where it is paid for that they began another one. */
  readonly by: number;
}

/** Octets of no frame, and the rest of a frame whose beginning was not captured: in place of a frame's index. */
export const NOBODY = -1;
export const BEGUN_BEFORE = -2;

/** Octets assigned to a frame, NOBODY or BEGUN_BEFORE. The pieces of a reading are a list from the last one back. */
export interface Piece {
  readonly frame: number;
  readonly from: number;
  readonly to: number;
  readonly before: Piece | null;
}

/** Another reading of the octets before index `at`, with the same future, that costs `margin` nats more. */
export interface Rival {
  readonly reading: Reading;
  readonly at: number;
  readonly margin: number;
  readonly count: number;
  readonly before: Rival | null;
}

/** How much more a rival may cost, in nats, to be remembered, and how many rivals a reading remembers. */
export const NEAR = 7;
const MAX_RIVALS = 64;

/** At a frame boundary. */
export const AT_BOUNDARY = 0;
/** Inside a frame, up to `end`. */
export const IN_FRAME = 1;
/** Something else stands where the frame must have ended: it was cut, at a place still to be found. */
export const OVERDUE = 2;
/** Inside a header that is cut before it is whole. */
export const IN_HEADER = 3;
/** In octets of no frame, up to `end`. */
export const IN_JUNK = 4;

export class Reading {
  price = 0;
  mode = AT_BOUNDARY;
  /** The frame under way. */
  frame: Frame | null = null;
  /** Index at which the present piece begins, and index behind the frame's last octet. */
  from = 0;
  end = 0;
  /** What the frame's content carries next, when it is whole. */
  owes = AWAITS_METHOD;
  others: readonly Unfinished[] = [];
  /** Who writes the frame under way, as in `Unfinished`. */
  by = UNNAMED;
  /** At a boundary: the content of the frame just written, if it goes on. */
  last: Unfinished | null = null;
  /** Starts read as content in the frame under way. */
  ignored = 0;
  /** In octets of no frame: NOBODY or BEGUN_BEFORE. */
  lostTo = NOBODY;
  /** Prices that are paid in full once. */
  hasIgnored = false;
  hasShared = false;
  hasSplit = false;
  lastCut = -1;
  /** Frames in one piece since `runAt`. */
  run = 0;
  runAt = 0;
  pieces: Piece | null = null;
  /** The latest rival, before it those that it had already. */
  rivals: Rival | null = null;

  copy(): Reading {
    const next = new Reading();
    next.price = this.price;
    next.mode = this.mode;
    next.frame = this.frame;
    next.from = this.from;
    next.end = this.end;
    next.owes = this.owes;
    next.by = this.by;
    next.others = this.others;
    next.last = this.last;
    next.ignored = this.ignored;
    next.lostTo = this.lostTo;
    next.hasIgnored = this.hasIgnored;
    next.hasShared = this.hasShared;
    next.hasSplit = this.hasSplit;
    next.lastCut = this.lastCut;
    next.run = this.run;
    next.runAt = this.runAt;
    next.pieces = this.pieces;
    next.rivals = this.rivals;
    return next;
  }

  /** Remembers a reading that is given up at `at` because this one is cheaper. */
  outdo(reading: Reading, at: number, margin = reading.price - this.price): void {
    const count = (this.rivals?.count ?? 0) + 1;
    if (margin > NEAR || count > MAX_RIVALS) return;
    // Its own rivals are not followed: mostly they doubt the same octets as this one.
    reading.rivals = null;
    this.rivals = { reading, at, margin, count, before: this.rivals };
  }

  /** Assigns octets from the present piece's beginning to `to` to a frame. */
  take(frame: number, to: number): void {
    this.pieces = { frame, from: this.from, to, before: this.pieces };
    this.from = to;
  }

  /** Whether a frame is interrupted. */
  get suspends(): boolean {
    return this.others.some(isSuspended);
  }

  /** The same number for readings with the same future: what may follow them depends on the same things. */
  key(): number {
    let a = mix(this.mode * 31 + (this.hasIgnored ? 1 : 0) + (this.ignored > 0 ? 2 : 0), this.end);
    a = mix(a, this.owes * 64 + this.by);
    if (this.mode !== IN_FRAME) a = mix(a, this.from);
    a = mixFrame(a, this.frame);
    let sum = 0;
    let other = 0;
    for (const each of this.others) {
      const one = keyOf(each);
      sum = (sum + one) | 0;
      other = (other + Math.imul(one, 0x9e3779b1) + (one >>> 15)) | 0;
    }
    if (this.last !== null) a = mix(a, keyOf(this.last));
    return (mix(a, sum) >>> 0) * 2097152 + (mix(other, a) >>> 11);
  }
}

/** What is under way was cut at a place that only a later frame's end can show. */
export function isWaiting({ mode }: Reading): boolean {
  return mode === OVERDUE || mode === IN_HEADER;
}

/** The additional price if what is interrupted in a reading never goes on. */
export function priceOfOpen({ others }: Reading): number {
  let cost = 0;
  for (const each of others) {
    if (isSuspended(each)) cost += price.OPEN_SUSPENDED;
    else if (each.owes > 0 || each.owes === AWAITS_HEADER) cost += price.OPEN_CONTENT;
  }
  return cost;
}

/** The price of a reading where the octets end: what is open then may have been left incomplete. */
function priceAtEnd(reading: Reading): number {
  const { price: paid, mode } = reading;
  const cost = paid + priceOfOpen(reading) + (mode === IN_FRAME ? price.OPEN_RUNNING : 0);
  return mode === OVERDUE ? cost + price.NOT_DONE : cost;
}

export function isSuspended(each: Unfinished): boolean {
  return each.left !== 0;
}

function keyOf({ channel, owes, left, frame, header, cutAt, by }: Unfinished): number {
  let a = mix(channel, left);
  a = mix(a, cutAt);
  a = mix(a, by);
  a = mix(a, owes);
  a = mixFrame(a, frame);
  if (header !== null) for (const octet of header) a = mix(a, octet + 1);
  return a;
}

function mixFrame(a: number, frame: Frame | null): number {
  if (frame === null) return a;
  const of = mix(a, frame.type * 65536 + frame.channel);
  // What a method or header contains decides what follows.
  return frame.type === 3 ? of : mix(of, frame.id);
}

function mix(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0x85ebca6b), 0xc2b2ae35);
  h ^= h >>> 13;
  h = Math.imul(h, 0x27d4eb2f);
  return (h ^ (h >>> 16)) | 0;
}

/** Whether a reading went on from a piece. */
export function holds({ pieces }: Reading, one: Piece): boolean {
  let piece = pieces;
  while (piece !== null && piece.to > one.to) piece = piece.before;
  return piece === one;
}

/** The cheapest of some readings at the end of the octets, index `at`; the others are its rivals. */
export function cheapestAtEnd(readings: readonly Reading[], at: number): Reading | null {
  let best: Reading | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const reading of readings) {
    const cost = priceAtEnd(reading);
    if (cost < least) {
      least = cost;
      best = reading;
    }
  }
  for (const each of readings) if (each !== best) best?.outdo(each, at, priceAtEnd(each) - least);
  return best;
}
