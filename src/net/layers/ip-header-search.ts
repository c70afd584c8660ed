/**
 * Finds an IP header behind an unknown header. It must prove itself: by a length that ends with the packet, by a TCP
 * header or a tunnel's header that fits (what is inside may be wrapped again), and by a checksum: IPv4's own or TCP's.
 * Where offload has left both checksums to hardware that is not there, by what must be 0 in them: reserved bits,
 * fragment offset, urgent pointer. By chance that happens once in 2^37 places or fewer. If the snap length cut the
 * packet, what is there must fit: for TCP over IPv6 by chance once in 2^28 places, and then the packet is only counted
 * as not read.
 */
import { long, short } from "../../bytes/big-endian.ts";
import { ACK, FIN, RST, SYN, URG } from "../tcp-segment.ts";
import type { LayeredPacket } from "./layered-packet.ts";

/** How far behind the last layer that was read an IP header may begin. */
const MAX_WRAPPING = 128;
/** Octets that may stand behind the IP packet: check values of MACsec and Ethernet, padding to four. */
const MAX_TRAILER = 24;
/** IPv6 headers between its own and TCP: hop-by-hop, routing and destination options (RFC 8200 §4). */
const EXTENSIONS: readonly number[] = [0, 43, 60];
const [IPV4_INSIDE, TCP, UDP, IPV6_INSIDE, IPV6_FRAGMENT, GRE] = [4, 6, 17, 41, 44, 47] as const;
/** What a fragmented IPv6 packet may carry that leads to TCP. */
const FRAGMENTED: readonly number[] = [...EXTENSIONS, IPV4_INSIDE, TCP, UDP, IPV6_INSIDE, GRE];
/** What GRE carries of Ethernet, IP and MPLS. */
const GRE_TYPES: readonly number[] = [0x0800, 0x86dd, 0x6558, 0x88be, 0x22eb, 0x8847];

/**
 * Offset of an IP header that carries TCP or a tunnel, at or behind `from`, or −1. `from` may lie before what was read
 * last, which may have been read wrongly. Then only TCP is looked for, as a tunnel's outer header was read already.
 */
export function findIpHeader({ bytes, at, end, wireEnd }: LayeredPacket, from: number): number {
  const last = Math.min(end - 20, at + MAX_WRAPPING);
  for (let here = from; here <= last; here++) {
    const version = bytes[here]! >>> 4;
    if (version !== 4 && version !== 6) continue;
    const header = version === 6 ? 40 : (bytes[here]! & 0x0f) << 2;
    const ipEnd = version === 6 ? here + 40 + short(bytes, here + 4) : here + short(bytes, here + 2);
    if (header < 20 || here + header > end || ipEnd > wireEnd || wireEnd - ipEnd > MAX_TRAILER) continue;
    let protocol = bytes[here + (version === 6 ? 6 : 9)]!;
    let inner = here + header;
    while (version === 6 && EXTENSIONS.includes(protocol) && inner + 8 <= Math.min(end, ipEnd)) {
      protocol = bytes[inner]!;
      inner += (bytes[inner + 1]! + 1) << 3;
    }
    if (protocol === TCP) {
      if (!isTcp(bytes, inner, end, ipEnd, wireEnd)) continue;
      const proves =
        version === 4 ? isIpv4WithTcp(bytes, here, header, end, ipEnd) : isIpv6WithTcp(bytes, here, inner, end, ipEnd);
      if (proves) return here;
    } else if (here >= at && isTunnel(bytes, inner, end, ipEnd, protocol)) {
      if (version === 6 || isWhole(bytes, here) || sumOf(bytes, here, header, 0) === 0xffff) return here;
    }
  }
  return -1;
}

/** Whether IPv4's checksum is right. Offload leaves it to hardware that is not there; then TCP's must be right. */
function isIpv4WithTcp(bytes: Uint8Array, at: number, header: number, end: number, ipEnd: number): boolean {
  if (sumOf(bytes, at, header, 0) === 0xffff) return true;
  if (ipEnd <= end && isTcpSum(bytes, at + 12, 8, at + header, ipEnd)) return true;
  return isWhole(bytes, at) && isPlausibleTcp(bytes, at + header, end);
}

/** Whether TCP's checksum is right, or TCP is plausible without it; or both addresses fit where the packet was cut. */
function isIpv6WithTcp(bytes: Uint8Array, at: number, tcpAt: number, end: number, ipEnd: number): boolean {
  if (ipEnd <= end && isTcpSum(bytes, at + 8, 32, tcpAt, ipEnd)) return true;
  if (!isUnicast(bytes[at + 8]!) || !isUnicast(bytes[at + 24]!)) return false;
  return ipEnd > end || isPlausibleTcp(bytes, tcpAt, end);
}

/** Neither a fragment nor at the end of its life; the reserved flag is 0 (RFC 791 §3.1). */
function isWhole(bytes: Uint8Array, at: number): boolean {
  return (short(bytes, at + 6) & 0xbfff) === 0 && bytes[at + 8] !== 0;
}

/** Nothing reserved is set, no flags exclude one another, no urgent pointer without its flag (RFC 9293 §3.1). */
function isPlausibleTcp(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 20 > end || (bytes[at + 12]! & 0x0e) !== 0) return false;
  const flags = bytes[at + 13]!;
  if ((flags & (SYN | RST)) === (SYN | RST) || (flags & (SYN | FIN)) === (SYN | FIN)) return false;
  if ((flags & (SYN | RST | ACK)) === 0) return false;
  return (flags & URG) !== 0 || short(bytes, at + 18) === 0;
}

/** The first octet of an IPv6 address that a host may have: global, unique local, link-local, loopback (RFC 4291). */
function isUnicast(octet: number): boolean {
  return octet === 0 || octet >>> 5 === 1 || octet >>> 1 === 0x7e || octet === 0xfe;
}

/** Whether a tunnel's header stands there that fills the IP packet: UDP by its length, IP by its own, GRE and fragments by what they carry. */
function isTunnel(bytes: Uint8Array, at: number, end: number, ipEnd: number, protocol: number): boolean {
  if (at + 8 > end) return false;
  switch (protocol) {
    case UDP:
      return short(bytes, at + 4) === ipEnd - at && ipEnd - at >= 8;
    case IPV4_INSIDE:
      return bytes[at]! >>> 4 === 4 && short(bytes, at + 2) === ipEnd - at;
    case IPV6_INSIDE:
      return bytes[at]! >>> 4 === 6 && short(bytes, at + 4) + 40 === ipEnd - at;
    case IPV6_FRAGMENT:
      return bytes[at + 1] === 0 && (bytes[at + 3]! & 6) === 0 && FRAGMENTED.includes(bytes[at]!);
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
