/** Arguments of any method of the specification: as a client would write them, at random, or spoiled. */
import { METHODS, type Method } from "../../../src/amqp/method-registry.ts";
import { malformedTable, randomTable } from "./field-tables.ts";
import type { Random } from "./random.ts";
import { join, long, longlong, longstr, octet, short, shortstr } from "./wire.ts";

export type Values = Readonly<Record<string, string | number | bigint | boolean | Uint8Array>>;

/** The method called `queue.declare`. */
export function named(name: string): Method {
  const found = METHODS.find(method => method.name === name);
  if (!found) throw new RangeError(`no method ${name}`);
  return found;
}

/** All arguments by their names; what is not named is zero, empty or false. */
export function encode(method: Method, values: Values = {}): Uint8Array {
  return assemble(method, (name, type) => {
    const value = values[name];
    if (value instanceof Uint8Array) return value;
    switch (type) {
      case "bit":
        return value === true ? octet(1) : octet(0);
      case "octet":
        return octet(Number(value ?? 0));
      case "short":
        return short(Number(value ?? 0));
      case "long":
        return long(Number(value ?? 0));
      case "longlong":
        return longlong(BigInt(value ?? 0));
      case "shortstr":
        return shortstr(String(value ?? ""));
      case "longstr":
        return longstr(String(value ?? ""));
      case "table":
        return long(0);
    }
  });
}

/** Random arguments that decode. Names stay in the stream's own name space, so that no stream meets another's queues. */
export function randomArguments(random: Random, method: Method, tag: string, values: Values = {}): Uint8Array {
  return assemble(method, (name, type) => {
    const value = values[name];
    if (value instanceof Uint8Array) return value;
    switch (type) {
      case "bit":
        return octet(typeof value === "boolean" ? Number(value) : random.below(2));
      case "octet":
        return octet(random.below(256));
      case "short":
        return short(random.chance(0.6) ? 0 : random.below(65536));
      case "long":
        return long(random.chance(0.6) ? 0 : random.below(0x1_0000_0000));
      case "longlong":
        return longlong(BigInt(random.pick([0, 0, 1, 1, 2, 3, 77])));
      case "shortstr":
        return shortstr(typeof value === "string" ? value : randomName(random, tag));
      case "longstr":
        return longstr(random.text(random.below(30)));
      case "table":
        return random.chance(0.8) ? long(0) : randomTable(random);
    }
  });
}

/** The same with every table spoiled. */
export function withMalformedTable(random: Random, method: Method, tag: string): Uint8Array {
  const tables = method.arguments.filter(({ type }) => type === "table");
  return randomArguments(random, method, tag, Object.fromEntries(tables.map(t => [t.name, malformedTable(random)])));
}

/** The same with one short string that is no UTF-8. */
export function withBadUtf8(random: Random, method: Method, tag: string): Uint8Array {
  const strings = method.arguments.filter(({ type }) => type === "shortstr");
  const bad = shortstr(random.pick(BAD_UTF8));
  return randomArguments(random, method, tag, { [random.pick(strings).name]: bad });
}

/** A lone continuation octet, a sequence cut short, overlong forms, surrogates, beyond U+10FFFF, and two good ones. */
export const BAD_UTF8: readonly Uint8Array[] = [
  [0x80],
  [0x61, 0xff, 0x62],
  [0xfe],
  [0xc3],
  [0xe2, 0x82],
  [0xc0, 0xaf],
  [0xc1, 0xbf],
  [0xe0, 0x80, 0xaf],
  [0xed, 0xa0, 0x80],
  [0xed, 0xbf, 0xbf],
  [0xef, 0xbf, 0xbe],
  [0xef, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xf0, 0x9f, 0x98, 0x80],
  [0xc3, 0xa4],
].map(octets => Uint8Array.from(octets));

function randomName(random: Random, tag: string): string {
  if (random.chance(0.4)) return "";
  if (random.chance(0.1)) return random.pick(["amq.direct", "amq.topic", "amq.fanout", "amq.headers", "amq.nothing"]);
  return `${tag}-${random.below(4)}`;
}

/** Bits that stand side by side share an octet (§4.2.5.2). */
function assemble(method: Method, argument: (name: string, type: Method["arguments"][number]["type"]) => Uint8Array) {
  const parts: Uint8Array[] = [];
  let bits = -1;
  for (const { name, type } of method.arguments) {
    const value = argument(name, type);
    if (type !== "bit") {
      bits = -1;
      parts.push(value);
    } else if (bits < 0) {
      bits = 1;
      parts.push(value.slice());
    } else {
      const shared = parts.at(-1)!;
      shared[0] = shared[0]! | (value[0]! << bits++);
    }
  }
  return join(...parts);
}
