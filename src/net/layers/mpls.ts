/**
 * MPLS: a stack of labels, which do not name their payload (RFC 3032).
 *
 * ```text
 * label 20 bits | traffic class 3 | bottom of stack 1 | time to live 8       … until the bottom
 * IPv4, IPv6; or a control word 0000 | flags … 4 octets (RFC 4385), and Ethernet; or Ethernet without it
 * ```
 */
import { long } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE } from "../packet-outcome.ts";
import { isCutEthernet, looksLikeEthernet, looksLikeIp } from "./ethernet.ts";
import { type LayeredPacket, MAX_LAYERS } from "./layered-packet.ts";
import { ETHERNET, IPV4, IPV6, MPLS } from "./protocol-numbers.ts";

const BOTTOM = 0x100;
const IPV4_EXPLICIT_NULL = 0;
const IPV6_EXPLICIT_NULL = 2;
/** RFC 5586: what follows is traffic of the network itself. */
const GENERIC_ASSOCIATED_CHANNEL = 13;

export function mpls(packet: LayeredPacket): number {
  for (let labels = 0; labels < MAX_LAYERS; labels++) {
    if (!packet.has(4)) return HEADER_INCOMPLETE;
    const entry = long(packet.bytes, packet.at);
    packet.at += 4;
    if ((entry & BOTTOM) !== 0) return behindLabel(packet, entry >>> 12);
  }
  return MPLS; // more labels than layers: the caller's bound ends it
}

function behindLabel(packet: LayeredPacket, label: number): number {
  const { bytes, at, end, wireEnd } = packet;
  if (label === IPV4_EXPLICIT_NULL) return IPV4;
  if (label === IPV6_EXPLICIT_NULL) return IPV6;
  if (label === GENERIC_ASSOCIATED_CHANNEL) return packet.notRead(MPLS);
  if (at >= end) return HEADER_INCOMPLETE;
  const first = bytes[at]! >>> 4;
  // A MAC address may begin with any digit, so what the octets confirm has precedence over the first digit.
  if (looksLikeIp(bytes, at, end, wireEnd)) return first === 4 ? IPV4 : IPV6;
  if (first === 0 && looksLikeEthernet(packet, at + 4)) return packet.pass(4, ETHERNET);
  if (looksLikeEthernet(packet, at)) return ETHERNET;
  if (first === 4) return IPV4;
  if (first === 6) return IPV6;
  if (isCutEthernet(packet, at)) return HEADER_INCOMPLETE;
  return first === 0 ? packet.pass(4, ETHERNET) : ETHERNET;
}
