/** What a confidence means is told as it was measured: the same figures as docs/accuracy.md. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { confidence, confidenceMeaning } from "../../../src/report/text/wording.ts";

const page = readFileSync(new URL("../../../docs/accuracy.md", import.meta.url), "utf8");

it("tells those that were told, the surest first, with the figures of the page", () => {
  expect(confidenceMeaning([])).toBe("");
  expect(confidenceMeaning([0.6, 1, 0.99, 0.8])).toBe(
    "How sure that is, as far as measured: of 271 told with 0.99, 267 were right; of 95 told with 0.9, 73 were right; of 58 told with 0.6, 39 were right, in streams made to be hard (docs/accuracy.md).",
  );
  for (const value of [0.99, 0.9, 0.6, 0.5]) {
    const [, of, right] = /of (\d+) told with [\d.]+, (\d+) were right/.exec(confidenceMeaning([value]))!;
    const measured = new RegExp(
      `${right} of ${of} diagnoses with a confidence of ${value}|with ${value}, ${right} of ${of}`,
    );
    expect(page.replace(/\s+/g, " ")).toMatch(measured);
  }
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
