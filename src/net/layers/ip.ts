/**
 * IPv4 (RFC 791) and IPv6 (RFC 8200) headers.
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
import { long, short } from "../../bytes/big-endian.ts";
import { FRAGMENT, HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { IP_PROTOCOL, RAW_IP } from "./protocol-numbers.ts";

const MORE_FRAGMENTS_OR_OFFSET = 0x3fff;
const MORE_FRAGMENTS = 0x2000;
/** RFC 8200 §4.5: the offset in the upper 13 bits, M in the lowest. */
const MORE_FRAGMENTS_OR_OFFSET_IPV6 = 0xfff9;

/**
 * Reads an IP header: addresses into the packet's segment, the packet's own length into its ends. The header itself
 * decides whether it is version 4 or 6, not the layer in front of it.
 */
export function ip(packet: LayeredPacket): number {
  const { bytes, at, end, segment } = packet;
  if (at >= end) return HEADER_INCOMPLETE;
  const version = bytes[at]! >>> 4;
  if (version === 6) return ipv6(packet);
  if (version !== 4) return packet.notRead(RAW_IP);
  if (at + 20 > end) return HEADER_INCOMPLETE;

  const headerLength = (bytes[at]! & 0x0f) << 2;
  const totalLength = short(bytes, at + 2);
  // Linux hands segmentation offload's large packets to the capture before their length is known: zero then.
  const ipEnd = totalLength === 0 ? packet.wireEnd : at + totalLength;
  if (headerLength < 20 || at + headerLength > ipEnd) return MALFORMED;
  segment.version = 4;
  segment.timeToLive = bytes[at + 8]!;
  segment.source0 = long(bytes, at + 12) | 0;
  segment.destination0 = long(bytes, at + 16) | 0;
  enter(packet, at + headerLength, ipEnd);
  const fragment = short(bytes, at + 6);
  const protocol = IP_PROTOCOL | bytes[at + 9]!;
  if ((fragment & MORE_FRAGMENTS_OR_OFFSET) === 0) return protocol;
  const more = (fragment & MORE_FRAGMENTS) !== 0;
  return asFragment(packet, short(bytes, at + 4), protocol, (fragment & 0x1fff) << 3, more);
}

function ipv6(packet: LayeredPacket): number {
  const { bytes, at, end, segment } = packet;
  if (at + 40 > end) return HEADER_INCOMPLETE;
  const payloadLength = short(bytes, at + 4);
  segment.version = 6;
  segment.timeToLive = bytes[at + 7]!;
  segment.source0 = long(bytes, at + 8) | 0;
  segment.source1 = long(bytes, at + 12) | 0;
  segment.source2 = long(bytes, at + 16) | 0;
  segment.source3 = long(bytes, at + 20) | 0;
  segment.destination0 = long(bytes, at + 24) | 0;
  segment.destination1 = long(bytes, at + 28) | 0;
  segment.destination2 = long(bytes, at + 32) | 0;
  segment.destination3 = long(bytes, at + 36) | 0;
  // Zero: a jumbogram (RFC 2675), or segmentation offload as above.
  enter(packet, at + 40, payloadLength === 0 ? packet.wireEnd : at + 40 + payloadLength);
  return IP_PROTOCOL | bytes[at + 6]!;
}

function enter(packet: LayeredPacket, at: number, ipEnd: number): void {
  packet.at = at;
  packet.wireEnd = ipEnd;
  if (ipEnd < packet.end) packet.end = ipEnd;
}

/** Hop-by-hop, routing and destination options, mobility, HIP, Shim6: next header 1 | length 1, in units of 8 beyond the first. */
export function extensionHeader(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  return packet.pass((bytes[at + 1]! + 1) << 3, IP_PROTOCOL | bytes[at]!);
}

/** RFC 4302 §2.2: the length counts words, less two. */
export function authenticationHeader(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  return packet.pass((bytes[at + 1]! + 2) << 2, IP_PROTOCOL | bytes[at]!);
}

export function fragmentHeader(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const fragment = short(bytes, at + 2);
  const identification = long(bytes, at + 4) | 0;
  const protocol = packet.pass(8, IP_PROTOCOL | bytes[at]!);
  // An "atomic" fragment (RFC 6946), offset 0 and none to follow, is a whole packet.
  if ((fragment & MORE_FRAGMENTS_OR_OFFSET_IPV6) === 0) return protocol;
  return asFragment(packet, identification, protocol, fragment & 0xfff8, (fragment & 1) !== 0);
}

function asFragment(
  { fragment }: LayeredPacket,
  identification: number,
  protocol: number,
  offset: number,
  more: boolean,
): number {
  fragment.identification = identification;
  fragment.protocol = protocol;
  fragment.offset = offset;
  fragment.more = more;
  return FRAGMENT;
}
