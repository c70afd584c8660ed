/**
 * A message as its frames hold it: basic.publish, content header, content bodies (§4.2.6), read from its own octets.
 *
 * What is read here proves itself: every frame has its channel and its end octet, and the bodies are as long as the
 * header announces. If that does not hold, only a part of the message is there.
 */

import { textOf } from "../amqp/field-table.ts";
import { BASIC_PUBLISH } from "../amqp/method-keys.ts";
import { methodOf } from "../amqp/method-registry.ts";
import { decodeArguments, walkArguments, walkProperties } from "../amqp/payload.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_METHOD,
  LEAST_CONTENT_HEADER,
  METHOD_IDS_SIZE,
} from "../amqp/spec/constants.ts";
import { BASIC_CLASS } from "../amqp/spec/properties.ts";
import { long, longlong, short } from "../bytes/big-endian.ts";
import { joinOctets } from "../bytes/octets.ts";

export interface MessageContent {
  channel: number;
  exchange: string;
  routingKey: string;
  mandatory: boolean;
  immediate: boolean;
  /** The payload of its method frame. */
  method: Uint8Array;
  /** The payload of its content header: class, weight, body size, properties (§4.2.6.1); null if it is not there. */
  header: Uint8Array | null;
  /** Octets of the body that the header announces; −1 if it is not there. */
  bodySize: number;
  /** What is there of the body, from its first octet on. */
  body: Uint8Array;
  /** Nothing is missing. */
  isWhole: boolean;
}

/** A frame whose payload is octets[at, at + size); `isWhole` with its end octet in its place. */
interface FrameRead {
  type: number;
  channel: number;
  at: number;
  size: number;
  /** Octets of the payload that are there. */
  there: number;
  isWhole: boolean;
}

/**
 * Reads the message that begins at the first octet. `isAlone`: the octets are its own frames and nothing else; else
 * frames of other channels are skipped. null if no basic.publish begins there.
 */
export function readContent(octets: Uint8Array, isAlone: boolean): MessageContent | null {
  const first = frameAt(octets, 0);
  if (first === null || !first.isWhole || first.type !== FRAME_METHOD) return null;
  const { channel } = first;
  const content = publishOf(octets, first);
  if (content === null) return null;
  const bodies: Uint8Array[] = [];
  let left = Number.POSITIVE_INFINITY;
  let at = first.at + first.size + 1;
  while (left > 0) {
    const frame = frameAt(octets, at);
    if (frame === null) break;
    at = frame.at + frame.size + 1;
    if (frame.channel !== channel) {
      if (isAlone || !frame.isWhole) break;
      continue;
    }
    if (content.header === null) {
      if (!takeHeader(content, octets, frame)) break;
      left = content.bodySize;
    } else {
      if (frame.type !== FRAME_BODY || frame.size > left) break;
      bodies.push(octets.subarray(frame.at, frame.at + frame.there));
      if (!frame.isWhole) break;
      left -= frame.size;
    }
  }
  content.body = joinOctets(bodies);
  // Behind its last frame nothing is its own.
  content.isWhole = left === 0 && (!isAlone || at === octets.length);
  return content;
}

function frameAt(octets: Uint8Array, start: number): FrameRead | null {
  if (octets.length - start < FRAME_HEADER_SIZE) return null;
  const at = start + FRAME_HEADER_SIZE;
  const size = long(octets, start + 3);
  const there = Math.min(size, octets.length - at);
  const isWhole = octets.length - start >= size + FRAME_ENVELOPE && octets[at + size] === FRAME_END;
  return { type: octets[start]!, channel: short(octets, start + 1), at, size, there, isWhole };
}

function publishOf(octets: Uint8Array, { at, size, channel }: FrameRead): MessageContent | null {
  const method = size < METHOD_IDS_SIZE ? undefined : methodOf(short(octets, at), short(octets, at + 2));
  if (method?.key !== BASIC_PUBLISH || walkArguments(method, octets, at, size, null) !== null) return null;
  const values = decodeArguments(method, octets, at, size);
  return {
    channel,
    exchange: textOf(values.get("exchange")),
    routingKey: textOf(values.get("routing-key")),
    mandatory: values.get("mandatory") === true,
    immediate: values.get("immediate") === true,
    method: octets.slice(at, at + size),
    header: null,
    bodySize: -1,
    body: new Uint8Array(0),
    isWhole: false,
  };
}

/** False if the frame is no whole content header that decodes. */
function takeHeader(content: MessageContent, octets: Uint8Array, frame: FrameRead): boolean {
  const { type, at, size, isWhole } = frame;
  if (!isWhole || type !== FRAME_HEADER || size < LEAST_CONTENT_HEADER || short(octets, at) !== BASIC_CLASS)
    return false;
  if (walkProperties(octets, at, size, null) !== null) return false;
  content.header = octets.slice(at, at + size);
  content.bodySize = longlong(octets, at + METHOD_IDS_SIZE);
  return true;
}
