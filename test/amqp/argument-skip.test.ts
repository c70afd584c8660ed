/** What is stepped over at once is what the full walk takes, and what RabbitMQ takes; and little else is walked. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { propertiesFit } from "../../src/amqp/argument-skip.ts";
import { decodeProperties, walkProperties } from "../../src/amqp/payload.ts";
import { tableParses } from "../../src/broker/strict-table.ts";
import { SEED } from "../support/chunkings.ts";
import { type Field, field, join, long, octet, shortstr, text } from "../support/wire.ts";

/** A table's octets, its length included. */
function tableOf(entries: readonly (readonly [string, Field])[]): Uint8Array {
  const fields = join(...entries.map(([name, value]) => join(shortstr(name), value)));
  return join(long(fields.length), fields);
}

function headerOf(table: Uint8Array): Uint8Array {
  // class basic, weight 0, body size 0, the flag of headers, and those.
  return join([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0], table);
}

const plain: readonly (readonly [string, Field])[] = [
  ["t", field.t(true)],
  ["V", field.V()],
  ["S", field.S("x")],
  ["I", field.I(1)],
  ["l", field.l(1n)],
  ["T", field.T(1n)],
  ["F", field.F({ a: field.V(), long: field.S("") })],
  ["A", field.A([field.V(), field.V(), field.A([])])],
  ["x", join(text("x"), long(2), [1, 2])],
  ["b", join(text("b"), octet(255))],
];

describe("stepped over at once", () => {
  it.each(plain)("a value of type %s, under names of any length", (_, value) => {
    for (const name of ["", "k", "id", "cc", "key", "C", "CCX", "a longer name"]) {
      const header = headerOf(tableOf([[name, value]]));
      expect(propertiesFit(header, 0, header.length), name).toBe(true);
    }
  });
});

describe("left to the walk", () => {
  it.each<[string, Uint8Array]>([
    ["CC", tableOf([["CC", field.A([field.S("q")])]])],
    ["BCC", tableOf([["BCC", field.A([field.S("q")])]])],
    ["CC in a table in it", tableOf([["k", field.F({ CC: field.V() })]])],
    ["a float", tableOf([["k", field.f(1)]])],
    ["a double in an array", tableOf([["k", field.A([field.d(1)])]])],
    ["U", tableOf([["k", join(text("U"), [0, 1])]])],
  ])("%s, which decodes", (_, table) => {
    const header = headerOf(table);
    expect(propertiesFit(header, 0, header.length)).toBe(false);
    expect(walkProperties(header, 0, header.length, null)).toBeNull();
  });
});

it("is never stepped over what a reader refuses", () => {
  const letters = fc.constantFrom(...Array.from("tbBUsuIilLfdDTVSxFA?"));
  const noise = fc.uint8Array({ maxLength: 12 });
  const leaf = fc.tuple(letters, noise).map(([letter, octets]) => join(text(letter), octets));
  const entry = fc.tuple(
    fc.constantFrom("", "k", "CC", "BCC", "key", "name"),
    fc.oneof(leaf, fc.constantFrom(...plain.map(([, value]) => value))),
  );
  const nested = fc.array(entry, { maxLength: 4 }).chain(entries =>
    fc
      .tuple(fc.constant(entries), fc.constantFrom("F", "A", ""), fc.integer({ min: -2, max: 2 }))
      .map(([inner, letter, lie]) => {
        if (letter === "") return tableOf(inner);
        const fields = join(...inner.map(([name, value]) => (letter === "F" ? join(shortstr(name), value) : value)));
        return tableOf([["outer", join(text(letter), long(Math.max(0, fields.length + lie)), fields)]]);
      }),
  );
  let taken = 0;
  fc.assert(
    fc.property(nested, table => {
      const header = headerOf(table);
      if (!propertiesFit(header, 0, header.length)) return;
      taken++;
      expect(walkProperties(header, 0, header.length, null)).toBeNull();
      expect(walkProperties(header, 0, header.length, new Map())).toBeNull();
      expect(tableParses(table, 4, table.length)).toBe(true);
      const headers = decodeProperties(header, 0, header.length).get("headers") as Map<string, unknown>;
      expect([headers.has("CC"), headers.has("BCC")]).toEqual([false, false]);
    }),
    { seed: SEED, numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(2000);
});
