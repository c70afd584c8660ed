/**
 * The order of content on one channel, in one direction (§4.2.6): a method that has content, its content header, and
 * content bodies until as many octets have come as the header announced. Channels do not depend on each other, and
 * frames of channel 0 have no part in it.
 *
 *   state            method                header              body of n octets
 *   ---------------  --------------------  ------------------  ----------------------------------------
 *   AWAITS_METHOD    in order              out of order        out of order
 *   AWAITS_HEADER    out of order          in order            out of order
 *   r > 0 (bodies)   out of order          out of order        in order if n ≤ r, otherwise an overrun
 *   AWAITS_ANY       in order              in order            in order
 *
 *   then             AWAITS_HEADER if it   the body size, so   r − n; AWAITS_ANY stays;
 *                    has content, else     AWAITS_METHOD if 0  all else AWAITS_METHOD
 *                    AWAITS_METHOD
 *
 * A frame out of order is read as if it stood in its place, whatever the fault. So one lost frame is one fault.
 */
import { FRAME_BODY, FRAME_HEADER, FRAME_METHOD } from "./spec/constants.ts";

/** What one direction of a channel carries next: octets of content body still to come (> 0), or one of these three. */
export type ContentState = number;
export const AWAITS_METHOD = 0;
export const AWAITS_HEADER = -1;
/** Octets were missed: any frame may follow, and none of them is wrong. */
export const AWAITS_ANY = -2;

export const IN_ORDER = 0;
export const OUT_OF_ORDER = 1;
/** A content body has more octets than its content header left. */
export const OVERRUN = 2;
export type ContentFault = typeof IN_ORDER | typeof OUT_OF_ORDER | typeof OVERRUN;

/** What is wrong with a frame of this type in this state; `size`: octets of a body frame's payload. */
export function contentFault(state: ContentState, type: number, size: number): ContentFault {
  if (state === AWAITS_ANY) return IN_ORDER;
  switch (type) {
    case FRAME_METHOD:
      return state === AWAITS_METHOD ? IN_ORDER : OUT_OF_ORDER;
    case FRAME_HEADER:
      return state === AWAITS_HEADER ? IN_ORDER : OUT_OF_ORDER;
    case FRAME_BODY:
      return state <= 0 ? OUT_OF_ORDER : size <= state ? IN_ORDER : OVERRUN;
    default:
      return IN_ORDER;
  }
}

/** The state behind a method frame, by whether the method has content. */
export function afterMethod(hasContent: boolean): ContentState {
  return hasContent ? AWAITS_HEADER : AWAITS_METHOD;
}

/** The state behind a content header that announces a body of this many octets. */
export function afterHeader(bodySize: number): ContentState {
  return bodySize;
}

/** The state behind a body frame of `size` octets of payload. */
export function afterBody(state: ContentState, size: number): ContentState {
  if (state === AWAITS_ANY) return AWAITS_ANY;
  return state > size ? state - size : AWAITS_METHOD;
}

/** A content has begun and is not complete, as far as is known. */
export function isInContent(state: ContentState): boolean {
  return state === AWAITS_HEADER || state > 0;
}
