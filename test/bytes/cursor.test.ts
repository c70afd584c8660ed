/** The bounded cursor: what it reads, and that it cannot leave its payload. */
import { describe, expect, it } from "vitest";
import { Cursor, PayloadOverrun, textAt } from "../../src/bytes/cursor.ts";
import { hex } from "../support/wire.ts";

/** A cursor over these octets, which lie between others. */
function over(text: string): Cursor {
  const inner = hex(text);
  const bytes = new Uint8Array(inner.length + 20).fill(0xff);
  bytes.set(inner, 7);
  return new Cursor().over(bytes, 7, 7 + inner.length);
}

const READS: [type: string, octets: string, read: (cursor: Cursor) => unknown, value: unknown][] = [
  ["octet", "fe", cursor => cursor.octet(), 0xfe],
  ["short", "fedc", cursor => cursor.short(), 0xfedc],
  ["long", "fedcba98", cursor => cursor.long(), 0xfedcba98],
  ["longlong", "000000 0123456789", cursor => cursor.longlong(), 0x0123456789],
  ["exact longlong", "fedcba9876543210", cursor => cursor.exactLonglong(), 0xfedcba9876543210n],
  ["shortstr", "05 68656c6c6f", cursor => cursor.shortstr(), "hello"],
  ["empty shortstr", "00", cursor => cursor.shortstr(), ""],
  ["longstr", "00000005 68656c6c6f", cursor => cursor.longstr(), "hello"],
  ["text", "e282ac", cursor => cursor.text(3), "€"],
];

describe.each(READS)("%s", (_, octets, read, value) => {
  it("is read, and the next octet is behind it", () => {
    const cursor = over(`${octets} 7e`);
    expect(read(cursor)).toEqual(value);
    expect(cursor.left).toBe(1);
    expect(cursor.octet()).toBe(0x7e);
    expect(cursor.left).toBe(0);
  });

  it("may end where the payload ends", () => {
    const cursor = over(octets);
    expect(read(cursor)).toEqual(value);
    expect(cursor.left).toBe(0);
  });

  it("may not reach beyond it, however many octets are missing", () => {
    const whole = hex(octets);
    for (let kept = 0; kept < whole.length; kept++) {
      const cursor = new Cursor().over(whole, 0, kept);
      expect(() => read(cursor), `${kept} octets`).toThrow(PayloadOverrun);
    }
  });
});

describe("a length that lies", () => {
  it("reaches no octet of another frame", () => {
    expect(() => over("ff 6869").shortstr()).toThrow("255 octets wanted, 2 left");
    expect(() => over("ffffffff 6869").longstr()).toThrow("4294967295 octets wanted, 2 left");
  });

  it("leaves the cursor where it is", () => {
    const cursor = over("0102");
    expect(() => cursor.skip(3)).toThrow(expect.objectContaining({ wanted: 3, left: 2 }));
    expect(cursor.short()).toBe(0x0102);
  });
});

it("skips, and tells where from", () => {
  const cursor = over("010203");
  expect(cursor.skip(2)).toBe(7);
  expect(cursor.skip(0)).toBe(9);
  expect(cursor.octet()).toBe(3);
});

it("is used for payload after payload", () => {
  const cursor = over("0102");
  cursor.short();
  expect(cursor.over(hex("aa bb cc"), 1, 3).short()).toBe(0xbbcc);
  expect(cursor.left).toBe(0);
});

it("makes U+FFFD of octets that are no UTF-8, and keeps a byte order mark", () => {
  expect(over("61 c3 28 62").text(4)).toBe("a\ufffd(b");
  expect(textAt(hex("00 efbbbf 61 00"), 1, 4)).toBe("\ufeffa");
  // Short text is put together by its letters.
  for (let size = 0; size < 40; size++) {
    const plain = "x".repeat(size);
    expect(textAt(Buffer.from(`<${plain}>`), 1, size)).toBe(plain);
    expect(textAt(Buffer.from(`${plain}é`), 0, size + 2)).toBe(`${plain}é`);
  }
});
