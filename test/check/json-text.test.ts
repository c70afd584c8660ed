import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonSyntaxError, parseJson } from "../../src/check/json-text.ts";

const PROPERTY = { seed: Number(process.env.FC_SEED ?? 20_261_121) };

function mistake(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    expect(error).toBeInstanceOf(JsonSyntaxError);
    return (error as JsonSyntaxError).message;
  }
  return "";
}

describe("a mistake is told with its place", () => {
  it.each<[text: string, message: string]>([
    ["", "line 1, column 1: expected a value, found the end"],
    ["{", "line 1, column 2: expected a key in double quotes, found the end"],
    ['{\n  "failOn": error\n}', 'line 2, column 13: expected a value, found "error"'],
    ['{\n  "failOn": "error",\n}', 'line 3, column 1: expected a key in double quotes, found "}"'],
    ['{\n  "failOn": "error"\n  "rules": {}\n}', 'line 3, column 3: expected "," or "}", found a string'],
    ['{ "failOn" "error" }', 'line 1, column 12: expected ":", found a string'],
    ["{ failOn: 1 }", 'line 1, column 3: expected a key in double quotes, found "failOn"'],
    ["{ 'failOn': 1 }", `line 1, column 3: expected a key in double quotes, found "'"`],
    ["[1, 2", 'line 1, column 6: expected "," or "]", found the end'],
    ["[1, 2,]", 'line 1, column 7: expected a value, found "]"'],
    ["[1 2]", 'line 1, column 4: expected "," or "]", found "2"'],
    ["[01]", 'line 1, column 2: expected a value, found "01"'],
    ["[1.]", 'line 1, column 2: expected a value, found "1."'],
    ["[+1]", 'line 1, column 2: expected a value, found "+1"'],
    ["[tru]", 'line 1, column 2: expected a value, found "tru"'],
    ["[nullify]", 'line 1, column 2: expected a value, found "nullify"'],
    ["{} {}", 'line 1, column 4: expected nothing more, found "{"'],
    ["// settings\n{}", 'line 1, column 1: expected a value, found "/"'],
    ['["a\nb"]', "line 1, column 2: expected a value, found a string that is not closed"],
    ['["\\x"]', "line 1, column 2: expected a value, found a string that is not closed"],
    ["[\u{1f600}]", 'line 1, column 2: expected a value, found "\u{1f600}"'],
    ["\ufeff[,]", 'line 1, column 2: expected a value, found ","'],
    ['{"a": 1,\n "b": {"a": 2},\n "a": 3}', 'line 3, column 2: the key "a" is there for the second time'],
    ['[{}, {"a": 1, "\\u0061": 2}]', 'line 1, column 15: the key "a" is there for the second time'],
    ['{"\u202e": 1, "\u202e": 2}', 'line 1, column 10: the key "\\u{202e}" is there for the second time'],
    ["\r\n\t[}", 'line 2, column 3: expected a value, found "}"'],
  ])("%j", (text, message) => {
    expect(mistake(text).slice(0, message.length)).toBe(message);
  });

  it("of what is nested deeper than people write", () => {
    expect(mistake("[".repeat(200_000))).toBe(
      "line 1, column 65: expected at most 64 objects and arrays within one another, found more",
    );
    expect(mistake(`${'{"a":'.repeat(64)}[]`)).toContain("line 1, column 321: expected at most 64");
    expect(mistake("[".repeat(64))).toContain("column 65: expected a value, found the end");
  });
});

it("a key may be there in several objects", () => {
  const text = '{"a":{"a":[{"a":1},{"a":2}]},"A":0,"__proto__":{"a":3}}';
  expect(parseJson(text)).toEqual(JSON.parse(text));
});

it("a byte order mark is passed over", () => expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 }));

it(`what JSON.parse takes is taken, what it refuses is refused (seed ${PROPERTY.seed})`, () => {
  const damaged = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom("", ",", '"', "}", "]", "\\", "0", "e", "\n", ":"))
    .map(([json, at, piece]) => {
      const place = json.length === 0 ? 0 : at % json.length;
      return json.slice(0, place) + piece + json.slice(place + 1);
    });
  fc.assert(
    fc.property(damaged, text => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        // A mistake was found where there is one: what is in front of it has none.
        expect(mistake(text)).toMatch(/^line \d+, column \d+: (?:expected (?!nothing more, found the end)|the key )/);
        return;
      }
      let read: unknown;
      try {
        read = parseJson(text);
      } catch {
        expect(mistake(text)).toMatch(/: the key .* is there for the second time$/);
        return;
      }
      expect(read).toEqual(value);
    }),
    { ...PROPERTY, numRuns: 2000 },
  );
});
