/**
 * Feeds a capture to its reader, in chunks as they come.
 *
 * A chunk is read in place. A record that lies across chunks is put together in a buffer of the feed, with only as many
 * octets as the reader needs: so each octet is copied once at most, however long the record is.
 */
import { FOREIGN_OCTETS, MAGIC_OCTETS, openCapture } from "./capture-format.ts";
import type { CaptureReader, Truncation } from "./capture-reader.ts";
import type { PacketSink } from "./packet-record.ts";
import type { SecretsSink } from "./pcapng-secrets.ts";

const FIRST_CARRY = 64 * 1024;

export class CaptureFeed {
  /** Octets that came in. */
  octets = 0;
  readonly #sink: PacketSink;
  readonly #secrets: SecretsSink | undefined;
  readonly #open: typeof openCapture;
  #reader: CaptureReader | null = null;
  /** The octets of the record that the last chunk ended in are #carry[0, #carried). */
  #carry = new Uint8Array(FIRST_CARRY);
  #carried = 0;

  /**
   * `secrets` gets the key logs that a pcapng file carries; without it they are passed over. `open` gives the reader.
   */
  constructor(sink: PacketSink, secrets?: SecretsSink, open = openCapture) {
    this.#sink = sink;
    this.#secrets = secrets;
    this.#open = open;
  }

  /** null until there were enough octets to recognise the format. */
  get reader(): CaptureReader | null {
    return this.#reader;
  }

  /**
   * Takes the capture's next octets, chunk[start, end). They are not looked at again after the call.
   *
   * @throws CaptureError when this is no capture, or is corrupt. The feed is of no use from then on.
   */
  push(chunk: Uint8Array, start: number, end: number): void {
    this.octets += end - start;
    const bytes = plain(chunk);
    if (this.#reader === null) {
      if (this.#carried + end - start < MAGIC_OCTETS) {
        this.#append(bytes, start, end);
        return;
      }
      this.#reader = this.#open(this.#firstOctets(bytes, start, end), this.#sink, this.#secrets);
    }
    const at = this.#carried === 0 ? start : this.#complete(this.#reader, bytes, start, end);
    if (at === end) return;
    this.#append(bytes, this.#reader.read(bytes, at, end), end);
  }

  /**
   * No more octets come: null when the capture ended between two records.
   *
   * @throws CaptureError when there were too few octets for any capture.
   */
  finish(): Truncation | null {
    this.#reader ??= this.#open(this.#carry.subarray(0, this.#carried), this.#sink, this.#secrets);
    return this.#reader.finish(this.#carried);
  }

  /** Completes the record that is being carried, and returns the position behind its octets. */
  #complete(reader: CaptureReader, bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (this.#carried > 0 && at < end) {
      const missing = Math.max(1, reader.needed - this.#carried);
      const taken = Math.min(missing, end - at);
      this.#append(bytes, at, at + taken);
      at += taken;
      if (taken < missing) break;
      const consumed = reader.read(this.#carry, 0, this.#carried);
      this.#carry.copyWithin(0, consumed, this.#carried);
      this.#carried -= consumed;
    }
    return at;
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#carried + end - start;
    if (size > this.#carry.length) {
      const larger = new Uint8Array(Math.max(size, this.#reader?.needed ?? 0, 2 * this.#carry.length));
      larger.set(this.#carry.subarray(0, this.#carried));
      this.#carry = larger;
    }
    this.#carry.set(bytes.subarray(start, end), this.#carried);
    this.#carried = size;
  }

  #firstOctets(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const first = new Uint8Array(Math.min(this.#carried + end - start, FOREIGN_OCTETS));
    first.set(this.#carry.subarray(0, this.#carried));
    first.set(bytes.subarray(start, start + first.length - this.#carried), this.#carried);
    return first;
  }
}

/**
 * The same octets as a plain Uint8Array, the one kind that all layers above are compiled for. A Buffer is another kind
 * to the compiler, and code that meets both is slower.
 */
function plain(chunk: Uint8Array): Uint8Array {
  return chunk.constructor === Uint8Array ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
}
