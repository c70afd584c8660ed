/** Diagnoses of streams that were torn and then changed at random: whatever they say, they do not contradict themselves. */
import fc from "fast-check";
import { describe, it } from "vitest";
import { randomNumbers } from "../support/chunkings.ts";
import { tangledStream } from "../support/tangled-streams.ts";
import { join } from "../support/wire.ts";
import { diagnosesOf, expectConsistent } from "./untangle/consistent.ts";
import { inspected, segmented } from "./untangle/inspected.ts";
import { SHAPES } from "./untangle/shapes.ts";

const SEED = Number(process.env.FC_SEED ?? 20_261_121);
const random = randomNumbers(SEED);
const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() * 256);

describe("mutated streams", () => {
  const mutation = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    kind: fc.constantFrom("flip", "drop", "insert", "move", "again"),
    length: fc.integer({ min: 1, max: 400 }),
  });
  it(`never throw, and their diagnoses are consistent (seed ${SEED})`, () => {
    const property = fc.property(
      fc.constantFrom(...Object.keys(SHAPES)),
      fc.nat({ max: 1_000_000 }),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (shape, seed, mutations) => {
        const { segments, lost } = tangledStream(shape, SHAPES[shape]!, seed);
        let stream = join(...segments);
        for (const each of mutations) stream = mutated(stream, each);
        const report = inspected(
          lost.size > 0 ? { segments: segmented(stream, 8948), lost: new Set([3]) } : { segments: segmented(stream) },
        );
        for (const diagnosis of diagnosesOf(report)) expectConsistent(diagnosis, stream.length);
      },
    );
    fc.assert(property, { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 100) });
  });
});

interface Mutation {
  at: number;
  kind: string;
  length: number;
}

function mutated(stream: Uint8Array, { at, kind, length }: Mutation): Uint8Array {
  const place = 1000 + Math.floor(at * (stream.length - 1000));
  const [before, here, behind] = [
    stream.subarray(0, place),
    stream.subarray(place, place + length),
    stream.subarray(place + length),
  ];
  switch (kind) {
    case "flip":
      return join(
        before,
        here.map(octet => octet ^ 0x41),
        behind,
      );
    case "drop":
      return join(before, behind);
    case "insert":
      return join(before, noise(length), here, behind);
    case "move":
      return join(before, behind.subarray(0, 500), here, behind.subarray(500));
    default:
      return join(before, here, here, behind);
  }
}
