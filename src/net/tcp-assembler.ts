/**
 * TCP reassembly (RFC 9293) by an onlooker: packet records in, each connection's octets out, in stream order.
 *
 * A receiver can ask for what it missed; an onlooker cannot. So some things differ from a TCP stack:
 *
 * - Octets that do not come become a gap; stream-reassembly.ts decides when.
 * - If octets come twice, the first copy is read. Whether the second copy is the same is known if the delivered octets
 *   are kept (delivered-octets.ts) or still held back; a copy that differs is counted as not read.
 * - The beginning may be missing. Without a SYN, a side's first segment sets the expectation, after a gap of unknown
 *   length. The same gap marks a stream that jumps to unrelated sequence numbers, as a port used again does when its
 *   SYN was not captured.
 * - An RST ends the side that sent it. The other side's octets may still come to the place of capture.
 *
 * A segment with the expected sequence number goes from the record to the observer without a copy or an object; any
 * other segment with octets goes to IrregularSegments. FollowedConnections finds a segment's connection.
 */
import type { PacketRecord } from "../capture/packet-record.ts";
import type { ConnectionObserver, Moment, Side, StreamEnd } from "./connection-observer.ts";
import { FollowedConnections } from "./followed-connections.ts";
import { resetFromElsewhere } from "./injected-reset.ts";
import { IrregularSegments } from "./irregular-segments.ts";
import { CONTRADICTORY_FLAGS, FRAGMENT, UNREAD } from "./packet-outcome.ts";
import { SegmentReader } from "./segment-reader.ts";
import { octetsFrom, sequenceBehind } from "./sequence-number.ts";
import { StreamReassembly } from "./stream-reassembly.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { belongs, noteAcknowledgment, synchronise } from "./tcp-handshake.ts";
import { DEFAULT_TCP_LIMITS, MAX_AHEAD, MAX_BEHIND, type TcpCounters, type TcpLimits } from "./tcp-limits.ts";
import { ACK, FIN, RST, SYN, type TcpSegment } from "./tcp-segment.ts";

export class TcpAssembler {
  readonly #limits: TcpLimits;
  readonly #streams: StreamReassembly;
  readonly #reader: SegmentReader;
  readonly #segment: TcpSegment;
  readonly #connections: FollowedConnections;
  readonly #irregular: IrregularSegments;

  /**
   * `open` is called once for every connection, before its first octets (or its first gap) are delivered. It returns
   * the observer, or null for none. It is not called for a connection without octets. `seed` is that of
   * ConnectionTable's hash; `vxlanPorts` are UDP ports taken as VXLAN's.
   */
  constructor(
    open: (connection: TcpConnection) => ConnectionObserver | null,
    limits: Partial<TcpLimits> = {},
    seed = 0,
    vxlanPorts: readonly number[] = [],
  ) {
    this.#limits = { ...DEFAULT_TCP_LIMITS, ...limits };
    this.#reader = new SegmentReader(vxlanPorts, this.#limits);
    this.#reader.fragments.onLost = (fragments, kind) => this.counters.countUnread(kind, fragments);
    this.#segment = this.#reader.segment;
    this.#streams = new StreamReassembly(open, this.#limits);
    this.#connections = new FollowedConnections(this.#reader, this.#streams, this.#limits, seed);
    this.#irregular = new IrregularSegments(this.#reader, this.#streams, this.#connections);
  }

  /** The caller may put a new instance here to count by file. */
  get counters(): TcpCounters {
    return this.#streams.counters;
  }

  set counters(counters: TcpCounters) {
    this.#streams.counters = counters;
  }

  /** Called for a connection after its last packet: no later packet is taken as part of it. */
  set onForgotten(forgotten: (connection: TcpConnection) => void) {
    this.#connections.onForgotten = forgotten;
  }

  /** When and where the octets now delivered were seen: set before every call of an observer. */
  get moment(): Moment {
    return this.#streams.moment;
  }

  /** Index of the capture file the packets come from; the caller sets it. */
  get input(): number {
    return this.#streams.input;
  }

  set input(index: number) {
    this.#streams.input = index;
  }

  /** Takes the next packet of the timeline. */
  packet(captured: PacketRecord): void {
    const reader = this.#reader;
    const segment = reader.segment;
    const outcome = reader.read(captured);
    if (outcome !== 0) {
      if (outcome !== FRAGMENT) this.counters.countUnread(outcome === UNREAD ? reader.unread : outcome, 1);
      return;
    }
    const record = reader.record;
    this.counters.segments++;
    const connection = this.#connections.ofSegment();
    if (connection === null) return;
    const { side } = this.#connections;
    if ((segment.flags & (SYN | FIN | RST)) !== 0) {
      this.#control(connection);
      return;
    }
    this.#connections.seen(connection, record);
    if (connection.leftAlone) {
      this.#connections.letGo(connection);
      return;
    }
    const stream = side === 0 ? connection.stream0 : connection.stream1;
    if (segment.timeToLive !== stream.timeToLive) stream.noteTimeToLive(segment.timeToLive);
    noteAcknowledgment(stream, side === 0 ? connection.stream1 : connection.stream0, segment, segment.sequence);
    const { payloadStart, payloadEnd, cut } = segment;
    if (payloadEnd + cut > payloadStart) {
      if (stream.flowing && segment.sequence === stream.next) {
        this.#streams.note(this.#streams.moment, record);
        this.#streams.deliver(connection, stream, side as Side, record.bytes, payloadStart, payloadEnd, cut);
      } else {
        this.#irregular.take(connection, side as Side, segment.sequence);
      }
    }
    if (connection.holding > 0) this.#giveUpAcknowledged(connection);
  }

  /** The timeline is over: delivers what is held back, ends every stream and forgets all connections. */
  finish(): void {
    const steps = this.finishing();
    while (steps.next().done !== true);
  }

  /** The same, connection by connection: there may be very many of them. */
  *finishing(): Generator<void, void> {
    this.#reader.fragments.finish();
    for (const connection of this.#connections.all()) {
      this.#connections.drop(connection);
      yield;
    }
  }

  #giveUpAcknowledged(connection: TcpConnection): void {
    this.#streams.giveUpAcknowledged(connection, connection.stream0, 0);
    this.#streams.giveUpAcknowledged(connection, connection.stream1, 1);
  }

  /** A segment with SYN, FIN or RST. */
  #control(found: TcpConnection): void {
    const segment = this.#segment;
    const flags = segment.flags;
    let connection = found;
    let sequence = segment.sequence;
    if ((flags & SYN) !== 0) {
      if ((flags & (FIN | RST)) !== 0) {
        this.counters.countUnread(CONTRADICTORY_FLAGS, 1);
        return;
      }
      sequence = sequenceBehind(sequence, 1); // the SYN itself takes one
      const stream = connection.sender(segment);
      if (!belongs(connection, stream, segment, sequence, this.#limits.reorderPackets)) {
        const next = this.#connections.replace(connection);
        if (next === null) return;
        connection = next;
      } else if (stream.sawSyn && stream.start === sequence) {
        this.#connections.expectCopies(connection);
      }
      synchronise(connection.sender(segment), sequence);
      connection.sender(segment).noteTimeToLive(segment.timeToLive);
      if ((flags & ACK) !== 0) connection.synAck ??= this.#streams.noted(this.#reader.record);
    }
    this.#connections.seen(connection, this.#reader.record);
    const side = connection.sideOf(segment) as Side;
    const stream = connection.sender(segment);
    if ((flags & RST) !== 0) {
      // Octets in it are an explanation for humans (RFC 9293 §3.5.3), not the stream's.
      this.#reset(connection, side);
    } else if (connection.leftAlone) {
      if ((flags & FIN) !== 0) stream.closing ??= "fin";
    } else {
      noteAcknowledgment(stream, connection.receiver(segment), segment, sequence);
      const octets = segment.payloadEnd + segment.cut - segment.payloadStart;
      const taker = octets === 0 ? connection : this.#irregular.take(connection, side, sequence);
      if (taker === null) return;
      connection = taker;
      if ((flags & FIN) !== 0) this.#finSeen(connection, sequenceBehind(sequence, octets));
      if (connection.holding > 0) this.#giveUpAcknowledged(connection);
    }
    if (!connection.leftAlone) return;
    this.#connections.letGo(connection);
    // After a reset, the octets still under way would look like another connection.
    if (connection.over && !connection.reset) this.#connections.forget(connection);
  }

  #finSeen(connection: TcpConnection, at: number): void {
    const side = connection.sideOf(this.#segment) as Side;
    const stream = connection.stream(side);
    if (stream.closing !== null || stream.ended) return;
    if (!stream.known) stream.beginAt(at);
    const ahead = octetsFrom(stream.next, at);
    // Before what was delivered already, it is the late FIN of an older connection.
    if (ahead >= 0 && ahead <= MAX_AHEAD) this.#close(connection, side, "fin", at);
  }

  #reset(connection: TcpConnection, side: Side): void {
    const stream = connection.stream(side);
    const other = connection.stream((1 - side) as Side);
    const segment = this.#segment;
    const { sequence, acknowledgment, flags } = segment;
    if (!connection.leftAlone) {
      let near = true;
      if (stream.known) near = isNear(sequence, stream.next) || isNear(sequence, stream.acked);
      else if (other.known && (flags & ACK) !== 0) near = isNear(acknowledgment, other.next);
      if (!near) {
        this.counters.strayResets++;
        return;
      }
    }
    if (connection.rst === null) {
      connection.rst = this.#streams.noted(this.#reader.record);
      connection.injectedReset = resetFromElsewhere(connection, side, segment, connection.rst.packet);
    }
    if (!stream.known) stream.beginAt(sequence);
    if (stream.closing === null) this.#close(connection, side, "rst", sequence);
    this.#connections.setSpare(connection, true);
  }

  #close(connection: TcpConnection, side: Side, reason: StreamEnd, at: number): void {
    const stream = connection.stream(side);
    stream.closing = reason;
    stream.closeAt = at;
    stream.closeMoment = this.#streams.noted(this.#reader.record);
    stream.flowing = false;
    if (connection.over) this.#connections.setSpare(connection, true);
    this.#streams.settle(connection, stream, side);
  }
}

function isNear(sequence: number, expected: number): boolean {
  return Math.abs(octetsFrom(expected, sequence)) <= MAX_BEHIND;
}
