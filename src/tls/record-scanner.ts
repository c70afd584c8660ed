import { short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import { RecordBoundarySearch } from "./record-boundary-search.ts";
import { isRecordHeader, MAX_BODY, RECORD_HEADER_SIZE } from "./record-layer.ts";

/** Octets kept of the beginning and of the end of a record's body that is not needed whole. */
export const HEAD_OCTETS = 32;
export const TAIL_OCTETS = 8;

/** Receives the records of one direction from a scanner. Offsets are those of the TCP stream. */
export interface RecordSink {
  /** Whether all octets of a record's body are needed: else only the first HEAD_OCTETS and the last TAIL_OCTETS. */
  wantsBody(type: number): boolean;
  /**
   * A record is whole: its header stands at `scanner.recordOffset`, captured at `scanner.recordMoment`. Its body has
   * `length` octets. The first are bytes[start, …), all of them or HEAD_OCTETS; the last TAIL_OCTETS end at
   * `scanner.tail[scanner.tailEnd]`.
   */
  record(type: number, length: number, bytes: Uint8Array, start: number): void;
  /** A part of a record was not captured; the boundary behind it is known. */
  hiddenRecord(type: number, length: number): void;
  /** No record header stands where one must: five octets at `scanner.recordOffset`, valid during the call. */
  brokenHeader(header: Uint8Array): void;
  /** A gap hides the boundary. */
  boundaryLost(): void;
  /** The boundary was found again at this offset. */
  boundaryFound(streamOffset: number): void;
}

/**
 * Cuts one direction of a TLS connection into records. Only headers are read. A record that lies whole in the octets
 * received is reported in place; of others the needed octets are put together.
 */
export class RecordScanner {
  /** Stream offset of the next octet to come. */
  offset = 0;
  /** Stream offset of the present record's header. */
  recordOffset = 0;
  readonly recordMoment = new Moment();
  /** During RecordSink.record: where the last octets of the body are, and the index behind them. */
  tail: Uint8Array = NOTHING;
  tailEnd = 0;
  /** The boundary is not known. */
  get lost(): boolean {
    return this.#search !== null;
  }

  readonly #sink: RecordSink;
  readonly #moment: Moment;
  readonly #header = new Uint8Array(RECORD_HEADER_SIZE);
  #headerOctets = 0;
  #type = 0;
  #length = 0;
  /** Octets of the body still to come; −1 in front of a header. */
  #left = -1;
  /** Octets of the present body were missed. */
  #hidden = false;
  #whole = false;
  /** The body as far as it came, or its head and, behind that, its tail. Grown when it is needed. */
  #body = new Uint8Array(HEAD_OCTETS + TAIL_OCTETS);
  #search: RecordBoundarySearch | null = null;
  #stopped = false;

  /** `moment` is shared with the sender of the octets. */
  constructor(sink: RecordSink, moment: Moment) {
    this.#sink = sink;
    this.#moment = moment;
  }

  /** Octets of the present record that have come, its header included; 0 at a boundary. */
  get unfinished(): number {
    return this.#left < 0 ? this.#headerOctets : RECORD_HEADER_SIZE + this.#length - this.#left;
  }

  /** Octets that the present record's header announces, or 0 if the header is not complete. */
  get announced(): number {
    return this.#left < 0 ? 0 : this.#length;
  }

  /** Searches for the boundary from here on, as at a start in mid-stream. */
  lose(): void {
    this.#left = -1;
    this.#headerOctets = 0;
    this.#search = new RecordBoundarySearch(this.offset);
  }

  /** Nothing more is read. */
  stop(): void {
    this.#stopped = true;
  }

  /** The next octets of the stream: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.#stopped) return;
    if (this.#search === null) this.#scan(bytes, start, end);
    else if (this.#search.receive(bytes, start, end, this.#moment)) this.#resume(this.#search);
    else this.offset += end - start;
  }

  /** `missing` octets were not captured; −1 if the number is not known. */
  gap(missing: number): void {
    if (this.#stopped) return;
    if (this.#search !== null) {
      this.offset += Math.max(missing, 0);
      this.#search.gap(missing);
    } else if (missing >= 0 && this.#left >= missing) {
      this.offset += missing;
      this.#left -= missing;
      this.#hidden = true;
      if (this.#left === 0) this.#complete();
    } else {
      this.offset += Math.max(missing, 0);
      this.#sink.boundaryLost();
      this.lose();
    }
  }

  /** The stream is over: a boundary that only its end confirms is accepted. */
  finish(): void {
    if (!this.#stopped && this.#search?.finish() === true) this.#resume(this.#search);
  }

  #scan(bytes: Uint8Array, start: number, end: number): void {
    const base = this.offset - start;
    let at = start;
    while (at < end) {
      if (this.#left >= 0) {
        at += this.#takeBody(bytes, at, end);
        this.offset = base + at;
        if (this.#left === 0) this.#complete();
      } else {
        if (this.#headerOctets === 0) {
          this.recordOffset = base + at;
          this.recordMoment.set(this.#moment);
          if (end - at >= RECORD_HEADER_SIZE && isRecordHeader(bytes, at)) {
            const length = short(bytes, at + 3);
            const body = at + RECORD_HEADER_SIZE;
            if (end - body >= length) {
              at = body + length;
              this.offset = base + at;
              this.tail = bytes;
              this.tailEnd = at;
              this.#sink.record(bytes[body - RECORD_HEADER_SIZE]!, length, bytes, body);
              continue;
            }
          }
        }
        at = this.#takeHeader(bytes, at, end);
        this.offset = base + at;
      }
      if (this.#stopped) return;
      if (this.#search !== null) {
        if (at < end) this.receive(bytes, at, end);
        return;
      }
    }
  }

  #takeHeader(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#headerOctets < RECORD_HEADER_SIZE) this.#header[this.#headerOctets++] = bytes[at++]!;
    if (this.#headerOctets < RECORD_HEADER_SIZE) return at;
    const header = this.#header;
    if (!isRecordHeader(header, 0)) {
      this.offset += at - start;
      const search = new RecordBoundarySearch(this.recordOffset + 1);
      this.#headerOctets = 0;
      this.#sink.brokenHeader(header);
      this.#search = search;
      search.receive(header, 1, RECORD_HEADER_SIZE, this.#moment);
      return at;
    }
    this.#type = header[0]!;
    this.#length = short(header, 3);
    this.#left = this.#length;
    this.#headerOctets = 0;
    this.#hidden = false;
    this.#whole = this.#sink.wantsBody(this.#type);
    if (this.#whole && this.#body.length < this.#length) this.#body = new Uint8Array(MAX_BODY);
    if (this.#left === 0) this.#complete();
    return at;
  }

  /** Takes octets of the present body out of bytes[start, end); returns how many. */
  #takeBody(bytes: Uint8Array, start: number, end: number): number {
    const octets = Math.min(this.#left, end - start);
    const done = this.#length - this.#left;
    const body = this.#body;
    if (this.#whole) body.set(bytes.subarray(start, start + octets), done);
    else {
      for (let i = done; i < HEAD_OCTETS && i < done + octets; i++) body[i] = bytes[start + i - done]!;
      const tailFrom = this.#length - TAIL_OCTETS;
      for (let i = Math.max(done, tailFrom); i < done + octets; i++) {
        body[HEAD_OCTETS + i - tailFrom] = bytes[start + i - done]!;
      }
    }
    this.#left -= octets;
    return octets;
  }

  #complete(): void {
    this.#left = -1;
    if (this.#hidden) this.#sink.hiddenRecord(this.#type, this.#length);
    else {
      this.tail = this.#body;
      this.tailEnd = this.#whole ? this.#length : HEAD_OCTETS + TAIL_OCTETS;
      this.#sink.record(this.#type, this.#length, this.#body, 0);
    }
  }

  #resume(search: RecordBoundarySearch): void {
    this.#search = null;
    this.#headerOctets = 0;
    this.#left = -1;
    this.offset = search.foundAt;
    this.#sink.boundaryFound(search.foundAt);
    search.replay(this.#moment, (bytes, start, end) => this.receive(bytes, start, end));
  }
}

const NOTHING = new Uint8Array(0);
