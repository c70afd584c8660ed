/** How far the octets of another protocol reach: what its client writes on a socket in one go. */
import { foreignProtocolAt, SECOND_BY_FIRST } from "../amqp/foreign-protocols.ts";
import { short } from "../bytes/big-endian.ts";

const CARRIAGE_RETURN = 0x0d;
const LINE_FEED = 0x0a;
const TLS_HANDSHAKE = 0x16;
const TLS_HEADER = 5;
const LETTER_A = 0x41;
/** “AMQP”, then 0 (or 1, before 0-9-1) and the version: the word alone is text. */
const PROTOCOL_HEADER = 8;
/** The largest head of an HTTP message that is searched for. */
const MAX_HEAD = 8192;

/** Whether another protocol may begin with this octet. */
export function mayBeForeign(octet: number): boolean {
  return SECOND_BY_FIRST[octet]! >= 0;
}

/** Octets of another protocol that begin at octets[at], or 0 if none begins there or its end is not visible. */
export function foreignLength(octets: Uint8Array, at: number, end: number): number {
  // In nearly every place the second octet rules them out.
  if (at + 1 >= end || octets[at + 1] !== SECOND_BY_FIRST[octets[at]!]) return 0;
  if (foreignProtocolAt(octets, at) === null) return 0;
  let length = 0;
  if (octets[at] === TLS_HANDSHAKE) length = TLS_HEADER + short(octets, at + 3);
  else if (octets[at] === LETTER_A) length = octets[at + 4]! <= 1 ? PROTOCOL_HEADER : 0;
  else length = headLength(octets, at, Math.min(end, at + MAX_HEAD));
  return at + length <= end ? length : 0;
}

/** An HTTP message up to the empty line behind its head. */
function headLength(octets: Uint8Array, at: number, end: number): number {
  for (let i = at; i + 3 < end; i++) {
    if (octets[i] !== CARRIAGE_RETURN || octets[i + 1] !== LINE_FEED) continue;
    if (octets[i + 2] === CARRIAGE_RETURN && octets[i + 3] === LINE_FEED) return i + 4 - at;
  }
  return 0;
}
