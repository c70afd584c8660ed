/**
 * UDP (RFC 768), as far as it carries tunnels: source port 2 | destination port 2 | length 2 | checksum 2.
 *
 * A datagram of no known tunnel is searched for an IP header that proves itself (ip-header-search.ts): so unknown
 * tunnels are read, too. All other UDP is not read.
 */
import { long, short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED, NOT_OVER_TCP, UDP_CUT } from "../packet-outcome.ts";
import { findIpHeader } from "./ip-header-search.ts";
import type { LayeredPacket, LayerReader } from "./layered-packet.ts";
import { AMQP_PORTS, RAW_IP, SCTP, UDP } from "./protocol-numbers.ts";
import { ANOTHER, BY_SHAPE, UDP_TUNNELS, vxlan } from "./udp-tunnels.ts";

const HEADER = 8;
/** IPv4 and TCP, without octets. */
const LEAST_PACKET = 20 + 20;
/** A tunnel's header and enough of Ethernet and IP to decide whether it is a tunnel. */
const ENOUGH = 64;
/** A short header, Ethernet's and IPv4's, which proves itself: less than that is not enough to decide. */
const LEAST_WRAPPED = 8 + 14 + 20;
/** Services have lower ports (RFC 6335 §6); tunnels, higher ones. */
const FIRST_USER_PORT = 1024;

/** Ports of sFlow, NetFlow and IPFIX, whose datagrams quote packets without being a tunnel. */
const FLOW_RECORD_PORTS = new Set([2055, 4739, 6343, 9995]);

/** The reader of UDP. `vxlanPorts` are taken as VXLAN's, besides VXLAN's own. */
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
  const isRecords = FLOW_RECORD_PORTS.has(source) || FLOW_RECORD_PORTS.has(destination);
  if (isRecords && isFlowRecord(packet)) return packet.notRead(UDP);
  const ipAt = findIpHeader(packet, from);
  if (ipAt >= 0) {
    packet.at = ipAt;
    return RAW_IP;
  }
  // A datagram to or from a service is that service's; its client's port may be any.
  if (Math.min(source, destination) < FIRST_USER_PORT) return packet.notRead(UDP);
  // The snap length left too little to recognise a tunnel.
  if (packet.isCut && from + LEAST_PACKET < packet.wireEnd) {
    if (isTunnel && !packet.has(ENOUGH)) return HEADER_INCOMPLETE;
    if (!packet.has(LEAST_WRAPPED)) return UDP_CUT;
  }
  return isAmqpPort(source) || isAmqpPort(destination) ? NOT_OVER_TCP : packet.notRead(UDP);
}

/** SCTP (RFC 9260 §3.1): source port 2 | destination port 2. IANA assigned AMQP's port for it as well. */
export function sctp(packet: LayeredPacket): number {
  const { bytes, at } = packet;
  if (!packet.has(4)) return HEADER_INCOMPLETE;
  return isAmqpPort(short(bytes, at)) || isAmqpPort(short(bytes, at + 2)) ? NOT_OVER_TCP : packet.notRead(SCTP);
}

function isAmqpPort(port: number): boolean {
  return AMQP_PORTS.includes(port);
}

/** sFlow 5 (version 4 octets, agent's address type 4), NetFlow 5 and 9 (version 2), IPFIX (version 2, length 2; RFC 7011). */
function isFlowRecord(packet: LayeredPacket): boolean {
  const { bytes, at, wireEnd } = packet;
  if (!packet.has(8)) return false;
  const version = short(bytes, at);
  if (version === 0) return long(bytes, at) === 5 && (long(bytes, at + 4) === 1 || long(bytes, at + 4) === 2);
  return version === 5 || version === 9 || (version === 10 && short(bytes, at + 2) === wireEnd - at);
}
