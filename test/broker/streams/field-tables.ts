/** Field tables (§4.2.5.5) with every value type RabbitMQ knows, and all the ways of getting one wrong. */
import type { Random } from "./random.ts";
import { join, latin1, long, longlong, longstr, octet, short, shortstr } from "./wire.ts";

/** Types of fixed size: octets behind the type octet. */
const FIXED: readonly (readonly [type: string, size: number])[] = [
  ["t", 1],
  ["b", 1],
  ["B", 1],
  ["s", 2],
  ["u", 2],
  ["I", 4],
  ["i", 4],
  ["l", 8],
  ["L", 8],
  ["f", 4],
  ["d", 8],
  ["D", 5],
  ["T", 8],
  ["V", 0],
];

export function table(...fields: Uint8Array[]): Uint8Array {
  return longstr(join(...fields));
}

export function field(name: string, type: string, value: Uint8Array): Uint8Array {
  return join(shortstr(name), latin1(type), value);
}

/** Type octet and value, as they stand in an array. */
export function randomValue(random: Random, depth = 2): Uint8Array {
  if (random.chance(0.4)) return join(latin1("S"), longstr(random.text(random.below(20))));
  if (depth > 0 && random.chance(0.2)) return join(latin1("F"), randomTable(random, depth - 1));
  if (depth > 0 && random.chance(0.2)) {
    const values = Array.from({ length: random.below(4) }, () => randomValue(random, depth - 1));
    return join(latin1("A"), longstr(join(...values)));
  }
  if (random.chance(0.1)) return join(latin1("x"), longstr(random.octets(random.below(12))));
  const [type, size] = random.pick(FIXED);
  // Not every 4 or 8 octets are a float: infinity and NaN have no Erlang term.
  if (type === "f") return join(latin1("f"), short(random.below(0x7f00)), random.octets(2));
  if (type === "d") return join(latin1("d"), short(random.below(0x7fe0)), random.octets(6));
  return join(latin1(type), random.octets(size));
}

export function randomTable(random: Random, depth = 2): Uint8Array {
  const fields = Array.from({ length: random.below(5) }, () =>
    join(shortstr(random.text(random.below(12))), randomValue(random, depth)),
  );
  return table(...fields);
}

/** A table within a table, `levels` deep. */
export function deepTable(levels: number, innermost: Uint8Array = table()): Uint8Array {
  let inner = innermost;
  for (let level = 0; level < levels; level++) inner = table(field("n", "F", inner));
  return inner;
}

export function deepArray(levels: number): Uint8Array {
  let inner = longstr("");
  for (let level = 0; level < levels; level++) inner = longstr(join(latin1("A"), inner));
  return table(field("a", "A", inner));
}

/** One way of spoiling a table; the length in front of it still tells its octets. */
export function malformedTable(random: Random): Uint8Array {
  const good = random.chance(0.5) ? field("k", "S", longstr("v")) : new Uint8Array(0);
  const bad = random.pick(MALFORMED)(random);
  return random.chance(0.5) ? table(good, bad) : table(bad, good);
}

const MALFORMED: readonly ((random: Random) => Uint8Array)[] = [
  random => join(shortstr("x"), octet(random.pick(UNKNOWN_TYPES)), random.octets(random.below(9))),
  random => join(shortstr("x"), octet(random.below(256)), random.octets(random.below(9))),
  random => field("x", "S", join(long(random.pick([1, 255, 65536, 0x7fffffff, 0xffffffff])), new Uint8Array(0))),
  random => field("x", "S", join(long(random.below(6)), latin1("abcdef"))),
  random => field("x", random.pick(["F", "A"]), join(long(random.pick([1, 7, 1000, 0xffffffff])), random.octets(3))),
  random => field("x", "F", table(join(shortstr("y"), octet(random.pick(UNKNOWN_TYPES))))),
  random => field("x", "A", longstr(join(octet(random.pick(UNKNOWN_TYPES)), random.octets(4)))),
  () => field("x", "A", longstr(join(latin1("S"), long(99)))),
  random => field("x", "x", join(long(random.pick([1, 1000])), new Uint8Array(0))),
  random => {
    const [type, size] = random.pick(FIXED);
    return field("x", type, random.octets(Math.max(0, size - 1 - random.below(size))));
  },
  random => {
    const [type, size] = random.pick(FIXED);
    return field("x", type, random.octets(size + random.between(1, 3)));
  },
  random => join(octet(random.between(1, 255)), random.octets(random.below(3))),
  () => shortstr("name-only"),
  // Infinity, −infinity, NaN: float matches in Erlang fail on them.
  random => field("x", "f", long(random.pick([0x7f800000, 0xff800000, 0x7fc00000]))),
  random => field("x", "d", longlong(random.pick([0x7ff0n << 48n, 0xfff0n << 48n, 0x7ff8n << 48n]))),
  random => random.octets(random.between(1, 6)),
];

const UNKNOWN_TYPES = [0, 1, 32, 99, 67, 69, 88, 90, 122, 128, 206, 255];
