import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FieldTable, FieldValue } from "../../src/amqp/field-table.ts";
import { METHODS, type Method, methodOf } from "../../src/amqp/method-registry.ts";
import { decodeArguments, decodeProperties, walkArguments, walkProperties } from "../../src/amqp/payload.ts";
import { SEED } from "../support/chunkings.ts";
import {
  bits,
  type Field,
  field,
  headerPayload,
  hex,
  join,
  long,
  longlong,
  longstr,
  methodPayload,
  octet,
  type Properties,
  short,
  shortstr,
  table,
  text,
} from "../support/wire.ts";

/** What stands before and behind a payload in the bytes it is looked at in. */
const BEFORE = 3;
const AROUND = [0xce, 0x74, 0x53];

function placed(payload: Uint8Array): Uint8Array {
  return join(AROUND, payload, AROUND);
}

interface Sample {
  encoded: Uint8Array;
  value: FieldValue;
}
const sample = (encoded: ArrayLike<number>, value: FieldValue): Sample => ({
  encoded: Uint8Array.from(encoded),
  value,
});

const characters = fc.string({ unit: "binary", maxLength: 60 });
const shortstrs = characters.map(value => sample(shortstr(value), value));
const longstrs = characters.map(value => sample(longstr(value), value));
const unsigned64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const signed64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const signed = (size: 8 | 16 | 32) => fc.integer({ min: -(2 ** (size - 1)), max: 2 ** (size - 1) - 1 });
const unsigned = (size: 8 | 16 | 32) => fc.integer({ min: 0, max: 2 ** size - 1 });

const { fields } = fc.letrec<{ fields: Sample }>(tie => ({
  fields: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    characters.map(value => sample(field.S(value), value)),
    fc.uint8Array({ maxLength: 20 }).map(value => sample(field.x(value), value)),
    fc.boolean().map(value => sample(field.t(value), value)),
    signed(8).map(value => sample(field.b(value), value)),
    unsigned(8).map(value => sample(field.B(value), value)),
    signed(16).map(value => sample(field.s(value), value)),
    signed(16).map(value => sample(field.U(value), value)),
    unsigned(16).map(value => sample(field.u(value), value)),
    signed(32).map(value => sample(field.I(value), value)),
    unsigned(32).map(value => sample(field.i(value), value)),
    signed64.map(value => sample(field.l(value), value)),
    signed64.map(value => sample(field.L(value), value)),
    fc.float().map(value => sample(field.f(value), value)),
    fc.double().map(value => sample(field.d(value), value)),
    fc
      .tuple(unsigned(8), signed(32))
      .map(([scale, value]) => sample(field.D(scale, value), { decimal: { scale, value } })),
    unsigned64.map(timestamp => sample(field.T(timestamp), { timestamp })),
    fc.constant(sample(field.V(), null)),
    fc.array(tie("fields"), { maxLength: 4 }).map(each =>
      sample(
        field.A(each.map(({ encoded }) => encoded)),
        each.map(({ value }) => value),
      ),
    ),
    fc
      .dictionary(fc.string({ maxLength: 12 }), tie("fields"), { maxKeys: 4, noNullPrototype: true })
      .map(entries => sample(field.F(encodedEntries(entries)), valuesOf(entries))),
  ),
}));

function encodedEntries(entries: Record<string, Sample>): [string, Field][] {
  return Object.entries(entries).map(([name, { encoded }]) => [name, encoded]);
}
function valuesOf(entries: Record<string, Sample>): FieldTable {
  return new Map(Object.entries(entries).map(([name, { value }]) => [name, value]));
}

const tables = fc
  .dictionary(fc.string({ maxLength: 12 }), fields, { maxKeys: 5, noNullPrototype: true })
  .map(entries => sample(table(encodedEntries(entries)), valuesOf(entries)));

const BY_TYPE: Readonly<Record<string, fc.Arbitrary<Sample>>> = {
  octet: unsigned(8).map(value => sample(octet(value), value)),
  short: unsigned(16).map(value => sample(short(value), value)),
  long: unsigned(32).map(value => sample(long(value), value)),
  longlong: unsigned64.map(value => sample(longlong(value), value)),
  bit: fc.boolean().map(value => sample([], value)),
  shortstr: shortstrs,
  longstr: longstrs,
  table: tables,
};

function payloads(method: Method): fc.Arbitrary<{ payload: Uint8Array; values: Map<string, FieldValue> }> {
  const { classId, methodId } = method;
  return fc.tuple(...method.arguments.map(({ type }) => BY_TYPE[type]!)).map(samples => {
    const pieces: ArrayLike<number>[] = [];
    let flags: boolean[] = [];
    method.arguments.forEach(({ type }, i) => {
      if (type === "bit") {
        flags.push(samples[i]!.value === true);
        return;
      }
      pieces.push(bits(...flags), samples[i]!.encoded);
      flags = [];
    });
    pieces.push(bits(...flags));
    const values = new Map(method.arguments.map(({ name }, i) => [name, samples[i]!.value]));
    return { payload: methodPayload(classId, methodId, ...pieces), values };
  });
}

describe("the arguments of a method (§4.2.4)", () => {
  it.each(METHODS)(`$name: decodes to what was encoded, truncated nowhere (seed ${SEED})`, method => {
    fc.assert(
      fc.property(payloads(method), ({ payload, values }) => {
        const bytes = placed(payload);
        expect(walkArguments(method, bytes, BEFORE, payload.length, null)).toBeNull();
        expect(decodeArguments(method, bytes, BEFORE, payload.length)).toEqual(values);
        for (let size = 4; size < payload.length; size++) {
          const clause = walkArguments(method, bytes, BEFORE, size, null);
          if (clause === null || !clause.includes(method.name)) expect.fail(`cut to ${size} octets: ${clause}`);
          expect(walkArguments(method, bytes, BEFORE, size, new Map()), `cut to ${size} octets`).toBe(clause);
          decodeArguments(method, bytes, BEFORE, size);
        }
        const clause = walkArguments(method, bytes, BEFORE, payload.length + 2, null);
        expect(clause).toBe(`2 octets stand behind the last argument of ${method.name}`);
      }),
      { seed: SEED, numRuns: 12 },
    );
  });

  const declare = methodOf(50, 10)!;
  const start = join(short(0), shortstr("tasks"), bits(false));
  const inTable = (entries: ArrayLike<number>) => walk(declare, methodPayload(50, 10, start, longstr(entries)));
  const walk = (method: Method, payload: Uint8Array) =>
    walkArguments(method, placed(payload), BEFORE, payload.length, null);

  it.each([
    ["a short string beyond the payload", hex("0000 06 7461736b73"), "queue", 6, 5],
    ["nothing where the bits must stand", hex("0000 05 7461736b73"), "passive", 1, 0],
    ["a table beyond the payload", join(start, hex("00000001")), "arguments", 1, 0],
    ["a table of 4 GiB", join(start, hex("ffffffff")), "arguments", 4_294_967_295, 0],
    ["three octets of a table's size", join(start, hex("000000")), "arguments", 4, 3],
  ])("%s", (_, octets, name, wanted, left) => {
    const clause = `argument ${name} of queue.declare wants ${wanted} octets where ${left} are left`;
    expect(walk(declare, methodPayload(50, 10, octets))).toBe(clause);
  });

  it.each([
    ["a name beyond its table", "05 61626364", "wants 5 octets where 4 are left"],
    ["no type behind a name", "01 61", "wants 1 octets where 0 are left"],
    ["a value beyond its table", "01 61 49 000000", "wants 4 octets where 3 are left"],
    ["a long string beyond its table", "01 61 53 00000003 6161", "wants 3 octets where 2 are left"],
    ["an inner table beyond its table", "01 61 46 00000001", "wants 1 octets where 0 are left"],
    [
      "an inner value beyond the inner table",
      "01 61 46 00000004 01 62 49 00 000000",
      "wants 4 octets where 1 are left",
    ],
    ["an array beyond its table", "01 61 41 00000002 56", "wants 2 octets where 1 are left"],
    ["an array's value beyond the array", "01 61 41 00000002 4900 000000", "wants 4 octets where 1 are left"],
  ])("in a table: %s", (_, octets, what) => {
    expect(inTable(hex(octets))).toBe(`argument arguments of queue.declare ${what}`);
  });

  it("a field type that is none is named", () => {
    const known = new Set(Array.from("SxtbBsUuIilLfdDTVFA", letter => letter.charCodeAt(0)));
    for (let type = 0; type < 256; type++) {
      const clause = inTable(join([1, 0x61, type], new Uint8Array(8)));
      const unknown = `argument arguments of queue.declare: unknown field type 0x${type.toString(16).padStart(2, "0")}`;
      if (!known.has(type)) expect(clause).toBe(unknown);
      else if (clause !== null) expect(clause).not.toContain(unknown);
    }
  });

  it("__proto__ is a name like any other", () => {
    const values = decode({ payload: methodPayload(50, 10, start, table([["__proto__", field.t(true)]])) });
    expect(values.get("arguments")).toEqual(new Map([["__proto__", true]]));
  });

  function decode({ payload }: { payload: Uint8Array }) {
    return decodeArguments(declare, placed(payload), BEFORE, payload.length);
  }

  const nested = (depth: number, innermost: Field, wrap: (inner: Field) => Field): Field => {
    let inner = innermost;
    for (let i = 0; i < depth; i++) inner = wrap(inner);
    return inner;
  };
  const inTables = (inner: Field) => field.F([["t", inner]]);
  const inArrays = (inner: Field) => field.A([inner]);
  const unknownType = hex("00");

  it.each([
    ["tables", inTables],
    ["arrays", inArrays],
  ])("%s nested 200 and 5,000 deep are walked", (_, wrap) => {
    for (const depth of [200, 5000]) {
      const payload = methodPayload(50, 10, start, table([["t", nested(depth, field.I(1), wrap)]]));
      expect(walk(declare, payload)).toBeNull();
      expect(decode({ payload }).has("arguments")).toBe(true);
    }
  });

  it.each([
    ["tables", inTables],
    ["arrays", inArrays],
  ])("what is wrong 50 %s deep is found; what is wrong 200 deep is taken on trust", (_, wrap) => {
    const wrong = (depth: number) =>
      walk(declare, methodPayload(50, 10, start, table([["t", nested(depth, unknownType, wrap)]])));
    expect(wrong(50)).toBe("argument arguments of queue.declare: unknown field type 0x00");
    expect(wrong(200)).toBeNull();
  });
});

describe("a field table, octet by octet (§4.2.5.5)", () => {
  // Both ways, as RabbitMQ and its clients read the types.
  const literal = hex(`
    000000d9
    07 6c6f6e67737472       53 0000000d 48656c6c6f2c2077c3b6726c64
    06 6f6374657473         78 00000003 00ff80
    04 74727565             74 01
    02 6938                 62 80
    02 7538                 42 ff
    03 693136               73 fffe
    03 493136               55 8000
    03 753136               75 fffe
    03 693332               49 80000000
    03 753332               69 fffffffe
    03 693634               6c 8000000000000000
    03 493634               4c ffffffffffffffff
    05 666c6f6174           66 3fc00000
    06 646f75626c65         64 bff8000000000000
    07 646563696d616c       44 02 fffffb2e
    04 74696d65             54 0000000065f0c3a0
    04 766f6964             56
    05 7461626c65           46 00000004 01 61 74 00
    05 6172726179           41 00000007 49 00000001 56 56`);

  const built = table({
    longstr: field.S("Hello, wörld"),
    octets: field.x([0, 255, 128]),
    true: field.t(true),
    i8: field.b(-128),
    u8: field.B(255),
    i16: field.s(-2),
    I16: field.U(-32_768),
    u16: field.u(65_534),
    i32: field.I(-2_147_483_648),
    u32: field.i(4_294_967_294),
    i64: field.l(-(2n ** 63n)),
    I64: field.L(-1n),
    float: field.f(1.5),
    double: field.d(-1.5),
    decimal: field.D(2, -1234),
    time: field.T(1_710_277_536n),
    void: field.V(),
    table: field.F({ a: field.t(false) }),
    array: field.A([field.I(1), field.V(), field.V()]),
  });

  it("is what the builder makes of these values", () => {
    expect(Buffer.from(built).toString("hex")).toBe(Buffer.from(literal).toString("hex"));
  });

  it("and what decodes to them", () => {
    const payload = methodPayload(10, 11, literal, shortstr("PLAIN"), longstr(""), shortstr("en_US"));
    const startOk = methodOf(10, 11)!;
    expect(decodeArguments(startOk, placed(payload), BEFORE, payload.length).get("client-properties")).toEqual(
      new Map<string, FieldValue>([
        ["longstr", "Hello, wörld"],
        ["octets", Uint8Array.of(0, 255, 128)],
        ["true", true],
        ["i8", -128],
        ["u8", 255],
        ["i16", -2],
        ["I16", -32_768],
        ["u16", 65_534],
        ["i32", -2_147_483_648],
        ["u32", 4_294_967_294],
        ["i64", -(2n ** 63n)],
        ["I64", -1n],
        ["float", 1.5],
        ["double", -1.5],
        ["decimal", { decimal: { scale: 2, value: -1234 } }],
        ["time", { timestamp: 1_710_277_536n }],
        ["void", null],
        ["table", new Map([["a", false]])],
        ["array", [1, null, null]],
      ]),
    );
  });

  it("octets are copied: what holds them may be used again", () => {
    const payload = Buffer.from(methodPayload(10, 11, table({ x: field.x([1, 2, 3]) }), hex("00 00000000 00")));
    const values = decodeArguments(methodOf(10, 11)!, payload, 0, payload.length);
    payload.fill(9);
    expect(values.get("client-properties")).toEqual(new Map([["x", Uint8Array.of(1, 2, 3)]]));
  });
});

describe("a content header's properties (§4.2.6.1)", () => {
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
  const words = fc.string({ unit: "binary", maxLength: 40 });
  const properties = fc.record({
    contentType: optional(words),
    contentEncoding: optional(words),
    headers: optional(fc.dictionary(fc.string({ maxLength: 12 }), fields, { maxKeys: 4, noNullPrototype: true })),
    deliveryMode: optional(unsigned(8)),
    priority: optional(unsigned(8)),
    correlationId: optional(words),
    replyTo: optional(words),
    expiration: optional(words),
    messageId: optional(words),
    timestamp: optional(unsigned64),
    type: optional(words),
    userId: optional(words),
    appId: optional(words),
    clusterId: optional(words),
  });
  const kebab = (name: string) =>
    name === "clusterId" ? "reserved" : name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);

  it(`decode to what was encoded, truncated nowhere (seed ${SEED})`, () => {
    fc.assert(
      fc.property(properties, unsigned64, ({ headers, ...rest }, bodySize) => {
        const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
        const payload = headerPayload(bodySize, {
          ...given,
          ...(headers === undefined ? {} : { headers: encodedEntries(headers) }),
        } satisfies Properties);
        const expected = new Map<string, FieldValue>(
          Object.entries(given).map(([name, value]) => [kebab(name), value as FieldValue]),
        );
        if (headers !== undefined) expected.set("headers", valuesOf(headers));
        const bytes = placed(payload);
        expect(walkProperties(bytes, BEFORE, payload.length, null)).toBeNull();
        expect(decodeProperties(bytes, BEFORE, payload.length)).toEqual(expected);
        for (let size = 14; size < payload.length; size++) {
          const clause = walkProperties(bytes, BEFORE, size, null);
          if (clause === null) expect.fail(`cut to ${size} octets`);
          expect(walkProperties(bytes, BEFORE, size, new Map()), `cut to ${size} octets`).toBe(clause);
        }
        expect(walkProperties(bytes, BEFORE, payload.length + 1, null)).toBe("1 octets stand behind the last property");
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  const walk = (payload: Uint8Array) => walkProperties(placed(payload), BEFORE, payload.length, null);

  it.each([
    ["none", headerPayload(0), null],
    ["an empty table", headerPayload(0, { headers: {} }), null],
    [
      "a short string cut short",
      headerPayload(0, {}, { flags: 0x8000 }),
      "property content-type wants 1 octets where 0 are left",
    ],
    [
      "a timestamp cut short",
      join(headerPayload(0, {}, { flags: 0x0040 }), long(0)),
      "property timestamp wants 8 octets where 4 are left",
    ],
    [
      "a table with an unknown type",
      headerPayload(0, { headers: [["a", text("?")]] }),
      "property headers: unknown field type 0x3f",
    ],
    ["octets without a flag", join(headerPayload(0), [0]), "1 octets stand behind the last property"],
    [
      "a second word of flags",
      join(headerPayload(0, {}, { flags: 1 }), short(0)),
      "property-flags: more flags are announced than class basic has",
    ],
  ])("%s", (_, payload, clause) => {
    expect(walk(payload)).toBe(clause);
  });
});
