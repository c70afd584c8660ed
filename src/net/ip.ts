/**
 * IPv4 (RFC 791) and IPv6 (RFC 8200) headers, as far as TCP needs them.
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |Version|  IHL  |Type of service|          Total length         |  0   IPv4
 * |         Identification        |Flags|     Fragment offset     |  4   flags: 0, DF, MF
 * |  Time to live |    Protocol   |        Header checksum        |  8
 * |                        Source address                         | 12
 * |                      Destination address                      | 16
 * |                  Options, up to IHL × 4 octets                | 20
 *
 * |Version| Traffic class |              Flow label               |  0   IPv6
 * |        Payload length         |  Next header  |   Hop limit   |  4
 * |                 Source address, 16 octets                     |  8
 * |               Destination address, 16 octets                  | 24
 * |         Extension headers: next header 1, length 1, …         | 40
 * ```
 */
import { long, short } from "../bytes/big-endian.ts";
import { FRAGMENT, HEADER_INCOMPLETE, MALFORMED, NOT_IP, NOT_TCP } from "./packet-outcome.ts";
import type { TcpSegment } from "./tcp-segment.ts";

const PROTOCOL_TCP = 6;
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT_HEADER = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;

const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
/** RFC 8200 §4.5: the offset in the upper 13 bits, M in the lowest. */
const MORE_FRAGMENTS_OR_OFFSET_IPV6 = 0xfff9;

/**
 * Reads the IP header at bytes[at, end) into `segment`: version, addresses and `ipEnd`, the offset where the packet
 * ends by its own length, which may lie beyond `end` when the snap length cut it. `wireEnd` is where the captured
 * packet's original length ends. Returns the offset of the TCP header, or a negative packet outcome.
 */
export function readIp(bytes: Uint8Array, at: number, end: number, wireEnd: number, segment: TcpSegment): number {
  if (at >= end) return HEADER_INCOMPLETE;
  const version = bytes[at]! >>> 4;
  if (version === 6) return readIpv6(bytes, at, end, wireEnd, segment);
  if (version !== 4) return NOT_IP;
  if (at + 20 > end) return HEADER_INCOMPLETE;

  const headerLength = (bytes[at]! & 0x0f) << 2;
  const totalLength = short(bytes, at + 2);
  // Linux hands segmentation offload's large packets to the capture before their length is known: zero then.
  const ipEnd = totalLength === 0 ? wireEnd : at + totalLength;
  if (headerLength < 20 || at + headerLength > ipEnd) return MALFORMED;
  segment.version = 4;
  segment.ipEnd = ipEnd;
  segment.source0 = long(bytes, at + 12) | 0;
  segment.destination0 = long(bytes, at + 16) | 0;
  const fragment = (short(bytes, at + 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0;
  const protocol = bytes[at + 9]!;
  if (protocol === PROTOCOL_TCP) return fragment ? FRAGMENT : at + headerLength;
  if (protocol !== AUTHENTICATION || fragment) return NOT_TCP;
  return behindExtensions(bytes, protocol, at + headerLength, end, ipEnd);
}

function readIpv6(bytes: Uint8Array, at: number, end: number, wireEnd: number, segment: TcpSegment): number {
  if (at + 40 > end) return HEADER_INCOMPLETE;
  const payloadLength = short(bytes, at + 4);
  // Zero: a jumbogram (RFC 2675), or segmentation offload as above.
  const ipEnd = payloadLength === 0 ? wireEnd : at + 40 + payloadLength;
  segment.version = 6;
  segment.ipEnd = ipEnd;
  segment.source0 = long(bytes, at + 8) | 0;
  segment.source1 = long(bytes, at + 12) | 0;
  segment.source2 = long(bytes, at + 16) | 0;
  segment.source3 = long(bytes, at + 20) | 0;
  segment.destination0 = long(bytes, at + 24) | 0;
  segment.destination1 = long(bytes, at + 28) | 0;
  segment.destination2 = long(bytes, at + 32) | 0;
  segment.destination3 = long(bytes, at + 36) | 0;
  const next = bytes[at + 6]!;
  return next === PROTOCOL_TCP ? at + 40 : behindExtensions(bytes, next, at + 40, end, ipEnd);
}

function behindExtensions(bytes: Uint8Array, first: number, from: number, end: number, ipEnd: number): number {
  let next = first;
  let at = from;
  while (next !== PROTOCOL_TCP) {
    const known =
      next === HOP_BY_HOP ||
      next === ROUTING ||
      next === DESTINATION_OPTIONS ||
      next === AUTHENTICATION ||
      next === FRAGMENT_HEADER;
    if (!known) return NOT_TCP;
    if (at + 8 > ipEnd) return MALFORMED;
    if (at + 8 > end) return HEADER_INCOMPLETE;
    const header = next;
    next = bytes[at]!;
    if (header === FRAGMENT_HEADER) {
      // An "atomic" fragment (RFC 6946), offset 0 and none to follow, is a whole packet.
      if ((short(bytes, at + 2) & MORE_FRAGMENTS_OR_OFFSET_IPV6) !== 0)
        return next === PROTOCOL_TCP ? FRAGMENT : NOT_TCP;
      at += 8;
    } else if (header === AUTHENTICATION) {
      at += (bytes[at + 1]! + 2) << 2; // RFC 4302 §2.2: in words, less two
    } else {
      at += (bytes[at + 1]! + 1) << 3;
    }
  }
  return at;
}
