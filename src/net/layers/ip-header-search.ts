/**
 * Finds an IP header behind a header that nobody has described to us. It must prove itself: an IPv4 header by its own
 * checksum, both versions by a length that ends with the packet and a TCP header that fits. By chance that happens once
 * in 2^40 places.
 */
import { short } from "../../bytes/big-endian.ts";
import type { LayeredPacket } from "./layered-packet.ts";

/** How far in front of an IP header a wrapping may begin. */
const MAX_WRAPPING = 128;
/** Octets that may stand behind the IP packet: a check sequence, padding to four. */
const MAX_TRAILER = 8;
const PROTOCOL_TCP = 6;

/** Offset of an IP header that carries TCP in what is left of the packet, or −1. */
export function findIpHeader({ bytes, at, end, wireEnd }: LayeredPacket): number {
  const last = Math.min(end - 40, at + MAX_WRAPPING);
  for (let here = at; here <= last; here++) {
    const first = bytes[here]!;
    if (first >>> 4 === 4 && isIpv4(bytes, here, end, wireEnd)) return here;
    if (first >>> 4 === 6 && isIpv6(bytes, here, end, wireEnd)) return here;
  }
  return -1;
}

function isIpv4(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  const header = (bytes[at]! & 0x0f) << 2;
  if (header < 20 || bytes[at + 9] !== PROTOCOL_TCP || at + header + 20 > end) return false;
  if (!endsThere(at + short(bytes, at + 2), wireEnd)) return false;
  return sumOf(bytes, at, header, 0) === 0xffff && isTcp(bytes, at + header, at + short(bytes, at + 2));
}

/**
 * IPv6 has no checksum of its own, so TCP's is asked: it is right, or offload has left it at the sum of addresses, length
 * and protocol.
 */
function isIpv6(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  const length = short(bytes, at + 4);
  const ipEnd = at + 40 + length;
  if (bytes[at + 6] !== PROTOCOL_TCP || at + 60 > end || ipEnd > end || !endsThere(ipEnd, wireEnd)) return false;
  if (!isTcp(bytes, at + 40, ipEnd)) return false;
  if (sumOf(bytes, at + 8, 32 + length, length + PROTOCOL_TCP) === 0xffff) return true;
  return sumOf(bytes, at + 8, 32, length + PROTOCOL_TCP) === short(bytes, at + 56);
}

function endsThere(ipEnd: number, wireEnd: number): boolean {
  return ipEnd <= wireEnd && wireEnd - ipEnd <= MAX_TRAILER;
}

function isTcp(bytes: Uint8Array, at: number, ipEnd: number): boolean {
  const header = (bytes[at + 12]! >>> 4) << 2;
  return header >= 20 && at + header <= ipEnd;
}

/** The Internet checksum's sum (RFC 1071) of so many octets, begun with `start`. */
function sumOf(bytes: Uint8Array, at: number, octets: number, start: number): number {
  let sum = start;
  for (let i = 0; i + 1 < octets; i += 2) sum += short(bytes, at + i);
  if ((octets & 1) === 1) sum += bytes[at + octets - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
