/**
 * The TCP header (RFC 9293 §3.1), and the way to it through link layer and IP.
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
import { long, short } from "../bytes/big-endian.ts";
import type { PacketRecord } from "../capture/packet-record.ts";
import { readIp } from "./ip.ts";
import { ipHeaderAt } from "./link-layer.ts";
import { HEADER_INCOMPLETE, MALFORMED } from "./packet-outcome.ts";

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** Segmentation offload stays below 1 MiB; an original length far above is a lie that would move the stream along. */
const MAX_PAYLOAD = 16 * 1024 * 1024;

/** One segment's headers. A single instance is overwritten packet by packet; 32-bit values are kept as signed. */
export class TcpSegment {
  /** IP version, 4 or 6. Of an IPv4 address only the first word counts. */
  version = 4;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** Offset where the IP packet ends by its own length; may lie beyond what was captured. */
  ipEnd = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Sequence number as it stands in the header, signed. */
  sequence = 0;
  acknowledgment = 0;
  flags = 0;
  /** The captured payload is the record's bytes[payloadStart, payloadEnd). */
  payloadStart = 0;
  payloadEnd = 0;
  /** Payload octets behind payloadEnd that the snap length cut off. */
  cut = 0;
}

/** Reads a packet down to its TCP payload. Returns 0, or a negative packet outcome, which leaves `segment` undefined. */
export function readSegment(record: PacketRecord, segment: TcpSegment): number {
  const bytes = record.bytes;
  const end = record.end;
  const wireEnd = Math.max(end, record.start + record.originalLength);
  const ipAt = ipHeaderAt(record.linkType, bytes, record.start, end);
  if (ipAt < 0) return ipAt;
  const at = readIp(bytes, ipAt, end, wireEnd, segment);
  if (at < 0) return at;

  const ipEnd = segment.ipEnd;
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
  segment.payloadEnd = Math.min(ipEnd, end);
  segment.cut = ipEnd - Math.max(payloadAt, segment.payloadEnd);
  return 0;
}
