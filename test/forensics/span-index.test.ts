import { expect, it } from "vitest";
import type { Span } from "../../src/forensics/diagnosis.ts";
import { SpanIndex } from "../../src/forensics/span-index.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";

it(`encloses what one of its stretches holds, and begins before (seed ${SEED})`, () => {
  const random = randomNumbers(SEED);
  const pick = (most: number): number => Math.floor(random() * most);
  for (let round = 0; round < 50; round++) {
    const index = new SpanIndex();
    const spans: Span[] = [];
    for (let i = 0; i < 40; i++) {
      const added = Array.from({ length: pick(3) }, (): Span => [pick(100), 1 + pick(20)]);
      index.add(added);
      spans.push(...added);
      const from = pick(110);
      const to = from + 1 + pick(20);
      const expected = spans.some(([at, octets]) => at < from && to <= at + octets);
      expect(index.encloses(from, to), `${from} to ${to} in ${JSON.stringify(spans)}`).toBe(expected);
    }
  }
});
