/**
 * From a capture's link type to the IP header. Numbers and layouts: https://www.tcpdump.org/linktypes.html
 *
 * ```text
 * Ethernet (1)               destination 6 | source 6 | EtherType 2 | payload
 *   802.1Q, 802.1ad                                     0x8100 …   | TCI 2 | EtherType 2 | payload
 *   PPPoE session (RFC 2516)                            0x8864     | 6 octets | PPP protocol 2 | payload
 * Linux cooked v1 (113)      packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2 | payload
 * Linux cooked v2 (276)      protocol 2 | reserved 2 | interface 4 | ARPHRD 2 | packet type 1 | length 1 | address 8 | payload
 * BSD loopback (0, 108)      address family 4, in the byte order of the host (0) or of the network (108) | payload
 * raw IP (101, 228, 229)     payload; older files say 12 or 14
 * ```
 */
import { long, short } from "../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, NOT_IP, UNKNOWN_LINK_TYPE } from "./packet-outcome.ts";

const LINKTYPE_NULL = 0;
const LINKTYPE_ETHERNET = 1;
const DLT_RAW = 12;
const DLT_RAW_OPENBSD = 14;
const LINKTYPE_RAW = 101;
const LINKTYPE_LOOP = 108;
const LINKTYPE_LINUX_SLL = 113;
const LINKTYPE_IPV4 = 228;
const LINKTYPE_IPV6 = 229;
const LINKTYPE_LINUX_SLL2 = 276;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
const ETHERTYPE_SERVICE_VLAN = 0x88a8;
const ETHERTYPE_OLD_QINQ = 0x9100;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/**
 * Offset of the IP header in the packet bytes[start, end), at most `end`; or a negative packet outcome. Whether the
 * header's version is 4 or 6 is for the header itself to say.
 */
export function ipHeaderAt(linkType: number, bytes: Uint8Array, start: number, end: number): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return behindEtherType(bytes, start + 12, start + 14, end);
    case LINKTYPE_LINUX_SLL:
      return behindEtherType(bytes, start + 14, start + 16, end);
    case LINKTYPE_LINUX_SLL2:
      return behindEtherType(bytes, start, start + 20, end);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return behindAddressFamily(bytes, start, end);
    case DLT_RAW:
      // OpenBSD's number for the loopback header, which then begins with a zero octet; everyone else's for raw IP.
      return start < end && bytes[start] === 0 ? behindAddressFamily(bytes, start, end) : start;
    case DLT_RAW_OPENBSD:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
      return start;
    default:
      return UNKNOWN_LINK_TYPE;
  }
}

function behindEtherType(bytes: Uint8Array, typeAt: number, payloadAt: number, end: number): number {
  if (payloadAt > end) return HEADER_INCOMPLETE;
  const type = short(bytes, typeAt);
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return payloadAt;
  return behindTags(bytes, type, payloadAt, end);
}

/** Apart from its caller, which thereby stays small enough to be inlined. */
function behindTags(bytes: Uint8Array, outermost: number, payloadAt: number, end: number): number {
  let type = outermost;
  let at = payloadAt;
  while (type === ETHERTYPE_VLAN || type === ETHERTYPE_SERVICE_VLAN || type === ETHERTYPE_OLD_QINQ) {
    if (at + 4 > end) return HEADER_INCOMPLETE;
    type = short(bytes, at + 2);
    at += 4;
  }
  if (type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6) return at;
  if (type !== ETHERTYPE_PPPOE_SESSION) return NOT_IP;
  if (at + 8 > end) return HEADER_INCOMPLETE;
  const protocol = short(bytes, at + 6);
  return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? at + 8 : NOT_IP;
}

function behindAddressFamily(bytes: Uint8Array, start: number, end: number): number {
  if (start + 4 > end) return HEADER_INCOMPLETE;
  const word = long(bytes, start);
  // The file does not say which byte order its host had; every family is below 256, so one of the two fits.
  const family = (word & 0x00ff_ffff) === 0 ? word >>> 24 : word;
  switch (family) {
    case 2: // AF_INET, the same everywhere
    case 24: // AF_INET6: NetBSD, OpenBSD, Npcap
    case 28: // FreeBSD
    case 30: // Darwin
    case 10: // Linux
    case 23: // Windows
      return start + 4;
    default:
      return NOT_IP;
  }
}
