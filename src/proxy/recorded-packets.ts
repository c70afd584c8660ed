/**
 * Which packets of a recording hold which octets of relayed streams, to report the packets of octets. The latest
 * packets of each direction are known; nothing is reported for earlier packets, or for octets that were not recorded.
 */
import type { Side } from "../net/connection-observer.ts";

/** The latest packets of one direction that are known. */
export const MAX_OF_DIRECTION = 4096;
/** The packets of all directions that are known. */
export const MAX_PACKETS = 1 << 20;
const FIRST_ROOM = 64;

/** Octets [offset, offset + octets) of one side's stream, and where they are recorded. */
export interface RecordedSegment {
  offset: number;
  octets: number;
  /** The recording's file by its ordinal, and the packet's number in it, from 1. */
  file: number;
  packet: number;
}

/** The packets of a stretch of octets: the first one, and the last one where that is in the same file. */
export interface PacketsFound {
  path: string;
  first: number;
  last: number | null;
}

export class RecordedPackets {
  readonly #connections = new Map<number, readonly [DirectionPackets, DirectionPackets]>();
  /** Connections that are over, and may be asked for until the next `release`. */
  #closed: number[] = [];
  /** Paths of files, by ordinal. */
  readonly #files = new Map<number, string>();
  readonly #mostFiles: number;
  /** The number of packets that there is room for. */
  #room = 0;

  /** @param mostFiles files of the recording that are kept: older ones are deleted */
  constructor(mostFiles: number) {
    this.#mostFiles = mostFiles;
  }

  add(connection: number, side: Side, segment: RecordedSegment, path: string): void {
    if (!this.#files.has(segment.file)) this.#begin(segment.file, path);
    let directions = this.#connections.get(connection);
    if (directions === undefined) {
      directions = [new DirectionPackets(), new DirectionPackets()];
      this.#connections.set(connection, directions);
    }
    const more = MAX_PACKETS - this.#room;
    this.#room += directions[side].add(segment, more);
  }

  /** Where octets [from, to) of one side's stream are recorded; null if they are not, or that is not known any more. */
  find(connection: number, side: Side, from: number, to: number): PacketsFound | null {
    const packets = this.#connections.get(connection)?.[side];
    const first = packets?.at(from) ?? null;
    const path = first === null ? undefined : this.#files.get(first.file);
    if (first === null || path === undefined) return null;
    const last = to <= from ? first : (packets!.at(to - 1) ?? null);
    return { path, first: first.packet, last: last?.file === first.file ? last.packet : null };
  }

  closed(connection: number): void {
    this.#closed.push(connection);
  }

  /** Connections that are closed by now will not be asked for any more. */
  release(): void {
    for (const connection of this.#closed) {
      for (const packets of this.#connections.get(connection) ?? []) this.#room -= packets.room;
      this.#connections.delete(connection);
    }
    this.#closed = [];
  }

  /** Packets were lost that seemed to be recorded: no packet number given before is certain. */
  forget(): void {
    this.#connections.clear();
    this.#files.clear();
    this.#room = 0;
  }

  #begin(file: number, path: string): void {
    this.#files.set(file, path);
    for (const ordinal of this.#files.keys()) if (ordinal <= file - this.#mostFiles) this.#files.delete(ordinal);
  }
}

/** The latest packets of one direction, in the order of its octets; without room, the oldest is dropped. */
class DirectionPackets {
  #offsets = new Float64Array(0);
  /** Three numbers a packet: octets, file, packet. */
  #details = new Uint32Array(0);
  #oldest = 0;
  #count = 0;

  get room(): number {
    return this.#offsets.length;
  }

  /** Returns for how many more packets it has taken memory; `most` at most. */
  add({ offset, octets, file, packet }: RecordedSegment, most: number): number {
    // What was recorded before is recorded again, in another file: the order begins anew.
    if (this.#count > 0 && offset <= this.#offsets[this.#index(this.#count - 1)]!) this.#count = 0;
    const more = this.#count === this.room ? this.#grow(most) : 0;
    if (this.room === 0) return 0;
    if (this.#count === this.room) {
      this.#oldest = this.#index(1);
      this.#count--;
    }
    const at = this.#index(this.#count++);
    this.#offsets[at] = offset;
    this.#details.set([octets, file, packet], 3 * at);
    return more;
  }

  /** The packet of the octet at `offset`. */
  at(offset: number): { file: number; packet: number } | null {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#offsets[this.#index(middle)]! <= offset) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return null;
    const found = this.#index(low - 1);
    if (offset >= this.#offsets[found]! + this.#details[3 * found]!) return null;
    return { file: this.#details[3 * found + 1]!, packet: this.#details[3 * found + 2]! };
  }

  #index(nth: number): number {
    return (this.#oldest + nth) % this.room;
  }

  #grow(most: number): number {
    const { room } = this;
    const wanted = Math.min(Math.max(FIRST_ROOM, 2 * room), MAX_OF_DIRECTION);
    if (wanted - room > most || wanted === room) return 0;
    const offsets = new Float64Array(wanted);
    const details = new Uint32Array(3 * wanted);
    for (let nth = 0; nth < this.#count; nth++) {
      const from = this.#index(nth);
      offsets[nth] = this.#offsets[from]!;
      details.set(this.#details.subarray(3 * from, 3 * from + 3), 3 * nth);
    }
    this.#offsets = offsets;
    this.#details = details;
    this.#oldest = 0;
    return wanted - room;
  }
}
