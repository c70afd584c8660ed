/**
 * One direction's octets: those in order are passed on, early ones wait, those that do not come are a gap.
 *
 * When is it certain that missing octets will not come? When the receiver acknowledged them and the capture still has
 * not shown them a number of packets later (captures change the order of packets a little, mostly between the two
 * directions); when too much waits behind the hole; when nothing can follow because the timeline is over or a new
 * connection took the place. A FIN or an RST alone proves nothing about a hole.
 *
 * Octets that the snap length cut are a gap of known length; a later retransmission that has them is taken as old.
 */
import type { PacketRecord } from "../capture/packet-record.ts";
import { type ConnectionObserver, Moment, type Side, type StreamEnd } from "./connection-observer.ts";
import { ComparedStreams } from "./delivered-octets.ts";
import { HeldSegments } from "./held-segments.ts";
import { CHANGED_COPY } from "./packet-outcome.ts";
import { comesBefore, octetsFrom, sequenceBehind } from "./sequence-number.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { TcpCounters, type TcpLimits } from "./tcp-limits.ts";
import type { TcpStream } from "./tcp-stream.ts";

/** What it costs to keep one segment, besides its octets. */
const HELD_SEGMENT_COST = 256;

export class StreamReassembly {
  /** When and where the octets now delivered were seen: set before every call of an observer. */
  readonly moment = new Moment();
  /** Index of the capture file. */
  input = 0;
  /** What was seen and decided; the caller may put a new instance here to count by file. */
  counters = new TcpCounters();
  readonly compared = new ComparedStreams();

  readonly #open: (connection: TcpConnection) => ConnectionObserver | null;
  readonly #limits: TcpLimits;
  /** Streams that hold segments back, the oldest first. */
  readonly #holders = new Map<TcpStream, TcpConnection>();
  /** Octets held back over all streams, with HELD_SEGMENT_COST for each segment. */
  #heldTotal = 0;

  constructor(open: (connection: TcpConnection) => ConnectionObserver | null, limits: TcpLimits) {
    this.#open = open;
    this.#limits = limits;
  }

  /** Overwrites `moment` with the record's. */
  note(moment: Moment, record: PacketRecord): void {
    moment.input = this.input;
    moment.packet = record.number;
    moment.seconds = record.seconds;
    moment.nanoseconds = record.nanoseconds;
    moment.timeDigits = record.timeDigits;
  }

  /** A moment of the record's own. */
  noted(record: PacketRecord): Moment {
    const moment = new Moment();
    this.note(moment, record);
    return moment;
  }

  /**
   * Delivers bytes[start, end) and behind them `cut` octets that were not captured, at the stream's next sequence
   * number. `moment` is the caller's to set.
   */
  // oxlint-disable-next-line max-params -- hot path: once for every segment
  deliver(
    connection: TcpConnection,
    stream: TcpStream,
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    cut: number,
  ): void {
    if (!stream.begun) this.compared.add(stream, false);
    if (stream.delivered !== null) this.#keep(stream, bytes, start, end);
    stream.next = sequenceBehind(stream.next, end - start + cut);
    if (!stream.begun) {
      stream.begun = true;
      this.#emitGap(connection, stream, side, -1, false);
    }
    if (end > start) {
      if (!connection.opened) this.#askWhoListens(connection);
      const observer = connection.observer;
      if (observer === null) return;
      stream.octets += end - start;
      observer.data(side, bytes, start, end);
    }
    if (cut > 0) this.#emitGap(connection, stream, side, cut, true);
  }

  #keep(stream: TcpStream, bytes: Uint8Array, start: number, end: number): void {
    stream.delivered!.add(stream.next, bytes, start, end);
    if (stream.delivered!.isIdle) this.compared.remove(stream);
  }

  /** Takes octets at or ahead of the next sequence number: delivers them, or holds them back. */
  // oxlint-disable-next-line max-params -- hot path: once for every segment out of order
  accept(
    connection: TcpConnection,
    stream: TcpStream,
    side: Side,
    sequence: number,
    record: PacketRecord,
    start: number,
    end: number,
    cut: number,
  ): void {
    const waiting = stream.held?.first();
    const behind = sequenceBehind(sequence, end - start + cut);
    if (sequence === stream.next && (waiting === undefined || !comesBefore(waiting.sequence, behind))) {
      this.note(this.moment, record);
      this.deliver(connection, stream, side, record.bytes, start, end, cut);
    } else {
      if (stream.held === null) this.#beginToHold(connection, stream);
      const held = stream.held!;
      const before = costOf(held);
      const differing = held.add(sequence, record.bytes, start, end, cut, this.noted(record));
      this.#heldTotal += costOf(held) - before;
      this.counters.outOfOrder++;
      if (differing > 0) this.counters.countUnread(CHANGED_COPY, 1);
    }
    this.#drain(connection, stream, side);
    this.#enforceLimits(connection, stream, side);
  }

  /** Gives up all holes: no segment can come any more. */
  flush(connection: TcpConnection, stream: TcpStream, side: Side): void {
    while (stream.held !== null) this.#skipHole(connection, stream, side);
  }

  /**
   * Gives up the holes that the receiver acknowledged a while ago. The acknowledgment is noted every `reorderPackets`
   * packets, and counts when it is looked at the next time.
   */
  giveUpAcknowledged(connection: TcpConnection, stream: TcpStream, side: Side): void {
    if (stream.held === null || connection.packets - stream.markedAt < this.#limits.reorderPackets) return;
    const settledAck = stream.markedAck;
    stream.markedAck = stream.acked;
    stream.markedAt = connection.packets;
    for (let first = stream.held.first(); first !== undefined; first = stream.held?.first()) {
      if (comesBefore(settledAck, first.sequence)) break;
      this.#skipHole(connection, stream, side);
    }
    this.settle(connection, stream, side);
  }

  /** Ends a stream whose FIN or RST was seen, if all before it is delivered and the connection has an observer. */
  settle(connection: TcpConnection, stream: TcpStream, side: Side): void {
    if (stream.closing === null || stream.ended || stream.held !== null || !connection.opened) return;
    if (comesBefore(stream.next, stream.closeAt)) return;
    this.#recall(stream.closeMoment ?? connection.last);
    this.#end(connection, stream, side, stream.closing);
  }

  /** No packet can follow: holes become gaps, and the stream ends. */
  conclude(connection: TcpConnection, stream: TcpStream, side: Side): void {
    this.flush(connection, stream, side);
    if (connection.observer === null || stream.ended) return;
    this.#recall(stream.closeMoment ?? connection.last);
    // The FIN or RST, or what the other side acknowledged, shows how far the stream went. A single octet more than was
    // seen may stand for a FIN that was not captured.
    const behind = stream.closing === null ? stream.acked : stream.closeAt;
    const missing = octetsFrom(stream.next, behind);
    if (stream.known && missing > (stream.closing === "fin" ? 0 : 1)) this.#gap(connection, stream, side, missing);
    this.#end(connection, stream, side, stream.closing ?? (connection.reset ? "rst" : "capture-ended"));
  }

  /** Frees what a stream holds back. */
  release(connection: TcpConnection, stream: TcpStream): void {
    if (stream.delivered !== null && (connection.leftAlone || stream.ended)) this.compared.remove(stream);
    if (stream.held === null) return;
    this.#heldTotal -= costOf(stream.held);
    this.#holders.delete(stream);
    connection.holding--;
    stream.held = null;
  }

  #beginToHold(connection: TcpConnection, stream: TcpStream): void {
    stream.held = new HeldSegments();
    stream.markedAck = stream.acked;
    stream.markedAt = connection.packets;
    stream.flowing = false;
    connection.holding++;
    this.#holders.set(stream, connection);
  }

  #enforceLimits(connection: TcpConnection, stream: TcpStream, side: Side): void {
    const { maxBufferedOctets, maxBufferedSegments, maxBufferedTotal } = this.#limits;
    while (
      stream.held !== null &&
      (stream.held.octets > maxBufferedOctets || stream.held.length > maxBufferedSegments)
    ) {
      this.counters.holesAtLimit++;
      this.#skipHole(connection, stream, side);
    }
    while (this.#heldTotal > maxBufferedTotal) {
      const [holder] = this.#holders;
      if (holder === undefined) break;
      const [longest, of] = holder;
      this.counters.holesAtLimit++;
      this.#skipHole(of, longest, longest === of.stream0 ? 0 : 1);
    }
  }

  /** The octets in front of the first held segment become a gap; delivery goes on behind it. */
  #skipHole(connection: TcpConnection, stream: TcpStream, side: Side): void {
    const first = stream.held?.first();
    if (first === undefined) return;
    this.#recall(first.moment);
    this.#gap(connection, stream, side, octetsFrom(stream.next, first.sequence));
    this.#drain(connection, stream, side);
  }

  /** Delivers held segments as far as they follow without a hole. */
  #drain(connection: TcpConnection, stream: TcpStream, side: Side): void {
    const held = stream.held;
    if (held === null) return;
    let first = held.first();
    while (first !== undefined && first.sequence === stream.next && !connection.leftAlone) {
      const before = costOf(held);
      held.shift();
      this.#heldTotal += costOf(held) - before;
      this.#recall(first.moment);
      this.deliver(connection, stream, side, first.octets, 0, first.octets.length, first.cut);
      first = held.first();
    }
    if (first === undefined || connection.leftAlone) this.release(connection, stream);
  }

  #gap(connection: TcpConnection, stream: TcpStream, side: Side, missing: number): void {
    stream.next = sequenceBehind(stream.next, missing);
    // If the stream's beginning is not known, it begins with a gap that covers this one.
    if (stream.begun) this.#emitGap(connection, stream, side, missing, false);
  }

  #emitGap(connection: TcpConnection, stream: TcpStream, side: Side, missing: number, cut: boolean): void {
    if (!connection.opened) this.#askWhoListens(connection);
    const observer = connection.observer;
    if (observer === null) return;
    stream.gaps++;
    if (missing > 0) stream.missing += missing;
    observer.gap(side, missing, cut);
  }

  #end(connection: TcpConnection, stream: TcpStream, side: Side, reason: StreamEnd): void {
    stream.ended = true;
    stream.flowing = false;
    connection.observer?.end(side, reason);
  }

  #askWhoListens(connection: TcpConnection): void {
    connection.opened = true;
    connection.observer = this.#open(connection);
  }

  #recall(moment: Moment): void {
    this.moment.input = moment.input;
    this.moment.packet = moment.packet;
    this.moment.seconds = moment.seconds;
    this.moment.nanoseconds = moment.nanoseconds;
    this.moment.timeDigits = moment.timeDigits;
  }
}

function costOf(held: HeldSegments): number {
  return held.octets + held.length * HELD_SEGMENT_COST;
}
