/**
 * What can be a frame, by its first octets: used wherever a frame boundary is not known and is searched for.
 *
 *   0      1         3             7          9           11
 *   +------+---------+-------------+----------+-----------+
 *   | type | channel |    size     | class-id | method-id |  a method; of a content header weight stands for method-id
 *   +------+---------+-------------+----------+-----------+
 */
import { CONNECTION_CLASS } from "./method-keys.ts";
import { methodOf } from "./method-registry.ts";
import {
  FRAME_BODY,
  FRAME_HEADER,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
  METHOD_IDS_SIZE,
} from "./spec/constants.ts";
import { BASIC_CLASS } from "./spec/properties.ts";

/**
 * Whether a frame can have this header: a known type, at most `sizeLimit` octets of payload, and the channel and the
 * least size that its type requires (§4.2.3 to §4.2.7).
 */
export function isPlausibleHeader(type: number, channel: number, size: number, sizeLimit: number): boolean {
  if (size > sizeLimit) return false;
  switch (type) {
    case FRAME_METHOD:
      return size >= METHOD_IDS_SIZE;
    case FRAME_HEADER:
      return size >= LEAST_CONTENT_HEADER && channel !== 0;
    case FRAME_BODY:
      return channel !== 0;
    case FRAME_HEARTBEAT:
      return size === 0 && channel === 0;
    default:
      return false;
  }
}

/** Whether such a frame has ids behind its header, which `arePlausibleIds` checks. */
export function hasIds(type: number): boolean {
  return type === FRAME_METHOD || type === FRAME_HEADER;
}

/**
 * Whether the first four octets of a payload fit. A method frame has class-id and method-id: an existing method, of
 * class connection on channel 0 and only there. A content header has class-id and weight: basic, and 0.
 */
export function arePlausibleIds(type: number, channel: number, classId: number, methodIdOrWeight: number): boolean {
  if (type === FRAME_HEADER) return classId === BASIC_CLASS && methodIdOrWeight === 0;
  return (classId === CONNECTION_CLASS) === (channel === 0) && methodOf(classId, methodIdOrWeight) !== undefined;
}
