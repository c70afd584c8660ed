import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Side } from "../../src/net/connection-observer.ts";
import {
  type BatchRecord,
  CLOSED,
  DATA,
  GIVEN,
  OPENED,
  RECORD_HEADER,
  readRecords,
  roomIn,
  writeRecord,
} from "../../src/proxy/octet-batch.ts";
import { SEED } from "../support/chunkings.ts";
import { hex } from "../support/wire.ts";

interface Written extends Omit<BatchRecord, "bytes" | "start" | "end"> {
  octets: number[];
}

const MOST = 0xffff_ffff;
const number32 = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, MOST), fc.integer({ min: 0, max: MOST }));
const written = fc.record({
  kind: fc.integer({ min: OPENED, max: CLOSED }),
  side: fc.constantFrom<Side>(0, 1),
  connection: number32,
  seconds: number32,
  microseconds: fc.integer({ min: 0, max: 999_999 }),
  octets: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 100 }),
});

/** Writes a record whose octets lie inside a larger buffer; returns the offset behind it. */
function write(
  batch: Uint8Array,
  at: number,
  { kind, side, connection, seconds, microseconds, octets }: Written,
): number {
  const bytes = Uint8Array.of(0xee, ...octets, 0xee);
  return writeRecord(batch, at, kind, side, connection, seconds, microseconds, bytes, 1, 1 + octets.length);
}

function read(batch: Uint8Array, used: number): Written[] {
  const records: Written[] = [];
  readRecords(batch, used, [], MOST, ({ bytes, start, end, ...record }) => {
    records.push({ ...record, octets: [...bytes.subarray(start, end)] });
  });
  return records;
}

describe("a given chunk", () => {
  it.each([
    [Number.POSITIVE_INFINITY, [100]],
    [100, [100]],
    [99, [99, 1]],
    [40, [40, 40, 20]],
  ])("is read in pieces of at most %d octets", (mostOctets, pieces) => {
    const chunk = Uint8Array.from({ length: 100 }, (_, i) => i);
    const batch = new Uint8Array(RECORD_HEADER);
    const used = writeRecord(batch, 0, GIVEN, 1, 7, 5, 6, chunk, 0, 0);
    const lengths: number[] = [];
    const octets: number[] = [];
    readRecords(batch, used, [chunk.buffer], mostOctets, ({ kind, side, connection, bytes, start, end }) => {
      expect([kind, side, connection]).toEqual([DATA, 1, 7]);
      lengths.push(end - start);
      octets.push(...bytes.subarray(start, end));
    });
    expect(lengths).toEqual(pieces);
    expect(octets).toEqual([...chunk]);
  });
});

describe("a batch", () => {
  it(`gives back what was written, in its order (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(written, { maxLength: 20 }), fc.nat({ max: 255 }), (records, filling) => {
        const length = records.reduce((sum, { octets }) => sum + RECORD_HEADER + octets.length, 0);
        // A batch is used again: what stood there before must not show. Behind what is used nothing is read.
        const batch = new Uint8Array(length + 40).fill(filling);
        let used = 0;
        for (const record of records) used = write(batch, used, record);
        expect(used).toBe(length);
        expect(read(batch, used)).toEqual(records);
        expect([...batch.subarray(used)]).toEqual(Array.from({ length: 40 }, () => filling));
      }),
      { seed: SEED },
    );
  });

  it("writes a record as its header says", () => {
    const batch = new Uint8Array(23);
    const bytes = Uint8Array.of(0xaa, 0xbb, 0xcc);
    expect(writeRecord(batch, 0, DATA, 1, 0x01020304, 0xfefdfcfb, 999_999, bytes, 0, 3)).toBe(23);
    expect(batch).toEqual(hex("03 01 0000 04030201 fbfcfdfe 3f420f00 03000000 aabbcc"));
  });

  it.each([0, 1, 0x7fff_ffff, 0x8000_0000, MOST])("keeps the number %i whole", number => {
    const batch = new Uint8Array(RECORD_HEADER);
    const record: Written = {
      kind: DATA,
      side: 0,
      connection: number,
      seconds: number,
      microseconds: number,
      octets: [],
    };
    expect(read(batch, write(batch, 0, record))).toEqual([record]);
  });

  it("knows how much a batch still takes", () => {
    const batch = new Uint8Array(100);
    expect(roomIn(batch, 0)).toBe(80);
    const record: Written = { kind: DATA, side: 0, connection: 1, seconds: 2, microseconds: 3, octets: [] };
    // The last record ends where the batch does.
    const octets = Array.from({ length: 60 }, (_, i) => i);
    const used = write(batch, write(batch, 0, record), { ...record, octets });
    expect(used).toBe(100);
    expect(read(batch, used)).toEqual([record, { ...record, octets }]);
    expect(roomIn(batch, 80)).toBe(0);
    expect(roomIn(batch, 81)).toBeLessThan(0);
    expect(roomIn(batch, 100)).toBeLessThan(0);
  });

  it("reads nothing where nothing is written", () => {
    expect(read(new Uint8Array(100).fill(1), 0)).toEqual([]);
  });
});
