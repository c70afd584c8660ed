/**
 * The octets of a stream that were delivered last. Copies are compared with them: a packet that was captured twice, or
 * sent again, is the same packet only if its octets are the same. Octets are kept where copies may come: after the
 * first copy on a connection, and at a start in mid-stream.
 */
import { octetsFrom, sequenceBehind } from "./sequence-number.ts";

/** Octets kept of a stream: a copy may come this late. Up to twice as many between two cuts. */
const REACH = 64 * 1024;
const FIRST_SIZE = 2048;
/** Streams whose octets are kept. Beyond this, the stream that began first is given up. */
const MAX_STREAMS = 256;
/** Pieces at a start in mid-stream among which a first copy is searched for. */
const FIRST_PIECES = 16;

/** What is known of a copy. */
export type Likeness = "same" | "different" | "unknown";

export class DeliveredOctets {
  /** Whether a copy has come. */
  hasCopies = false;
  #pieces = 0;
  #kept = new Uint8Array(FIRST_SIZE);
  #length = 0;
  /** Sequence number behind the last octet. */
  #end: number;

  constructor(next: number) {
    this.#end = next;
  }

  /** Forgets all, and begins with a stream that goes on at this sequence number. */
  begin(next: number): void {
    this.hasCopies = false;
    this.#pieces = 0;
    this.#length = 0;
    this.#end = next;
  }

  /** No copy has come at the start in mid-stream: none is expected. */
  get isIdle(): boolean {
    return !this.hasCopies && this.#pieces > FIRST_PIECES;
  }

  /** The stream goes on at this sequence number with bytes[start, end). */
  add(sequence: number, bytes: Uint8Array, start: number, end: number): void {
    const size = Math.min(end - start, REACH);
    if (sequence !== this.#end || size < end - start) this.#length = 0;
    if (this.#length + size > this.#kept.length) this.#makeRoom(size);
    this.#kept.set(bytes.subarray(end - size, end), this.#length);
    this.#length += size;
    this.#end = sequenceBehind(sequence, end - start);
    this.#pieces++;
  }

  /** Whether bytes[start, end), which begin at this sequence number, are what was delivered there, as far as it is kept. */
  compare(sequence: number, bytes: Uint8Array, start: number, end: number): Likeness {
    const first = this.#length - octetsFrom(sequence, this.#end);
    const from = Math.max(0, -first);
    const to = Math.min(end - start, this.#length - first);
    for (let i = from; i < to; i++) if (this.#kept[first + i] !== bytes[start + i]) return "different";
    return from === 0 && to > 0 ? "same" : "unknown";
  }

  #makeRoom(octets: number): void {
    const stays = Math.min(this.#length, REACH);
    const old = this.#kept.subarray(this.#length - stays, this.#length);
    const size = Math.min(2 * REACH, Math.max(2 * this.#kept.length, stays + octets));
    if (size > this.#kept.length) this.#kept = new Uint8Array(size);
    this.#kept.set(old);
    this.#length = stays;
  }
}

/** A stream that may have copies. */
interface CopiedStream {
  /** Sequence number of the next octet. */
  readonly next: number;
  delivered: DeliveredOctets | null;
}

/** The streams whose octets are kept, the oldest first. */
export class ComparedStreams {
  readonly #streams = new Set<CopiedStream>();
  /** Instances that no stream uses now: to make one costs more than to fill it. */
  readonly #spare: DeliveredOctets[] = [];

  /** From now on the stream's octets are kept. `hasCopies`: because a copy came. */
  add(stream: CopiedStream, hasCopies: boolean): void {
    if (stream.delivered === null) {
      const [oldest] = this.#streams;
      if (this.#streams.size === MAX_STREAMS) this.remove(oldest!);
      stream.delivered = this.#spare.pop() ?? new DeliveredOctets(stream.next);
      stream.delivered.begin(stream.next);
      this.#streams.add(stream);
    }
    if (hasCopies && stream.delivered !== null) stream.delivered.hasCopies = true;
  }

  remove(stream: CopiedStream): void {
    if (stream.delivered !== null) this.#spare.push(stream.delivered);
    stream.delivered = null;
    this.#streams.delete(stream);
  }
}
