/** The kinds of packets that are not read: those that may hold AMQP, with advice, and those known to hold none. */
import { IEEE_802_11_AGGREGATE, IEEE_802_11_MANAGEMENT } from "./layers/ieee80211.ts";
import { MPACKET_PIECE } from "./layers/link-headers.ts";
import {
  ETHERTYPE,
  IEEE_802_11,
  IP_PROTOCOL,
  LINK_TYPE,
  MPLS,
  NSH,
  PPP_PROTOCOL,
  RAW_IP,
  UDP_PORT,
} from "./layers/protocol-numbers.ts";
import {
  CHANGED_COPY,
  CONTRADICTORY_FLAGS,
  EMPTY,
  FRAGMENT,
  HEADER_CUT,
  MALFORMED,
  NOT_OVER_TCP,
  STT,
  TOO_DEEP,
  UDP_CUT,
} from "./packet-outcome.ts";

export interface Kind {
  reason: string;
  /** Continues "12 packets"; [of one|of several]. */
  says: string;
  /** Continues the sentence if there is advice. */
  advice?: string;
}

/** RFC 4303 §3.4: only the two ends know whether it is encrypted. */
const ESP_IS = "[it is|they are] encrypted, or authenticated in a way that only the ends know";

/** What may hold AMQP and is not read, by protocol or packet outcome. */
export const CLOSED: ReadonlyMap<number, Kind> = new Map([
  [
    IP_PROTOCOL | 50,
    {
      reason: "esp",
      says: `of ESP (IPsec) [was|were] not read: ${ESP_IS}`,
      advice: "Capture at an end of the tunnel, where the packets are in the clear.",
    },
  ],
  [
    UDP_PORT | 4500,
    {
      reason: "esp-in-udp",
      says: `of ESP in UDP (IPsec) [was|were] not read: ${ESP_IS}`,
      advice: "Capture at an end of the tunnel, where the packets are in the clear.",
    },
  ],
  [
    UDP_PORT | 51820,
    {
      reason: "wireguard",
      says: "of WireGuard [was|were] not read: [it is|they are] encrypted",
      advice: "Capture on the tunnel's own interface (wg0).",
    },
  ],
  [
    UDP_PORT | 1194,
    {
      reason: "openvpn",
      says: "of OpenVPN [was|were] not read: [it is|they are] encrypted",
      advice: "Capture on the tunnel's own interface (tun0).",
    },
  ],
  [
    UDP_PORT | 5247,
    {
      reason: "capwap",
      says: "of CAPWAP [was|were] not read: encrypted, or in pieces",
      advice: "Capture behind the controller.",
    },
  ],
  [
    MPACKET_PIECE,
    {
      reason: "mpacket-pieces",
      says: "of mPackets [was|were] not read: [a piece of a frame|they are pieces of frames]",
    },
  ],
  [
    UDP_PORT | 1701,
    { reason: "l2tp", says: "of L2TP [was|were] not read: where [its|their] payload begins is not known" },
  ],
  [
    IP_PROTOCOL | 115,
    { reason: "l2tp", says: "of L2TP [was|were] not read: where [its|their] payload begins is not known" },
  ],
  [IP_PROTOCOL | 108, { reason: "ipcomp", says: "of IPComp [was|were] not read: [it is|they are] compressed" }],
  [
    IP_PROTOCOL | 55,
    { reason: "minimal-encapsulation", says: "of IP's minimal encapsulation (RFC 2004) [was|were] not read" },
  ],
  [IP_PROTOCOL | 47, { reason: "gre-routing", says: "of GRE with source routes [was|were] not read" }],
  [
    ETHERTYPE | 0x88e5,
    {
      reason: "macsec",
      says: "of MACsec [was|were] not read: [it is|they are] encrypted",
      advice: "Capture on the MACsec interface of a host (macsec0), or on a port without MACsec.",
    },
  ],
  [NSH, { reason: "nsh", says: "of NSH [was|were] not read: [it does|they do] not say what [it carries|they carry]" }],
  [
    RAW_IP,
    {
      reason: "not-ip",
      says: "should be IP and [begins|begin] with neither of its versions: [it was|they were] not read",
    },
  ],
  [
    IEEE_802_11,
    {
      reason: "802.11-protected",
      says: "of 802.11 [was|were] not read: [it is|they are] encrypted",
      advice: "Capture on the wired side, or decrypt them first (airdecap-ng).",
    },
  ],
  [
    IEEE_802_11_AGGREGATE,
    {
      reason: "802.11-aggregate",
      says: "of 802.11 [was|were] not read: fragments, or several packets in one frame",
      advice: "Capture on the wired side.",
    },
  ],
  [PPP_PROTOCOL | 0x0053, { reason: "ppp-encrypted", says: "of PPP [was|were] not read: [it is|they are] encrypted" }],
  [
    PPP_PROTOCOL | 0x00fd,
    { reason: "ppp-compressed", says: "of PPP [was|were] not read: [it is|they are] compressed" },
  ],
  [
    PPP_PROTOCOL | 0x00fb,
    { reason: "ppp-compressed", says: "of PPP [was|were] not read: [it is|they are] compressed" },
  ],
  [PPP_PROTOCOL | 0x002d, { reason: "ppp-vj", says: "of PPP [was|were] not read: headers are compressed (RFC 1144)" }],
  [PPP_PROTOCOL | 0x002f, { reason: "ppp-vj", says: "of PPP [was|were] not read: headers are compressed (RFC 1144)" }],
  [
    PPP_PROTOCOL | 0x003d,
    {
      reason: "ppp-multilink",
      says: "of PPP multilink [was|were] not read: [it is a piece of a packet|they are pieces of packets]",
    },
  ],
  [
    HEADER_CUT,
    {
      reason: "headers-cut",
      says: "[was|were] cut by the snap length inside [its|their] headers",
      advice: "Capture whole packets (tcpdump -s 0).",
    },
  ],
  [MALFORMED, { reason: "malformed", says: "[has|have] headers that contradict themselves" }],
  [TOO_DEEP, { reason: "too-deep", says: "[has|have] more layers in one another than are read (32)" }],
  [
    CHANGED_COPY,
    {
      reason: "changed-copies",
      says: "[is a copy|are copies] of octets already seen, and [differs|differ] from them: [it was|they were] not read",
      advice: "Capture in one place, or give each place its own file.",
    },
  ],
  [
    NOT_OVER_TCP,
    {
      reason: "not-over-tcp",
      says: "of UDP or SCTP on AMQP's ports (5671, 5672) [was|were] not read: ghostframe reads AMQP over TCP",
    },
  ],
  [
    UDP_CUT,
    {
      reason: "udp-cut",
      says: "of UDP [was|were] cut by the snap length before it showed whether [it is a tunnel's|they are a tunnel's]",
      advice: "Capture whole packets (tcpdump -s 0), or only TCP.",
    },
  ],
  [EMPTY, { reason: "empty", says: "[has|have] no octets in the capture" }],
  [
    STT,
    {
      reason: "stt",
      says: "of STT (a tunnel that looks like TCP) [was|were] not read",
      advice: "Capture at an end of the tunnel, on the machine's own interface.",
    },
  ],
  [
    FRAGMENT,
    {
      reason: "fragments",
      says: "[is a fragment|are fragments] of IP packets whose other fragments are not in the capture",
    },
  ],
]);

/** What holds no AMQP 0-9-1: no TCP in it, or a protocol of the network's own. */
export const HARMLESS: ReadonlyMap<number, string> = new Map([
  [CONTRADICTORY_FLAGS, "contradictory-flags"],
  [IEEE_802_11_MANAGEMENT, "802.11-management"],
  [LINK_TYPE | 0, "another-address-family"],
  [LINK_TYPE | 117, "another-address-family"],
  [LINK_TYPE | 239, "another-address-family"],
  [LINK_TYPE | 253, "netlink"],
  [LINK_TYPE | 227, "can"],
  [LINK_TYPE | 195, "802.15.4"],
  [LINK_TYPE | 215, "802.15.4"],
  [LINK_TYPE | 230, "802.15.4"],
  [LINK_TYPE | 283, "802.15.4"],
  [LINK_TYPE | 231, "d-bus"],
  [MPLS, "mpls-associated-channel"],
  ...numbered(IP_PROTOCOL, {
    1: "icmp",
    2: "igmp",
    17: "udp",
    33: "dccp",
    46: "rsvp",
    58: "icmpv6",
    59: "no-next-header",
    88: "eigrp",
    89: "ospf",
    103: "pim",
    112: "vrrp",
    113: "pgm",
    124: "is-is",
    132: "sctp",
    136: "udp-lite",
  }),
  ...numbered(ETHERTYPE, {
    2054: "arp",
    2114: "wake-on-lan",
    8192: "cdp",
    8193: "nhrp",
    8196: "dtp",
    24578: "mop",
    32821: "rarp",
    33079: "ipx",
    32923: "appletalk",
    33011: "appletalk-arp",
    34824: "flow-control",
    34825: "slow-protocols",
    34915: "pppoe-discovery",
    34925: "intel-teaming",
    34927: "nlb-heartbeat",
    34939: "homeplug",
    34958: "eapol",
    34962: "profinet",
    34969: "realtek",
    34978: "ata-over-ethernet",
    34980: "ethercat",
    34987: "powerlink",
    35000: "goose",
    35001: "gse",
    35002: "sampled-values",
    35015: "802.11i",
    35020: "lldp",
    35021: "sercos",
    35041: "homeplug-av",
    35043: "mrp",
    35061: "mvrp",
    35062: "mmrp",
    35063: "ptp",
    35067: "prp",
    35074: "cfm",
    35078: "fcoe",
    35085: "802.11r",
    35092: "fcoe-initialisation",
    35093: "roce",
    36864: "loopback-test",
    12: "can",
    13: "can",
    65278: "is-is",
  }),
]);

function numbered(registry: number, names: Readonly<Record<number, string>>): [number, string][] {
  return Object.entries(names).map(([number, name]) => [registry | Number(number), name]);
}
