/**
 * Judges a content header's properties as the channel does once the content is complete: first they must decode
 * (rabbit_framing_amqp_0_9_1:decode_properties/2), then rabbit_channel and rabbit_basic:message/3 refuse some values.
 *
 *   class-id:16 weight:16 body-size:64 property-flags:16 property-list      bit 15 content-type … bit 2 cluster-id
 *
 * RabbitMQ ignores bits 1 and 0: it has no second word of flags.
 */
import { long, short } from "../bytes/big-endian.ts";
import { fieldType, tableParses } from "./strict-table.ts";

export const PROPERTIES_GOOD = 0;
/** The channel's process dies of them: 541. */
export const PROPERTIES_UNDECODABLE = 1;
/** An error that closes the channel: 406. */
export const PROPERTIES_REFUSED = 2;
/** Refused unless the channel has a consumer of `amq.rabbitmq.reply-to`. */
export const PROPERTIES_FAST_REPLY = 3;

const HEADERS = 13;
const DELIVERY_MODE = 12;
const PRIORITY = 11;
const REPLY_TO = 9;
const EXPIRATION = 8;
const TIMESTAMP = 6;
const USER_ID = 4;
/** Properties that have refused values; for `headers` see routesRefused. */
const NOTABLE = (1 << DELIVERY_MODE) | (1 << REPLY_TO) | (1 << EXPIRATION) | (1 << USER_ID);

/** They are rare; delivery-mode is not. */
const NOTABLE_BUT_MODE = NOTABLE & ~(1 << DELIVERY_MODE);

/** Judges properties that decode, if delivery-mode is the only notable one; the first of them stands at `at`. */
function checkDeliveryMode(bytes: Uint8Array, at: number, flags: number): number {
  if ((flags & (1 << DELIVERY_MODE)) === 0) return PROPERTIES_GOOD;
  let mode = at;
  // content-type and content-encoding, before the headers.
  if ((flags & 0x8000) !== 0) mode += 1 + bytes[mode]!;
  if ((flags & 0x4000) !== 0) mode += 1 + bytes[mode]!;
  if ((flags & (1 << HEADERS)) !== 0) mode += 4 + long(bytes, mode);
  return bytes[mode] === 1 || bytes[mode] === 2 ? PROPERTIES_GOOD : PROPERTIES_REFUSED;
}

/**
 * Judges the properties of the content header bytes[start, start + size). `plain`: they decode, and their headers hold
 * nothing unusual. `user` is the name that the client logged in with, if it is known.
 */
export function checkProperties(
  bytes: Uint8Array,
  start: number,
  size: number,
  plain: boolean,
  user: Uint8Array | null,
): number {
  if (size < 14) return PROPERTIES_UNDECODABLE;
  const flags = short(bytes, start + 12);
  if (plain && (flags & NOTABLE_BUT_MODE) === 0) return checkDeliveryMode(bytes, start + 14, flags);
  return checkEach(bytes, start + 14, start + size, flags, plain, user);
}

/** Judges the properties in bytes[from, end) one after the other, as far as one of them may be refused. */
// oxlint-disable-next-line max-params -- hot path: once for every content header with more than the usual
function checkEach(
  bytes: Uint8Array,
  from: number,
  end: number,
  flags: number,
  plain: boolean,
  user: Uint8Array | null,
): number {
  let verdict = PROPERTIES_GOOD;
  let at = from;
  for (let bit = 15; bit >= 2; bit--) {
    if (plain && (flags & NOTABLE & ((2 << bit) - 1)) === 0) return verdict;
    if ((flags & (1 << bit)) === 0) continue;
    let length: number;
    switch (bit) {
      case HEADERS:
        if (end - at < 4) return PROPERTIES_UNDECODABLE;
        length = long(bytes, at);
        at += 4;
        break;
      case DELIVERY_MODE:
      case PRIORITY:
        length = 1;
        break;
      case TIMESTAMP:
        length = 8;
        break;
      default:
        if (end - at < 1) return PROPERTIES_UNDECODABLE;
        length = bytes[at++]!;
    }
    if (length > end - at) return PROPERTIES_UNDECODABLE;
    switch (bit) {
      case HEADERS:
        if (plain) break;
        if (!tableParses(bytes, at, at + length)) return PROPERTIES_UNDECODABLE;
        if (routesRefused(bytes, at, at + length)) verdict = PROPERTIES_REFUSED;
        break;
      case DELIVERY_MODE:
        if (bytes[at] !== 1 && bytes[at] !== 2) verdict = PROPERTIES_REFUSED;
        break;
      case REPLY_TO:
        if (equals(bytes, at, length, FAST_REPLY) && verdict === PROPERTIES_GOOD) verdict = PROPERTIES_FAST_REPLY;
        break;
      case EXPIRATION:
        if (!isExpiration(bytes, at, at + length)) verdict = PROPERTIES_REFUSED;
        break;
      case USER_ID:
        if (user !== null && !equals(bytes, at, length, user)) verdict = PROPERTIES_REFUSED;
    }
    at += length;
  }
  return at === end ? verdict : PROPERTIES_UNDECODABLE;
}

const FAST_REPLY = new TextEncoder().encode("amq.rabbitmq.reply-to");

function equals(bytes: Uint8Array, at: number, length: number, wanted: Uint8Array): boolean {
  if (length !== wanted.length) return false;
  for (let i = 0; i < length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** rabbit_basic:parse_expiration/1: an integer that is not negative, and nothing behind it. */
function isExpiration(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  const negative = bytes[at] === 0x2d /* - */;
  if (negative || bytes[at] === 0x2b /* + */) at++;
  if (at >= to) return false;
  let zero = true;
  for (; at < to; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    if (digit !== 0) zero = false;
  }
  return zero || !negative;
}

/** rabbit_basic:header_routes/1: further routing keys must be in an array. */
function routesRefused(bytes: Uint8Array, from: number, to: number): boolean {
  return ["CC", "BCC"].some(name => {
    const type = fieldType(bytes, from, to, name);
    return type !== null && type !== "A";
  });
}
