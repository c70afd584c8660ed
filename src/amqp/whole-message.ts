import { short } from "../bytes/big-endian.ts";
import { argumentsFit, propertiesFit } from "./argument-skip.ts";
import { METHODS, type Method, methodOf } from "./method-registry.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
  METHOD_IDS_SIZE,
} from "./spec/constants.ts";
import { BASIC_CLASS } from "./spec/properties.ts";

/*
 *   at           headerAt            bodyAt                  behind
 *   +--------------+-------------------+-----------------------+
 *   | method frame | content header of | the one body frame of |      §4.2.6, on one channel
 *   |              | `bodySize` octets | as many octets        |
 *   +--------------+-------------------+-----------------------+
 */

/** Octets of the shortest content header frame, and of the shortest body frame that is not empty. */
const LEAST_HEADER = FRAME_ENVELOPE + LEAST_CONTENT_HEADER;
const LEAST_BODY = FRAME_ENVELOPE + 1;
const LEAST_MESSAGE = FRAME_ENVELOPE + METHOD_IDS_SIZE + LEAST_HEADER + LEAST_BODY;
/** The end octet of a frame, the type of the next, and room for its channel. */
const THEN_HEADER = (FRAME_END << 24) | (FRAME_HEADER << 16);
const THEN_BODY = (FRAME_END << 24) | (FRAME_BODY << 16);

const NOTHING = new Uint8Array(0);

/** Whether there is a method of this method-id that has content. */
const hasContent = new Uint8Array(256);
for (const { content, methodId } of METHODS) if (content) hasContent[methodId] = 1;

/**
 * Whether a method frame begins at `at`, and with it perhaps a message that lies whole in bytes[at, end). It steps from
 * frame to frame, by sizes of up to 65,535 octets: it costs next to nothing if none begins, or its end is not here.
 */
export function mayBeWhole(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < LEAST_MESSAGE || bytes[at] !== FRAME_METHOD) return false;
  if (hasContent[bytes[at + FRAME_HEADER_SIZE + 3]!] !== 1) return false;
  const headerAt = at + FRAME_ENVELOPE + short(bytes, at + 5);
  if (end - headerAt < LEAST_HEADER + LEAST_BODY) return false;
  const bodyAt = headerAt + FRAME_ENVELOPE + short(bytes, headerAt + 5);
  return end - bodyAt >= LEAST_BODY && end - bodyAt >= FRAME_ENVELOPE + short(bytes, bodyAt + 5);
}

/**
 * A message as nearly all small ones are: its three frames lie one behind the other in one piece of octets, and none of
 * them is faulty by itself. One instance is reused for message after message.
 *
 * A message that is accepted here is certain. One that is not accepted may still be a message: its frames are read one
 * by one.
 */
export class WholeMessage {
  method: Method = METHODS[0]!;
  channel = 0;
  /** Indexes of the frames' first octets. */
  at = 0;
  headerAt = 0;
  bodyAt = 0;
  /** Index behind the message. */
  behind = 0;
  #bytes: Uint8Array = NOTHING;
  #view: DataView = new DataView(NOTHING.buffer);

  /** Octets of payload of each frame. */
  get methodSize(): number {
    return this.headerAt - this.at - FRAME_ENVELOPE;
  }
  get headerSize(): number {
    return this.bodyAt - this.headerAt - FRAME_ENVELOPE;
  }
  get bodySize(): number {
    return this.behind - this.bodyAt - FRAME_ENVELOPE;
  }

  /** Whether one begins at `at`, given `mayBeWhole`; no payload may be larger than `limit`. */
  read(bytes: Uint8Array, at: number, end: number, limit: number): boolean {
    const view = this.#over(bytes);
    const methodSize = view.getUint32(at + 3);
    const headerAt = at + FRAME_ENVELOPE + methodSize;
    if (methodSize > limit || end - headerAt < LEAST_HEADER + LEAST_BODY) return false;
    const channel = view.getUint16(at + 1);
    if (channel === 0 || view.getInt32(headerAt - 1) !== (THEN_HEADER | channel)) return false;

    const headerSize = view.getUint32(headerAt + 3);
    const bodyAt = headerAt + FRAME_ENVELOPE + headerSize;
    if (headerSize < LEAST_CONTENT_HEADER || headerSize > limit || end - bodyAt < LEAST_BODY) return false;
    if (view.getInt32(bodyAt - 1) !== (THEN_BODY | channel)) return false;

    const bodySize = view.getUint32(bodyAt + 3);
    const behind = bodyAt + FRAME_ENVELOPE + bodySize;
    if (bodySize === 0 || bodySize > limit || behind > end || bytes[behind - 1] !== FRAME_END) return false;

    const start = at + FRAME_HEADER_SIZE;
    const method = methodOf(view.getUint16(start), view.getUint16(start + 2));
    if (method === undefined || !method.content || !argumentsFit(method, bytes, start, methodSize)) return false;

    const header = headerAt + FRAME_HEADER_SIZE;
    // Class basic and weight 0, then the body's size in 64 bits.
    if (view.getInt32(header) !== BASIC_CLASS << 16) return false;
    if (view.getInt32(header + 4) !== 0 || view.getUint32(header + 8) !== bodySize) return false;
    if (!propertiesFit(bytes, header, headerSize)) return false;

    this.method = method;
    this.channel = channel;
    this.at = at;
    this.headerAt = headerAt;
    this.bodyAt = bodyAt;
    this.behind = behind;
    return true;
  }

  /** Octets come in the same array again and again, whose view is kept: a view reads four octets as fast as one. */
  #over(bytes: Uint8Array): DataView {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    return this.#view;
  }
}
