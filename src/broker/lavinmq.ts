/**
 * What LavinMQ does about a client's octets, as far as it is known: it refuses a frame that is too large with its own
 * text. Its reaction to other faults is not predicted; a wrong order of frames closes the channel there.
 */
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FRAME_BODY, FRAME_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { type Prediction, replyText, SEQUEL } from "./verdict.ts";

/** The verdict on a body frame longer than frame-max; null for other faults. It reads other frames' payload first. */
export function frameTooLarge({ rule, type, size, sizeLimit, streamOffset }: EnvelopeFault): Prediction | null {
  if (rule !== "frame-too-large" || type !== FRAME_BODY) return null;
  const text = replyText(501, `frame size ${size} exceeded max ${sizeLimit} bytes`);
  const at = { streamOffset: streamOffset + FRAME_HEADER_SIZE, sequel: SEQUEL.close, log: [] };
  return { outcome: "close", code: 501, name: "FRAME_ERROR", text, classId: 0, methodId: 0, fatal: false, ...at };
}
