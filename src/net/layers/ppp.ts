/**
 * PPP (RFC 1661) and what carries it; Cisco HDLC, which shares its framing.
 *
 * ```text
 * PPP                 FF 03, unless left out (RFC 1662) | protocol 2, or 1 where it is odd | payload
 * PPPoE session       version and type 0x11 | code 0 | session 2 | length 2 | PPP protocol 2 | payload   (RFC 2516)
 * Cisco HDLC          address 0F or 8F | control 00 | EtherType 2 | payload
 * with direction      0 received, 1 sent | PPP, Cisco HDLC or frame relay
 * ```
 */
import { short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { behindType } from "./ethernet.ts";
import type { LayeredPacket } from "./layered-packet.ts";
import { CISCO_HDLC, FRAME_RELAY, PPP, PPP_PROTOCOL } from "./protocol-numbers.ts";

export function ppp(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (packet.has(2)) {
    const cisco = (bytes[at] === 0x0f || bytes[at] === 0x8f) && bytes[at + 1] === 0;
    if (cisco) return ciscoHdlc(packet);
    if (bytes[at] === 0xff && bytes[at + 1] === 0x03) packet.at += 2;
  }
  return pppProtocol(packet);
}

function pppProtocol(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(1)) return HEADER_INCOMPLETE;
  // The first octet of a protocol of two octets is even; an odd one is compressed (RFC 1661 §6.5).
  if ((bytes[at]! & 1) === 1) return packet.pass(1, PPP_PROTOCOL | bytes[at]!);
  if (!packet.has(2)) return HEADER_INCOMPLETE;
  return packet.pass(2, PPP_PROTOCOL | short(bytes, at));
}

export function pppoe(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(8)) return HEADER_INCOMPLETE;
  if (bytes[at] !== 0x11 || bytes[at + 1] !== 0) return MALFORMED;
  packet.at += 6;
  return pppProtocol(packet);
}

export function ciscoHdlc(packet: LayeredPacket): number {
  return behindType(packet, 2);
}

/** One octet of direction, then PPP. */
export function pppWithDirection(packet: LayeredPacket): number {
  return packet.pass(1, PPP);
}

export function ciscoHdlcWithDirection(packet: LayeredPacket): number {
  return packet.pass(1, CISCO_HDLC);
}

export function frameRelayWithDirection(packet: LayeredPacket): number {
  return packet.pass(1, FRAME_RELAY);
}
