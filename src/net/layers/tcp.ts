/**
 * The TCP header (RFC 9293 §3.1).
 *
 * ```text
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * |          Source port          |       Destination port        |  0
 * |                        Sequence number                        |  4
 * |                    Acknowledgment number                      |  8
 * | Offset|  Rsrvd|C E U A P R S F|            Window             | 12
 * |           Checksum            |        Urgent pointer         | 16
 * |              Options, up to Offset × 4 octets                 | 20
 * ```
 *
 * The checksum is not verified: with checksum offload, half of a capture made on an end host carries none.
 */
import { long, short } from "../../bytes/big-endian.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "../packet-outcome.ts";
import type { LayeredPacket } from "./layered-packet.ts";

/** Segmentation offload stays below 1 MiB; an original length far above is wrong, and would move the stream along. */
const MAX_PAYLOAD = 16 * 1024 * 1024;

/** Reads the TCP header of `packet`. Returns 0, or a negative packet outcome, which leaves its segment undefined. */
export function readTcp({ bytes, at, end, wireEnd: ipEnd, segment }: LayeredPacket): number {
  if (at + 20 > ipEnd) return MALFORMED;
  // Enough for the flags: window, checksum and options may be cut, and the payload's length is known all the same.
  if (at + 14 > end) return HEADER_INCOMPLETE;
  const dataOffset = (bytes[at + 12]! >>> 4) << 2;
  const payloadAt = at + dataOffset;
  if (dataOffset < 20 || payloadAt > ipEnd || ipEnd - payloadAt > MAX_PAYLOAD) return MALFORMED;
  segment.sourcePort = short(bytes, at);
  segment.destinationPort = short(bytes, at + 2);
  segment.sequence = long(bytes, at + 4) | 0;
  segment.acknowledgment = long(bytes, at + 8) | 0;
  segment.flags = bytes[at + 13]!;
  segment.payloadStart = Math.min(payloadAt, end);
  segment.payloadEnd = end;
  segment.cut = ipEnd - Math.max(payloadAt, end);
  return 0;
}
