/**
 * The connections that are followed: which one a segment belongs to, when one begins, and when it is forgotten.
 *
 * A connection begins with a SYN, or in mid-stream with a segment that has octets. It is forgotten when it has no
 * observer any more and is over, when its end points are used again, or when a bound of ConnectionTable is exceeded.
 * Before that, held octets are delivered and its streams end.
 */
import type { PacketRecord } from "../capture/packet-record.ts";
import type { Side } from "./connection-observer.ts";
import { ConnectionTable } from "./connection-table.ts";
import { STT } from "./packet-outcome.ts";
import type { SegmentReader } from "./segment-reader.ts";
import { octetsFrom } from "./sequence-number.ts";
import type { StreamReassembly } from "./stream-reassembly.ts";
import { isStt } from "./stt.ts";
import type { TcpConnection } from "./tcp-connection.ts";
import { isSeenElsewhere } from "./tcp-handshake.ts";
import type { TcpLimits } from "./tcp-limits.ts";
import { ACK, FIN, RST, SYN } from "./tcp-segment.ts";
import type { TcpStream } from "./tcp-stream.ts";

export class FollowedConnections {
  /** Called for a connection after its last packet: no later packet is taken as part of it. */
  onForgotten: ((connection: TcpConnection) => void) | null = null;

  readonly #reader: SegmentReader;
  readonly #streams: StreamReassembly;
  readonly #table: ConnectionTable;
  /** A packet came through a tunnel. */
  #tunnelled = false;

  /** `reader` holds the present segment and record; `seed` is that of ConnectionTable's hash. */
  constructor(reader: SegmentReader, streams: StreamReassembly, limits: TcpLimits, seed: number) {
    this.#reader = reader;
    this.#streams = streams;
    this.#table = new ConnectionTable(limits.maxConnections, limits.maxSpareConnections, seed, reader.paths);
  }

  /** The side that sent the segment whose connection was searched for last. */
  get side(): Side | -1 {
    return this.#table.side;
  }

  /** The connection of the present segment; a new one if necessary; null if there is nothing to follow. */
  ofSegment(): TcpConnection | null {
    return this.#table.find(this.#reader.segment) ?? this.#elsewhere() ?? this.#begin();
  }

  /** All connections in the order of their first packet. */
  all(): TcpConnection[] {
    return this.#table.all();
  }

  /** Takes note of a packet of the connection. */
  seen(connection: TcpConnection, record: PacketRecord): void {
    connection.packets++;
    this.#streams.note(connection.last, record);
  }

  /** Ends a connection that the present segment shows to be over, and begins the next one on the same end points. */
  replace(connection: TcpConnection): TcpConnection | null {
    this.drop(connection);
    return this.#begin();
  }

  /** Delivers what is held back, ends both streams and forgets the connection. */
  drop(connection: TcpConnection): void {
    this.#streams.conclude(connection, connection.stream0, 0);
    this.#streams.conclude(connection, connection.stream1, 1);
    this.#release(connection);
    this.forget(connection);
  }

  forget(connection: TcpConnection): void {
    this.#table.remove(connection);
    this.onForgotten?.(connection);
  }

  /** The connection has no observer any more: it may be forgotten when room is needed. */
  letGo(connection: TcpConnection): void {
    this.#release(connection);
    this.setSpare(connection, true);
  }

  /** Marks a connection that has no observer or is over. */
  setSpare(connection: TcpConnection, spare: boolean): void {
    this.#table.setSpare(connection, spare);
  }

  /** From now on octets of both streams are kept, to be compared with copies. */
  expectCopies(connection: TcpConnection): void {
    if (connection.leftAlone) return;
    this.#streams.compared.add(connection.stream0, true);
    this.#streams.compared.add(connection.stream1, true);
  }

  #release(connection: TcpConnection): void {
    this.#streams.release(connection, connection.stream0);
    this.#streams.release(connection, connection.stream1);
  }

  /** The connection of a segment whose tunnel was not seen before between these two ends. */
  #elsewhere(): TcpConnection | null {
    const { segment } = this.#reader;
    if (!this.#tunnelled) {
      if (segment.path === 0) return null;
      this.#tunnelled = true;
    }
    const connection = this.#table.findElsewhere(segment, this.#isSeenElsewhere);
    if (connection !== null) this.expectCopies(connection);
    return connection;
  }

  readonly #isSeenElsewhere = (connection: TcpConnection, from: Side): boolean => {
    const { segment, paths } = this.#reader;
    const nests = paths.nest(connection.path(from), segment.path);
    const stream = connection.stream(from);
    if (!isSeenElsewhere(connection, stream, connection.stream((1 - from) as Side), segment, nests)) return false;
    return connection.leftAlone || this.#mayBeCopy(stream);
  };

  /** Whether the present segment's old octets are the same as the stream's. */
  #mayBeCopy(stream: TcpStream): boolean {
    const { flags, sequence, payloadStart, payloadEnd } = this.#reader.segment;
    if ((flags & SYN) !== 0) return stream.untouched;
    const old = Math.min(-octetsFrom(stream.next, sequence), payloadEnd - payloadStart);
    if (old <= 0) return true;
    const { bytes } = this.#reader.record;
    return stream.delivered?.compare(sequence, bytes, payloadStart, payloadStart + old) === "same";
  }

  /** A connection for a segment that belongs to none, or null where there is nothing to follow: bare ACKs, resets. */
  #begin(): TcpConnection | null {
    const { segment, record } = this.#reader;
    const { flags } = segment;
    const octets = segment.payloadEnd + segment.cut - segment.payloadStart;
    if ((flags & SYN) !== 0 ? (flags & (RST | FIN)) !== 0 : octets === 0 || (flags & RST) !== 0) return null;
    if (isStt(segment, octets)) {
      this.#streams.counters.countUnread(STT, 1);
      return null;
    }
    let from: Side;
    if ((flags & SYN) !== 0) from = (flags & ACK) === 0 ? 0 : 1;
    else from = segment.sourcePort >= segment.destinationPort ? 0 : 1;
    const connection = this.#table.add(segment, from);
    this.#streams.note(connection.first, record);
    for (let surplus = this.#table.surplus(); surplus !== null; surplus = this.#table.surplus()) {
      if (!surplus.spare && !surplus.leftAlone) this.#streams.counters.evictedConnections++;
      this.drop(surplus);
    }
    return connection;
  }
}
