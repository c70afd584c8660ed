/**
 * Segments with octets that are not simply the next ones of a stream in order: early, late, sent again, behind a FIN, in a
 * place where the stream cannot be, or the first that is seen of it.
 */
import type { Side } from "./connection-observer.ts";
import type { FollowedConnections } from "./followed-connections.ts";
import { resetIgnored } from "./injected-reset.ts";
import { CHANGED_COPY } from "./packet-outcome.ts";
import type { SegmentReader } from "./segment-reader.ts";
import { octetsFrom, sequenceBehind } from "./sequence-number.ts";
import type { StreamReassembly } from "./stream-reassembly.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { MAX_AHEAD, MAX_BEHIND } from "./tcp-limits.ts";
import type { TcpStream } from "./tcp-stream.ts";

/** This many segments in a row, each beginning where the one before ended or shortly behind, are a stream. */
const RESYNCHRONISE_AFTER = 4;
const STRAY_WINDOW = 2 ** 20;

export class IrregularSegments {
  readonly #reader: SegmentReader;
  readonly #streams: StreamReassembly;
  readonly #connections: FollowedConnections;

  /** `reader` holds the present segment and record. */
  constructor(reader: SegmentReader, streams: StreamReassembly, connections: FollowedConnections) {
    this.#reader = reader;
    this.#streams = streams;
    this.#connections = connections;
  }

  /**
   * Takes the segment at hand, whose octets begin at `sequence` in the stream of `side`. Returns the connection that
   * the segment belongs to, which may be a new one, or null if it belongs to none.
   */
  take(connection: TcpConnection, side: Side, sequence: number): TcpConnection | null {
    const { segment } = this.#reader;
    const stream = connection.stream(side);
    const length = segment.payloadEnd - segment.payloadStart + segment.cut;
    if (!stream.known) stream.beginAt(sequence);
    const offset = octetsFrom(stream.next, sequence);
    if (offset < -MAX_BEHIND || (stream.ended ? offset > 0 : offset > MAX_AHEAD)) {
      this.#streams.counters.straySegments++;
      if (!isStream(stream, sequence, length)) return null;
      this.#streams.counters.resynchronisations++;
      if (stream.ended || connection.over) return this.#takeAnew(connection, sequence);
      this.#streams.flush(connection, stream, side);
      stream.begun = false;
      stream.restartAt(sequence);
    }
    stream.strays = 0;
    if (stream.closing === "rst" && sequence === stream.closeAt) {
      connection.injectedReset ??= resetIgnored(connection, side, sequence, this.#streams.noted(this.#reader.record));
    }
    if (stream.ended) return connection;

    this.#takeOctets(connection, stream, side, sequence);
    this.#streams.settle(connection, connection.stream0, 0);
    this.#streams.settle(connection, connection.stream1, 1);
    if (connection.leftAlone) {
      this.#connections.letGo(connection);
    } else if (connection.opened) {
      stream.flowing = stream.begun && stream.closing === null && stream.held === null;
      this.#connections.setSpare(connection, connection.over);
    }
    return connection;
  }

  /** The present segment begins a connection of its own, in mid-stream. */
  #takeAnew(former: TcpConnection, sequence: number): TcpConnection | null {
    const connection = this.#connections.replace(former);
    if (connection === null) return null;
    this.#connections.seen(connection, this.#reader.record);
    return this.take(connection, connection.sideOf(this.#reader.segment) as Side, sequence);
  }

  /** Passes on the new octets of the segment, up to the stream's FIN, and compares the old ones. */
  #takeOctets(connection: TcpConnection, stream: TcpStream, side: Side, sequence: number): void {
    const { segment, record } = this.#reader;
    let { payloadStart, payloadEnd, cut } = segment;
    let length = payloadEnd - payloadStart + cut;
    if (stream.closing === "fin" && octetsFrom(sequence, stream.closeAt) < length) {
      length = octetsFrom(sequence, stream.closeAt);
      payloadEnd = Math.min(payloadEnd, payloadStart + Math.max(0, length));
      cut = Math.max(0, length - (payloadEnd - payloadStart));
    }
    const offset = octetsFrom(stream.next, sequence);
    const old = Math.max(0, -offset);
    if (old > 0) this.#compareCopy(connection, stream, sequence, Math.min(old, length));
    if (offset + length <= 0) this.#streams.counters.retransmissions++;
    if (length <= old) return;
    const captured = Math.min(old, payloadEnd - payloadStart);
    payloadStart += captured;
    cut -= old - captured;
    this.#streams.accept(
      connection,
      stream,
      side,
      sequenceBehind(sequence, old),
      record,
      payloadStart,
      payloadEnd,
      cut,
    );
  }

  /** The first octets of the segment at hand, this many, were delivered before: checks whether they are the same. */
  #compareCopy(connection: TcpConnection, stream: TcpStream, sequence: number, old: number): void {
    // A keep-alive's single octet may be any (RFC 9293 §3.8.4).
    if (old <= 1 || connection.leftAlone) return;
    const { payloadStart, payloadEnd } = this.#reader.segment;
    const end = Math.min(payloadStart + old, payloadEnd);
    const likeness = stream.delivered?.compare(sequence, this.#reader.record.bytes, payloadStart, end);
    if (likeness === "different") this.#streams.counters.countUnread(CHANGED_COPY, 1);
    this.#streams.compared.add(stream, true);
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
