import { type ContentState, contentFault, IN_ORDER } from "../amqp/content-order.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import { methodOf } from "../amqp/method-registry.ts";
import type { Begun } from "../amqp/partial-frame.ts";
import {
  FRAME_ENVELOPE,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  frameTypeName,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { short } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Side, StreamEnd } from "../net/connection-observer.ts";
import { Incident } from "./incident.ts";

const ENDS: Readonly<Record<StreamEnd, string>> = {
  fin: "The stream ends",
  rst: "The stream is reset",
  "capture-ended": "The capture ends",
};

/**
 * Whether a frame that has begun is one that its channel may carry next, as far as it goes; `content` is the channel's state.
 * A frame torn in its header has the first octets of others as its size, and theirs as its payload.
 */
export function fitsChannel({ header, octets, size, payload, isHoled }: Begun, content: ContentState): boolean {
  if (header.length < FRAME_HEADER_SIZE) return true;
  const type = header[0]!;
  if (contentFault(content, type, size) !== IN_ORDER) return false;
  if (type === FRAME_METHOD && !isHoled && octets >= FRAME_HEADER_SIZE + METHOD_IDS_SIZE)
    return methodOf(short(payload, 0), short(payload, 2)) !== undefined;
  return true;
}

/** The stream ended inside a frame: an incident from there to its end; null where it ended at a frame boundary. */
export function stalledFrame(scanner: FrameScanner, side: Side, reason: StreamEnd): Incident | null {
  const { partial } = scanner;
  if (partial === null) return null;
  const { header, streamOffset, octets, size, moment } = partial;
  const whole = header.length === FRAME_HEADER_SIZE;
  const claim = whole
    ? `a ${frameTypeName(header[0]!)} frame of ${grouped(size)} octets on channel ${short(header, 1)}`
    : "a frame";
  const wants = whole ? ` of the ${grouped(size + FRAME_ENVELOPE)} it needs` : "";
  const message = `${ENDS[reason]} inside ${claim}: ${grouped(octets)} octets${wants} were sent.`;
  const incident = new Incident("stalled-frame", "error", { side, streamOffset, moment }, message);
  if (whole) incident.frame = { type: header[0]!, channel: short(header, 1), size };
  incident.endOffset = scanner.offset;
  return incident;
}
