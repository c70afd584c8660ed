/** What the sender of a direction may write: the first octets of a frame that this connection could carry. */
import { methodOf } from "../../amqp/method-registry.ts";
import { arePlausibleIds, isPlausibleHeader } from "../../amqp/plausible-frame.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
} from "../../amqp/spec/constants.ts";

/** What is known of the sender of the octets. */
export interface Sender {
  /** Largest payload a frame may have. */
  sizeLimit: number;
  isClient: boolean;
  /** The stream was seen from its beginning, and all channels that it uses are known. */
  seenWhole: boolean;
  /** Payload of the largest body frame; null where frame-max is not known. */
  maxBody: number | null;
  /** Whether frames on this channel are to be expected. */
  usesChannel(channel: number): boolean;
}

/** Octets that show what a frame is: its header, and the ids of a method or of a content header's class. */
export const HEADER_AND_IDS = FRAME_HEADER_SIZE + 4;
/** Method frames are small: the largest carry a table of a few headers. */
const MAX_METHOD = 16384;
/** Channel numbers above 2047 are not met in practice. */
const MAX_CHANNEL_HIGH = 7;

/** Payload of the largest body frame, as far as it is known. */
export function maxBodyOf({ maxBody, sizeLimit }: Sender): number {
  return maxBody ?? sizeLimit - FRAME_ENVELOPE;
}

/** Whether a frame header with these fields is one that the sender may write. */
export function headerFits(sender: Sender, type: number, channel: number, size: number): boolean {
  if (!isPlausibleHeader(type, channel, size, sender.sizeLimit)) return false;
  if (type === FRAME_METHOD && size > MAX_METHOD) return false;
  return channel === 0 || sender.usesChannel(channel);
}

/** Whether a method frame's class and method, or a content header's class and weight, are ones the sender may write. */
export function idsFit(sender: Sender, type: number, channel: number, classId: number, second: number): boolean {
  if (!arePlausibleIds(type, channel, classId, second)) return false;
  if (type === FRAME_HEADER) return true;
  const { from } = methodOf(classId, second)!;
  return from === "both" || (from === "client") === sender.isClient;
}

/** Whether the first octets of a frame, `count` of them from octets[at] on, can be the beginning of one. */
export function couldBegin(sender: Sender, octets: ArrayLike<number>, at: number, count: number): boolean {
  const type = octets[at]!;
  if (type === FRAME_HEARTBEAT) {
    for (let i = 1; i < Math.min(count, FRAME_HEADER_SIZE); i++) if (octets[at + i] !== 0) return false;
    return count <= FRAME_HEADER_SIZE;
  }
  if (type === 0 || type > FRAME_BODY) return false;
  if (count < 2) return true;
  if (octets[at + 1]! > MAX_CHANNEL_HIGH) return false;
  if (count < 3) return true;
  const channel = (octets[at + 1]! << 8) | octets[at + 2]!;
  if (!(channel === 0 ? type === FRAME_METHOD : sender.usesChannel(channel))) return false;
  let least = 0;
  for (let i = 3; i < FRAME_HEADER_SIZE; i++) least = least * 256 + (i < count ? octets[at + i]! : 0);
  if (count < FRAME_HEADER_SIZE) return least <= sender.sizeLimit;
  return headerFits(sender, type, channel, least);
}
