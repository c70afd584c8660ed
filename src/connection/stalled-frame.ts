import type { FrameScanner } from "../amqp/frame-scanner.ts";
import { FRAME_ENVELOPE, FRAME_HEADER_SIZE, frameTypeName } from "../amqp/spec/constants.ts";
import { short } from "../bytes/big-endian.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Side } from "../net/connection-observer.ts";
import { Incident } from "./incident.ts";

/** The stream ended inside a frame: an incident from there to its end; null where it ended at a frame boundary. */
export function stalledFrame(scanner: FrameScanner, side: Side, reason: "fin" | "rst"): Incident | null {
  const { partial } = scanner;
  if (partial === null) return null;
  const { header, streamOffset, octets, size, moment } = partial;
  const whole = header.length === FRAME_HEADER_SIZE;
  const claim = whole
    ? `a ${frameTypeName(header[0]!)} frame of ${grouped(size)} octets on channel ${short(header, 1)}`
    : "a frame";
  const wants = whole ? ` of the ${grouped(size + FRAME_ENVELOPE)} it needs` : "";
  const how = reason === "fin" ? "ends" : "is reset";
  const message = `The stream ${how} inside ${claim}: ${grouped(octets)} octets${wants} were sent.`;
  const incident = new Incident("stalled-frame", "error", { side, streamOffset, moment }, message);
  if (whole) incident.frame = { type: header[0]!, channel: short(header, 1), size };
  incident.endOffset = scanner.offset;
  return incident;
}
