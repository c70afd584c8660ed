/**
 * Finds a packet's connection without making a string of its end points: a Map keyed by a 30-bit hash that is the same
 * in both directions, with a chain behind each key. The hash has a random seed where captures come from strangers: then
 * nobody can craft a capture whose connections share one chain. The results do not depend on the seed.
 *
 * Connections are kept in two lists by last use, each with a bound: those with an observer, and spare ones (without an
 * observer, not asked about yet, or over). So a capture with millions of connections stays within bounds.
 */
import type { Side } from "./connection-observer.ts";
import { TcpConnection } from "./tcp-connection.ts";
import type { TcpSegment } from "./tcp-segment.ts";
import type { TunnelPaths } from "./tunnel-path.ts";

/** Connections by last use. The links are in the connections themselves. */
class RecentList {
  oldest: TcpConnection | null = null;
  newest: TcpConnection | null = null;
  length = 0;

  append(connection: TcpConnection): void {
    connection.older = this.newest;
    connection.newer = null;
    if (this.newest === null) this.oldest = connection;
    else this.newest.newer = connection;
    this.newest = connection;
    this.length++;
  }

  remove(connection: TcpConnection): void {
    if (connection.older === null) this.oldest = connection.newer;
    else connection.older.newer = connection.newer;
    if (connection.newer === null) this.newest = connection.older;
    else connection.newer.older = connection.older;
    this.length--;
  }
}

export class ConnectionTable {
  readonly #chains = new Map<number, TcpConnection>();
  readonly #observed = new RecentList();
  readonly #spare = new RecentList();
  readonly #maxObserved: number;
  readonly #maxSpare: number;
  /** The side that sent the segment whose connection was found or added last. */
  side: Side | -1 = -1;

  readonly #paths: TunnelPaths;
  readonly #seed: number;
  readonly #multiplier1: number;
  readonly #multiplier2: number;
  #last: TcpConnection | null = null;
  #count = 0;

  constructor(maxObserved: number, maxSpare: number, seed: number, paths: TunnelPaths) {
    this.#paths = paths;
    this.#seed = seed | 0;
    // Odd, and as different as two seeds are.
    this.#multiplier1 = Math.imul(seed ^ 0x2545f491, 0x9e3779b1) | 1;
    this.#multiplier2 = Math.imul(this.#multiplier1 ^ (seed >>> 15), 0x85ebca77) | 1;
    this.#maxObserved = maxObserved;
    this.#maxSpare = maxSpare;
  }

  /** The connection that a segment belongs to. It becomes the one last used. */
  find(segment: TcpSegment): TcpConnection | null {
    const last = this.#last;
    if (last !== null) {
      this.side = last.sideOf(segment);
      if (this.side >= 0) return last;
    }
    let connection = this.#chains.get(this.#hashOf(segment)) ?? null;
    for (; connection !== null; connection = connection.chained) {
      this.side = connection.sideOf(segment);
      if (this.side >= 0) break;
    }
    if (connection === null) return null;
    const list = connection.spare ? this.#spare : this.#observed;
    if (list.newest !== connection) {
      list.remove(connection);
      list.append(connection);
    }
    this.#last = connection;
    return connection;
  }

  /**
   * A connection between the same ends that was seen in another tunnel, or in none, and for which `isSame` is true. The
   * segment's tunnel is added to the connection's tunnels.
   */
  findElsewhere(segment: TcpSegment, isSame: (connection: TcpConnection, from: Side) => boolean): TcpConnection | null {
    let connection = this.#chains.get(this.#hashOf(segment)) ?? null;
    for (; connection !== null; connection = connection.chained) {
      const from = connection.endOf(segment);
      if (from < 0 || !isSame(connection, from as Side)) continue;
      connection.addPath(from as Side, segment.path);
      this.side = from;
      this.#last = connection;
      return connection;
    }
    return null;
  }

  /** A new connection, spare at first. `from` is the side that sent the segment. */
  add(segment: TcpSegment, from: Side): TcpConnection {
    const hash = this.#hashOf(segment);
    const connection = new TcpConnection(this.#count++, hash, segment, from, this.#paths);
    connection.chained = this.#chains.get(hash) ?? null;
    this.#chains.set(hash, connection);
    this.#spare.append(connection);
    this.#last = connection;
    this.side = connection.sideOf(segment);
    return connection;
  }

  remove(connection: TcpConnection): void {
    (connection.spare ? this.#spare : this.#observed).remove(connection);
    if (this.#last === connection) this.#last = null;
    const head = this.#chains.get(connection.hash)!;
    if (head !== connection) {
      let before = head;
      while (before.chained !== connection) before = before.chained!;
      before.chained = connection.chained;
    } else if (connection.chained === null) {
      this.#chains.delete(connection.hash);
    } else {
      this.#chains.set(connection.hash, connection.chained);
    }
  }

  /** Moves a connection to the list it now belongs in. */
  setSpare(connection: TcpConnection, spare: boolean): void {
    if (connection.spare === spare) return;
    (connection.spare ? this.#spare : this.#observed).remove(connection);
    connection.spare = spare;
    (spare ? this.#spare : this.#observed).append(connection);
  }

  /** The connection that must go because a bound is exceeded, or null. */
  surplus(): TcpConnection | null {
    if (this.#spare.length > this.#maxSpare) return this.#spare.oldest;
    if (this.#observed.length > this.#maxObserved) return this.#observed.oldest;
    return null;
  }

  /** All connections in the order of their first packet. */
  all(): TcpConnection[] {
    const connections: TcpConnection[] = [];
    for (const list of [this.#spare, this.#observed]) {
      for (let at = list.oldest; at !== null; at = at.newer) connections.push(at);
    }
    return connections.sort((a, b) => a.ordinal - b.ordinal);
  }

  /** The same for both directions: a sum of the two ends. */
  #hashOf(segment: TcpSegment): number {
    let source = this.#mix(this.#mix(this.#seed, segment.source0), segment.sourcePort);
    let destination = this.#mix(this.#mix(this.#seed, segment.destination0), segment.destinationPort);
    if (segment.version === 6) {
      source = this.#mix(this.#mix(this.#mix(source, segment.source1), segment.source2), segment.source3);
      destination = this.#mix(destination, segment.destination1);
      destination = this.#mix(this.#mix(destination, segment.destination2), segment.destination3);
    }
    const sum = (source + destination) | 0;
    return (sum ^ (sum >>> 16)) & 0x3fff_ffff; // 30 bits: a small integer on every build of V8
  }

  #mix(hash: number, word: number): number {
    let mixed = Math.imul(hash ^ word, this.#multiplier1);
    mixed = Math.imul(mixed ^ (mixed >>> 16), this.#multiplier2);
    return mixed ^ (mixed >>> 15);
  }
}
