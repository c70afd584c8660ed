/**
 * Packets that were not read down to a TCP segment: how many of which kind, whether AMQP may be in them, and what helps.
 *
 * A kind that is not in these tables is unknown, and what is unknown may hold anything.
 */
import { grouped } from "../bytes/grouped.ts";
import { IEEE_802_11_AGGREGATE, IEEE_802_11_MANAGEMENT } from "./layers/ieee80211.ts";
import { MPACKET_PIECE } from "./layers/link-headers.ts";
import {
  DSAP,
  ETHERTYPE,
  IEEE_802_11,
  IP_PROTOCOL,
  LINK_TYPE,
  MPLS,
  NSH,
  numberedName,
  PPP_PROTOCOL,
  RAW_IP,
  UDP,
  UDP_PORT,
} from "./layers/protocol-numbers.ts";
import { CONTRADICTORY_FLAGS, FRAGMENT, HEADER_CUT, MALFORMED, TOO_DEEP } from "./packet-outcome.ts";

/** One kind of packet that was not read. */
export interface UnreadPackets {
  /** Stable, for programs: "esp", "ethertype-0x88b5", "link-type-147". */
  reason: string;
  packets: number;
  /** Whether AMQP may be in them, of whatever version. */
  mayHoldAmqp: boolean;
  /** One sentence or two, with the number and with what helps. */
  message: string;
}

interface Kind {
  reason: string;
  /** Continues "12 packets". */
  says: string;
  /** Continues the sentence where something helps. */
  advice?: string;
}

/** What may hold AMQP and is not read, by protocol or packet outcome. */
const CLOSED: ReadonlyMap<number, Kind> = new Map([
  [
    IP_PROTOCOL | 50,
    {
      reason: "esp",
      says: "of ESP (IPsec) were not read: they are encrypted",
      advice: "Capture at an end of the tunnel, where the packets are in the clear.",
    },
  ],
  [
    UDP_PORT | 4500,
    {
      reason: "esp-in-udp",
      says: "of ESP in UDP (IPsec) were not read: they are encrypted",
      advice: "Capture at an end of the tunnel, where the packets are in the clear.",
    },
  ],
  [
    UDP_PORT | 51820,
    {
      reason: "wireguard",
      says: "of WireGuard were not read: they are encrypted",
      advice: "Capture on the tunnel's own interface (wg0).",
    },
  ],
  [
    UDP_PORT | 1194,
    {
      reason: "openvpn",
      says: "of OpenVPN were not read: they are encrypted",
      advice: "Capture on the tunnel's own interface (tun0).",
    },
  ],
  [
    UDP_PORT | 5247,
    {
      reason: "capwap",
      says: "of CAPWAP were not read: they are encrypted or in pieces",
      advice: "Capture behind the controller.",
    },
  ],
  [MPACKET_PIECE, { reason: "mpacket-pieces", says: "of mPackets were not read: they are pieces of frames" }],
  [UDP_PORT | 1701, { reason: "l2tp", says: "of L2TP were not read: nothing tells where their payload begins" }],
  [IP_PROTOCOL | 115, { reason: "l2tp", says: "of L2TP were not read: nothing tells where their payload begins" }],
  [IP_PROTOCOL | 108, { reason: "ipcomp", says: "of IPComp were not read: they are compressed" }],
  [
    IP_PROTOCOL | 55,
    { reason: "minimal-encapsulation", says: "of IP's minimal encapsulation (RFC 2004) were not read" },
  ],
  [IP_PROTOCOL | 47, { reason: "gre-routing", says: "of GRE with source routes were not read" }],
  [
    ETHERTYPE | 0x88e5,
    {
      reason: "macsec",
      says: "of MACsec were not read: they are encrypted",
      advice: "Capture on the MACsec interface of a host (macsec0), or on a port without MACsec.",
    },
  ],
  [NSH, { reason: "nsh", says: "of NSH were not read: they do not say what they carry" }],
  [RAW_IP, { reason: "not-ip", says: "should be IP and begin with neither of its versions: they were not read" }],
  [
    IEEE_802_11,
    {
      reason: "802.11-protected",
      says: "of 802.11 were not read: they are encrypted",
      advice: "Capture on the wired side, or decrypt them first (airdecap-ng).",
    },
  ],
  [
    IEEE_802_11_AGGREGATE,
    {
      reason: "802.11-aggregate",
      says: "of 802.11 were not read: they are fragments, or several packets in one frame",
      advice: "Capture on the wired side.",
    },
  ],
  [PPP_PROTOCOL | 0x0053, { reason: "ppp-encrypted", says: "of PPP were not read: they are encrypted" }],
  [PPP_PROTOCOL | 0x00fd, { reason: "ppp-compressed", says: "of PPP were not read: they are compressed" }],
  [PPP_PROTOCOL | 0x00fb, { reason: "ppp-compressed", says: "of PPP were not read: they are compressed" }],
  [PPP_PROTOCOL | 0x002d, { reason: "ppp-vj", says: "of PPP were not read: their headers are compressed (RFC 1144)" }],
  [PPP_PROTOCOL | 0x002f, { reason: "ppp-vj", says: "of PPP were not read: their headers are compressed (RFC 1144)" }],
  [
    PPP_PROTOCOL | 0x003d,
    { reason: "ppp-multilink", says: "of PPP multilink were not read: they are pieces of packets" },
  ],
  [
    HEADER_CUT,
    {
      reason: "headers-cut",
      says: "were cut by the snap length inside their headers",
      advice: "Capture whole packets (tcpdump -s 0).",
    },
  ],
  [MALFORMED, { reason: "malformed", says: "have headers that contradict themselves" }],
  [TOO_DEEP, { reason: "too-deep", says: "have more layers in one another than are read (32)" }],
  [FRAGMENT, { reason: "fragments", says: "are fragments of IP packets whose other fragments are not in the capture" }],
]);

/** What holds no AMQP 0-9-1: no TCP in it, or a protocol of the network's own. */
const HARMLESS: ReadonlyMap<number, string> = new Map([
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

/** Whether it is known that a protocol, or a packet outcome, holds no AMQP. */
export function isHarmless(kind: number): boolean {
  return harmless(kind) !== null;
}

/** Whether a protocol may quote packets without carrying them: ICMP does of an error, and over UDP flow records do. */
export function mayQuote(protocol: number): boolean {
  return protocol === UDP || protocol === (IP_PROTOCOL | 1) || protocol === (IP_PROTOCOL | 58);
}

/** The kinds counted in `counts` (by protocol number or packet outcome), what may hold AMQP first, the most first. */
export function unreadPackets(counts: ReadonlyMap<number, number>): UnreadPackets[] {
  const all = Array.from(counts, ([kind, packets]) => describe(kind, packets));
  return all.sort((a, b) => Number(b.mayHoldAmqp) - Number(a.mayHoldAmqp) || b.packets - a.packets);
}

function describe(kind: number, packets: number): UnreadPackets {
  const name = harmless(kind);
  if (name !== null) {
    const message = `${counted(packets)} of ${name}: no AMQP in ${packets === 1 ? "it" : "them"}.`;
    return { reason: name, packets, mayHoldAmqp: false, message };
  }
  const { reason, says, advice } = CLOSED.get(kind) ?? unknown(kind);
  const message = `${counted(packets)} ${says}.${advice === undefined ? "" : ` ${advice}`}`;
  return { reason, packets, mayHoldAmqp: true, message };
}

function unknown(protocol: number): Kind {
  const name = numberedName(protocol);
  const reason = name.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return { reason, says: `of ${name} were not read: ghostframe does not know it` };
}

function harmless(kind: number): string | null {
  const name = HARMLESS.get(kind);
  if (name !== undefined) return name;
  const [registry, number] = [kind & ~0xffff, kind & 0xffff];
  if (kind >= 0 && registry === DSAP) return "802.2";
  // Network and link control protocols (RFC 1661 §2).
  if (kind >= 0 && registry === PPP_PROTOCOL && number >= 0x4000) return "ppp-control";
  return null;
}

function counted(packets: number): string {
  return `${grouped(packets)} packet${packets === 1 ? "" : "s"}`;
}
