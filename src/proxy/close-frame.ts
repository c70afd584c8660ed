/*
 *   01 | 0000 | size | 000a 0032 | reply-code 2 | reply-text shortstr | class-id 2 | method-id 2 | ce
 *
 * connection.close (§1.4.2.8): the only frame that ghostframe ever sends, and only to clients.
 */
import { FRAME_END, FRAME_HEADER_SIZE, FRAME_METHOD, REPLY_CODES } from "../amqp/spec/constants.ts";

/** Octets of a short string. */
const MAX_REPLY_TEXT = 255;
/** Method ids, reply code, length of the text; class and method that failed. */
const FIXED_ARGUMENTS = 11;

/** A whole frame of connection.close, with as much of the text as a short string can hold. */
export function connectionClose(code: number, text: string): Uint8Array {
  const reply = shortened(`${REPLY_CODES[code]?.name ?? ""} - ${text}`);
  const size = FIXED_ARGUMENTS + reply.length;
  const frame = new Uint8Array(FRAME_HEADER_SIZE + size + 1);
  const view = new DataView(frame.buffer);
  view.setUint8(0, FRAME_METHOD);
  view.setUint32(3, size);
  view.setUint16(7, 10);
  view.setUint16(9, 50);
  view.setUint16(11, code);
  view.setUint8(13, reply.length);
  frame.set(reply, 14);
  view.setUint8(frame.length - 1, FRAME_END);
  return frame;
}

/** UTF-8, cut between characters. */
function shortened(text: string): Uint8Array {
  const octets = new TextEncoder().encode(text);
  if (octets.length <= MAX_REPLY_TEXT) return octets;
  const room = MAX_REPLY_TEXT - ELLIPSIS.length;
  let end = room;
  while ((octets[end]! & 0xc0) === 0x80) end--;
  return Uint8Array.of(...octets.subarray(0, end), ...ELLIPSIS);
}

const ELLIPSIS = new TextEncoder().encode("…");
