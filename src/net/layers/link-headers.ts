/**
 * Link types that put a header of their own in front of something else. Layouts:
 * https://www.tcpdump.org/linktypes.html
 *
 * ```text
 * Linux cooked v1 (113)      packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2 | payload
 * Linux cooked v2 (276)      protocol 2 | reserved 2 | interface 4 | ARPHRD 2 | packet type 1 | length 1 | address 8
 * BSD loopback (0, 108)      address family 4, in the byte order of the host (0) or of the network (108) | IP
 * raw IP (101, 228, 229)     IP; 12 or 14 in older files
 * PF log (117)               length 1 | address family 1 | …
 * OpenBSD enc (109)          address family 4 | SPI 4 | flags 4 | IP
 * IPNET (226)                version 1 | family 1 | type 2 | length 4 | interfaces 8 | zones 8 | IP
 * PPI (192)                  version 1 | flags 1 | length 2 | link type 4 | … , little-endian
 * pktap (258)                length 4 | type 4 | link type 4 | … , little-endian
 * NFLOG (239)                family 1 | version 1 | resource 2 | length 2, type 2, value, padding to 4 …, of the host's order
 * mPacket (274)              preamble 7 | delimiter 1 | Ethernet, whole or its first piece; or a later piece (IEEE 802.3br)
 * netANALYZER (240, 241)     header 4 | preamble 8, if transparent | Ethernet
 * ```
 */
import { long, short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { behindType } from "./ethernet.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { ETHERNET, ETHERTYPE, IEEE_802_11, LINK_TYPE, LLC, PPP, RAW_IP } from "./protocol-numbers.ts";

/** Linux's types of network hardware whose packets have no EtherType. */
const ARPHRD_PPP = 512;
const ARPHRD_IEEE80211 = 801;
const ARPHRD_RADIOTAP = 803;
const ARPHRD_NETLINK = 824;

export function cooked(packet: LayeredPacket): number {
  if (!packet.has(16)) return HEADER_INCOMPLETE;
  return behindHardware(packet, short(packet.bytes, packet.at + 2), behindType(packet, 14));
}

export function cooked2(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(20)) return HEADER_INCOMPLETE;
  const type = short(bytes, at);
  return behindHardware(packet, short(bytes, at + 8), packet.pass(20, type < 1536 ? LLC : ETHERTYPE | type));
}

function behindHardware(packet: LayeredPacket, hardware: number, next: number): number {
  if (hardware === ARPHRD_NETLINK) return packet.notRead(LINK_TYPE | 253);
  if (hardware === ARPHRD_IEEE80211) return IEEE_802_11;
  if (hardware === ARPHRD_RADIOTAP) return LINK_TYPE | 127;
  return hardware === ARPHRD_PPP && next === LLC ? PPP : next;
}

export function rawIp(packet: LayeredPacket): number {
  const { bytes, at, end } = packet;
  if (at >= end) return HEADER_INCOMPLETE;
  const version = bytes[at]! >>> 4;
  if (version === 4) return ETHERTYPE | 0x0800;
  return version === 6 ? ETHERTYPE | 0x86dd : packet.notRead(RAW_IP);
}

/** OpenBSD's number for the loopback header, which then begins with a zero octet; everyone else's for raw IP. */
export function rawOrLoopback(packet: LayeredPacket): number {
  return packet.has(1) && packet.bytes[packet.at] === 0 ? loopback(packet) : rawIp(packet);
}

export function loopback(packet: LayeredPacket): number {
  return behindFamily(packet, 4);
}

/** The family stands in four octets, in front of a header of this many octets. */
function behindFamily(packet: LayeredPacket, header: number): number {
  if (!packet.has(header)) return HEADER_INCOMPLETE;
  const word = long(packet.bytes, packet.at);
  // The file does not give its host's byte order; every family is below 256, so one of the two orders fits.
  const family = (word & 0x00ff_ffff) === 0 ? word >>> 24 : word;
  if (!isIpFamily(family)) return packet.notRead(LINK_TYPE | 0);
  return packet.pass(header, RAW_IP);
}

/** AF_INET is 2 everywhere; of AF_INET6 every system has its own: Linux, Windows, BSD and Npcap, Solaris, FreeBSD, Darwin. */
function isIpFamily(family: number): boolean {
  return [2, 10, 23, 24, 26, 28, 30].includes(family);
}

export function enc(packet: LayeredPacket): number {
  return behindFamily(packet, 12);
}

export function pfLog(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(2)) return HEADER_INCOMPLETE;
  if (!isIpFamily(bytes[at + 1]!)) return packet.notRead(LINK_TYPE | 117);
  return packet.pass((bytes[at]! + 3) & ~3, RAW_IP);
}

export function ipnet(packet: LayeredPacket): number {
  if (packet.has(1) && packet.bytes[packet.at] !== 1) return MALFORMED;
  return packet.pass(24, RAW_IP);
}

export function ppi(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const length = littleShort(bytes, at + 2);
  if (length < 8) return MALFORMED;
  return packet.pass(length, LINK_TYPE | littleShort(bytes, at + 4));
}

export function pktap(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(12)) return HEADER_INCOMPLETE;
  const length = littleShort(bytes, at) | (littleShort(bytes, at + 2) << 16);
  if (length < 12 || length > 4096) return MALFORMED;
  return packet.pass(length, LINK_TYPE | littleShort(bytes, at + 8));
}

/** USER2 is free for all; Apple's first pktap captures took it. */
export function pktapOfUser2(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  const length = packet.has(12) ? littleShort(bytes, at) : 0;
  return length >= 108 && length <= 512 && packet.has(length) ? pktap(packet) : packet.notRead(LINK_TYPE | 149);
}

const NFLOG_PAYLOAD = 9;

export function nflog(packet: LayeredPacket): number {
  const { bytes, end } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  if (!isIpFamily(bytes[packet.at]!)) return packet.notRead(LINK_TYPE | 239);
  let at = packet.at + 4;
  // Lengths are below 256 in one of the two orders more often than not: the first attribute is short.
  const little = littleShort(bytes, at) <= short(bytes, at);
  while (at + 4 <= end) {
    const length = little ? littleShort(bytes, at) : short(bytes, at);
    const type = (little ? littleShort(bytes, at + 2) : short(bytes, at + 2)) & 0x7fff;
    if (length < 4) return MALFORMED;
    if (type === NFLOG_PAYLOAD) {
      packet.at = at + 4;
      packet.wireEnd = Math.min(packet.wireEnd, at + length);
      packet.end = Math.min(end, packet.wireEnd);
      return RAW_IP;
    }
    at += (length + 3) & ~3;
  }
  return HEADER_INCOMPLETE;
}

/** Later pieces of a frame that another one interrupted. */
export const MPACKET_PIECE = LINK_TYPE | 0xff03;
const MPACKET_VERIFICATION = [0x07, 0x19];
/** Delimiters of a whole frame, and of the first pieces of four in turn. */
const MPACKET_BEGINNINGS = [0xd5, 0xe6, 0x4c, 0x7f, 0xb3];

export function mPacket(packet: LayeredPacket): number {
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const delimiter = packet.bytes[packet.at + 7]!;
  if (MPACKET_BEGINNINGS.includes(delimiter)) return packet.pass(8, ETHERNET);
  return packet.notRead(MPACKET_VERIFICATION.includes(delimiter) ? ETHERTYPE | 0x8808 : MPACKET_PIECE);
}

export function netAnalyzer(packet: LayeredPacket): number {
  return packet.pass(4, ETHERNET);
}

export function netAnalyzerTransparent(packet: LayeredPacket): number {
  return packet.pass(12, ETHERNET);
}

/** Juniper's link type names a frame relay or Ethernet header; the header's own fields have precedence over that. */
const JUNIPER_MAGIC = 0x4d4743;

export function juniper(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(4)) return HEADER_INCOMPLETE;
  if (long(bytes, at) >>> 8 !== JUNIPER_MAGIC) return MALFORMED;
  const flags = bytes[at + 3]!;
  let header = 4;
  if ((flags & 0x80) !== 0) {
    if (!packet.has(6)) return HEADER_INCOMPLETE;
    header = 6 + short(bytes, at + 4);
  }
  if ((flags & 0x02) !== 0) return packet.pass(header + 4, RAW_IP); // no link header: a family instead
  return packet.pass(header, ETHERNET);
}

function littleShort(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
