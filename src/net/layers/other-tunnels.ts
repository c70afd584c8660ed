/**
 * Small layers that do not belong to a family.
 *
 * ```text
 * MACsec (802.1AE)       flags 1 | short length 1 | packet number 4 | channel 8, if SC | EtherType 2 | payload | check value
 * NSH (RFC 8300)         version, flags, time to live, length in words 2 | type 1 | next protocol 1 | path 4 | context
 * EtherIP (RFC 3378)     version 3 | reserved | Ethernet
 * L2TP version 3 in IP   session 4 | cookie | …
 * ```
 */
import { short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { behindType } from "./ethernet.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { ETHERNET, ETHERTYPE, IP_PROTOCOL, IPV4, IPV6, MPLS, NSH } from "./protocol-numbers.ts";
import { ANOTHER, l2tp3Session } from "./udp-tunnels.ts";

const MACSEC_ENCRYPTED = 0x08;
const MACSEC_CHANGED = 0x04;
const MACSEC_CHANNEL = 0x20;

export function macsec(packet: LayeredPacket): number {
  if (!packet.has(6)) return HEADER_INCOMPLETE;
  const flags = packet.bytes[packet.at]!;
  if ((flags & (MACSEC_ENCRYPTED | MACSEC_CHANGED)) !== 0) return packet.notRead(ETHERTYPE | 0x88e5);
  return behindType(packet, (flags & MACSEC_CHANNEL) === 0 ? 6 : 14);
}

const NSH_PAYLOADS: readonly number[] = [0, IPV4, IPV6, ETHERNET, NSH, MPLS];

export function nsh(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  const words = short(bytes, at) & 0x3f;
  if (words < 2 || bytes[at]! >>> 6 !== 0) return MALFORMED;
  const next = NSH_PAYLOADS[bytes[at + 3]!] ?? 0;
  return next === 0 ? packet.notRead(NSH) : packet.pass(words << 2, next);
}

export function etherIp(packet: LayeredPacket): number {
  if (packet.has(1) && packet.bytes[packet.at]! >>> 4 !== 3) return MALFORMED;
  return packet.pass(2, ETHERNET);
}

export function l2tp3(packet: LayeredPacket): number {
  const found = l2tp3Session(packet, 0);
  return found === ANOTHER ? packet.notRead(IP_PROTOCOL | 115) : found;
}
