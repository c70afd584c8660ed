/**
 * One number for every protocol that a layer may carry: the registry it is numbered in, and its number there. A layer
 * answers with the number of the next one, so that no string or object is needed on the way to TCP.
 */

/** Link types of captures: https://www.tcpdump.org/linktypes.html */
export const LINK_TYPE = 0x1_0000;
/** IEEE 802 EtherTypes; GRE, GENEVE and NSH use them, too. */
export const ETHERTYPE = 0x2_0000;
/** IANA's protocol numbers of IPv4 and IPv6. */
export const IP_PROTOCOL = 0x3_0000;
/** PPP's protocol field (RFC 1661). */
export const PPP_PROTOCOL = 0x4_0000;
/** A tunnel by the UDP port it is known by. */
export const UDP_PORT = 0x5_0000;
/** Network layer protocol identifiers of frame relay (RFC 2427). */
export const NLPID = 0x6_0000;
/** Destination service access points of IEEE 802.2. */
export const DSAP = 0x7_0000;

export const ETHERNET = LINK_TYPE | 1;
/** IPv4 or IPv6, decided by its first octet. */
export const RAW_IP = LINK_TYPE | 101;
/** IEEE 802.2, as ATM (RFC 2684) carries it without a header of its own. */
export const LLC = LINK_TYPE | 100;
export const IEEE_802_11 = LINK_TYPE | 105;
export const FRAME_RELAY = LINK_TYPE | 107;
export const CISCO_HDLC = LINK_TYPE | 104;
export const PPP = LINK_TYPE | 9;
export const IPV4 = ETHERTYPE | 0x0800;
export const IPV6 = ETHERTYPE | 0x86dd;
export const MPLS = ETHERTYPE | 0x8847;
export const NSH = ETHERTYPE | 0x894f;
export const TCP = IP_PROTOCOL | 6;
export const UDP = IP_PROTOCOL | 17;
export const SCTP = IP_PROTOCOL | 132;

/** The ports IANA assigned to AMQP, without and with TLS. */
export const AMQP_PORTS: readonly number[] = [5672, 5671];

const REGISTRIES: Readonly<Record<number, (number: number) => string>> = {
  [LINK_TYPE]: number => `link type ${number}`,
  [ETHERTYPE]: number => `EtherType 0x${number.toString(16).padStart(4, "0")}`,
  [IP_PROTOCOL]: number => `IP protocol ${number}`,
  [PPP_PROTOCOL]: number => `PPP protocol 0x${number.toString(16).padStart(4, "0")}`,
  [UDP_PORT]: number => `UDP port ${number}`,
  [NLPID]: number => `frame relay protocol 0x${number.toString(16).padStart(2, "0")}`,
  [DSAP]: number => `802.2 service access point 0x${number.toString(16).padStart(2, "0")}`,
};

/** A protocol as its registry numbers it: "EtherType 0x88e5". */
export function numberedName(protocol: number): string {
  return REGISTRIES[protocol & ~0xffff]?.(protocol & 0xffff) ?? `protocol ${protocol}`;
}
