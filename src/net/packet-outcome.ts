/**
 * What became of a packet that is not a TCP segment. Negative, so that a decoder can return either a number of its own
 * or one of these without making an object.
 */

/** A protocol that is not read; `LayeredPacket.unread` is its number. */
export const UNREAD = -1;
/** A fragment of an IP packet whose other fragments have not all come yet. */
export const FRAGMENT = -2;
/** The octets end inside a header: cut by the snap length, or never there. */
export const HEADER_INCOMPLETE = -3;
/** A header contradicts itself: a length below its minimum or beyond the packet. */
export const MALFORMED = -4;
/** More layers than MAX_LAYERS. */
export const TOO_DEEP = -5;
/** The snap length cut the packet inside its headers. */
export const HEADER_CUT = -6;
/** A TCP header with flags that exclude each other. */
export const CONTRADICTORY_FLAGS = -7;
/** UDP or SCTP on AMQP's ports. */
export const NOT_OVER_TCP = -9;
/** UDP on unknown ports, cut by the snap length before its payload can be recognised. */
export const UDP_CUT = -10;
/** A record without an octet. */
export const EMPTY = -11;
/** A segment of the Stateless Transport Tunnel, which only looks like TCP. */
export const STT = -12;
/** A copy of octets already read that differs from them. */
export const CHANGED_COPY = -8;
