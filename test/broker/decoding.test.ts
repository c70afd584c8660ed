/** Short strings and tables as RabbitMQ's own parsers take them: measured on 3.10.8, octet by octet. */
import { describe, expect, test } from "vitest";
import { isErlangUtf8 } from "../../src/broker/erlang-utf8.ts";
import { fieldType, tableParses } from "../../src/broker/strict-table.ts";
import { field, join, long, shortstr, table, text } from "../support/wire.ts";

describe("UTF-8", () => {
  test.each([
    [[0x00], true],
    [[0x7f], true],
    [[0x80], false],
    [[0xc0, 0x80], false],
    [[0xc1, 0xbf], false],
    [[0xc2, 0x80], true],
    [[0xdf, 0xbf], true],
    [[0xc3], false],
    [[0xe0, 0x9f, 0xbf], false],
    [[0xe0, 0xa0, 0x80], true],
    [[0xed, 0xa0, 0x80], true],
    [[0xef, 0xbf, 0xbe], true],
    [[0xef, 0xbf], false],
    [[0xf0, 0x8f, 0xbf, 0xbf], false],
    [[0xf0, 0x90, 0x80, 0x80], true],
    [[0xf4, 0x90, 0x80, 0x80], true],
    [[0xf7, 0xbf, 0xbf, 0xbf], true],
    [[0xf8, 0x88, 0x80, 0x80, 0x80], false],
    [[0xff], false],
    [[0xc3, 0x41], false],
  ])("%j: %s", (octets, valid) => {
    const framed = Uint8Array.of(0x80, ...octets, 0xbf);
    expect(isErlangUtf8(framed, 1, framed.length - 1)).toBe(valid);
  });
});

describe("a table", () => {
  const parses = (entries: Uint8Array) => tableParses(join([0xff], entries, [0xff]), 1, entries.length + 1);
  const entry = (...octets: readonly Uint8Array[]) => join(shortstr("k"), ...octets);

  test("every type that is known, with as many octets as it has", () => {
    const sizes = { V: 0, B: 1, b: 1, t: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, L: 8, T: 8, d: 8, l: 8 };
    for (let type = 0; type < 256; type++) {
      const letter = String.fromCharCode(type);
      for (const size of [0, 1, 2, 3, 4, 5, 8, 9]) {
        const whole = size === 4 && "SxFA".includes(letter);
        const expected = whole || sizes[letter as keyof typeof sizes] === size;
        expect([letter, size, parses(entry(Uint8Array.of(type), new Uint8Array(size)))]).toEqual([
          letter,
          size,
          expected,
        ]);
      }
    }
  });

  test("no number is no value", () => {
    const float = (...octets: number[]) => parses(entry(Uint8Array.of(0x66, ...octets)));
    const double = (...octets: number[]) => parses(entry(Uint8Array.of(0x64, ...octets, 0, 0, 0, 0, 0, 0)));
    expect([float(0x7f, 0x80, 0, 0), float(0xff, 0x80, 0, 0), float(0x7f, 0xc0, 0, 0)]).toEqual([false, false, false]);
    expect([float(0x7f, 0x7f, 0xff, 0xff), float(0, 0, 0, 1)]).toEqual([true, true]);
    expect([double(0x7f, 0xf0), double(0xff, 0xf8), double(0x7f, 0xef)]).toEqual([false, false, true]);
  });

  test("names and values of any octets, empty and the same again", () => {
    expect(parses(join(shortstr([0xff]), field.S([0xfe]), shortstr(""), field.V(), shortstr(""), field.V()))).toBe(
      true,
    );
  });

  test("as deep as it likes", () => {
    let nested: Uint8Array = field.V();
    for (let depth = 0; depth < 2000; depth++) nested = join(text("A"), long(nested.length), nested);
    expect(parses(entry(nested))).toBe(true);
  });

  test("a length that lies", () => {
    expect(parses(entry(text("S"), Uint8Array.of(0, 0, 0, 2, 65)))).toBe(false);
    // Too short, but what is left over happens to be a field.
    expect(parses(entry(text("F"), Uint8Array.of(0, 0, 0, 0), shortstr("x"), field.V()))).toBe(true);
  });

  test("the type of a field by its name, the first where there are two", () => {
    const entries = table([
      ["a", field.F({ CC: field.V() })],
      ["CC", field.A([])],
      ["CC", field.S("x")],
    ]).slice(4);
    expect(fieldType(entries, 0, entries.length, "CC")).toBe("A");
    expect(fieldType(entries, 0, entries.length, "BCC")).toBeNull();
  });
});
