/**
 * Finds an IP header behind a header that nobody has described to us. It must prove itself: an IPv4 header by its own
 * checksum, an IPv6 header by TCP's, both by a length that ends with the packet, and by a TCP header that fits or a
 * tunnel's: what is inside may be wrapped again. By chance that happens once in 2^37 places or fewer. Of a packet that the
 * snap length cut, what is there must fit: for TCP over IPv6 by chance once in 2^28 places, and then nothing is made of it
 * but a packet that was not read.
 */
import { long, short } from "../../bytes/big-endian.ts";
import type { LayeredPacket } from "./layered-packet.ts";

/** How far behind the last layer that was read an IP header may begin. */
const MAX_WRAPPING = 128;
/** Octets that may stand behind the IP packet: check values of MACsec and Ethernet, padding to four. */
const MAX_TRAILER = 24;
const [IPV4_INSIDE, TCP, UDP, IPV6_INSIDE, GRE] = [4, 6, 17, 41, 47] as const;
/** What GRE carries of Ethernet, IP and MPLS. */
const GRE_TYPES: readonly number[] = [0x0800, 0x86dd, 0x6558, 0x88be, 0x22eb, 0x8847];

/**
 * Offset of an IP header that carries TCP or a tunnel, at or behind `from`, or −1. `from` may lie before what was read
 * last: it may have been read wrongly. Then only TCP is looked for, as a tunnel's outer header is among what was read.
 */
export function findIpHeader({ bytes, at, end, wireEnd }: LayeredPacket, from: number): number {
  const last = Math.min(end - 20, at + MAX_WRAPPING);
  for (let here = from; here <= last; here++) {
    const version = bytes[here]! >>> 4;
    if (version !== 4 && version !== 6) continue;
    const header = version === 6 ? 40 : (bytes[here]! & 0x0f) << 2;
    const ipEnd = version === 6 ? here + 40 + short(bytes, here + 4) : here + short(bytes, here + 2);
    if (header < 20 || here + header > end || ipEnd > wireEnd || wireEnd - ipEnd > MAX_TRAILER) continue;
    const protocol = bytes[here + (version === 6 ? 6 : 9)]!;
    if (protocol === TCP) {
      if (!isTcp(bytes, here + header, end, ipEnd, wireEnd)) continue;
      if (version === 4 ? isIpv4(bytes, here, header, end, ipEnd) : isIpv6(bytes, here, end, ipEnd)) return here;
    } else if (here >= at && isTunnel(bytes, here + header, end, ipEnd, protocol)) {
      if (version === 6 || isIpv4(bytes, here, header, end, ipEnd)) return here;
    }
  }
  return -1;
}

/** Whether its checksum is right; offload leaves that to hardware which is not there, and TCP's must do. */
function isIpv4(bytes: Uint8Array, at: number, header: number, end: number, ipEnd: number): boolean {
  if (sumOf(bytes, at, header, 0) === 0xffff) return true;
  if (short(bytes, at + 10) !== 0 || bytes[at + 9] !== TCP) return false;
  return ipEnd <= end && isTcpSum(bytes, at + 12, 8, at + header, ipEnd);
}

/** Whether TCP's checksum is right, or both addresses fit where it was cut off. */
function isIpv6(bytes: Uint8Array, at: number, end: number, ipEnd: number): boolean {
  if (ipEnd > end) return isUnicast(bytes[at + 8]!) && isUnicast(bytes[at + 24]!);
  return isTcpSum(bytes, at + 8, 32, at + 40, ipEnd);
}

/** The first octet of an IPv6 address that a host may have: global, unique local, link-local, loopback (RFC 4291). */
function isUnicast(octet: number): boolean {
  return octet === 0 || octet >>> 5 === 1 || octet >>> 1 === 0x7e || octet === 0xfe;
}

/** Whether a tunnel's header stands there that fills the IP packet: UDP by its length, IP by its own, GRE by what it carries. */
function isTunnel(bytes: Uint8Array, at: number, end: number, ipEnd: number, protocol: number): boolean {
  if (at + 8 > end) return false;
  switch (protocol) {
    case UDP:
      return short(bytes, at + 4) === ipEnd - at && ipEnd - at >= 8;
    case IPV4_INSIDE:
      return bytes[at]! >>> 4 === 4 && short(bytes, at + 2) === ipEnd - at;
    case IPV6_INSIDE:
      return bytes[at]! >>> 4 === 6 && short(bytes, at + 4) + 40 === ipEnd - at;
    case GRE:
      return (long(bytes, at) & 0x4fff_0000) === 0 && GRE_TYPES.includes(short(bytes, at + 2));
    default:
      return false;
  }
}

/** Whether a TCP header may stand there, as far as the snap length left it. */
function isTcp(bytes: Uint8Array, at: number, end: number, ipEnd: number, wireEnd: number): boolean {
  if (at + 20 > end) return end < wireEnd && at + 20 <= ipEnd;
  const header = (bytes[at + 12]! >>> 4) << 2;
  return header >= 20 && at + header <= ipEnd;
}

/** TCP's checksum is right, or offload has left it at the sum of addresses, length and protocol. */
function isTcpSum(bytes: Uint8Array, addressesAt: number, addresses: number, tcpAt: number, ipEnd: number): boolean {
  const pseudoHeader = sumOf(bytes, addressesAt, addresses, ipEnd - tcpAt + TCP);
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
