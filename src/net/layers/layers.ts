/**
 * Every layer that is read: its name, its number where it comes from, and who reads it. A new one is a reader beside this
 * file and a row here; the list in docs/limits.md is made of these rows.
 */
import {
  ciscoMetadata,
  eTag,
  ethernet,
  fabricPath,
  hsrTag,
  serviceInstanceTag,
  trill,
  vlanTag,
  vnTag,
} from "./ethernet.ts";
import { erspan3, gre, wccp } from "./gre.ts";
import { ieee80211, radioHeader, radiotap } from "./ieee80211.ts";
import { authenticationHeader, extensionHeader, fragmentHeader, ip } from "./ip.ts";
import type { LayerReader } from "./layered-packet.ts";
import {
  cooked,
  cooked2,
  enc,
  ipnet,
  juniper,
  loopback,
  mPacket,
  netAnalyzer,
  netAnalyzerTransparent,
  nflog,
  pfLog,
  pktap,
  pktapOfUser2,
  ppi,
  rawIp,
  rawOrLoopback,
} from "./link-headers.ts";
import { fddi, frameRelay, llc, snapBehindNlpid, tokenRing } from "./llc.ts";
import { mpls } from "./mpls.ts";
import { etherIp, l2tp3, macsec, nsh } from "./other-tunnels.ts";
import { ciscoHdlc, ciscoHdlcWithDirection, frameRelayWithDirection, ppp, pppoe, pppWithDirection } from "./ppp.ts";
import { DSAP, ETHERTYPE, IP_PROTOCOL, LINK_TYPE, NLPID, PPP_PROTOCOL, SCTP, UDP } from "./protocol-numbers.ts";
import { sctp, udpReader } from "./udp.ts";

/** `registry`: one of protocol-numbers.ts; `numbers`: the layer's numbers in it. */
export interface Layer {
  name: string;
  registry: number;
  numbers: readonly number[];
  read: LayerReader;
}

function row(name: string, registry: number, numbers: readonly number[], read: LayerReader): Layer {
  return { name, registry, numbers, read };
}

/** What a capture's packets may begin with. */
export const LINK_TYPES: readonly Layer[] = [
  row("Ethernet", LINK_TYPE, [1], ethernet),
  row("Linux cooked", LINK_TYPE, [113], cooked),
  row("Linux cooked v2", LINK_TYPE, [276], cooked2),
  row("BSD loopback", LINK_TYPE, [0, 108], loopback),
  row("raw IP", LINK_TYPE, [14, 101, 228, 229], rawIp),
  row("raw IP or OpenBSD loopback", LINK_TYPE, [12], rawOrLoopback),
  row("PPP", LINK_TYPE, [9, 50], ppp),
  row("PPP with direction", LINK_TYPE, [166, 204], pppWithDirection),
  row("PPPoE", LINK_TYPE, [51], pppoe),
  row("Cisco HDLC", LINK_TYPE, [104], ciscoHdlc),
  row("Cisco HDLC with direction", LINK_TYPE, [205], ciscoHdlcWithDirection),
  row("frame relay", LINK_TYPE, [107], frameRelay),
  row("frame relay with direction", LINK_TYPE, [206], frameRelayWithDirection),
  row("token ring", LINK_TYPE, [6], tokenRing),
  row("FDDI", LINK_TYPE, [10], fddi),
  row("LLC/SNAP (ATM)", LINK_TYPE, [100], llc),
  row("802.11", LINK_TYPE, [105], ieee80211),
  row("802.11 with radiotap", LINK_TYPE, [127], radiotap),
  row("802.11 with Prism or AVS header", LINK_TYPE, [119, 163], radioHeader),
  row("PPI", LINK_TYPE, [192], ppi),
  row("NFLOG", LINK_TYPE, [239], nflog),
  row("macOS pktap", LINK_TYPE, [258], pktap),
  row("macOS pktap under USER2", LINK_TYPE, [149], pktapOfUser2),
  row("IPNET", LINK_TYPE, [226], ipnet),
  row("PF log", LINK_TYPE, [117], pfLog),
  row("OpenBSD enc", LINK_TYPE, [109], enc),
  row("MPLS", LINK_TYPE, [219], mpls),
  row("Ethernet mPacket", LINK_TYPE, [274], mPacket),
  row("netANALYZER", LINK_TYPE, [240], netAnalyzer),
  row("netANALYZER, transparent", LINK_TYPE, [241], netAnalyzerTransparent),
  row("Juniper Ethernet", LINK_TYPE, [178], juniper),
];

/** Tags and tunnels between the link layer and the TCP header. Those over UDP are in udp-tunnels.ts. */
export const INNER_LAYERS: readonly Layer[] = [
  row("IPv4", ETHERTYPE, [0x0800], ip),
  row("IPv6", ETHERTYPE, [0x86dd], ip),
  row("VLAN tags (802.1Q, 802.1ad)", ETHERTYPE, [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300], vlanTag),
  row("802.1BR E-tag", ETHERTYPE, [0x893f], eTag),
  row("VN-tag", ETHERTYPE, [0x8926], vnTag),
  row("802.1ah", ETHERTYPE, [0x88e7], serviceInstanceTag),
  row("Cisco metadata", ETHERTYPE, [0x8909], ciscoMetadata),
  row("FabricPath", ETHERTYPE, [0x8903], fabricPath),
  row("TRILL", ETHERTYPE, [0x22f3], trill),
  row("HSR", ETHERTYPE, [0x892f], hsrTag),
  row("MACsec without encryption", ETHERTYPE, [0x88e5], macsec),
  row("MPLS", ETHERTYPE, [0x8847, 0x8848], mpls),
  row("PPPoE", ETHERTYPE, [0x8864], pppoe),
  row("PPP", ETHERTYPE, [0x880b], ppp),
  row("transparent Ethernet bridging", ETHERTYPE, [0x6558], ethernet),
  row("ERSPAN III", ETHERTYPE, [0x22eb], erspan3),
  row("WCCP", ETHERTYPE, [0x883e], wccp),
  row("NSH", ETHERTYPE, [0x894f], nsh),
  row("IP in IP", IP_PROTOCOL, [4, 94], ip),
  row("6in4, 6in6", IP_PROTOCOL, [41], ip),
  row("GRE, NVGRE, ERSPAN", IP_PROTOCOL, [47], gre),
  row("EtherIP", IP_PROTOCOL, [97], etherIp),
  row("MPLS in IP", IP_PROTOCOL, [137], mpls),
  row("Ethernet in SRv6", IP_PROTOCOL, [143], ethernet),
  row("L2TP", IP_PROTOCOL, [115], l2tp3),
  row("IP fragments", IP_PROTOCOL, [44], fragmentHeader),
  row("IPv6 extension headers", IP_PROTOCOL, [0, 43, 60, 135, 139, 140], extensionHeader),
  row("authentication header", IP_PROTOCOL, [51], authenticationHeader),
  row("IPv4 in PPP", PPP_PROTOCOL, [0x0021], ip),
  row("IPv6 in PPP", PPP_PROTOCOL, [0x0057], ip),
  row("MPLS in PPP", PPP_PROTOCOL, [0x0281, 0x0283], mpls),
  row("IPv4 in frame relay", NLPID, [0xcc], ip),
  row("IPv6 in frame relay", NLPID, [0x8e], ip),
  row("PPP in frame relay", NLPID, [0xcf], ppp),
  row("SNAP in frame relay", NLPID, [0x80], snapBehindNlpid),
  row("IP in LLC", DSAP, [0x06], ip),
];

/** Readers by the number of their protocol. `vxlanPorts`: UDP ports taken as VXLAN's, besides VXLAN's own. */
export function layerReaders(vxlanPorts: readonly number[]): ReadonlyMap<number, LayerReader> {
  const readers = new Map<number, LayerReader>();
  for (const { registry, numbers, read } of [...LINK_TYPES, ...INNER_LAYERS]) {
    for (const number of numbers) readers.set(registry | number, read);
  }
  return readers.set(SCTP, sctp).set(UDP, udpReader(vxlanPorts));
}
