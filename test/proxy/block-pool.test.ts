import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BlockPool, type BlockQueue, PAGE_OCTETS } from "../../src/proxy/block-pool.ts";
import { PROPERTY } from "../capture/property-runs.ts";

/** A block as far as a queue looks at it: its length in the second word, a name in the third. */
function block(length: number, name: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(name & 0xff);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 6, true);
  view.setUint32(4, length, true);
  view.setUint32(8, name, true);
  return bytes;
}

function names(queue: BlockQueue): number[] {
  const found: number[] = [];
  queue.eachBlock((bytes, length) => {
    const name = new DataView(bytes.buffer).getUint32(8, true);
    expect(Buffer.compare(bytes.slice(0, length), block(length, name))).toBe(0);
    found.push(name);
  });
  return found;
}

function add(queue: BlockQueue, length: number, name: number): boolean {
  const surrounded = new Uint8Array(length + 8);
  surrounded.set(block(length, name), 4);
  return queue.append(surrounded, 4, 4 + length);
}

describe("a queue", () => {
  it("gives back what it was given, over the edges of pages", () => {
    const ring = new BlockPool(1 << 20).ring();
    const lengths = [12, PAGE_OCTETS, 100, 3 * PAGE_OCTETS - 4, 40, PAGE_OCTETS - 12];
    for (const [name, length] of lengths.entries()) expect(add(ring, length, name)).toBe(true);
    expect(names(ring)).toEqual([0, 1, 2, 3, 4, 5]);
    ring.drop();
    ring.drop();
    expect(names(ring)).toEqual([2, 3, 4, 5]);
    expect(ring.octets).toBe(lengths.slice(2).reduce((sum, length) => sum + length, 0));
  });

  it("has no page when it holds nothing", () => {
    const pool = new BlockPool(1 << 20);
    const ring = pool.ring();
    add(ring, 5000, 1);
    expect(pool.octetsInUse).toBe(2 * PAGE_OCTETS);
    ring.drop();
    expect(pool.octetsInUse).toBe(0);
    expect(pool.octets).toBe(2 * PAGE_OCTETS);
    add(ring, 5000, 2);
    ring.clear();
    expect([pool.octetsInUse, ring.octets, names(ring)]).toEqual([0, 0, []]);
  });
});

describe("when the budget is used up", () => {
  it("the ring that took a page longest ago gives its oldest blocks", () => {
    const pool = new BlockPool(4 * PAGE_OCTETS);
    const [idle, busy] = [pool.ring(), pool.ring()];
    for (let name = 0; name < 4; name++) add(idle, 2000, name);
    for (let name = 10; name < 14; name++) add(busy, 2000, name);
    expect([names(idle), names(busy)]).toEqual([
      [0, 1, 2, 3],
      [10, 11, 12, 13],
    ]);
    add(busy, 2000, 14);
    expect(names(idle).length).toBeLessThan(4);
    expect(names(idle).at(-1)).toBe(3);
    expect(names(busy)).toEqual([10, 11, 12, 13, 14]);
  });

  it("a ring alone gives its own", () => {
    const ring = new BlockPool(2 * PAGE_OCTETS).ring();
    for (let name = 0; name < 50; name++) expect(add(ring, 1000, name)).toBe(true);
    expect(names(ring).at(-1)).toBe(49);
    expect(names(ring).length).toBeGreaterThanOrEqual(4);
  });

  it("beginnings give last, and whole", () => {
    const pool = new BlockPool(3 * PAGE_OCTETS);
    const [first, second, ring] = [pool.beginning(), pool.beginning(), pool.ring()];
    add(first, 1000, 1);
    add(second, 1000, 2);
    for (let name = 10; name < 30; name++) add(ring, 1000, name);
    expect([names(first), names(second)]).toEqual([[1], [2]]);
    ring.clear();
    add(second, 2 * PAGE_OCTETS, 3);
    expect([names(first), names(second)]).toEqual([[], [2, 3]]);
  });

  it("a block that has no room at all is not kept", () => {
    const pool = new BlockPool(PAGE_OCTETS);
    const ring = pool.ring();
    add(ring, 100, 1);
    expect(add(ring, 2 * PAGE_OCTETS, 2)).toBe(false);
    expect(names(ring)).toEqual([]);
    expect(pool.octetsInUse).toBe(0);
    expect(add(ring, 100, 3)).toBe(true);
    expect(new BlockPool(100).beginning().append(block(12, 1), 0, 12)).toBe(false);
  });

  it(`it is never passed, and every ring ends with its last block (seed ${PROPERTY.seed})`, () => {
    const step = fc.record({
      queue: fc.integer({ min: 0, max: 5 }),
      words: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 3, max: 500 }) }, fc.integer({ min: 3, max: 3000 })),
      act: fc.oneof({ weight: 20, arbitrary: fc.constant("add") }, fc.constantFrom("drop", "clear")),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 12 }), (steps, pages) => {
        const pool = new BlockPool(pages * PAGE_OCTETS + 1);
        const queues = [0, 1, 2, 3, 4, 5].map(i => (i < 2 ? pool.beginning() : pool.ring()));
        const given: number[][] = queues.map(() => []);
        for (const [name, { queue: i, words, act }] of steps.entries()) {
          const queue = queues[i]!;
          if (act === "clear") queue.clear();
          else if (act === "drop" && queue.octets > 0) queue.drop();
          else if (act === "add" && add(queue, 4 * words, name)) given[i]!.push(name);
          expect(pool.octets).toBeLessThanOrEqual(pages * PAGE_OCTETS);
          expect(pool.octetsInUse).toBeLessThanOrEqual(pool.octets);
          const held = queues.reduce((sum, each) => sum + each.octets, 0);
          expect(held).toBeLessThanOrEqual(pool.octetsInUse);
        }
        for (const [i, queue] of queues.entries()) {
          const held = names(queue);
          if (held.length > 0) expect(held).toEqual(given[i]!.slice(-held.length));
        }
        for (const queue of queues) queue.clear();
        expect(pool.octetsInUse).toBe(0);
      }),
      { ...PROPERTY, numRuns: 200 },
    );
  });
});
