/**
 * The commonest packet, read at one go: Ethernet, IPv4 without options and in one piece, TCP. Layer by layer it takes
 * twice the time, with the same result; a test holds both to it.
 *
 * ```text
 * Ethernet 14, EtherType at 12 | IPv4 20: length at 2, fragment at 6, protocol at 9, addresses at 12 | TCP
 * ```
 */
import { long, short } from "../../bytes/big-endian.ts";
import type { PacketRecord } from "../../capture/packet-record.ts";
import type { TcpSegment } from "../tcp-segment.ts";

const ETHERNET = 14;
const IPV4 = 20;
const TCP = 20;

/** Reads the packet into `segment`. False where anything is out of the ordinary: `segment` is undefined then. */
export function readPlain({ bytes, start, end, linkType }: PacketRecord, segment: TcpSegment): boolean {
  const ipAt = start + ETHERNET;
  const at = ipAt + IPV4;
  if (linkType !== 1 || at + TCP > end || short(bytes, start + 12) !== 0x0800) return false;
  if (bytes[ipAt] !== 0x45 || bytes[ipAt + 9] !== 6 || (short(bytes, ipAt + 6) & 0x3fff) !== 0) return false;
  const ipEnd = ipAt + short(bytes, ipAt + 2);
  const payloadAt = at + ((bytes[at + 12]! >>> 4) << 2);
  if (payloadAt < at + TCP || payloadAt > ipEnd) return false;
  const capturedEnd = Math.min(ipEnd, end);
  segment.version = 4;
  segment.path = 0;
  segment.timeToLive = bytes[ipAt + 8]!;
  segment.source0 = long(bytes, ipAt + 12) | 0;
  segment.destination0 = long(bytes, ipAt + 16) | 0;
  segment.sourcePort = short(bytes, at);
  segment.destinationPort = short(bytes, at + 2);
  segment.sequence = long(bytes, at + 4) | 0;
  segment.acknowledgment = long(bytes, at + 8) | 0;
  segment.flags = bytes[at + 13]!;
  segment.payloadStart = Math.min(payloadAt, capturedEnd);
  segment.payloadEnd = capturedEnd;
  segment.cut = ipEnd - Math.max(payloadAt, capturedEnd);
  return true;
}
