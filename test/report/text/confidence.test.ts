/** What a confidence means is told as it was measured: the same figures as docs/accuracy.md. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { confidence, confidenceMeaning } from "../../../src/report/text/wording.ts";

const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
const page = readFileSync(new URL("../../../docs/accuracy.md", import.meta.url), "utf8");

it("tells those that were told, the surest first, with the figures of the page", () => {
  expect(confidenceMeaning([])).toBe("");
  expect(confidenceMeaning([0.6, 0.95, 0.99, 0.8])).toBe(
    "How often such a diagnosis is right: 413 of 415 with 0.99; 260 of 312 with 0.6, in streams made to be hard (docs/accuracy.md). How often 0.95 and 0.8 are right was not counted.",
  );
  expect(confidenceMeaning([0.8])).toBe("How often 0.8 is right was not counted (docs/accuracy.md).");
  for (const value of [0.99, 0.9, 0.6, 0.5]) {
    const [, right, of] = /(\d+) of (\d+) with [\d.]+/.exec(confidenceMeaning([value]))!;
    expect(page.replace(/\s+/g, " ")).toContain(`with ${value}, ${right} of ${of}`);
  }
  // The page of the project says the same of the one that readers meet most, as does that of accuracy.
  const [, right, of] = /(\d+) of (\d+) with 0.9/.exec(confidenceMeaning([0.9]))!;
  expect(readme.replace(/\s+/g, " ")).toContain(`a confidence of 0.9 was right in ${right} of ${of} cases`);
});

it("has a word for every number", () => {
  const words = [1, 0.98, 0.97, 0.9, 0.6, 0.5, 0.2, 0].map(value => confidence(value).replace(/ \(.*/, ""));
  expect(words).toEqual([
    "near certain",
    "near certain",
    "very likely",
    "likely",
    "plausible",
    "plausible",
    "a guess",
    "a guess",
  ]);
});
