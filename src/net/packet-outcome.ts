/**
 * What became of a packet that is not a TCP segment. Negative, so that a decoder can return either an offset or one of
 * these without making an object.
 */

/** The link type is none that link-layer.ts reads. */
export const UNKNOWN_LINK_TYPE = -1;
/** Another network protocol: ARP, LLDP, … */
export const NOT_IP = -2;
/** IP that carries something else: UDP, ICMP, … */
export const NOT_TCP = -3;
/** Part of a fragmented IP packet that carries TCP. */
export const FRAGMENT = -4;
/** The octets end inside a header: cut by the snap length, or never there. */
export const HEADER_INCOMPLETE = -5;
/** A header contradicts itself: a length below its minimum or beyond the packet. */
export const MALFORMED = -6;
