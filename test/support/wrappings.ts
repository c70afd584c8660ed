/**
 * Wraps IP packets in every link layer, tag and tunnel that is read. Written from the RFCs and standards, it shares no
 * number with src/: one that is mistaken there must not be mistaken here as well. tshark reads what it makes.
 */
import { crc32 } from "node:zlib";

/** What a wrapping makes of an IP packet: the captured packets it becomes, and their link type. */
export interface Wrapping {
  name: string;
  linkType: number;
  wrap: (ip: Uint8Array, way: Way) => Uint8Array[];
  /** Why tshark does not read it without being told. */
  notByTshark?: string;
}

/** Which way the packet goes, and which it is: tunnels have numbers of their own in each direction. */
export interface Way {
  forth: boolean;
  number: number;
}

/** Octets put together of numbers, lists and hex. */
export function octets(...parts: (number | number[] | Uint8Array | string)[]): Uint8Array {
  const pieces = parts.map(part => {
    if (typeof part === "number") return [part];
    if (typeof part === "string") return Buffer.from(part.replaceAll(/\s/g, ""), "hex");
    return part;
  });
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const u16 = (value: number) => [(value >>> 8) & 0xff, value & 0xff];
const u24 = (value: number) => [(value >>> 16) & 0xff, ...u16(value)];
const u32 = (value: number) => [(value >>> 24) & 0xff, ...u24(value)];
const le16 = (value: number) => u16(value).reverse();
const le32 = (value: number) => u32(value).reverse();

const isV6 = (ip: Uint8Array) => ip[0]! >> 4 === 6;
const etherType = (ip: Uint8Array) => (isV6(ip) ? 0x86dd : 0x0800);

export function ethernet(type: number, payload: Uint8Array): Uint8Array {
  return octets("02 00 00 00 00 01 02 00 00 00 00 02", u16(type), payload);
}

export const frame = (ip: Uint8Array) => ethernet(etherType(ip), ip);

/** An IP packet with TCP inside, which the builder of segments leaves without checksums. */
export function withChecksums(ip: Uint8Array): Uint8Array {
  const summed = Uint8Array.from(ip);
  const tcpAt = isV6(ip) ? 40 : 20;
  if (tcpAt === 20) summed.set(u16(checksum(summed.subarray(0, 20))), 10);
  const pseudoHeader = octets(summed.subarray(tcpAt === 40 ? 8 : 12, tcpAt), u16(ip.length - tcpAt), 0, 6);
  summed.set(u16(checksum(octets(pseudoHeader, summed.subarray(tcpAt)))), tcpAt + 16);
  return summed;
}

/** With the frame check sequence that captures mostly lack. */
const checked = (bytes: Uint8Array) => octets(bytes, le32(crc32(bytes)));

function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The outer addresses: the tunnel's ends. */
export function ipv4(protocol: number, payload: Uint8Array, way: Way, fragment = 0): Uint8Array {
  const ends = way.forth ? "c0 00 02 01 c0 00 02 02" : "c0 00 02 02 c0 00 02 01";
  const header = octets(0x45, 0, u16(20 + payload.length), u16(way.number), u16(fragment), 64, protocol, 0, 0, ends);
  header.set(u16(checksum(header)), 10);
  return octets(header, payload);
}

export function ipv6(next: number, payload: Uint8Array, way: Way): Uint8Array {
  const one = "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01";
  const other = "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02";
  return octets(
    0x60,
    0,
    0,
    0,
    u16(payload.length),
    next,
    64,
    way.forth ? one : other,
    way.forth ? other : one,
    payload,
  );
}

export function udp(port: number, payload: Uint8Array, source = 49_321): Uint8Array {
  return octets(u16(source), u16(port), u16(8 + payload.length), 0, 0, payload);
}

export const vxlan = (vni: number, inner: Uint8Array) => octets("08 00 00 00", u24(vni), 0, inner);
export const geneve = (vni: number, type: number, options: number, inner: Uint8Array) =>
  octets(options, 0, u16(type), u24(vni), 0, new Uint8Array(4 * options).fill(1), inner);
export const gre = (flags: number, type: number, fields: number[], inner: Uint8Array) =>
  octets(u16(flags), u16(type), fields, inner);

function label(number: number, bottom: boolean): number[] {
  return u32(((number << 12) | (bottom ? 0x100 : 0) | 64) >>> 0);
}

/** An IP packet in pieces of at most so many octets of payload. */
export function fragments(ip: Uint8Array, size: number, way: Way): Uint8Array[] {
  const header = isV6(ip) ? 40 : (ip[0]! & 15) * 4;
  const payload = ip.subarray(header);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < payload.length; at += size) {
    const part = payload.subarray(at, at + size);
    const more = at + size < payload.length;
    if (isV6(ip)) {
      const fragment = octets(ip[6]!, 0, u16(at | (more ? 1 : 0)), u32(way.number + (way.forth ? 0 : 1 << 20)));
      const head = Uint8Array.from(ip.subarray(0, 40));
      head[6] = 44;
      head.set(u16(part.length + 8), 4);
      pieces.push(octets(head, fragment, part));
    } else {
      const head = Uint8Array.from(ip.subarray(0, header));
      head.set(u16(header + part.length), 2);
      head.set(u16(way.number), 4);
      head.set(u16((at / 8) | (more ? 0x2000 : 0)), 6);
      head.set([0, 0], 10);
      head.set(u16(checksum(head)), 10);
      pieces.push(octets(head, part));
    }
  }
  return pieces;
}

const RADIOTAP = octets(0, 0, le16(22), le32(0x0000_000f), new Uint8Array(8), 0, 2, le16(2412), le16(0xc0));

function ieee80211(ip: Uint8Array, qos: boolean): Uint8Array {
  const control = octets(
    qos ? 0x88 : 0x08,
    0x01,
    "00 00",
    "02 00 00 00 00 01 02 00 00 00 00 02 02 00 00 00 00 03",
    "10 00",
  );
  return octets(control, qos ? [0, 0] : [], snap(etherType(ip)), ip);
}

const snap = (type: number) => octets("aa aa 03 00 00 00", u16(type));

function wrapping(
  name: string,
  linkType: number,
  wrap: (ip: Uint8Array, way: Way) => Uint8Array | Uint8Array[],
  notByTshark?: string,
): Wrapping {
  const all = (ip: Uint8Array, way: Way) => {
    const made = wrap(ip, way);
    return Array.isArray(made) ? made : [made];
  };
  return { name, linkType, wrap: all, ...(notByTshark === undefined ? {} : { notByTshark }) };
}

const inEthernet = (name: string, type: number, wrap: (ip: Uint8Array, way: Way) => Uint8Array, not?: string) =>
  wrapping(name, 1, (ip, way) => ethernet(type, wrap(ip, way)), not);
const inIp = (name: string, protocol: number, wrap: (ip: Uint8Array, way: Way) => Uint8Array, not?: string) =>
  wrapping(name, 1, (ip, way) => frame(ipv4(protocol, wrap(ip, way), way)), not);
const inUdp = (name: string, port: number, wrap: (ip: Uint8Array, way: Way) => Uint8Array, not?: string) =>
  inIp(name, 17, (ip, way) => udp(port, wrap(ip, way)), not);

const JUNIPER = "4d 47 43";

export const LINK_WRAPPINGS: readonly Wrapping[] = [
  wrapping("Ethernet", 1, frame),
  wrapping("Linux cooked v1", 113, ip => octets("00 00 00 01 00 06 02 00 00 00 00 01 00 00", u16(etherType(ip)), ip)),
  wrapping("Linux cooked v2", 276, ip =>
    octets(u16(etherType(ip)), "00 00 00 00 00 03 00 01 00 06 02 00 00 00 00 01 00 00", ip),
  ),
  wrapping("BSD null", 0, ip => octets(le32(isV6(ip) ? 30 : 2), ip)),
  wrapping("BSD loop", 108, ip => octets(u32(isV6(ip) ? 24 : 2), ip)),
  wrapping("raw IP", 101, ip => ip),
  wrapping("PPP", 9, ip => octets("ff 03", u16(isV6(ip) ? 0x57 : 0x21), ip)),
  wrapping(
    "PPP, protocol compressed",
    9,
    ip => octets(isV6(ip) ? 0x57 : 0x21, ip),
    "it wants two octets of protocol here",
  ),
  wrapping("PPP in HDLC", 50, ip => octets("ff 03", u16(isV6(ip) ? 0x57 : 0x21), ip)),
  wrapping("PPP with direction", 204, (ip, way) => octets(way.forth ? 1 : 0, "ff 03", u16(isV6(ip) ? 0x57 : 0x21), ip)),
  wrapping("Cisco HDLC", 104, ip => octets("0f 00", u16(etherType(ip)), ip)),
  wrapping(
    "Cisco HDLC with direction",
    205,
    (ip, way) => octets(way.forth ? 1 : 0, "0f 00", u16(etherType(ip)), ip),
    "it does not know the link type",
  ),
  wrapping("frame relay", 107, ip => octets("04 01 03", isV6(ip) ? 0x8e : 0xcc, ip)),
  wrapping("frame relay, SNAP", 107, ip => octets("04 01 03 00 80 00 00 00", u16(etherType(ip)), ip)),
  wrapping(
    "frame relay, Cisco",
    107,
    ip => octets("04 01", u16(etherType(ip)), ip),
    "it must be told that Cisco's is meant",
  ),
  wrapping("token ring", 6, ip => octets("10 40 02 00 00 00 00 01 02 00 00 00 00 02", snap(etherType(ip)), ip)),
  wrapping("FDDI", 10, ip => octets("50 02 00 00 00 00 01 02 00 00 00 00 02", snap(etherType(ip)), ip)),
  wrapping("ATM, LLC/SNAP", 100, ip => octets(snap(etherType(ip)), ip)),
  wrapping("ATM, bridged", 100, ip => octets("aa aa 03 00 80 c2 00 07 00 00", frame(ip))),
  wrapping("802.11", 105, ip => ieee80211(ip, false)),
  wrapping("802.11 QoS with radiotap", 127, ip => octets(RADIOTAP, ieee80211(ip, true))),
  wrapping("802.11 between access points", 105, ip =>
    octets("08 03 00 00", new Uint8Array(18).fill(2), "10 00", new Uint8Array(6).fill(2), snap(etherType(ip)), ip),
  ),
  wrapping("PPI", 192, ip => octets(0, 0, le16(8), le32(1), frame(ip))),
  wrapping("NFLOG", 239, ip =>
    octets(
      isV6(ip) ? 10 : 2,
      "00 00 05",
      le16(8),
      le16(1),
      "08 00 01 00",
      le16(5),
      le16(10),
      "00 00 00 00",
      le16(4 + ip.length),
      le16(9),
      ip,
    ),
  ),
  wrapping(
    "NFLOG, big-endian host",
    239,
    ip =>
      octets(
        isV6(ip) ? 10 : 2,
        "00 00 05",
        u16(8),
        u16(1),
        "08 00 01 00",
        u16(5),
        u16(10),
        "00 00 00 00",
        u16(4 + ip.length),
        u16(9),
        ip,
      ),
    "it takes the byte order of the file",
  ),
  wrapping("macOS pktap", 258, ip => octets(le32(108), le32(1), le32(1), new Uint8Array(96), frame(ip))),
  wrapping("IPNET", 226, ip => octets("01", isV6(ip) ? 26 : 2, "00 01", u32(ip.length), new Uint8Array(16), ip)),
  wrapping("OpenBSD enc", 109, ip => octets(le32(isV6(ip) ? 24 : 2), new Uint8Array(8), ip)),
  wrapping("MPLS", 219, ip => octets(label(16, true), ip), "it does not know the link type"),
  wrapping("802.11 with a Prism header", 119, ip =>
    octets(le32(0x44), le32(144), new Uint8Array(136), ieee80211(ip, false)),
  ),
  wrapping("802.11 with an AVS header", 163, ip =>
    octets("80 21 10 01", u32(64), new Uint8Array(56), ieee80211(ip, true)),
  ),
  wrapping("PF log", 117, ip => octets(61, isV6(ip) ? 24 : 2, new Uint8Array(62), ip)),
  wrapping("mPacket, not to be interrupted", 274, ip => octets("55 55 55 55 55 55 55 d5", checked(frame(ip)))),
  wrapping("mPacket that may be interrupted", 274, ip => octets("55 55 55 55 55 55 55 4c", checked(frame(ip)))),
  wrapping("netANALYZER", 240, ip => octets("00 04 00 00", checked(frame(ip)))),
  wrapping(
    "netANALYZER, transparent",
    241,
    ip => octets("00 05 00 00 55 55 55 55 55 55 55 d5", checked(frame(ip))),
    "it does not look into the frame",
  ),
  wrapping("macOS pktap under USER2", 149, ip => octets(le32(108), le32(1), le32(1), new Uint8Array(96), frame(ip))),
  wrapping("Juniper Ethernet", 178, ip => octets(JUNIPER, "80 00 06 05 01 00 03 02 00", frame(ip))),
];

export const TAG_WRAPPINGS: readonly Wrapping[] = [
  inEthernet("802.1Q", 0x8100, ip => octets(u16(100), u16(etherType(ip)), ip)),
  inEthernet("802.1ad over 802.1Q", 0x88a8, ip => octets(u16(7), "81 00", u16(100), u16(etherType(ip)), ip)),
  inEthernet("802.1BR E-tag", 0x893f, ip => octets("00 00 00 01 00 00", u16(etherType(ip)), ip)),
  inEthernet("VN-tag", 0x8926, ip => octets("40 01 00 02", u16(etherType(ip)), ip)),
  inEthernet("802.1ah", 0x88e7, ip => octets(u32(4711), frame(ip))),
  inEthernet("802.1ah behind 802.1ad", 0x88a8, ip => octets(u16(5), "88 e7", u32(4711), frame(ip))),
  inEthernet("Cisco metadata", 0x8909, ip => octets("01 01 00 01 00 07", u16(etherType(ip)), ip)),
  inEthernet("FabricPath", 0x8903, ip => octets("00 60", checked(frame(ip)))),
  inEthernet("TRILL", 0x22f3, ip => octets("00 3f 00 01 00 02", frame(ip))),
  inEthernet("HSR", 0x892f, (ip, way) => octets(u16(ip.length + 6), u16(way.number), u16(etherType(ip)), ip)),
  inEthernet("MACsec without encryption", 0x88e5, (ip, way) =>
    octets(0x20, 0, u32(way.number), new Uint8Array(8).fill(3), u16(etherType(ip)), ip, new Uint8Array(16)),
  ),
  inEthernet("PPPoE", 0x8864, ip => octets("11 00 00 07", u16(ip.length + 2), u16(isV6(ip) ? 0x57 : 0x21), ip)),
  wrapping("802.3 with LLC/SNAP", 1, ip =>
    octets("02 00 00 00 00 01 02 00 00 00 00 02", u16(Math.min(1500, ip.length + 8)), snap(etherType(ip)), ip),
  ),
  inEthernet("MPLS, two labels", 0x8847, ip => octets(label(100, false), label(16, true), ip)),
  inEthernet("MPLS, Ethernet behind a control word", 0x8847, ip =>
    octets(label(100, false), label(17, true), "00 00 00 00", frame(ip)),
  ),
  inEthernet("MPLS, Ethernet without one", 0x8847, ip => octets(label(18, true), frame(ip))),
  inEthernet("NSH", 0x894f, ip => octets("0f c6 01", isV6(ip) ? 2 : 1, u32(0x0000_2aff), new Uint8Array(16), ip)),
];

export const TUNNEL_WRAPPINGS: readonly Wrapping[] = [
  inUdp("VXLAN", 4789, ip => vxlan(42, frame(ip))),
  wrapping("VXLAN behind a VLAN tag", 1, (ip, way) =>
    ethernet(0x8100, octets(u16(9), "08 00", ipv4(17, udp(4789, vxlan(42, frame(ip))), way))),
  ),
  wrapping("VXLAN over IPv6", 1, (ip, way) => frame(ipv6(17, udp(4789, vxlan(42, frame(ip))), way))),
  inUdp("VXLAN on Linux's old port", 8472, ip => vxlan(7, frame(ip)), "it takes the port for OTV's"),
  inUdp("VXLAN on any port", 31_337, ip => vxlan(7, frame(ip)), "it must be told the port"),
  inUdp("VXLAN with a tag inside", 4789, ip => vxlan(42, ethernet(0x8100, octets(u16(100), u16(etherType(ip)), ip)))),
  inUdp("VXLAN with a group policy", 4789, ip => octets("88 00 00 05", u24(42), 0, frame(ip))),
  inUdp("VXLAN, a number for each direction", 4789, (ip, way) => vxlan(way.forth ? 256 : 512, frame(ip))),
  inUdp("VXLAN-GPE", 4790, ip => octets("0c 00 00", isV6(ip) ? 2 : 1, u24(42), 0, ip)),
  inUdp("GENEVE", 6081, ip => geneve(42, 0x6558, 0, frame(ip))),
  inUdp("GENEVE with options", 6081, ip =>
    octets("03 00 65 58", u24(42), 0, "01 02 80 02 00 00 00 01 00 00 00 02", frame(ip)),
  ),
  inUdp("GENEVE with IP inside", 6081, ip => geneve(42, etherType(ip), 0, ip)),
  inIp("GRE", 47, ip => gre(0, etherType(ip), [], ip)),
  inIp("GRE with checksum, key and sequence", 47, (ip, way) =>
    gre(0xb000, etherType(ip), [0, 0, 0, 0, ...u32(77), ...u32(way.number)], ip),
  ),
  inIp("GRE, a key for each direction", 47, (ip, way) => gre(0x2000, etherType(ip), u32(way.forth ? 1 : 2), ip)),
  inIp("GRE with Ethernet inside", 47, ip => gre(0, 0x6558, [], frame(ip))),
  inIp("NVGRE", 47, ip => gre(0x2000, 0x6558, [...u24(5001), 9], frame(ip))),
  inIp("MPLS in GRE", 47, ip => gre(0, 0x8847, label(16, true), ip)),
  inIp("PPTP", 47, (ip, way) =>
    octets("30 01 88 0b", u16(ip.length + 4), u16(3), u32(way.number), "ff 03", u16(isV6(ip) ? 0x57 : 0x21), ip),
  ),
  inIp("WCCP", 47, ip => gre(0, 0x883e, [0, 0, 0, 0], ip)),
  inIp("ERSPAN I", 47, ip => gre(0, 0x88be, [], frame(ip)), "it looks for the header of the second type"),
  inIp("ERSPAN II", 47, (ip, way) =>
    gre(0x1000, 0x88be, [...u32(way.number), ...u32(0x1000_0001), 0, 0, 0, 1], frame(ip)),
  ),
  inIp("ERSPAN III", 47, (ip, way) =>
    gre(0x1000, 0x22eb, [...u32(way.number), ...u32(0x2000_0001), ...u32(7), 0, 0, 0, 0], frame(ip)),
  ),
  inIp("ERSPAN III with platform header", 47, (ip, way) =>
    gre(
      0x1000,
      0x22eb,
      [...u32(way.number), ...u32(0x2000_0001), ...u32(7), 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
      frame(ip),
    ),
  ),
  wrapping("IP in IPv4", 1, (ip, way) => frame(ipv4(isV6(ip) ? 41 : 4, ip, way))),
  wrapping("IP in IPv6", 1, (ip, way) => frame(ipv6(isV6(ip) ? 41 : 4, ip, way))),
  wrapping("Ethernet in SRv6", 1, (ip, way) =>
    frame(ipv6(43, octets(143, 2, 4, 0, 0, 0, 0, 0, "20 01 0d b8", new Uint8Array(11), 1, frame(ip)), way)),
  ),
  inIp("EtherIP", 97, ip => octets("30 00", frame(ip))),
  inIp("MPLS in IP", 137, ip => octets(label(16, true), ip)),
  inUdp("MPLS in UDP", 6635, ip => octets(label(16, true), ip)),
  inUdp("GTP-U, a tunnel for each direction", 2152, (ip, way) =>
    octets("30 ff", u16(ip.length), u32(way.forth ? 11 : 12), ip),
  ),
  inUdp("GTP-U with sequence and extension", 2152, (ip, way) =>
    octets("36 ff", u16(ip.length + 8), u32(11), u16(way.number), "00 85 01 00 00 00", ip),
  ),
  inUdp("LISP", 4341, ip => octets(new Uint8Array(8), ip)),
  inUdp("Teredo", 3544, (ip, way) => (isV6(ip) ? ip : ipv6(4, ip, way)), "it wants Teredo's addresses"),
  inUdp("L2TP", 1701, ip => octets("00 02 00 01 00 02 ff 03", u16(isV6(ip) ? 0x57 : 0x21), ip)),
  inUdp(
    "L2TP version 3 in UDP, with a cookie",
    1701,
    ip => octets("00 03 00 00 00 00 00 09 01 02 03 04", frame(ip)),
    "it must be told the cookie",
  ),
  inIp("L2TP version 3", 115, ip => octets(u32(9), frame(ip)), "it must be told what is inside"),
  inUdp("TZSP", 37_008, ip => octets("01 00 00 01 01", frame(ip))),
  inUdp(
    "CAPWAP with 802.3 inside",
    5247,
    ip => octets("00 10 00 00 00 00 00 00", frame(ip)),
    "it looks for 802.11 only",
  ),
  inUdp("FOU", 5555, ip => ip, "it must be told the port"),
  inUdp("a wrapping that nobody has described", 40_000, ip => octets("de ad be ef 00 01 02 03 04", ip), "nobody could"),
  inEthernet("an EtherType that nobody has described", 0xb0b0, ip => octets("00 00 12", ip), "nobody could"),
];

/** Layers in layers, and IP packets in pieces. */
export const NESTED_WRAPPINGS: readonly Wrapping[] = [
  wrapping("VXLAN in GRE in VLAN", 1, (ip, way) =>
    ethernet(
      0x8100,
      octets(u16(3), "08 00", ipv4(47, gre(0, 0x0800, [], ipv4(17, udp(4789, vxlan(1, frame(ip))), way)), way)),
    ),
  ),
  wrapping("ERSPAN of VXLAN", 1, (ip, way) =>
    frame(
      ipv4(
        47,
        gre(
          0x1000,
          0x88be,
          [...u32(way.number), ...u32(0x1000_0001), 0, 0, 0, 1],
          frame(ipv4(17, udp(4789, vxlan(42, frame(ip))), way)),
        ),
        way,
      ),
    ),
  ),
  wrapping("GENEVE of MPLS of Ethernet", 1, (ip, way) =>
    frame(
      ipv4(
        17,
        udp(6081, geneve(3, 0x6558, 1, ethernet(0x8847, octets(label(17, true), "00 00 00 00", frame(ip))))),
        way,
      ),
    ),
  ),
  wrapping("IP in IP in IP", 1, (ip, way) => frame(ipv4(4, ipv4(isV6(ip) ? 41 : 4, ip, way), way))),
  wrapping("PPPoE in QinQ", 1, ip =>
    ethernet(
      0x88a8,
      octets(u16(7), "81 00", u16(8), "88 64 11 00 00 07", u16(ip.length + 2), u16(isV6(ip) ? 0x57 : 0x21), ip),
    ),
  ),
  wrapping("VXLAN in Linux cooked v2", 276, (ip, way) =>
    octets(
      "08 00 00 00 00 00 00 03 00 01 00 06 02 00 00 00 00 01 00 00",
      ipv4(17, udp(4789, vxlan(42, frame(ip))), way),
    ),
  ),
  wrapping("fragments", 1, (ip, way) => fragments(ip, 24, way).map(frame)),
  wrapping("fragments, last first", 1, (ip, way) => fragments(ip, 24, way).map(frame).reverse()),
  wrapping("VXLAN in fragments", 1, (ip, way) =>
    fragments(ipv4(17, udp(4789, vxlan(42, frame(ip))), way), 40, way).map(frame),
  ),
  wrapping("fragments in VXLAN", 1, (ip, way) =>
    fragments(ip, 24, way).map(piece => frame(ipv4(17, udp(4789, vxlan(42, frame(piece))), way))),
  ),
];

export const WRAPPINGS: readonly Wrapping[] = [
  ...LINK_WRAPPINGS,
  ...TAG_WRAPPINGS,
  ...TUNNEL_WRAPPINGS,
  ...NESTED_WRAPPINGS,
];
