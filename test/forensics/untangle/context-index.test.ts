import { describe, expect, it } from "vitest";
import { type Block, ContextIndex } from "../../../src/forensics/untangle/context-index.ts";
import { randomNumbers } from "../../support/chunkings.ts";

/** Counted one by one. */
function counted(octets: Uint8Array, blocks: readonly Block[], octet: number, context: readonly number[]) {
  const [stood, distinct, followed]: number[][] = [[], [], []];
  for (let order = 0; order <= 3; order++) {
    const behind: number[] = [];
    for (const [from, to] of blocks) {
      for (let at = from; at < to; at++) {
        if (context.slice(0, order).every((each, i) => octets[at - 1 - i] === each)) behind.push(octets[at]!);
      }
    }
    stood!.push(behind.length);
    distinct!.push(new Set(behind).size);
    followed!.push(behind.filter(each => each === octet).length);
  }
  return { stood, distinct, followed };
}

describe("an index of contexts", () => {
  it("counts what stands behind up to three octets, in the blocks alone", () => {
    const random = randomNumbers(11);
    for (const kinds of [2, 5, 256]) {
      const octets = Uint8Array.from({ length: 900 }, () => 255 - Math.floor(random() * kinds));
      const blocks: Block[] = [
        [3, 200],
        [400, 613],
        [880, 900],
      ];
      const index = new ContextIndex(octets, blocks);
      for (let at = 3; at < 900; at += 13) {
        const [octet, first, second, third] = [octets[at]!, octets[at - 1]!, octets[at - 2]!, octets[at - 3]!];
        const expected = counted(octets, blocks, octet, [first, second, third]);
        expect(index.counts(octet, (third << 16) | (second << 8) | first), `seed 11, ${kinds} kinds, at ${at}`).toEqual(
          expected,
        );
      }
      const octet = octets[500]!;
      expect(index.counts(octet, 0x030201)).toEqual(counted(octets, blocks, octet, [1, 2, 3]));
    }
  });

  it("samples contexts that stand often", () => {
    const octets = Uint8Array.from({ length: 60_000 }, (_, at) => (at % 6 === 5 ? 98 + ((at / 6) & 1) : 97 - (at % 2)));
    const blocks: Block[] = [[3, octets.length]];
    const [exact, sampled] = [
      counted(octets, blocks, 98, [97, 96, 97]),
      new ContextIndex(octets, blocks).counts(98, 0x616061),
    ];
    expect(sampled.distinct).toEqual(exact.distinct);
    for (const order of [0, 1, 2, 3]) {
      expect(sampled.stood[order]! / exact.stood![order]!).toBeCloseTo(1, 1);
      expect(sampled.followed[order]! / exact.followed![order]!).toBeCloseTo(1, 1);
    }
  });

  it("looks at a context's places once", () => {
    const index = new ContextIndex(new Uint8Array(1000), [[3, 1000]]);
    expect(index.looked).toBe(0);
    index.counts(0, 0);
    index.counts(0, 0);
    expect(index.looked).toBe(997 / 2);
    index.counts(0, 0x070707);
    expect(index.looked).toBe(997 / 2);
  });
});
