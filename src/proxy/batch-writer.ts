/**
 * Writes the relay's records (octet-batch.ts) for the inspector's thread, in one of two ways.
 *
 * In quiet times records go through a pipe that both threads share: for them the relay makes no call and sets no timer,
 * because either would cost more than to relay a small chunk. Large records, and records that come when the pipe is
 * full, go in batches that are posted. A chunk that nothing else uses goes with its batch as it is, without a copy.
 *
 * Nothing goes through the pipe as long as a batch is not read. So the reader keeps the order if it reads the pipe
 * before a batch.
 */
import type { Side } from "../net/connection-observer.ts";
import { MAX_SEGMENT } from "../net/synthetic-tcp.ts";
import type { ToInspector } from "./inspector-protocol.ts";
import { DATA, GIVEN, RECORD_HEADER, roomIn, writeRecord } from "./octet-batch.ts";
import { OctetPipe } from "./octet-pipe.ts";
import { WallClock } from "./wall-clock.ts";

/** Octets of a batch, and of the chunks that go with it. The longest record fits. */
const BATCH_OCTETS = 1 << 20;
/**
 * Up to this many octets are copied out of the batch, and its memory is kept: quiet traffic needs no new batch each
 * time.
 */
const SMALL_BATCH = BATCH_OCTETS / 4;
/** Milliseconds that a batch waits for more records. */
const FLUSH_AFTER = 5;
/** Batches kept for use again. */
const MAX_SPARE = 4;
/** Octets that the pipe holds. */
const PIPE_OCTETS = 1 << 22;
/** Octets of the longest record that is piped. A longer chunk is given uncopied. */
const MAX_PIPED = 1 << 14;

export class BatchWriter {
  /** The memory of the pipe, for its reader. */
  readonly pipeMemory = OctetPipe.memory(PIPE_OCTETS);
  readonly #pipe = new OctetPipe(this.pipeMemory);
  readonly #clock = new WallClock();
  readonly #post: (message: ToInspector, transfer: ArrayBuffer[]) => void;
  readonly #record = new Uint8Array(RECORD_HEADER + MAX_PIPED);
  #spare: Uint8Array[] = [];
  #batch: Uint8Array | null = null;
  #used = 0;
  #chunks: ArrayBuffer[] = [];
  #chunkOctets = 0;
  #unread = 0;
  #waitingSince = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(post: (message: ToInspector, transfer: ArrayBuffer[]) => void) {
    this.#post = post;
  }

  /** Octets of batches and chunks that were posted and are not read yet. */
  get unread(): number {
    return this.#unread;
  }

  /** Time (steady clock, milliseconds) since which nothing that was posted has been read. */
  get waitingSince(): number {
    return this.#unread === 0 ? performance.now() : this.#waitingSince;
  }

  write(kind: number, side: Side, connection: number, bytes: Uint8Array): void {
    this.#clock.read();
    if (this.#isQuiet && bytes.length <= MAX_PIPED && this.#pipes(kind, side, connection, bytes)) {
      // Events other than data are rare: they do not wait for the reader's next look.
      if (kind !== DATA) this.#flushSoon();
      return;
    }
    let from = 0;
    do {
      const to = Math.min(bytes.length, from + MAX_SEGMENT);
      this.#batched(kind, side, connection, bytes, from, to);
      from = to;
    } while (from < bytes.length);
    this.#flushSoon();
  }

  /** Data that nothing else uses. The buffer holds only this data, and now belongs to the batch. */
  give(side: Side, connection: number, bytes: Uint8Array): void {
    if (bytes.length < MAX_PIPED) {
      this.write(DATA, side, connection, bytes);
      return;
    }
    this.#clock.read();
    this.#batched(GIVEN, side, connection, bytes, 0, 0);
    this.#chunks.push(bytes.buffer as ArrayBuffer);
    this.#chunkOctets += bytes.length;
    this.#flushSoon();
  }

  /** Hands over what was written; the pipe is read at once. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const batch = this.#batch;
    const used = this.#used;
    if (batch === null || used === 0) {
      this.#post({ kind: "piped" }, []);
      return;
    }
    const given = used > SMALL_BATCH ? batch : batch.slice(0, used);
    if (given === batch) this.#batch = null;
    this.#used = 0;
    const chunks = this.#chunks;
    if (this.#unread === 0) this.#waitingSince = performance.now();
    this.#unread += given.length + this.#chunkOctets;
    this.#chunks = [];
    this.#chunkOctets = 0;
    const buffer = given.buffer as ArrayBuffer;
    this.#post({ kind: "batch", buffer, used, chunks }, [buffer, ...chunks]);
  }

  /** A batch was read, with this many octets of chunks: its memory is used again. */
  wasRead(buffer: ArrayBuffer, chunkOctets: number): void {
    this.#unread -= buffer.byteLength + chunkOctets;
    this.#waitingSince = performance.now();
    if (buffer.byteLength === BATCH_OCTETS && this.#spare.length < MAX_SPARE) this.#spare.push(new Uint8Array(buffer));
  }

  /** There is no reader any more. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** All batches are read, and none is begun. */
  get #isQuiet(): boolean {
    return this.#unread === 0 && this.#used === 0;
  }

  #pipes(kind: number, side: Side, connection: number, bytes: Uint8Array): boolean {
    const record = this.#record;
    const { seconds, microseconds } = this.#clock;
    const length = writeRecord(record, 0, kind, side, connection, seconds, microseconds, bytes, 0, bytes.length);
    if (!this.#pipe.write(record, length)) return false;
    if (this.#pipe.wakes) this.#post({ kind: "piped" }, []);
    return true;
  }

  // oxlint-disable-next-line max-params -- hot path: once for every relayed chunk
  #batched(kind: number, side: Side, connection: number, bytes: Uint8Array, from: number, to: number): void {
    if (this.#batch !== null && roomIn(this.#batch, this.#used) < to - from) this.flush();
    this.#batch ??= this.#spare.pop() ?? new Uint8Array(BATCH_OCTETS);
    const { seconds, microseconds } = this.#clock;
    this.#used = writeRecord(this.#batch, this.#used, kind, side, connection, seconds, microseconds, bytes, from, to);
  }

  #flushSoon(): void {
    if (this.#chunkOctets >= BATCH_OCTETS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER);
  }
}
