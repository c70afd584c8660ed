/** The order of content (§4.2.6) of several writers: which of them may have written a frame that begins. */
import { AWAITS_ANY, AWAITS_METHOD, afterBody, contentFault, IN_ORDER } from "../../amqp/content-order.ts";
import { FRAME_HEADER, FRAME_METHOD } from "../../amqp/spec/constants.ts";
import { UNNAMED } from "./named-writers.ts";
import * as price from "./prices.ts";
import { type Reading, UNDECIDED, type Unfinished } from "./reading.ts";

/** A writer that may have written the frame: what its content carries next, which others are under way, the price. */
export interface Admission {
  readonly owes: number;
  /** Who wrote its content, as in `Unfinished`. */
  readonly by: number;
  readonly others: readonly Unfinished[];
  readonly price: number;
  readonly shared: boolean;
  readonly split: boolean;
}

/** Writers of one channel that are distinguished if several could have written a frame. */
const MAX_CANDIDATES = 3;

/** The writers that may have written a frame beginning at `reading`'s boundary. `maxBody`: the largest body frame. */
export function admissions(
  reading: Reading,
  type: number,
  channel: number,
  size: number,
  maxBody: number,
): Admission[] {
  const { last } = reading;
  const all = last === null ? reading.others : [...reading.others, last];
  const splitPrice = reading.hasSplit ? price.SPLIT_AGAIN : price.SPLIT_MESSAGE;
  const leaves = last !== null && last.owes !== AWAITS_ANY;
  if (channel === 0) {
    return [
      { owes: AWAITS_METHOD, by: UNNAMED, others: all, price: leaves ? splitPrice : 0, shared: false, split: leaves },
    ];
  }
  if (type === FRAME_METHOD) {
    const unknown = all.find(each => each.channel === channel && each.owes === AWAITS_ANY && each.left === 0);
    const others = unknown === undefined ? all : all.filter(each => each !== unknown);
    const shared = others.some(each => each.channel === channel);
    const split = leaves && last.channel !== channel;
    const cost = (split ? splitPrice : 0) + sharedPrice(reading, shared);
    return [{ owes: UNDECIDED, by: UNNAMED, others, price: cost, shared, split }];
  }
  const result: Admission[] = [];
  const fits = (each: Unfinished): boolean =>
    each.left === 0 && each.channel === channel && contentFault(each.owes, type, size) === IN_ORDER;
  const candidates = last !== null && fits(last) ? [last] : reading.others.filter(fits);
  for (const each of candidates) {
    if (result.length >= MAX_CANDIDATES) break;
    const split = leaves && each !== last;
    const odd = type !== FRAME_HEADER && each.owes !== AWAITS_ANY && each.owes !== size && size !== maxBody;
    const owes = type === FRAME_HEADER ? UNDECIDED : afterBody(each.owes, size);
    const cost = (split ? splitPrice : 0) + (odd ? price.ODD_BODY : 0);
    result.push({ owes, by: each.by, others: all.filter(other => other !== each), price: cost, shared: false, split });
  }
  if (result.length > 0) return result;
  const owes = type === FRAME_HEADER ? UNDECIDED : AWAITS_METHOD;
  const cost = price.STRAY + (leaves ? splitPrice : 0);
  return [{ owes, by: UNNAMED, others: all, price: cost, shared: false, split: leaves }];
}

/** How many octets of body are due on a channel for a frame of `size`: exactly, or at least. */
export function bodyDue(reading: Reading, channel: number, size: number, maxBody: number): "due" | "fits" | "no" {
  let found: "fits" | "no" = "no";
  for (const { channel: of, owes, left } of reading.others) {
    if (of !== channel || left !== 0) continue;
    if (owes === size || (owes > size && size === maxBody)) return "due";
    if (owes === AWAITS_ANY || owes > size) found = "fits";
  }
  return found;
}

function sharedPrice(reading: Reading, shared: boolean): number {
  if (!shared) return 0;
  return reading.hasShared ? price.SHARED_AGAIN : price.SHARED_CHANNEL;
}
