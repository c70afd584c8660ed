/** A few hundred inputs of each target of `npm run fuzz`, the same ones each time. */
import { expect, it } from "vitest";
import { randomNumbers, SEED } from "../support/chunkings.ts";
import { minimised, mutated } from "./mutate.ts";
import { inputOf, TARGETS } from "./targets.ts";

const TURNS: Readonly<Record<string, number>> = { pipeline: 30, stream: 30, tls: 20, html: 20, log: 300 };

it.each(Object.entries(TARGETS))(
  `%s (seed ${SEED})`,
  async (name, target) => {
    const corpus = target.corpus();
    expect(corpus.length).toBeGreaterThan(0);
    for (const octets of corpus) await target.run(octets);
    for (let turn = 0; turn < (TURNS[name] ?? 500); turn++) {
      const input = inputOf(target, corpus, randomNumbers(SEED + turn));
      await expect(Promise.resolve(input).then(target.run), `seed ${SEED + turn}`).resolves.toBeUndefined();
    }
  },
  120_000,
);

it("changes are the same from the same numbers", () => {
  const octets = new Uint8Array(100).map((_, i) => i);
  expect(mutated(octets, [octets], randomNumbers(7))).toEqual(mutated(octets, [octets], randomNumbers(7)));
});

it("what fails is made small", () => {
  const octets = new Uint8Array(1000).fill(1);
  octets[700] = 42;
  expect([...minimised(octets, each => each.includes(42))]).toEqual([42]);
});
