import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columns, cut, fitting, pad, printable, printableOctets, visibleEscape } from "../../src/bytes/printable.ts";

/** Any text, with what terminals mishandle made frequent. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom("\x1b[2J", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\u2066", "\u200d", "\ufe0f", "\u{e0041}"),
      fc.constantFrom(
        "e\u0301\u0301\u0301\u0301\u0301",
        "漢字",
        "👍🏽",
        "กำ",
        "\ud800",
        "\udc00",
        "\u2028",
        "\n",
        "\\x1b",
      ),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.string({ unit: "grapheme", maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(""));

describe("printable", () => {
  const cases: { what: string; text: string; shown: string }[] = [
    { what: "plain text stays", text: "orders-api (eu-1) ~", shown: "orders-api (eu-1) ~" },
    {
      what: "letters of other scripts stay",
      text: "Bestellungen für Łódź, Ελλάδα, 注文",
      shown: "Bestellungen für Łódź, Ελλάδα, 注文",
    },
    { what: "a backslash stays: nothing is escaped twice", text: "C:\\x1b", shown: "C:\\x1b" },
    { what: "CSI", text: "\x1b[31mred", shown: "\\x1b[31mred" },
    { what: "OSC with BEL", text: "\x1b]0;root\x07", shown: "\\x1b]0;root\\x07" },
    { what: "C1 CSI", text: "\x9b2J", shown: "\\x9b2J" },
    { what: "line feed, return, tab by name", text: "a\r\n\tb", shown: "a\\r\\n\\tb" },
    { what: "NUL and DEL", text: "\0\x7f", shown: "\\x00\\x7f" },
    { what: "right-to-left override", text: "gpj\u202eexe", shown: "gpj\\u{202e}exe" },
    {
      what: "bidi marks and isolates",
      text: "\u200e\u200f\u061c\u2066\u2069",
      shown: "\\u{200e}\\u{200f}\\u{61c}\\u{2066}\\u{2069}",
    },
    { what: "line and paragraph separators", text: "\u2028\u2029", shown: "\\u{2028}\\u{2029}" },
    {
      what: "zero-width characters",
      text: "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg",
      shown: "a\\u{200b}b\\u{200c}c\\u{200d}d\\u{feff}e\\u{2060}f\\xadg",
    },
    { what: "blanks that look like a space", text: "a\u00a0b\u2003c\u2800d", shown: "a\\xa0b\\u{2003}c\\u{2800}d" },
    { what: "the ideographic space stays", text: "注\u3000文", shown: "注\u3000文" },
    { what: "invisible fillers", text: "\u3164\u115f\uffa0", shown: "\\u{3164}\\u{115f}\\u{ffa0}" },
    { what: "lone surrogates", text: "\ud83dx\udc4d", shown: "\\u{d83d}x\\u{dc4d}" },
    { what: "unassigned and private", text: "\u{50000}\ue000\uffff", shown: "\\u{50000}\\u{e000}\\u{ffff}" },
    { what: "tags", text: "🏴\u{e0067}\u{e007f}", shown: "🏴\\u{e0067}\\u{e007f}" },
    { what: "variation selectors", text: "a\ufe00\u{e0100}", shown: "a\\u{fe00}\\u{e0100}" },
    { what: "marks of a real accent stay", text: "Zoe\u0308 กำ", shown: "Zoe\u0308 กำ" },
    {
      what: "a pile-up stops at three",
      text: "o\u0301\u0302\u0303\u0304\u0305",
      shown: "o\u0301\u0302\u0303\\u{304}\\u{305}",
    },
    { what: "a mark does not join what stands before the text", text: "\u0301a", shown: "\\u{301}a" },
    { what: "a mark does not join an escape", text: "\x07\u0301", shown: "\\x07\\u{301}" },
    {
      what: "Hangul vowels and finals pile up as marks do",
      text: `\u1100${"\u1161".repeat(5)}`,
      shown: "\u1100\u1161\u1161\u1161\\u{1161}\\u{1161}",
    },
  ];
  it.each(cases)("$what", ({ text, shown }) => {
    expect(printable(text)).toBe(shown);
  });

  const cuts: { text: string; max: number; shown: string }[] = [
    { text: "orders-api", max: 10, shown: "orders-api" },
    { text: "orders-api-eu-west", max: 16, shown: "orders-api…(+8)" }, // room is kept for "(+18)"
    { text: "👍👍👍👍👍👍", max: 11, shown: "👍👍👍…(+3)" },
    { text: "\x1b\x1b\x1b\x1b\x1b\x1b", max: 13, shown: "\\x1b\\x1b…(+4)" },
    { text: "e\u0301e\u0301e\u0301e\u0301e\u0301", max: 4, shown: "e\u0301e\u0301e\u0301…" },
    { text: "orders", max: 3, shown: "or…" },
    { text: "orders", max: 1, shown: "…" },
    { text: "orders", max: 0, shown: "" },
  ];
  it.each(cuts)("cuts $text to $max columns", ({ text, max, shown }) => {
    expect(printable(text, max)).toBe(shown);
  });

  it("is bounded without being asked", () => {
    const shown = printable("\x00".repeat(1_000_000));
    expect(columns(shown)).toBeLessThanOrEqual(1024);
    expect(shown).toMatch(/…\(\+\d{6}\)$/);
  });

  it("never shows an unsafe character, never exceeds its bound, changes nothing twice", () => {
    fc.assert(
      fc.property(nasty, fc.integer({ min: 0, max: 60 }), (text, max) => {
        const shown = printable(text, max);
        expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
        expect(shown).not.toMatch(/\p{M}{4}/u);
        expect(columns(shown)).toBeLessThanOrEqual(max);
        expect(printable(shown, max)).toBe(shown);
      }),
      { numRuns: 500 },
    );
  });
});

describe("columns", () => {
  it.each([
    ["orders", 6],
    ["→ · … ✓ –", 9],
    ["注文", 4],
    ["한국", 4],
    ["ﾊﾝｶｸ", 4],
    ["ＦＵＬＬ", 8],
    ["👍", 2],
    ["e\u0301", 1],
    ["\u1112\u1161\u11ab", 2],
    ["𠮷", 2],
    ["", 0],
  ])("%s takes %i", (text, width) => {
    expect(columns(text)).toBe(width);
  });
});

describe("cut, fitting and pad", () => {
  it.each([
    ["connection", 10, "connection"],
    ["connection", 9, "connecti…"],
    ["注文注文", 6, "注文…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
    ["connection", 0, ""],
  ])("cut(%s, %i)", (text, max, shown) => {
    expect(cut(text, max)).toBe(shown);
  });

  it("pads to the column, on either side", () => {
    expect(pad("注", 4)).toBe("注  ");
    expect(pad("12", 4, "right")).toBe("  12");
    expect(pad("注文注文", 4)).toBe("注… ");
  });

  it("pads any printable text to exactly its columns, splitting no pair", () => {
    fc.assert(
      fc.property(nasty, fc.integer({ min: 0, max: 20 }), (text, width) => {
        const padded = pad(printable(text), width);
        expect(columns(padded)).toBe(width);
        expect(padded).not.toMatch(/\p{Cs}/u);
        expect(fitting(padded, width)).toBe(padded.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("printableOctets", () => {
  const octets = Uint8Array.from([0x00, 0x5c, 0x0b, 0x74, 0x72, 0x61, 0xce, 0x0a]);
  it.each([
    [0, 8, 40, "\\x00\\\\\\x0btra\\xce\\n"],
    [3, 6, 3, "tra"],
    [0, 8, 12, "\\x00\\\\…(+6)"],
    [0, 8, 2, "…"],
    [4, 4, 10, ""],
  ])("octets %i to %i in %i columns", (start, end, max, shown) => {
    expect(printableOctets(octets, start, end, max)).toBe(shown);
  });

  it("is ASCII but for the cut, and within its columns", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(60), (bytes, max) => {
        const shown = printableOctets(bytes, 0, bytes.length, max);
        expect(shown).toMatch(/^[\x20-\x7e…]*$/);
        expect(columns(shown)).toBeLessThanOrEqual(max);
      }),
    );
  });
});

it("writes escapes a reader can look up", () => {
  expect(["\n", "\x1b", "\x9b", "\u202e", "\u{e0041}"].map(visibleEscape)).toEqual([
    "\\n",
    "\\x1b",
    "\\x9b",
    "\\u{202e}",
    "\\u{e0041}",
  ]);
});
