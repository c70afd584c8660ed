/**
 * Tunnels over UDP. A port is a hint and no proof: a DNS answer may go to port 4789. So each reader checks whether its
 * header fits before it believes the port; VXLAN and GENEVE are recognised on any port by their shape.
 *
 * ```text
 * VXLAN (RFC 7348)        flags 1 (08: the network number holds) | reserved 3 | network 3 | reserved 1 | Ethernet
 * VXLAN-GPE               flags 0C | reserved 2 | next protocol 1 | network 3 | reserved 1 | payload
 * GENEVE (RFC 8926)       version 2 bits, option length 6 bits | flags 1 | EtherType 2 | network 3 | reserved 1 | options
 * GTP-U (TS 29.281)       30, E S PN in the lowest bits | type FF | length 2 | tunnel 4 | 4 more if E, S or PN | IP
 * LISP (RFC 9300)         flags 1 | nonce or map version 3 | instance or locator bits 4 | IP
 * Teredo (RFC 4380)       authentication 00 01 …, origin 00 00 … 8 | IPv6
 * L2TP (RFC 2661, 3931)   flags and version 2 | length 2, if L | tunnel 2 | session 2 | … | PPP
 * TZSP                    version 1 | type 1 | protocol 2 | tags until 01 | frame
 * CAPWAP (RFC 5415)       00 | header length 5 bits … | 802.3 or 802.11
 * ```
 */
import { long, short } from "../../bytes/big-endian.ts";
import { isCutEthernet, looksLikeEthernet, looksLikeIp } from "./ethernet.ts";
import { type LayeredPacket, type LayerReader, TUNNEL } from "./layered-packet.ts";
import {
  ETHERNET,
  ETHERTYPE,
  IEEE_802_11,
  IPV4,
  IPV6,
  MPLS,
  NSH,
  PPP,
  RAW_IP,
  UDP,
  UDP_PORT,
} from "./protocol-numbers.ts";

/** No such tunnel: the port was used by something else. */
export const ANOTHER = 0;

const VXLAN_HEADER = 8;
/** VXLAN-GPE's numbers of what is inside. */
const NEXT_PROTOCOLS: readonly number[] = [0, IPV4, IPV6, ETHERNET, NSH, MPLS];

/** VXLAN on a port that is known to be its own. */
export function vxlan(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(VXLAN_HEADER) || (bytes[at]! & 0x08) === 0) return ANOTHER;
  return enterVxlan(packet, ETHERNET);
}

/** VXLAN with a next protocol (VXLAN-GPE); without one it is VXLAN. */
export function vxlanGpe(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(VXLAN_HEADER) || (bytes[at]! & 0xc0) !== 0) return ANOTHER;
  if ((bytes[at]! & 0x04) === 0) return vxlan(packet);
  const next = NEXT_PROTOCOLS[bytes[at + 3]!] ?? 0;
  return next === 0 ? ANOTHER : enterVxlan(packet, next);
}

/** VXLAN on any port: only the flag that must be set, nothing reserved, and Ethernet behind it. */
export function vxlanByShape(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(VXLAN_HEADER) || long(bytes, at) !== 0x08000000 || bytes[at + 7] !== 0) return ANOTHER;
  const inner = at + VXLAN_HEADER;
  return looksLikeEthernet(packet, inner) || isCutEthernet(packet, inner) ? enterVxlan(packet, ETHERNET) : ANOTHER;
}

function enterVxlan(packet: LayeredPacket, next: number): number {
  packet.enterTunnel(TUNNEL.vxlan, long(packet.bytes, packet.at + 4) >>> 8);
  return packet.pass(VXLAN_HEADER, next);
}

/** GENEVE on any port: with Ethernet or IP in it that can be looked through, or that the snap length cut off. */
export function geneve(packet: LayeredPacket): number {
  const { bytes, at, end, wireEnd } = packet;
  if (!packet.has(8) || bytes[at]! >>> 6 !== 0 || (bytes[at + 1]! & 0x3f) !== 0 || bytes[at + 7] !== 0) return ANOTHER;
  const length = 8 + ((bytes[at]! & 0x3f) << 2);
  const type = short(bytes, at + 2);
  if (at + length > wireEnd) return ANOTHER;
  const inner = at + length;
  if (type !== 0x6558 && type !== 0x0800 && type !== 0x86dd) return ANOTHER;
  const fits = type === 0x6558 ? looksLikeEthernet(packet, inner) : looksLikeIp(bytes, inner, end, wireEnd);
  if (!fits && !(packet.isCut && inner + (type === 0x6558 ? 54 : 40) > end)) return ANOTHER;
  packet.enterTunnel(TUNNEL.geneve, long(bytes, at + 4) >>> 8);
  return packet.pass(length, ETHERTYPE | type);
}

/** GENEVE on its own port: what it carries need not be Ethernet or IP that can be looked through. */
export function geneveOnItsPort(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  const found = geneve(packet);
  if (found !== ANOTHER || !packet.has(8) || bytes[at]! >>> 6 !== 0) return found;
  const length = 8 + ((bytes[at]! & 0x3f) << 2);
  packet.enterTunnel(TUNNEL.geneve, long(bytes, at + 4) >>> 8);
  return packet.pass(length, ETHERTYPE | short(bytes, at + 2));
}

export function gtp(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8) || bytes[at]! >>> 5 !== 1 || (bytes[at]! & 0x10) === 0) return ANOTHER;
  if (bytes[at + 1] !== 255) return ANOTHER; // GTP's own signalling
  let length = 8;
  if ((bytes[at]! & 0x07) !== 0) {
    length = 12;
    let extension = (bytes[at]! & 0x04) !== 0 && packet.has(12) ? bytes[at + 11]! : 0;
    while (extension !== 0) {
      if (!packet.has(length + 1)) return ANOTHER;
      const words = bytes[at + length]!;
      if (words === 0 || !packet.has(length + 4 * words)) return ANOTHER;
      length += 4 * words;
      extension = bytes[at + length - 1]!;
    }
  }
  packet.enterTunnel(TUNNEL.gtp, long(bytes, at + 4) | 0);
  if (!packet.has(length + 1)) return packet.pass(length, RAW_IP);
  const version = bytes[at + length]! >>> 4;
  const ip = version === 4 || version === 6;
  return packet.pass(length, !ip && looksLikeEthernet(packet, at + length) ? ETHERNET : RAW_IP);
}

export function lisp(packet: LayeredPacket): number {
  const { bytes, at, end, wireEnd } = packet;
  return looksLikeIp(bytes, at + 8, end, wireEnd) ? packet.pass(8, RAW_IP) : ANOTHER;
}

/** IP, or an MPLS stack, with nothing in front of it: FOU, MPLS in UDP (RFC 7510). */
export function bareIp(packet: LayeredPacket): number {
  return looksLikeIp(packet.bytes, packet.at, packet.end, packet.wireEnd) ? RAW_IP : ANOTHER;
}

export function mplsInUdp(packet: LayeredPacket): number {
  return packet.has(4) ? MPLS : ANOTHER;
}

export function teredo(packet: LayeredPacket): number {
  const { bytes, end, wireEnd } = packet;
  let at = packet.at;
  if (at + 4 <= end && short(bytes, at) === 1) at += 13 + bytes[at + 2]! + bytes[at + 3]!;
  if (at + 8 <= end && short(bytes, at) === 0) at += 8;
  if (at >= end || bytes[at]! >>> 4 !== 6 || !looksLikeIp(bytes, at, end, wireEnd)) return ANOTHER;
  packet.at = at;
  return IPV6;
}

export function l2tp(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(6)) return ANOTHER;
  const flags = short(bytes, at);
  if ((flags & 0x8000) !== 0) return ANOTHER; // control message
  if ((flags & 0x0f) === 3) return l2tp3Session(packet, 4);
  if ((flags & 0x0f) !== 2) return ANOTHER;
  let length = 2;
  if ((flags & 0x4000) !== 0) length += 2;
  packet.enterTunnel(TUNNEL.l2tp, packet.has(length + 4) ? long(bytes, at + length) | 0 : 0);
  length += 4;
  if ((flags & 0x0800) !== 0) length += 4;
  if ((flags & 0x0200) !== 0) length += 2 + (packet.has(length + 2) ? short(bytes, at + length) : 0);
  return packet.pass(length, PPP);
}

/**
 * L2TP version 3, `before` octets behind the packet's begin: a session, then a cookie and a sublayer whose lengths only
 * the two ends know. So Ethernet or IP is searched for where they may end.
 */
export function l2tp3Session(packet: LayeredPacket, before: number): number {
  const { bytes, at, end, wireEnd } = packet;
  if (!packet.has(before + 4)) return ANOTHER;
  const session = long(bytes, at + before) | 0;
  for (let behind = before + 4; behind <= before + 16; behind += 4) {
    const isEthernet = looksLikeEthernet(packet, at + behind);
    if (!isEthernet && !looksLikeIp(bytes, at + behind, end, wireEnd)) continue;
    packet.enterTunnel(TUNNEL.l2tp, session);
    return packet.pass(behind, isEthernet ? ETHERNET : RAW_IP);
  }
  return packet.notRead(UDP_PORT | 1701);
}

export function tzsp(packet: LayeredPacket): number {
  const { bytes, end } = packet;
  let at = packet.at;
  if (!packet.has(5) || bytes[at] !== 1 || bytes[at + 1]! > 1) return ANOTHER;
  const protocol = short(bytes, at + 2);
  for (at += 4; at < end && bytes[at] !== 1; at += bytes[at] === 0 ? 1 : 2 + (bytes[at + 1] ?? 0));
  if (at >= end || (protocol !== 1 && protocol !== 18)) return ANOTHER;
  packet.at = at + 1;
  return protocol === 1 ? ETHERNET : IEEE_802_11;
}

export function capwap(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return ANOTHER;
  if (bytes[at] === 1) return packet.notRead(UDP_PORT | 5247); // DTLS
  if (bytes[at] !== 0) return ANOTHER;
  const length = (bytes[at + 1]! >>> 3) << 2;
  const native = (bytes[at + 2]! & 0x01) !== 0; // T: 802.11, not 802.3
  const fragment = (bytes[at + 3]! & 0x80) !== 0;
  if (length < 8) return ANOTHER;
  if (fragment) return packet.notRead(UDP_PORT | 5247);
  return packet.pass(length, native ? IEEE_802_11 : ETHERNET);
}

/** ESP in UDP (RFC 3948): four zeros would be IKE's, one octet FF keeps the way open. */
export function espInUdp(packet: LayeredPacket): number {
  if (!packet.has(8) || long(packet.bytes, packet.at) === 0) return ANOTHER;
  return packet.notRead(UDP_PORT | 4500);
}

/** WireGuard: type 1 | zeros 3. Data is type 4 | receiver 4 | counter 8, the lowest octet first | a multiple of 16 octets. */
export function wireGuard(packet: LayeredPacket): number {
  const { bytes, at, wireEnd } = packet;
  if (!packet.has(4) || long(bytes, at) !== 0x04000000 || ((wireEnd - at) & 15) !== 0) return ANOTHER;
  // Without octets in it, it keeps the way open.
  return packet.notRead(wireEnd - at > WIREGUARD_KEEP_ALIVE ? UDP_PORT | 51820 : UDP);
}

const WIREGUARD_KEEP_ALIVE = 32;

/** On any port: fewer than 2^32 packets were sent so far. */
export function wireGuardByShape(packet: LayeredPacket): number {
  return packet.has(16) && long(packet.bytes, packet.at + 12) === 0 ? wireGuard(packet) : ANOTHER;
}

/** OpenVPN's data: operation 6 or 9 in the upper five bits. */
export function openVpn(packet: LayeredPacket): number {
  if (!packet.has(1)) return ANOTHER;
  const operation = packet.bytes[packet.at]! >>> 3;
  return operation === 6 || operation === 9 ? packet.notRead(UDP_PORT | 1194) : ANOTHER;
}

/** A tunnel's port, what it is called, and who reads it. */
export const UDP_TUNNELS: readonly (readonly [port: number, name: string, read: LayerReader])[] = [
  [4789, "VXLAN", vxlan],
  [8472, "VXLAN (Linux, OTV)", vxlan],
  [4790, "VXLAN-GPE", vxlanGpe],
  [6081, "GENEVE", geneveOnItsPort],
  [2152, "GTP-U", gtp],
  [4341, "LISP", lisp],
  [6635, "MPLS in UDP", mplsInUdp],
  [3544, "Teredo", teredo],
  [1701, "L2TP", l2tp],
  [37008, "TZSP", tzsp],
  [5247, "CAPWAP", capwap],
  [5555, "FOU", bareIp],
  [4500, "ESP in UDP", espInUdp],
  [51820, "WireGuard", wireGuard],
  [1194, "OpenVPN", openVpn],
];

/** What is tried on every other port. */
export const BY_SHAPE: readonly LayerReader[] = [vxlanByShape, geneve, wireGuardByShape];
