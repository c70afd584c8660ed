import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { element, xmlAttribute, xmlDocument, xmlText } from "../../../src/check/outputs/xml.ts";
import { SEED } from "../../support/chunkings.ts";
import { hasXmlParser, parseXml } from "../../support/xml-oracle.ts";

it.each([
  [`<a href="x">&'`, "&lt;a href=&quot;x&quot;&gt;&amp;&apos;"],
  ["]]>", "]]&gt;"],
  ["\x00\x1b[2J\x0b\x7f", "\\x00\\x1b[2J\\x0b\x7f"],
  ["\ud800 \ufffe\uffff", "\\u{d800} \\u{fffe}\\u{ffff}"],
  ["👍 注文", "👍 注文"],
  ["a\r\n\tb", "a&#13;\n\tb"],
])("text %j", (text, escaped) => expect(xmlText(text)).toBe(escaped));

it("keeps white space in attributes", () => {
  expect(xmlAttribute("a\r\n\tb")).toBe("a&#13;&#10;&#9;b");
});

it("is indented, and closes what is empty", () => {
  const root = element("a", { n: 1 }, [element("b"), element("c", {}, "x\ny"), element("d", {}, [element("e")])]);
  expect(xmlDocument(root)).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<a n="1">\n  <b/>\n  <c>x\ny</c>\n  <d>\n    <e/>\n  </d>\n</a>\n',
  );
});

describe.skipIf(!hasXmlParser())("an XML parser", () => {
  it(`reads back every text and attribute, what is forbidden as its escape (seed ${SEED})`, () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...Array.from("<>&\"'[]! -\r\n\t\x00\x1b\ud800\uffff")), maxLength: 30 }),
    );
    const texts = fc.sample(hostile, { seed: SEED, numRuns: 2_000 });
    const root = element(
      "root",
      {},
      texts.map(text => element("each", { value: text }, text)),
    );
    const shown = (text: string) =>
      Array.from(text, character => {
        const code = character.codePointAt(0)!;
        if (code < 0x20 && !"\t\n\r".includes(character)) return `\\x${code.toString(16).padStart(2, "0")}`;
        const allowed = code < 0xd800 || (code > 0xdfff && code !== 0xfffe && code !== 0xffff);
        return allowed ? character : `\\u{${code.toString(16)}}`;
      }).join("");
    const { children } = parseXml(xmlDocument(root));
    expect(children.map(({ text }) => text)).toEqual(texts.map(shown));
    expect(children.map(({ attributes }) => attributes.value)).toEqual(texts.map(shown));
  });
});
