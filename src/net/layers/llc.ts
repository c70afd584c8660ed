/**
 * IEEE 802.2 LLC with SNAP, as 802.3, 802.11, token ring, FDDI and ATM carry it; and frame relay, which is its relative.
 *
 * ```text
 * LLC            DSAP 1 | SSAP 1 | control 1 or 2 | payload
 * SNAP           AA AA 03 | OUI 3 | protocol 2 | payload      (RFC 1042: OUI 0, an EtherType)
 * bridged        AA AA 03 | 00 80 c2 | 0001 or 0007 | padding 2 (ATM) | Ethernet      (RFC 2684)
 * ISO routed     FE FE 03 | NLPID 1 | payload
 * frame relay    address 2 to 4 | 03 | padding | NLPID 1 | payload; or, as Cisco does it, address | EtherType 2   (RFC 2427)
 * ```
 */
import { short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE } from "../packet-outcome.ts";
import { looksLikeEthernet } from "./ethernet.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { DSAP, ETHERNET, ETHERTYPE, LLC, NLPID } from "./protocol-numbers.ts";

const SNAP = 0xaa;
const ISO = 0xfe;
const UNNUMBERED_INFORMATION = 0x03;
const BRIDGED_WITH_CHECKSUM = 0x0001;
const BRIDGED = 0x0007;

export function llc(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(3)) return HEADER_INCOMPLETE;
  const dsap = bytes[at]!;
  const unnumbered = bytes[at + 2] === UNNUMBERED_INFORMATION;
  if (dsap === SNAP && unnumbered) return snap(packet, 3);
  if (dsap === ISO && unnumbered) return nlpid(packet, 3);
  return unnumbered ? packet.pass(3, DSAP | dsap) : packet.notRead(DSAP | dsap);
}

function snap(packet: LayeredPacket, before: number): number {
  const { bytes, at } = packet;
  if (!packet.has(before + 5)) return HEADER_INCOMPLETE;
  const oui = (bytes[at + before]! << 16) | short(bytes, at + before + 1);
  const protocol = short(bytes, at + before + 3);
  const behind = before + 5;
  // RFC 1042, and 802.1H's bridge tunnel encapsulation. Cisco and Apple number protocols of their own.
  if (oui === 0 || oui === 0x0000f8) return packet.pass(behind, ETHERTYPE | protocol);
  if (oui !== 0x0080c2 || (protocol !== BRIDGED && protocol !== BRIDGED_WITH_CHECKSUM)) {
    return packet.pass(behind, DSAP | SNAP);
  }
  return packet.pass(looksLikeEthernet(packet, at + behind) ? behind : behind + 2, ETHERNET);
}

function nlpid(packet: LayeredPacket, before: number): number {
  if (!packet.has(before + 1)) return HEADER_INCOMPLETE;
  return packet.pass(before + 1, NLPID | packet.bytes[packet.at + before]!);
}

/** NLPID 0x80: a SNAP header follows. */
export function snapBehindNlpid(packet: LayeredPacket): number {
  return snap(packet, 0);
}

export function frameRelay(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(4)) return HEADER_INCOMPLETE;
  let length = 2;
  while (length < 4 && (bytes[at + length - 1]! & 1) === 0) length++; // the lowest bit marks the last octet
  if (!packet.has(length + 2)) return HEADER_INCOMPLETE;
  if (bytes[at + length] !== UNNUMBERED_INFORMATION) {
    return packet.pass(length + 2, ETHERTYPE | short(bytes, at + length));
  }
  return nlpid(packet, bytes[at + length + 1] === 0 ? length + 2 : length + 1);
}

/** Token ring (IEEE 802.5): access and frame control, addresses; a routing field if the source address announces it. */
export function tokenRing(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(16)) return HEADER_INCOMPLETE;
  const routed = (bytes[at + 8]! & 0x80) !== 0;
  return packet.pass(14 + (routed ? bytes[at + 14]! & 0x1f : 0), LLC);
}

export function fddi(packet: LayeredPacket): number {
  return packet.pass(13, LLC);
}
