/**
 * Which connection a SYN belongs to (RFC 9293 §3.5, seen from outside). The end points alone do not decide it: ports
 * are used again, SYNs are sent again, and a capture may show a SYN after the octets that followed it.
 */

import { octetsFrom, sequenceBehind } from "./sequence-number.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { MAX_AHEAD } from "./tcp-limits.ts";
import { ACK, SYN, type TcpSegment } from "./tcp-segment.ts";
import type { TcpStream } from "./tcp-stream.ts";

/** How late a SYN may be: octets captured before it, at most. */
const LATE_SYN_OCTETS = 2 ** 16;

/** How late a copy of a SYN may be that is captured twice: packets of the connection before it, at most. */
const COPIED_SYN_PACKETS = 12;

/**
 * Whether the SYN `segment`, which makes `start` the first sequence number of `stream`, is one of `connection`; if not,
 * it begins another connection on the same end points. `reorderPackets` is how far packets may be out of order.
 */
export function belongs(
  connection: TcpConnection,
  stream: TcpStream,
  segment: TcpSegment,
  start: number,
  reorderPackets: number,
): boolean {
  const other = stream === connection.stream0 ? connection.stream1 : connection.stream0;
  const answers = (segment.flags & ACK) !== 0;
  // Some systems try again with the same sequence number after a reset: the second try is a connection of its own.
  if (connection.over && !answers) return false;
  if (stream.known && start === stream.start) {
    // A client that has sent octets does not send its SYN again: it is the capture's second copy, or a new connection
    // begins.
    return answers || !stream.sawSyn || stream.untouched || connection.packets <= COPIED_SYN_PACKETS;
  }
  // The SYN may have carried octets (RFC 7413), which its answer acknowledges along with it.
  const acknowledged = octetsFrom(other.start, segment.acknowledgment);
  const answersOther = answers && (!other.known || (acknowledged >= 0 && acknowledged < LATE_SYN_OCTETS));
  if (!stream.known) {
    if (!other.known) return true;
    return answers ? answersOther : other.sawSyn && other.untouched; // or both ends open at once
  }
  const late = octetsFrom(start, stream.start);
  if (!stream.sawSyn && connection.packets <= reorderPackets && late > 0 && late < LATE_SYN_OCTETS) return true;
  // A new answer: servers send one if they keep no state for half-open connections.
  return answersOther && stream.untouched && !connection.over;
}

/** How far from where a stream stands its segments are seen on another tunnel: what is under way at a time. */
const UNDER_WAY = 2 ** 20;

/**
 * Whether `segment`, which the side of `stream` sent by another tunnel than those of `connection`, still belongs to it.
 * `nests`: one tunnel lies inside the other, so that it may be the very same packet, seen outside and inside.
 *
 * Sequence numbers begin anywhere in 2^32. It is next to impossible that both streams stand at this segment's numbers
 * by chance: so a connection stays one where tunnels number each direction by itself, or where a network moves. A SYN
 * of another network is another connection, whatever its number.
 */
export function isSeenElsewhere(
  connection: TcpConnection,
  stream: TcpStream,
  other: TcpStream,
  { flags, sequence, acknowledgment }: TcpSegment,
  nests: boolean,
): boolean {
  const answers = (flags & ACK) !== 0;
  if ((flags & SYN) !== 0) {
    if (connection.over) return false;
    const start = sequenceBehind(sequence, 1);
    if (!answers) return nests && stream.sawSyn && stream.start === start;
    const answersOther = other.known && acknowledgment === other.start;
    return answersOther && (stream.known ? stream.start === start : true);
  }
  if (connection.leftAlone) return nests;
  const here = !stream.known || isUnderWay(sequence, stream.next);
  const there = !other.known || !answers || isUnderWay(acknowledgment, other.next);
  return here && there && stream.known && other.known && answers;
}

function isUnderWay(number: number, expected: number): boolean {
  return Math.abs(octetsFrom(expected, number)) <= UNDER_WAY;
}

/** Takes note of a SYN that belongs to the stream and makes `start` its first sequence number. */
export function synchronise(stream: TcpStream, start: number): void {
  if (!stream.known || (start !== stream.start && stream.untouched)) stream.beginAt(start);
  if (start !== stream.start) return; // too late to matter: the stream began with a gap
  stream.sawSyn = true;
  stream.begun = true;
}

/** Takes note of what `segment`, whose octets begin at `sequence` in `stream`, acknowledges of the other stream. */
export function noteAcknowledgment(stream: TcpStream, other: TcpStream, segment: TcpSegment, sequence: number): void {
  if ((segment.flags & ACK) === 0) return;
  if (other.known) {
    const news = octetsFrom(other.acked, segment.acknowledgment);
    if (news > 0 && news <= MAX_AHEAD) other.acked = segment.acknowledgment;
  } else if ((segment.flags & SYN) !== 0 || (stream.sawSyn && stream.untouched && sequence === stream.start)) {
    // The other half of the handshake was not captured, or not yet, but this is what it agreed on.
    synchronise(other, segment.acknowledgment);
  }
}
