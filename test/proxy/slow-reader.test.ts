import { Readable } from "node:stream";
import { setImmediate as settled } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type ReadPace, SlowReader } from "../../src/proxy/slow-reader.ts";
import { SEED } from "../support/chunkings.ts";

const PACE = { octets: 4, pauseMs: 10 };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("passes on a portion at a time, with the pause between", async () => {
  const { source, poured } = slowly(PACE);
  source.push("0123456789");
  await settled();
  expect(poured).toEqual(["0123"]);
  vi.advanceTimersByTime(PACE.pauseMs - 1);
  expect(poured).toEqual(["0123"]);
  vi.advanceTimersByTime(1);
  expect(poured).toEqual(["0123", "4567"]);
  vi.advanceTimersByTime(PACE.pauseMs);
  expect(poured).toEqual(["0123", "4567", "89"]);
});

test("pauses after a read however little it gave, and takes what came meanwhile as one", async () => {
  const { source, poured } = slowly(PACE);
  source.push("a");
  await settled();
  for (const octet of "bcd") source.push(octet);
  await settled();
  expect(poured).toEqual(["a"]);
  vi.advanceTimersByTime(PACE.pauseMs);
  expect(poured).toEqual(["a", "bcd"]);
});

test("listens again after an idle time", async () => {
  const { source, poured } = slowly(PACE);
  source.push("a");
  await settled();
  vi.advanceTimersByTime(10 * PACE.pauseMs);
  source.push("b");
  await settled();
  expect(poured).toEqual(["a", "b"]);
});

test("tells the end behind the last octet", async () => {
  const { source, poured } = slowly(PACE);
  source.push("012345");
  source.push(null);
  await settled();
  expect(poured).toEqual(["0123"]);
  await afterPauses(3);
  expect(poured).toEqual(["0123", "45", "end"]);
});

test("tells the end at once when nothing waits", async () => {
  const { source, poured } = slowly(PACE);
  source.push(null);
  await settled();
  expect(poured).toEqual(["end"]);
});

test("passes nothing on to a side that takes no more, until it does", async () => {
  const { source, slowReader, poured, block } = slowly(PACE);
  block();
  source.push("01234567");
  await settled();
  await afterPauses(5);
  expect(poured).toEqual(["0123"]);
  slowReader.drained();
  expect(poured).toEqual(["0123", "4567"]);
});

test("keeps the pause when the other side is quick", async () => {
  const { source, slowReader, poured, block } = slowly(PACE);
  block();
  source.push("01234567");
  await settled();
  slowReader.drained();
  expect(poured).toEqual(["0123"]);
  vi.advanceTimersByTime(PACE.pauseMs);
  expect(poured).toEqual(["0123", "4567"]);
});

test("stopped, passes nothing on and leaves no timer", async () => {
  const { source, slowReader, poured } = slowly(PACE);
  source.push("01234567");
  await settled();
  slowReader.stop();
  expect(vi.getTimerCount()).toBe(0);
  slowReader.drained();
  slowReader.take(new TextEncoder().encode("8"));
  expect(poured).toEqual(["0123"]);
});

test("stopped by what it passes on, leaves no timer", async () => {
  const source = new Readable({ read: () => {} });
  const slowReader: SlowReader = new SlowReader(PACE, source, () => {
    slowReader.stop();
    return true;
  });
  slowReader.take(new TextEncoder().encode("01234567"));
  expect(vi.getTimerCount()).toBe(0);
});

test(`every octet comes once and in order, however it is cut (seed ${SEED})`, async () => {
  const chunks = fc.array(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 }), { maxLength: 20 });
  const paces = fc.record({ octets: fc.integer({ min: 1, max: 50 }), pauseMs: fc.integer({ min: 0, max: 3 }) });
  await fc.assert(
    fc.asyncProperty(chunks, paces, fc.infiniteStream(fc.boolean()), async (written, pace, isBlocked) => {
      const { source, slowReader, poured, block } = slowly(pace);
      for (const chunk of written) {
        source.push(chunk);
        if (isBlocked.next().value) block();
        await afterPauses(1);
      }
      source.push(null);
      while (poured.at(-1) !== "end") {
        slowReader.drained();
        await afterPauses(1);
      }
      expect(poured.slice(0, -1).join("")).toBe(written.join(""));
      expect(poured.slice(0, -1).every(({ length }) => length <= pace.octets)).toBe(true);
    }),
    { numRuns: 100, seed: SEED },
  );
});

/** A stream that is slowly as a relay's client is: what is passed on, as text, and "end" behind it. */
function slowly(pace: ReadPace): { source: Readable; slowReader: SlowReader; poured: string[]; block: () => void } {
  const source = new Readable({ read: () => {} });
  const poured: string[] = [];
  let blocked = false;
  const slowReader = new SlowReader(pace, source, octets => {
    poured.push(new TextDecoder("latin1").decode(octets));
    const takesMore = !blocked;
    blocked = false;
    return takesMore;
  });
  source.on("data", chunk => slowReader.take(chunk));
  source.on("end", () => slowReader.finish(() => poured.push("end")));
  return {
    source,
    slowReader,
    poured,
    block: () => {
      blocked = true;
    },
  };
}

async function afterPauses(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    vi.advanceTimersByTime(Math.max(1, PACE.pauseMs));
    await settled();
  }
}
