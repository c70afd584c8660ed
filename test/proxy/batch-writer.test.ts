import { beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_SEGMENT } from "../../src/net/synthetic-tcp.ts";
import { BatchWriter } from "../../src/proxy/batch-writer.ts";
import type { ToInspector } from "../../src/proxy/inspector-protocol.ts";
import { CLOSED, DATA, readRecords } from "../../src/proxy/octet-batch.ts";
import { OctetPipe } from "../../src/proxy/octet-pipe.ts";

const KIB = 1024;
const MIB = 1 << 20;

/** A writer of batches and its reader, which does what the inspector's thread does, when it is told to. */
class Scene {
  readonly posted: ToInspector[] = [];
  /** Kind, length and first octet of each record that was read. */
  readonly read: string[] = [];
  readonly batches = new BatchWriter((message, transfer) => this.posted.push(structuredClone(message, { transfer })));
  readonly #pipe = new OctetPipe(this.batches.pipeMemory);

  readAll(): void {
    for (const message of this.posted.splice(0)) {
      this.#readPipe();
      if (message.kind !== "batch") continue;
      this.#records(new Uint8Array(message.buffer), message.used, message.chunks);
      const chunkOctets = message.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
      this.batches.wasRead(message.buffer, chunkOctets);
    }
    this.#readPipe();
  }

  #readPipe(): void {
    const octets = this.#pipe.read();
    this.#records(octets, octets.length, []);
  }

  #records(batch: Uint8Array, used: number, chunks: readonly ArrayBuffer[]): void {
    readRecords(batch, used, chunks, MAX_SEGMENT, ({ kind, bytes, start, end }) => {
      this.read.push(`${kind === DATA ? "data" : kind} ${end - start} ${start < end ? bytes[start] : ""}`.trim());
    });
  }
}

let scene: Scene;
beforeEach(() => {
  vi.useFakeTimers();
  scene = new Scene();
  return () => vi.useRealTimers();
});

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);

describe("batches in quiet times", () => {
  it("is not posted, but for the call that wakes its reader", () => {
    for (let i = 0; i < 10; i++) scene.batches.write(DATA, 0, 1, filled(100, i));
    expect(scene.posted).toEqual([{ kind: "piped" }]);
    expect(vi.getTimerCount()).toBe(0);
    scene.readAll();
    expect(scene.read).toEqual(Array.from({ length: 10 }, (_, i) => `data 100 ${i}`));
  });

  it("is read soon where more than data comes: once for all of it", () => {
    scene.batches.write(DATA, 0, 1, filled(100, 1));
    for (const connection of [1, 2, 3]) scene.batches.write(CLOSED, 0, connection, filled(0, 0));
    expect(scene.posted).toHaveLength(1);
    vi.advanceTimersByTime(10);
    expect(scene.posted).toEqual([{ kind: "piped" }, { kind: "piped" }]);
    expect(vi.getTimerCount()).toBe(0);
    scene.readAll();
    expect(scene.read).toEqual(["data 100 1", `${CLOSED} 0`, `${CLOSED} 0`, `${CLOSED} 0`]);
  });

  it("is read at once when it is asked for", () => {
    scene.batches.write(DATA, 0, 1, filled(100, 1));
    scene.batches.write(DATA, 0, 1, filled(100, 2));
    scene.batches.flush();
    expect(scene.posted).toEqual([{ kind: "piped" }, { kind: "piped" }]);
  });

  it("is not behind, however much is piped", () => {
    scene.batches.write(DATA, 0, 1, filled(16 * KIB, 1));
    expect(scene.batches.unread).toBe(0);
  });
});

describe("batches", () => {
  it("goes in batches where the pipe is full, behind what was piped, until those are read", () => {
    for (let i = 0; i < 600; i++) scene.batches.write(DATA, 0, 1, filled(8 * KIB, i));
    scene.batches.flush();
    expect(scene.posted.map(({ kind }) => kind)).toEqual(["piped", "batch"]);
    scene.batches.write(DATA, 0, 1, filled(1, 600));
    scene.batches.flush();
    expect(scene.batches.unread).toBeGreaterThan(0);
    scene.readAll();
    expect(scene.read).toEqual(Array.from({ length: 601 }, (_, i) => `data ${i === 600 ? 1 : 8192} ${i & 0xff}`));
    expect(scene.batches.unread).toBe(0);
    scene.batches.write(DATA, 0, 1, filled(1, 601));
    expect(scene.posted).toEqual([]);
  });

  it("hands over what waits after a few milliseconds", () => {
    scene.batches.write(DATA, 0, 1, filled(20 * KIB, 1));
    expect(scene.posted).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(scene.posted.map(({ kind }) => kind)).toEqual(["batch"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("hands over a full batch at once, and cuts what is long", () => {
    scene.batches.write(DATA, 0, 1, filled(2 * MIB, 1));
    expect(scene.posted.length).toBeGreaterThan(0);
    scene.batches.flush();
    scene.readAll();
    expect(scene.read).toEqual(Array.from({ length: 64 }, () => `data ${32 * KIB} 1`));
  });

  it("gives a large chunk as it is, in its place, and copies a small one", () => {
    const [small, large] = [filled(100, 2), filled(70 * KIB, 3)];
    scene.batches.write(DATA, 0, 1, filled(40 * KIB, 1));
    scene.batches.give(0, 1, small);
    scene.batches.give(0, 1, large);
    scene.batches.write(DATA, 0, 1, filled(5, 4));
    scene.batches.flush();
    expect(small.length).toBe(100);
    expect(large.buffer.byteLength).toBe(0);
    scene.readAll();
    const ones = [`data ${32 * KIB} 1`, `data ${8 * KIB} 1`];
    const threes = [`data ${32 * KIB} 3`, `data ${32 * KIB} 3`, `data ${6 * KIB} 3`];
    expect(scene.read).toEqual([...ones, "data 100 2", ...threes, "data 5 4"]);
  });

  it("counts given chunks as unread, and hands them over when they are as much as a batch", () => {
    for (let i = 0; i < 16; i++) scene.batches.give(0, 1, filled(64 * KIB, i));
    expect(scene.posted).toHaveLength(1);
    expect(scene.batches.unread).toBeGreaterThan(MIB);
    scene.readAll();
    expect(scene.batches.unread).toBe(0);
    expect(scene.read).toHaveLength(32);
  });

  it("waits from its first batch on that is not read, and not since it was last read", () => {
    const seconds = (count: number) => vi.advanceTimersByTime(1000 * count);
    const now = performance.now();
    scene.batches.write(DATA, 0, 1, filled(20 * KIB, 1));
    scene.batches.flush();
    scene.readAll();
    for (let i = 0; i < 60; i++, seconds(1)) scene.batches.write(DATA, 0, 1, filled(100, i));
    expect(scene.batches.waitingSince).toBe(now + 60_000);
    for (let i = 0; i < 2; i++, seconds(10)) {
      scene.batches.write(DATA, 0, 1, filled(20 * KIB, 1));
      scene.batches.flush();
    }
    expect(scene.batches.waitingSince).toBe(now + 60_000);
    const [, first] = scene.posted;
    if (first?.kind === "batch") scene.batches.wasRead(first.buffer, 0);
    expect(scene.batches.waitingSince).toBe(now + 80_000);
  });

  it("takes memory that was read again", () => {
    scene.batches.write(DATA, 0, 1, filled(900 * KIB, 1));
    scene.batches.flush();
    const [first] = scene.posted;
    scene.readAll();
    scene.batches.write(DATA, 0, 1, filled(900 * KIB, 1));
    scene.batches.flush();
    // It was written on and handed over once more.
    expect(first?.kind === "batch" && first.buffer.byteLength).toBe(0);
  });

  it("leaves no timer behind", () => {
    scene.batches.write(DATA, 0, 1, filled(20 * KIB, 1));
    scene.batches.end();
    expect(vi.getTimerCount()).toBe(0);
    expect(scene.posted).toEqual([]);
  });
});
