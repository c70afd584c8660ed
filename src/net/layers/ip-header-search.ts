/**
 * Finds an IP header behind a header that nobody has described to us. It must prove itself: an IPv4 header by its own
 * checksum, an IPv6 header by TCP's, both by a length that ends with the packet and a TCP header that fits. By chance that
 * happens once in 2^40 places. Of a packet that the snap length cut, what is there must fit: by chance once in 2^28 places,
 * and then nothing is made of it but a packet that was not read.
 */
import { short } from "../../bytes/big-endian.ts";
import type { LayeredPacket } from "./layered-packet.ts";

/** How far behind the last layer that was read an IP header may begin. */
const MAX_WRAPPING = 128;
/** Octets that may stand behind the IP packet: check values of MACsec and Ethernet, padding to four. */
const MAX_TRAILER = 24;
const PROTOCOL_TCP = 6;

/**
 * Offset of an IP header that carries TCP, at or behind `from`, or −1. `from` may lie before what was read last: it may
 * have been read wrongly, and an IP header with TCP behind it is not among what was.
 */
export function findIpHeader({ bytes, at, end, wireEnd }: LayeredPacket, from: number): number {
  const last = Math.min(end - 20, at + MAX_WRAPPING);
  for (let here = from; here <= last; here++) {
    const first = bytes[here]!;
    if (first >>> 4 === 4 && isIpv4(bytes, here, end, wireEnd)) return here;
    if (first >>> 4 === 6 && isIpv6(bytes, here, end, wireEnd)) return here;
  }
  return -1;
}

function isIpv4(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  const header = (bytes[at]! & 0x0f) << 2;
  const ipEnd = at + short(bytes, at + 2);
  if (header < 20 || bytes[at + 9] !== PROTOCOL_TCP || at + header > end || !endsThere(ipEnd, wireEnd)) return false;
  if (!isTcp(bytes, at + header, end, ipEnd, wireEnd)) return false;
  if (sumOf(bytes, at, header, 0) === 0xffff) return true;
  // Offload leaves it to hardware that is not there.
  return short(bytes, at + 10) === 0 && ipEnd <= end && isTcpSum(bytes, at + 12, 8, at + header, ipEnd);
}

function isIpv6(bytes: Uint8Array, at: number, end: number, wireEnd: number): boolean {
  const ipEnd = at + 40 + short(bytes, at + 4);
  if (bytes[at + 6] !== PROTOCOL_TCP || at + 40 > end || !endsThere(ipEnd, wireEnd)) return false;
  if (!isTcp(bytes, at + 40, end, ipEnd, wireEnd)) return false;
  if (ipEnd > end) return isUnicast(bytes[at + 8]!) && isUnicast(bytes[at + 24]!);
  return isTcpSum(bytes, at + 8, 32, at + 40, ipEnd);
}

/** The first octet of an IPv6 address that a host may have: global, unique local, link-local, loopback (RFC 4291). */
function isUnicast(octet: number): boolean {
  return octet === 0 || octet >>> 5 === 1 || octet >>> 1 === 0x7e || octet === 0xfe;
}

function endsThere(ipEnd: number, wireEnd: number): boolean {
  return ipEnd <= wireEnd && wireEnd - ipEnd <= MAX_TRAILER;
}

/** Whether a TCP header may stand there, as far as the snap length left it. */
function isTcp(bytes: Uint8Array, at: number, end: number, ipEnd: number, wireEnd: number): boolean {
  if (at + 20 > end) return end < wireEnd && at + 20 <= ipEnd;
  const header = (bytes[at + 12]! >>> 4) << 2;
  return header >= 20 && at + header <= ipEnd;
}

/** TCP's checksum is right, or offload has left it at the sum of addresses, length and protocol. */
function isTcpSum(bytes: Uint8Array, addressesAt: number, addresses: number, tcpAt: number, ipEnd: number): boolean {
  const pseudoHeader = sumOf(bytes, addressesAt, addresses, ipEnd - tcpAt + PROTOCOL_TCP);
  return pseudoHeader === short(bytes, tcpAt + 16) || sumOf(bytes, tcpAt, ipEnd - tcpAt, pseudoHeader) === 0xffff;
}

/** The Internet checksum's sum (RFC 1071) of so many octets, begun with `start`. */
function sumOf(bytes: Uint8Array, at: number, octets: number, start: number): number {
  let sum = start;
  for (let i = 0; i + 1 < octets; i += 2) sum += short(bytes, at + i);
  if ((octets & 1) === 1) sum += bytes[at + octets - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return sum;
}
