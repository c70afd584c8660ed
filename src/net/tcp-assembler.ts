/**
 * TCP reassembly (RFC 9293) by looking on: packet records in, each connection's octets out, in stream order.
 *
 * A receiver can ask for what it missed; an onlooker cannot. So some things differ from a TCP stack:
 *
 * - Octets that do not come become a gap; stream-reassembly.ts says when.
 * - Of octets that come twice the first copy is read. Whether the second is the same is known where those delivered are
 *   kept (delivered-octets.ts) or still held back; what differs is counted as not read.
 * - The beginning may be missing. Without a SYN, a side's first segment sets the expectation, after a gap of unknown
 *   length. The same gap marks a stream that jumps to unrelated sequence numbers, as a port used again does when its
 *   SYN was not captured.
 * - An RST ends the side that sent it. The other side's octets may be on their way past the place of capture still.
 *
 * A segment with the expected sequence number goes from the record to the observer without a copy or an object;
 * everything else takes the careful road, `#arrive`.
 */
import type { PacketRecord } from "../capture/packet-record.ts";
import type { ConnectionObserver, Moment, Side, StreamEnd } from "./connection-observer.ts";
import { ConnectionTable } from "./connection-table.ts";
import { CHANGED_COPY, CONTRADICTORY_FLAGS, FRAGMENT, STT, UNREAD } from "./packet-outcome.ts";
import { SegmentReader } from "./segment-reader.ts";
import { octetsFrom, sequenceBehind } from "./sequence-number.ts";
import { StreamReassembly } from "./stream-reassembly.ts";
import { isStt } from "./stt.ts";
import type { TcpConnection, TcpStream } from "./tcp-connection.ts";
import { belongs, isSeenElsewhere, noteAcknowledgment, synchronise } from "./tcp-handshake.ts";
import { DEFAULT_TCP_LIMITS, MAX_AHEAD, MAX_BEHIND, TcpCounters, type TcpLimits } from "./tcp-limits.ts";
import { ACK, FIN, RST, SYN, type TcpSegment } from "./tcp-segment.ts";

/** So many segments in a row, each beginning where the one before ended or shortly behind, are a stream. */
const RESYNCHRONISE_AFTER = 4;
const STRAY_WINDOW = 2 ** 20;

export class TcpAssembler {
  /** The caller may put a new instance here to count by file. */
  counters = new TcpCounters();
  /** Called for a connection behind its last packet: no later one is taken for its. */
  onForgotten: ((connection: TcpConnection) => void) | null = null;

  readonly #limits: TcpLimits;
  readonly #streams: StreamReassembly;
  readonly #reader: SegmentReader;
  readonly #segment: TcpSegment;
  #table: ConnectionTable;
  /** A packet came through a tunnel. */
  #tunnelled = false;

  /**
   * `open` is asked once for every connection, when its first octets (or the first known lack of them) are about to be
   * delivered: who listens, if anybody. A connection without octets is never shown.
   */
  /** `seed` is that of ConnectionTable's hash; `vxlanPorts` are UDP ports taken for VXLAN's. */
  constructor(
    open: (connection: TcpConnection) => ConnectionObserver | null,
    limits: Partial<TcpLimits> = {},
    seed = 0,
    vxlanPorts: readonly number[] = [],
  ) {
    this.#limits = { ...DEFAULT_TCP_LIMITS, ...limits };
    this.#reader = new SegmentReader(vxlanPorts, this.#limits);
    this.#reader.fragments.onLost = (fragments, kind) => this.#countUnread(kind, fragments);
    this.#segment = this.#reader.segment;
    this.#streams = new StreamReassembly(open, this.#limits);
    const { maxConnections, maxSpareConnections } = this.#limits;
    this.#table = new ConnectionTable(maxConnections, maxSpareConnections, seed, this.#reader.paths);
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
      if (outcome !== FRAGMENT) this.#countUnread(outcome === UNREAD ? reader.unread : outcome, 1);
      return;
    }
    const record = reader.record;
    this.counters.segments++;
    let connection = this.#table.find(segment);
    let side = this.#table.side;
    if (connection === null) {
      connection = this.#elsewhere() ?? this.#begin(record);
      if (connection === null) return;
      side = connection.sideOf(segment);
    }
    if ((segment.flags & (SYN | FIN | RST)) !== 0) {
      this.#control(connection, record);
      return;
    }
    this.#seen(connection, record);
    if (connection.leftAlone) {
      this.#letGo(connection);
      return;
    }
    const stream = side === 0 ? connection.stream0 : connection.stream1;
    noteAcknowledgment(stream, side === 0 ? connection.stream1 : connection.stream0, segment, segment.sequence);
    const { payloadStart, payloadEnd, cut } = segment;
    if (payloadEnd + cut > payloadStart) {
      if (stream.flowing && segment.sequence === stream.next) {
        this.#streams.note(this.#streams.moment, record);
        this.#streams.deliver(connection, stream, side as Side, record.bytes, payloadStart, payloadEnd, cut);
      } else {
        this.#arrive(connection, stream, side as Side, segment.sequence, record);
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
    for (const connection of this.#table.all()) {
      this.#drop(connection);
      yield;
    }
  }

  #seen(connection: TcpConnection, record: PacketRecord): void {
    connection.packets++;
    this.#streams.note(connection.last, record);
  }

  /** `kind`: a protocol number, or a packet outcome. */
  #countUnread(kind: number, packets: number): void {
    const { unread } = this.counters;
    unread.set(kind, (unread.get(kind) ?? 0) + packets);
  }

  /** The connection of a segment that comes by a tunnel which none between its ends was seen in. */
  #elsewhere(): TcpConnection | null {
    if (!this.#tunnelled) {
      if (this.#segment.path === 0) return null;
      this.#tunnelled = true;
    }
    const connection = this.#table.findElsewhere(this.#segment, this.#isSeenElsewhere);
    if (connection !== null) this.#expectCopies(connection);
    return connection;
  }

  #expectCopies(connection: TcpConnection): void {
    if (connection.leftAlone) return;
    this.#streams.compared.add(connection.stream0, true);
    this.#streams.compared.add(connection.stream1, true);
  }

  readonly #isSeenElsewhere = (connection: TcpConnection, from: Side): boolean => {
    const segment = this.#segment;
    const nests = this.#reader.paths.nest(connection.path(from), segment.path);
    const stream = connection.stream(from);
    if (!isSeenElsewhere(connection, stream, connection.stream((1 - from) as Side), segment, nests)) return false;
    return connection.leftAlone || this.#mayBeCopy(stream);
  };

  /** Whether what the segment at hand has of the stream's old octets is the same. */
  #mayBeCopy(stream: TcpStream): boolean {
    const { flags, sequence, payloadStart, payloadEnd } = this.#segment;
    if ((flags & SYN) !== 0) return stream.untouched;
    const old = Math.min(-octetsFrom(stream.next, sequence), payloadEnd - payloadStart);
    if (old <= 0) return true;
    const { bytes } = this.#reader.record;
    return stream.delivered?.compare(sequence, bytes, payloadStart, payloadStart + old) === "same";
  }

  /** A connection for a packet that belongs to none, or null where there is nothing to follow: bare ACKs, resets. */
  #begin(record: PacketRecord): TcpConnection | null {
    const segment = this.#segment;
    const flags = segment.flags;
    const octets = segment.payloadEnd + segment.cut - segment.payloadStart;
    if ((flags & SYN) !== 0 ? (flags & (RST | FIN)) !== 0 : octets === 0 || (flags & RST) !== 0) return null;
    if (isStt(segment, octets)) {
      this.#countUnread(STT, 1);
      return null;
    }
    let from: Side;
    if ((flags & SYN) !== 0) from = (flags & ACK) === 0 ? 0 : 1;
    else from = segment.sourcePort >= segment.destinationPort ? 0 : 1;
    const connection = this.#table.add(segment, from);
    this.#streams.note(connection.first, record);
    for (let surplus = this.#table.surplus(); surplus !== null; surplus = this.#table.surplus()) {
      if (!surplus.spare && !surplus.leftAlone) this.counters.evictedConnections++;
      this.#drop(surplus);
    }
    return connection;
  }

  /** Ends a connection that the packet at hand shows to be over, and begins the next one on the same end points. */
  #replace(connection: TcpConnection, record: PacketRecord): TcpConnection | null {
    this.#drop(connection);
    return this.#begin(record);
  }

  #drop(connection: TcpConnection): void {
    this.#streams.conclude(connection, connection.stream0, 0);
    this.#streams.conclude(connection, connection.stream1, 1);
    this.#streams.release(connection, connection.stream0);
    this.#streams.release(connection, connection.stream1);
    this.#forget(connection);
  }

  #forget(connection: TcpConnection): void {
    this.#table.remove(connection);
    this.onForgotten?.(connection);
  }

  /** Nobody listens any more: the connection may be forgotten when room is needed. */
  #letGo(connection: TcpConnection): void {
    this.#streams.release(connection, connection.stream0);
    this.#streams.release(connection, connection.stream1);
    this.#table.setSpare(connection, true);
  }

  #giveUpAcknowledged(connection: TcpConnection): void {
    this.#streams.giveUpAcknowledged(connection, connection.stream0, 0);
    this.#streams.giveUpAcknowledged(connection, connection.stream1, 1);
  }

  /** A segment with SYN, FIN or RST. */
  #control(found: TcpConnection, record: PacketRecord): void {
    const segment = this.#segment;
    const flags = segment.flags;
    let connection = found;
    let sequence = segment.sequence;
    if ((flags & SYN) !== 0) {
      if ((flags & (FIN | RST)) !== 0) {
        this.#countUnread(CONTRADICTORY_FLAGS, 1);
        return;
      }
      sequence = sequenceBehind(sequence, 1); // the SYN itself takes one
      const stream = connection.sender(segment);
      const other = connection.receiver(segment);
      if (!belongs(connection, stream, other, segment, sequence, this.#limits.reorderPackets)) {
        const next = this.#replace(connection, record);
        if (next === null) return;
        connection = next;
      } else if (stream.sawSyn && stream.start === sequence) {
        this.#expectCopies(connection);
      }
      synchronise(connection.sender(segment), sequence);
    }
    this.#seen(connection, record);
    const side = connection.sideOf(segment) as Side;
    const stream = connection.sender(segment);
    const other = connection.receiver(segment);
    if ((flags & RST) !== 0) {
      // Octets in it are an explanation for humans (RFC 9293 §3.5.3), not the stream's.
      this.#reset(connection, stream, other, side, record);
    } else if (connection.leftAlone) {
      if ((flags & FIN) !== 0) stream.closing ??= "fin";
    } else {
      noteAcknowledgment(stream, other, segment, sequence);
      const octets = segment.payloadEnd + segment.cut - segment.payloadStart;
      const taker = octets === 0 ? connection : this.#arrive(connection, stream, side, sequence, record);
      if (taker === null) return;
      connection = taker;
      if ((flags & FIN) !== 0) this.#finSeen(connection, sequenceBehind(sequence, octets), record);
      if (connection.holding > 0) this.#giveUpAcknowledged(connection);
    }
    if (!connection.leftAlone) return;
    this.#letGo(connection);
    // After a reset, the octets still under way would look like another connection.
    if (connection.over && !connection.reset) this.#forget(connection);
  }

  #finSeen(connection: TcpConnection, at: number, record: PacketRecord): void {
    const side = connection.sideOf(this.#segment) as Side;
    const stream = connection.stream(side);
    if (stream.closing !== null || stream.ended) return;
    if (!stream.known) stream.beginAt(at);
    const ahead = octetsFrom(stream.next, at);
    // Behind what was delivered already, it is the late FIN of an older connection.
    if (ahead >= 0 && ahead <= MAX_AHEAD) this.#close(connection, stream, side, "fin", at, record);
  }

  #reset(connection: TcpConnection, stream: TcpStream, other: TcpStream, side: Side, record: PacketRecord): void {
    const { sequence, acknowledgment, flags } = this.#segment;
    if (!connection.leftAlone) {
      let near = true;
      if (stream.known) near = isNear(sequence, stream.next) || isNear(sequence, stream.acked);
      else if (other.known && (flags & ACK) !== 0) near = isNear(acknowledgment, other.next);
      if (!near) {
        this.counters.strayResets++;
        return;
      }
    }
    connection.reset = true;
    if (!stream.known) stream.beginAt(sequence);
    if (stream.closing === null) this.#close(connection, stream, side, "rst", sequence, record);
    this.#table.setSpare(connection, true);
  }

  #close(
    connection: TcpConnection,
    stream: TcpStream,
    side: Side,
    reason: StreamEnd,
    at: number,
    record: PacketRecord,
  ): void {
    stream.closing = reason;
    stream.closeAt = at;
    stream.closeMoment = this.#streams.noted(record);
    stream.flowing = false;
    if (connection.over) this.#table.setSpare(connection, true);
    this.#streams.settle(connection, stream, side);
  }

  /**
   * The careful road for a segment with octets: anything but the next one of a stream in order. Returns the connection
   * whose segment it is, which may be a new one, or null where it is nobody's.
   */
  #arrive(
    connection: TcpConnection,
    stream: TcpStream,
    side: Side,
    sequence: number,
    record: PacketRecord,
  ): TcpConnection | null {
    const segment = this.#segment;
    let { payloadStart, payloadEnd, cut } = segment;
    let length = payloadEnd - payloadStart + cut;
    if (!stream.known) stream.beginAt(sequence);
    let offset = octetsFrom(stream.next, sequence);

    if (offset < -MAX_BEHIND || (stream.ended ? offset > 0 : offset > MAX_AHEAD)) {
      this.counters.straySegments++;
      if (!isStream(stream, sequence, length)) return null;
      this.counters.resynchronisations++;
      if (stream.ended || connection.over) return this.#arriveAnew(connection, sequence, record);
      this.#streams.flush(connection, stream, side);
      stream.begun = false;
      stream.restartAt(sequence);
      offset = 0;
    }
    stream.strays = 0;
    if (stream.ended) return connection;

    if (stream.closing === "fin" && octetsFrom(sequence, stream.closeAt) < length) {
      length = octetsFrom(sequence, stream.closeAt);
      payloadEnd = Math.min(payloadEnd, payloadStart + Math.max(0, length));
      cut = Math.max(0, length - (payloadEnd - payloadStart));
    }
    if (offset < 0) this.#compareCopy(connection, stream, sequence, record, Math.min(-offset, length));
    if (offset + length <= 0) {
      this.counters.retransmissions++;
    } else if (length > 0) {
      const old = Math.max(0, -offset);
      const captured = Math.min(old, payloadEnd - payloadStart);
      payloadStart += captured;
      cut -= old - captured;
      const from = sequenceBehind(sequence, old);
      this.#streams.accept(connection, stream, side, from, record, payloadStart, payloadEnd, cut, this.counters);
    }
    this.#streams.settle(connection, connection.stream0, 0);
    this.#streams.settle(connection, connection.stream1, 1);
    if (connection.leftAlone) {
      this.#letGo(connection);
    } else if (connection.opened) {
      stream.flowing = stream.begun && stream.closing === null && stream.held === null;
      this.#table.setSpare(connection, connection.over);
    }
    return connection;
  }

  /** The first octets of the segment at hand, so many, were delivered before: whether they are the same. */
  #compareCopy(
    connection: TcpConnection,
    stream: TcpStream,
    sequence: number,
    record: PacketRecord,
    old: number,
  ): void {
    // A keep-alive's single octet may be any (RFC 9293 §3.8.4).
    if (old <= 1 || connection.leftAlone) return;
    const { payloadStart, payloadEnd } = this.#segment;
    const end = Math.min(payloadStart + old, payloadEnd);
    const likeness = stream.delivered?.compare(sequence, record.bytes, payloadStart, end);
    if (likeness === "different") this.#countUnread(CHANGED_COPY, 1);
    this.#streams.compared.add(stream, true);
  }

  /** The segment at hand begins a connection of its own, in mid-stream. */
  #arriveAnew(former: TcpConnection, sequence: number, record: PacketRecord): TcpConnection | null {
    const connection = this.#replace(former, record);
    if (connection === null) return null;
    this.#seen(connection, record);
    const side = connection.sideOf(this.#segment) as Side;
    return this.#arrive(connection, connection.stream(side), side, sequence, record);
  }
}

/** Whether enough segments went on from one another in a place where the stream cannot be: then it is there. */
function isStream(stream: TcpStream, sequence: number, length: number): boolean {
  const step = octetsFrom(stream.strayNext, sequence);
  if (stream.strays > 0 && step < 0 && step >= -STRAY_WINDOW) return false; // the same octets once more
  stream.strays = stream.strays > 0 && step >= 0 && step <= STRAY_WINDOW ? stream.strays + 1 : 1;
  stream.strayNext = sequenceBehind(sequence, length);
  stream.flowing = false;
  return stream.strays >= RESYNCHRONISE_AFTER;
}

function isNear(sequence: number, expected: number): boolean {
  return Math.abs(octetsFrom(expected, sequence)) <= MAX_BEHIND;
}
