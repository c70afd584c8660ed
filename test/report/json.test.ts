import fc from "fast-check";
import { expect, it } from "vitest";
import { json, jsonPieces } from "../../src/report/json.ts";
import { clean, hostile, manyConnections, spuriousSize, tornFrame } from "../support/report-samples.ts";

it.each([
  ["torn frame", tornFrame()],
  ["spurious size", spuriousSize()],
  ["clean", clean()],
])("%s: parses back to the report, indented by two, ending in a line feed", (_, report) => {
  const text = json(report);
  expect(JSON.parse(text)).toEqual(report);
  expect(text).toMatch(/^\{\n {2}"schema": "ghostframe\.report\/1",\n/);
  expect(text).toMatch(/[^\n]\n$/);
});

it("is what JSON.stringify writes, in pieces of some size", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), object => {
      const plain = (text: string) => JSON.stringify(JSON.parse(text), null, 2);
      expect(plain(json(object))).toBe(plain(JSON.stringify(object)));
      const ascii = JSON.parse(JSON.stringify(object).replace(/[^ -~]|#/g, "x"));
      expect(json(ascii)).toBe(`${JSON.stringify(ascii, null, 2)}\n`);
    }),
  );
  const pieces = [...jsonPieces(manyConnections())];
  expect(pieces.length).toBeGreaterThan(10);
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(200_000);
});

it("keeps strings from the wire whole, and shows a terminal none of what it would act on", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), strange => {
      // A lone surrogate, too, survives as its escape.
      const report = hostile(`${strange}\x1b]0;x\x07\x9b\u202e\u2028\u{e0041}\ud800`);
      const text = json(report);
      expect(text).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      expect(JSON.parse(text)).toEqual(report);
    }),
  );
});

it("has no workflow command in it, and says the same", () => {
  const report = hostile("##[add-mask]x ##vso[task] ###[y] # [z]");
  const text = json(report);
  expect(text).not.toMatch(/##[\w.]*\[/);
  expect(JSON.parse(text)).toEqual(report);
});

it("writes ten thousand connections", () => {
  const report = manyConnections();
  const before = process.cpuUsage();
  const text = json(report);
  // Microseconds; a tenth of it on an idle machine. Other processes do not count.
  expect(process.cpuUsage(before).user).toBeLessThan(3_000_000);
  expect((JSON.parse(text) as typeof report).connections).toHaveLength(10_000);
});
