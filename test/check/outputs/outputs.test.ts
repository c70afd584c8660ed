/** What all outputs have in common, on every sample. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OUTPUT_NAMES, outputs, type TextOutputName } from "../../../src/check/outputs/outputs.ts";
import { checkSamples, hostileResult } from "../../support/check-samples.ts";
import { SEED } from "../../support/chunkings.ts";

const UNSAFE = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
const OPTIONS = { columns: 80, colour: false, all: false };
const samples = await checkSamples();
const names = Object.keys(outputs) as TextOutputName[];

it("are these six, and the page", () => {
  expect(OUTPUT_NAMES).toEqual(["text", "json", "sarif", "junit", "github", "markdown", "html"]);
});

describe.each(names)("%s", name => {
  it.each(Object.keys(samples))("%s: the same octets every time, all of them safe to print", async sample => {
    const output = await outputs[name]();
    for (const all of [false, true]) {
      const written = output(samples[sample]!, { ...OPTIONS, all });
      expect(output(structuredClone(samples[sample]!), { ...OPTIONS, all })).toBe(written);
      expect(written).not.toMatch(UNSAFE);
      expect(written).toMatch(/[^\n]\n$/);
    }
  });

  it(`takes any string from the wire (seed ${SEED})`, async () => {
    const output = await outputs[name]();
    const strange = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.constantFrom("", "\ud800", "漢".repeat(90)),
    );
    fc.assert(
      fc.property(strange, strange, fc.boolean(), (one, other, all) => {
        expect(output(hostileResult(one, other), { ...OPTIONS, all })).not.toMatch(UNSAFE);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it("changes nothing of the result", async () => {
    const before = structuredClone(samples.failing!);
    (await outputs[name]())(samples.failing!, OPTIONS);
    expect(samples.failing).toEqual(before);
  });
});
