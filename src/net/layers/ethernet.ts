/**
 * Ethernet, and the tags between its addresses and its payload. Each of them leads to the next EtherType.
 *
 * ```text
 * Ethernet (IEEE 802.3)     destination 6 | source 6 | EtherType 2 | payload; below 1536 a length, and LLC behind it
 * 802.1Q, 802.1ad           TCI 2 | EtherType 2
 * 802.1BR E-tag             TCI 6 | EtherType 2
 * VN-tag (Cisco)            tag 4 | EtherType 2
 * 802.1ah I-tag             TCI and service 4 | Ethernet of the customer
 * Cisco metadata            version 1 | length 1 | option 2 | group 2 | EtherType 2
 * HSR (IEC 62439-3)         path and size 2 | sequence 2 | EtherType 2
 * TRILL (RFC 6325)          flags and option length 2 | egress 2 | ingress 2 | options | Ethernet
 * ```
 */
import { short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { type LayeredPacket, TUNNEL } from "./layered-packet.ts";
import { ETHERNET, ETHERTYPE, LLC } from "./protocol-numbers.ts";

/** Below it, the field is IEEE 802.3's length. */
const LEAST_ETHERTYPE = 1536;

export function ethernet(packet: LayeredPacket): number {
  return behindType(packet, 12);
}

export function vlanTag(packet: LayeredPacket): number {
  return behindType(packet, 2);
}

export function eTag(packet: LayeredPacket): number {
  return behindType(packet, 6);
}

export function vnTag(packet: LayeredPacket): number {
  return behindType(packet, 4);
}

export function ciscoMetadata(packet: LayeredPacket): number {
  return behindType(packet, 6);
}

export function hsrTag(packet: LayeredPacket): number {
  return behindType(packet, 4);
}

export function serviceInstanceTag(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(4)) return HEADER_INCOMPLETE;
  packet.enterTunnel(TUNNEL.provider, (bytes[at + 1]! << 16) | short(bytes, at + 2));
  return packet.pass(4, ETHERNET);
}

export function trill(packet: LayeredPacket): number {
  if (!packet.has(6)) return HEADER_INCOMPLETE;
  const flags = short(packet.bytes, packet.at);
  if (flags >>> 14 !== 0) return MALFORMED; // version
  return packet.pass(6 + (((flags >>> 6) & 0x1f) << 2), ETHERNET);
}

/** Cisco FabricPath: two octets of tree and time to live in front of the frame as it was. */
export function fabricPath(packet: LayeredPacket): number {
  return packet.pass(2, ETHERNET);
}

/** Steps over `before` octets and the EtherType behind them. */
export function behindType(packet: LayeredPacket, before: number): number {
  if (!packet.has(before + 2)) return HEADER_INCOMPLETE;
  const type = short(packet.bytes, packet.at + before);
  packet.at += before + 2;
  return type < LEAST_ETHERTYPE ? LLC : ETHERTYPE | type;
}

/**
 * Whether an Ethernet header stands at `at`, confirmed by what is behind it: a known EtherType, and for IP a version
 * and a length that fit. For layers that do not name their payload.
 */
export function looksLikeEthernet({ bytes, end, wireEnd }: LayeredPacket, at: number): boolean {
  let typeAt = at + 12;
  for (let tags = 0; tags < 3 && typeAt + 6 <= end; tags++) {
    const type = short(bytes, typeAt);
    if (type === 0x0800 || type === 0x86dd) return looksLikeIp(bytes, typeAt + 2, end, wireEnd);
    if (type === 0x0806) return short(bytes, typeAt + 2) === 1; // ARP for Ethernet
    if (type !== 0x8100 && type !== 0x88a8) return false;
    typeAt += 4;
  }
  return false;
}

/** Whether the snap length cut what stands at `at` before it shows whether it is Ethernet with IP inside. */
export function isCutEthernet({ bytes, end, wireEnd, isCut }: LayeredPacket, at: number): boolean {
  for (let typeAt = at + 12; isCut && typeAt + 22 <= wireEnd; typeAt += 4) {
    if (typeAt + 2 > end) return true;
    const type = short(bytes, typeAt);
    if (type === 0x0800) return typeAt + 22 > end;
    if (type === 0x86dd) return typeAt + 42 > end;
    if (type !== 0x8100 && type !== 0x88a8) return false;
  }
  return false;
}

/** Whether an IPv4 or IPv6 header stands at `at` whose lengths fit what is there. */
export function looksLikeIp(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  if (at + 20 > end) return false;
  const version = bytes[at]! >>> 4;
  if (version === 6) return at + 40 <= end && at + 40 + short(bytes, at + 4) <= wireEnd;
  if (version !== 4) return false;
  const header = (bytes[at]! & 0x0f) << 2;
  const total = short(bytes, at + 2);
  return header >= 20 && (total === 0 || (total >= header && at + total <= wireEnd));
}
