import { propertiesFit } from "../amqp/argument-skip.ts";
import { walkProperties } from "../amqp/payload.ts";
import { LEAST_CONTENT_HEADER } from "../amqp/spec/constants.ts";
import { BASIC_CLASS, BASIC_PROPERTIES } from "../amqp/spec/properties.ts";
import { long, longlong, short } from "../bytes/big-endian.ts";
import type { Message } from "./message.ts";
import type { TextCache } from "./text-cache.ts";
import { readTraceContext } from "./trace-context.ts";

/** Octets of properties of fixed size; 0 for a short string, −1 for the headers. */
const SIZES = BASIC_PROPERTIES.map(([, type]) =>
  type === "shortstr" ? 0 : type === "table" ? -1 : type === "octet" ? 1 : 8,
);
const places = new Map<string, number>(BASIC_PROPERTIES.map(([name], i) => [name, i]));
const CORRELATION_ID = places.get("correlation-id")!;
const REPLY_TO = places.get("reply-to")!;
const MESSAGE_ID = places.get("message-id")!;
const APP_ID = places.get("app-id")!;

/**
 * Reads the reported properties of a message from its content header's payload, which begins at bytes[start] and is
 * known to decode (§4.2.6.1).
 */
export function readMessageProperties(bytes: Uint8Array, start: number, texts: TextCache, into: Message): void {
  let at = start + LEAST_CONTENT_HEADER;
  let flags = short(bytes, start + FLAGS_AT) & 0xfffc;
  while (flags !== 0) {
    const i = Math.clz32(flags) - 16;
    flags &= 0x7fff >> i;
    const size = SIZES[i]!;
    if (size > 0) at += size;
    else if (size < 0) {
      readTraceContext(bytes, at, into);
      at += 4 + long(bytes, at);
    } else {
      if (i === MESSAGE_ID) into.messageId = texts.shortstr(bytes, at);
      else if (i === CORRELATION_ID) into.correlationId = texts.shortstr(bytes, at);
      else if (i === REPLY_TO) into.replyTo = texts.shortstr(bytes, at);
      else if (i === APP_ID) into.appId = texts.shortstr(bytes, at);
      at += 1 + bytes[at]!;
    }
  }
  // Only what may come back is compared with what does.
  if (into.mandatory || into.operation === "return") {
    into.propertiesHash = hashed(HASH_BASIS, bytes, start + FLAGS_AT, at);
  }
}

const HASH_BASIS = 0x811c9dc5;

/** FNV-1a of bytes[start, end), which goes on with `hash`. */
function hashed(hash: number, bytes: Uint8Array, start: number, end: number): number {
  let next = hash;
  for (let i = start; i < end; i++) next = Math.imul(next ^ bytes[i]!, 0x01000193);
  return next;
}

/** Octets of a body that are compared with another's. */
export const COMPARED_OCTETS = 1024;

/** Takes `size` octets of body at bytes[start], which are the next ones of `message`. Broker and client may cut a body differently. */
export function hashBody(message: Message, bytes: Uint8Array, start: number, size: number): void {
  const end = start + Math.min(size, COMPARED_OCTETS - message.hashed);
  if (end <= start) return;
  message.bodyHash = hashed(message.bodyHash, bytes, start, end);
  message.hashed += end - start;
}

/** The body size that a content header announces: behind class-id and weight (§4.2.6.1). */
export function bodySizeOf(bytes: Uint8Array, start: number): number {
  return longlong(bytes, start + 4);
}

/** Whether a content header's payload is one of class basic, and decodes. */
export function propertiesDecode(bytes: Uint8Array, start: number, size: number): boolean {
  if (size < LEAST_CONTENT_HEADER || short(bytes, start) !== BASIC_CLASS) return false;
  return propertiesFit(bytes, start, size) || walkProperties(bytes, start, size, null) === null;
}

const FLAGS_AT = 12;
