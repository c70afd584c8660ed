/**
 * GRE (RFC 2784, 2890), NVGRE (RFC 7637), PPTP's variety (RFC 2637), and ERSPAN, which comes inside.
 *
 * ```text
 * GRE         C R K S … version 2 | EtherType 2 | checksum and offset 4, if C or R | key 4, if K | sequence 4, if S
 * version 1   K S … A | 0x880b | payload length 2 and call 2 | sequence 4, if S | acknowledgment 4, if A | PPP
 * ERSPAN I    no header: Ethernet (0x88be, no sequence number)
 * ERSPAN II   8 octets | Ethernet (0x88be, with one)
 * ERSPAN III  12 octets, the last bit of them: 8 more follow | Ethernet, or IP by its frame type (0x22eb)
 * WCCP        redirect header 4, if the first digit is no IP version | IPv4 (0x883e)
 * ```
 */
import { long, short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { looksLikeEthernet } from "./ethernet.ts";
import { type LayeredPacket, TUNNEL } from "./layered-packet.ts";
import { ETHERNET, ETHERTYPE, IP_PROTOCOL, IPV4, PPP, RAW_IP } from "./protocol-numbers.ts";

const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;
const ERSPAN = 0x88be;

export function gre(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(4)) return HEADER_INCOMPLETE;
  const flags = short(bytes, at);
  const type = short(bytes, at + 2);
  const version = flags & 7;
  if (version > 1) return MALFORMED;
  if ((flags & ROUTING) !== 0) return packet.notRead(IP_PROTOCOL | 47); // source routes, given up with RFC 2784
  let length = 4;
  if ((flags & CHECKSUM) !== 0) length += 4;
  const keyAt = length;
  if ((flags & KEY) !== 0) length += 4;
  if ((flags & SEQUENCE) !== 0) length += 4;
  if (version === 1 && (flags & ACKNOWLEDGMENT) !== 0) length += 4;
  if (!packet.has(length)) return HEADER_INCOMPLETE;
  if (version === 1) return packet.pass(length, PPP);
  if ((flags & KEY) !== 0) packet.enterTunnel(TUNNEL.gre, long(bytes, at + keyAt) | 0);
  if (type !== ERSPAN) return packet.pass(length, ETHERTYPE | type);
  packet.at += length;
  // Some senders write a sequence number for the first type too, so the octets are looked at as well.
  if ((flags & SEQUENCE) === 0 || (!isErspan2(packet) && looksLikeEthernet(packet, packet.at))) return ETHERNET;
  return packet.pass(8, ETHERNET);
}

function isErspan2(packet: LayeredPacket): boolean {
  return packet.has(1) && packet.bytes[packet.at]! >>> 4 === 1;
}

export function erspan3(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(12)) return HEADER_INCOMPLETE;
  const options = short(bytes, at + 10);
  const frameType = (options >>> 10) & 0x1f;
  return packet.pass((options & 1) === 0 ? 12 : 20, frameType === 2 ? RAW_IP : ETHERNET);
}

export function wccp(packet: LayeredPacket): number {
  if (!packet.has(1)) return HEADER_INCOMPLETE;
  return packet.bytes[packet.at]! >>> 4 === 4 ? IPV4 : packet.pass(4, IPV4);
}
