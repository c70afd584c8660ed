/** What a whole frame shows about what its channel carries next. */
import { AWAITS_ANY, AWAITS_METHOD, afterHeader, afterMethod } from "../../amqp/content-order.ts";
import { methodOf } from "../../amqp/method-registry.ts";
import {
  FRAME_END,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
} from "../../amqp/spec/constants.ts";
import { longlong, short } from "../../bytes/big-endian.ts";
import { UNNAMED } from "./named-writers.ts";
import * as price from "./prices.ts";
import { AT_BOUNDARY, type Frame, type Piece, type Reading, UNDECIDED, type Unfinished } from "./reading.ts";
import { decodes } from "./starts.ts";
import type { Stretch } from "./stretch.ts";

/** A writer between the frames of a content on a channel, which carries `owes` next. */
function betweenFrames(channel: number, owes: number, by: number): Unfinished {
  return { id: -1, frame: null, channel, owes, left: 0, header: null, ignored: 0, cutAt: -1, by };
}

/** Starts whose channels are taken to be in use. */
const FIRST_STARTS = 256;

/** What each channel carried before is not known. */
export function unknownContents({ starts, octets }: Stretch): Unfinished[] {
  const channels = new Set(starts.at.slice(0, FIRST_STARTS).map(at => short(octets, at + 1)));
  channels.delete(0);
  return Array.from(channels, channel => betweenFrames(channel, AWAITS_ANY, UNNAMED));
}

/** A frame that ends where its last piece does, by any writer. */
export function settle({ octets, writers }: Stretch, next: Reading, frame: Frame, owes: number, by: number): void {
  next.mode = AT_BOUNDARY;
  next.frame = null;
  next.last = null;
  let then = owes;
  const endsWell = octets[next.from - 1] === FRAME_END;
  if (!endsWell) next.price += price.BAD_END;
  if (frame.type === FRAME_METHOD || frame.type === FRAME_HEADER) {
    const payload = payloadOf(octets, next.pieces!, frame);
    if (endsWell && !decodes(payload.octets, payload.at, frame.type, frame.size)) next.price += price.UNDECODABLE;
    then = followsOn(payload.octets, payload.at, frame);
  } else if (owes === UNDECIDED) then = AWAITS_METHOD;
  if (then === AWAITS_METHOD || frame.channel === 0) return;
  const content = betweenFrames(frame.channel, then, frame.type === FRAME_HEADER ? writers.of(frame.id) : by);
  if (then === AWAITS_ANY) next.others = [...next.others, content];
  else next.last = content;
}

/** A frame's payload, put together if it lies in pieces. */
function payloadOf(octets: Uint8Array, last: Piece, frame: Frame): { octets: Uint8Array; at: number } {
  if (last.from === frame.id) return { octets, at: frame.id + FRAME_HEADER_SIZE };
  const whole = new Uint8Array(frame.size + FRAME_ENVELOPE);
  let to = whole.length;
  for (let piece: Piece | null = last; piece !== null && to > 0; piece = piece.before) {
    if (piece.frame !== frame.id) continue;
    to -= piece.to - piece.from;
    if (to < 0) break;
    whole.set(octets.subarray(piece.from, piece.to), to);
  }
  return { octets: whole, at: FRAME_HEADER_SIZE };
}

/** What a method or content header announces on its channel. */
function followsOn(octets: Uint8Array, payload: number, { type, size }: Frame): number {
  if (type === FRAME_METHOD) {
    const method = methodOf(short(octets, payload), short(octets, payload + 2));
    return afterMethod(method?.content === true);
  }
  return size >= LEAST_CONTENT_HEADER ? afterHeader(longlong(octets, payload + 4)) : AWAITS_METHOD;
}
