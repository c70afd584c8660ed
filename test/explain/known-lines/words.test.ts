/** What a pattern needs, and which of many words a text holds. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { requiredWords } from "../../../src/explain/known-lines/required-words.ts";
import { WordIndex } from "../../../src/explain/known-lines/word-index.ts";

it.each<[pattern: RegExp, words: string[] | null]>([
  [/frame_too_large/, ["frame_too_large"]],
  [/[Cc]onnection reset/, ["connection reset"]],
  [/one|three/, ["one", "three"]],
  [/(?:alpha|beta) of/, ["alpha of", "beta of"]],
  [/frame[ _]?end/, ["frame end", "frame_end", "frameend"]],
  [/(?:alpha|beta)? gamma/, ["alpha gamma", "beta gamma", " gamma"]],
  [/cancell?ed by/, ["cancelled by", "canceled by"]],
  [/abc+d/, ["abc"]],
  [/\bEOF\b/, ["eof"]],
  [/code=\d{1,3}, text/, [" text"]],
  [/[^\n]{0,80}tail/, ["tail"]],
  [/(?<name>[a-z]{1,9}) was (?!lost)heard/, [" was heard"]],
  [/\d+/, null],
  [/known|\d+/, null],
  [/a|b/, null],
])("%s needs %j", (pattern, words) => {
  expect(requiredWords(pattern)).toEqual(words);
});

it("finds the words that a plain search finds, in any letter case", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c", "_", "0", " "), minLength: 1, maxLength: 4 });
  const text = fc.string({ unit: fc.constantFrom("a", "B", "c", "A", "_", "0", " ", "é"), maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(fc.array(letters, { maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      text,
      (words, looked) => {
        const index = new WordIndex(words);
        const expected = words.map(own => (own.some(word => looked.toLowerCase().includes(word)) ? 1 : 0));
        expect(index.look(looked)).toBe(expected.includes(1));
        expect(index.rows).toEqual(expected.flatMap((found, row) => (found === 1 ? [row] : [])));
      },
    ),
  );
});

it("finds what stands across line feeds, with a blank for each or with nothing", () => {
  const letters = fc
    .string({ unit: fc.constantFrom("a", "b", " "), minLength: 1, maxLength: 4 })
    .filter(word => word.trim() === word);
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), maxLength: 40 });
  fc.assert(
    fc.property(fc.array(letters, { minLength: 1, maxLength: 5 }), text, (words, looked) => {
      const index = new WordIndex(words.map(word => [word]));
      index.look(looked);
      const variants = [looked, ...[" ", ""].map(between => looked.replace(/ *\n[ \n]*/g, between))];
      expect(index.rows).toEqual(
        words.flatMap((word, row) => (variants.some(variant => variant.includes(word)) ? [row] : [])),
      );
    }),
    { numRuns: 2000 },
  );
});

it("always finds a row whose words are not known", () => {
  const index = new WordIndex([["word"], null]);
  expect(index.look("nothing")).toBe(true);
  expect(index.rows).toEqual([1]);
});

it("finds words that a full line has broken, and forgets the text before", () => {
  const index = new WordIndex([["frame_too_large"], ["octets"]]);
  expect(index.look("{frame_to\n    o_large,1}")).toBe(true);
  expect(index.rows).toEqual([0]);
  expect(index.look("octets\n")).toBe(true);
  expect(index.rows).toEqual([1]);
  expect(index.look("\n")).toBe(false);
});
