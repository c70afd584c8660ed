/**
 * The records that the relay writes for its inspector, one behind the other, in batches or in a pipe (batch-writer.ts).
 * A record:
 *
 *      0  kind         1        8  seconds      4  since the epoch
 *      1  side         1       12  microseconds 4
 *      2  –            2       16  length       4
 *      4  connection   4       20  octets       length
 *
 * Numbers are little-endian. The octets of `opened`, `connected`, `trouble` and `guarded` are JSON. Those of `given`
 * are not in the batch: they are the next of the chunks that come with it.
 */
import type { Side } from "../net/connection-observer.ts";

export const RECORD_HEADER = 20;

/** Kinds of records. */
export const OPENED = 1;
export const CONNECTED = 2;
export const DATA = 3;
/** A side's stream ended: by FIN, by RST. */
export const ENDED_BY_FIN = 4;
export const ENDED_BY_RST = 5;
export const TROUBLE = 6;
/** No octets of the connection follow: the inspector fell behind. */
export const LOST = 7;
/** The guard asks what broke. Nothing of the client follows. */
export const CONCLUDE = 8;
export const CLOSED = 9;
/** The guard has stopped the client. */
export const GUARDED = 10;
/** DATA whose octets come as a chunk with the batch. */
export const GIVEN = 11;
/** Begin a new recording. For no connection. */
export const REOPENED = 12;

export interface BatchRecord {
  kind: number;
  side: Side;
  connection: number;
  seconds: number;
  microseconds: number;
  /** The octets: bytes[start, end). */
  bytes: Uint8Array;
  start: number;
  end: number;
}

/** Octets that one more record in the batch may have, besides its header; negative where not even the header fits. */
export function roomIn(batch: Uint8Array, used: number): number {
  return batch.length - used - RECORD_HEADER;
}

/** Writes a record with bytes[from, to) at `at`; returns the offset behind it. The batch has room for it. */
// oxlint-disable-next-line max-params -- hot path: once for every relayed chunk
export function writeRecord(
  batch: Uint8Array,
  at: number,
  kind: number,
  side: Side,
  connection: number,
  seconds: number,
  microseconds: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  batch[at] = kind;
  batch[at + 1] = side;
  writeLong(batch, at + 4, connection);
  writeLong(batch, at + 8, seconds);
  writeLong(batch, at + 12, microseconds);
  writeLong(batch, at + 16, to - from);
  if (to > from) batch.set(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to), at + RECORD_HEADER);
  return at + RECORD_HEADER + to - from;
}

/**
 * Reads the records of batch[0, used) one by one into one object, which is valid during the call. A chunk whose memory
 * was handed over is read as DATA, and as several records if it is longer than `mostOctets`.
 */
export function readRecords(
  batch: Uint8Array,
  used: number,
  chunks: readonly ArrayBuffer[],
  mostOctets: number,
  read: (record: BatchRecord) => void,
): void {
  const record: BatchRecord = {
    kind: 0,
    side: 0,
    connection: 0,
    seconds: 0,
    microseconds: 0,
    bytes: batch,
    start: 0,
    end: 0,
  };
  let given = 0;
  for (let at = 0; at < used; ) {
    const kind = batch[at]!;
    record.kind = kind === GIVEN ? DATA : kind;
    record.side = batch[at + 1] === 1 ? 1 : 0;
    record.connection = readLong(batch, at + 4);
    record.seconds = readLong(batch, at + 8);
    record.microseconds = readLong(batch, at + 12);
    const start = at + RECORD_HEADER;
    at = start + readLong(batch, at + 16);
    if (kind === GIVEN) {
      record.bytes = new Uint8Array(chunks[given++]!);
      readPieces(record, mostOctets, read);
    } else {
      record.bytes = batch;
      record.start = start;
      record.end = at;
      read(record);
    }
  }
}

function readPieces(record: BatchRecord, mostOctets: number, read: (record: BatchRecord) => void): void {
  const { length } = record.bytes;
  for (record.start = 0; record.start < length; record.start = record.end) {
    record.end = Math.min(length, record.start + mostOctets);
    read(record);
  }
}

function writeLong(batch: Uint8Array, at: number, value: number): void {
  batch[at] = value;
  batch[at + 1] = value >>> 8;
  batch[at + 2] = value >>> 16;
  batch[at + 3] = value >>> 24;
}

function readLong(batch: Uint8Array, at: number): number {
  return (batch[at]! | (batch[at + 1]! << 8) | (batch[at + 2]! << 16) | (batch[at + 3]! << 24)) >>> 0;
}
