/**
 * UDP (RFC 768), as far as it carries tunnels: source port 2 | destination port 2 | length 2 | checksum 2.
 *
 * A datagram that is no tunnel we know is looked through for an IP header that proves itself (ip-header-search.ts): so
 * tunnels are read that nobody has told us about. Everything else is somebody's DNS, and no business of ours.
 */
import { short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import { findIpHeader } from "./ip-header-search.ts";
import type { LayeredPacket, LayerReader } from "./layered-packet.ts";
import { RAW_IP, UDP } from "./protocol-numbers.ts";
import { ANOTHER, BY_SHAPE, UDP_TUNNELS, vxlan } from "./udp-tunnels.ts";

const HEADER = 8;
/** IPv4 and TCP, without octets. */
const LEAST_PACKET = 20 + 20;
/** Of a tunnel on its own port, a header and so much of Ethernet and IP that it is known whether it is one. */
const ENOUGH = 64;

/** Ports whose datagrams quote packets without being a tunnel: sFlow, NetFlow, IPFIX, syslog, DNS. */
const QUOTING = new Set([53, 514, 2055, 4739, 6343, 9995]);

/** The reader of UDP that takes these ports for VXLAN's besides those that are. */
export function udpReader(vxlanPorts: readonly number[]): LayerReader {
  const tunnels = new Map<number, LayerReader>(UDP_TUNNELS.map(([port, , read]) => [port, read]));
  for (const port of vxlanPorts) tunnels.set(port, vxlan);
  return packet => {
    const { bytes, at } = packet;
    if (!packet.has(HEADER)) return HEADER_INCOMPLETE;
    const source = short(bytes, at);
    const destination = short(bytes, at + 2);
    const length = short(bytes, at + 4);
    if (length !== 0 && (length < HEADER || at + length > packet.wireEnd)) return MALFORMED;
    packet.at = at + HEADER;
    const byPort = tunnels.get(destination) ?? tunnels.get(source);
    const found = byPort === undefined ? ANOTHER : byPort(packet);
    return found === ANOTHER ? byShape(packet, source, destination, byPort !== undefined) : found;
  };
}

function byShape(packet: LayeredPacket, source: number, destination: number, isTunnel: boolean): number {
  const from = packet.at;
  for (const read of BY_SHAPE) {
    const found = read(packet);
    if (found !== ANOTHER) return found;
    packet.at = from;
  }
  if (QUOTING.has(source) || QUOTING.has(destination)) return packet.notRead(UDP);
  const ipAt = findIpHeader(packet, from);
  if (ipAt >= 0) {
    packet.at = ipAt;
    return RAW_IP;
  }
  // The snap length left nothing to tell a tunnel by.
  const mayBeTunnel = packet.isCut && from + LEAST_PACKET < packet.wireEnd;
  return mayBeTunnel && !packet.has(isTunnel ? ENOUGH : HEADER) ? HEADER_INCOMPLETE : packet.notRead(UDP);
}
