import { AWAITS_METHOD, afterBody, afterHeader, type ContentState } from "../amqp/content-order.ts";
import { methodOf } from "../amqp/method-registry.ts";
import { decodeArguments, decodeProperties, type Values } from "../amqp/payload.ts";
import {
  FRAME_BODY,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
} from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { long, longlong, short } from "../bytes/big-endian.ts";
import type { OctetWindow } from "./octet-window.ts";
import type { UntangledFrame } from "./untangle/result.ts";

/** A frame of an incident, with the parts of its payload that a report needs. */
export interface ReadFrame extends UntangledFrame {
  /** First and last packet of each span. */
  packets: [first: number, last: number][];
  /** For a method frame. */
  method: string | null;
  /** A method that content follows. */
  opensContent: boolean;
  /** Arguments of a method, or properties of a content header. */
  values: Values;
  /** For a content header; null if that was not read, and for all else. */
  bodySize: number | null;
}

/** A method or header payload larger than this is not read. */
const MAX_PAYLOAD = 1 << 18;

/** Reads a frame's payload out of the window, also if it lies in pieces. */
export function readFrame(window: OctetWindow, frame: UntangledFrame): ReadFrame {
  const packets = frame.spans.map(([offset, octets]): [number, number] => [
    window.momentAt(offset).packet,
    window.momentAt(offset + octets - 1).packet,
  ]);
  const read: ReadFrame = { ...frame, packets, method: null, opensContent: false, values: new Map(), bodySize: null };
  const { type, size } = frame;
  if (!frame.complete || size > MAX_PAYLOAD || (type !== FRAME_METHOD && type !== FRAME_HEADER)) return read;
  const octets = assembled(window, frame);
  if (type === FRAME_METHOD) {
    const method = methodOf(short(octets, FRAME_HEADER_SIZE), short(octets, FRAME_HEADER_SIZE + 2));
    if (method === undefined) return read;
    read.method = method.name;
    read.opensContent = method.content;
    read.values = decodeArguments(method, octets, FRAME_HEADER_SIZE, size);
  } else if (size >= LEAST_CONTENT_HEADER && short(octets, FRAME_HEADER_SIZE) === BASIC_CLASS) {
    read.bodySize = longlong(octets, FRAME_HEADER_SIZE + 4);
    read.values = decodeProperties(octets, FRAME_HEADER_SIZE, size);
  }
  return read;
}

/** The whole frame at a stream offset of the window, or null if the window does not hold it. */
export function wholeFrameAt(window: OctetWindow, streamOffset: number): UntangledFrame | null {
  const at = streamOffset - window.base;
  if (at < 0 || at + FRAME_ENVELOPE > window.length) return null;
  const size = long(window.bytes, at + 3);
  if (at + size + FRAME_ENVELOPE > window.length) return null;
  return {
    type: window.bytes[at]!,
    channel: short(window.bytes, at + 1),
    size,
    spans: [[streamOffset, size + FRAME_ENVELOPE]],
    complete: true,
  };
}

/** Octets of body that each channel still expects behind these frames. */
export function bodiesAwaited(frames: readonly ReadFrame[]): Map<number, number> {
  const awaited = new Map<number, ContentState>();
  for (const { type, channel, size, bodySize } of frames) {
    if (type === FRAME_METHOD) awaited.delete(channel);
    else if (type === FRAME_HEADER) awaited.set(channel, afterHeader(bodySize ?? 0));
    else if (type === FRAME_BODY) awaited.set(channel, afterBody(awaited.get(channel) ?? AWAITS_METHOD, size));
  }
  return awaited;
}

function assembled(window: OctetWindow, { spans, size }: UntangledFrame): Uint8Array {
  const octets = new Uint8Array(size + FRAME_ENVELOPE);
  let at = 0;
  for (const [offset, length] of spans) {
    octets.set(window.bytes.subarray(offset - window.base, offset - window.base + length), at);
    at += length;
  }
  return octets;
}
