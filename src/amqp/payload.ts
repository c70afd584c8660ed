/**
 * Decoders for the payloads of method and content header frames. Each walks its payload once and checks every length
 * in it; asked for values it also collects them. What does not decode is returned as a sentence, never thrown.
 *
 *   method frame payload (§4.2.4)          content header payload (§4.2.6.1)
 *   class-id:16 method-id:16 arguments     class-id:16 weight:16 body-size:64 property-flags:16 property-list
 */
import { short } from "../bytes/big-endian.ts";
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";
import { type FieldTable, type FieldValue, Undecodable, walkTable } from "./field-table.ts";
import type { Method } from "./method-registry.ts";
import type { ArgumentType } from "./spec/methods.ts";
import { BASIC_PROPERTIES, type PropertyType } from "./spec/properties.ts";

/** Decoded values by the specification's names. */
export type Values = Map<string, FieldValue>;

const CONNECTION_CLASS = 10;

const cursor = new Cursor();

/**
 * Checks the arguments of a method frame whose payload is bytes[start, start + size), and collects them in `into`.
 * Returns null, or one clause that says what does not decode.
 */
export function walkArguments(
  method: Method,
  bytes: Uint8Array,
  start: number,
  size: number,
  into: Values | null,
): string | null {
  cursor.over(bytes, start + 4, start + size);
  const list = method.arguments;
  let name = "";
  let bit = 8;
  let bits = 0;
  try {
    for (let i = 0; i < list.length; i++) {
      const argument = list[i]!;
      name = argument.name;
      if (argument.type !== "bit") {
        bit = 8;
        walkField(argument.type, name, into);
        continue;
      }
      if (bit === 8) {
        bits = cursor.octet();
        bit = 0;
      }
      if (into !== null) into.set(name, ((bits >> bit) & 1) === 1);
      bit++;
    }
  } catch (fault) {
    return sentence(fault, `argument ${name} of ${method.name}`);
  }
  if (cursor.left === 0) return null;
  return `${cursor.left} octets stand behind the last argument of ${method.name}`;
}

/**
 * The arguments of a method frame by name; where they do not decode, those before the fault. Of class connection none
 * then: a wrong length may have brought part of the credentials into another argument.
 */
export function decodeArguments(method: Method, bytes: Uint8Array, start: number, size: number): Values {
  const values: Values = new Map();
  const fault = walkArguments(method, bytes, start, size, values);
  if (fault !== null && method.classId === CONNECTION_CLASS) values.clear();
  return values;
}

/**
 * Checks a content header whose payload is bytes[start, start + size), size ≥ 14, and collects its properties in
 * `into`. Returns null, or one clause that says what does not decode.
 */
export function walkProperties(bytes: Uint8Array, start: number, size: number, into: Values | null): string | null {
  const flags = short(bytes, start + 12);
  let name = "property-flags";
  try {
    cursor.over(bytes, start + 14, start + size);
    // Bit 0 says that more flags follow; class basic has no more than one word of them.
    if ((flags & 1) !== 0) throw new Undecodable("more flags are announced than class basic has");
    for (let i = 0; i < BASIC_PROPERTIES.length; i++) {
      if ((flags & (0x8000 >> i)) === 0) continue;
      const property = BASIC_PROPERTIES[i]!;
      name = property[0];
      walkField(property[1], name, into);
    }
  } catch (fault) {
    return sentence(fault, name === "property-flags" ? name : `property ${name}`);
  }
  if (cursor.left === 0) return null;
  return `${cursor.left} octets stand behind the last property`;
}

/** The properties of a content header by name; where they do not decode, those before the fault. */
export function decodeProperties(bytes: Uint8Array, start: number, size: number): Values {
  const values: Values = new Map();
  walkProperties(bytes, start, size, values);
  return values;
}

function walkField(type: Exclude<ArgumentType, "bit"> | PropertyType, name: string, into: Values | null): void {
  switch (type) {
    case "octet": {
      const value = cursor.octet();
      if (into !== null) into.set(name, value);
      return;
    }
    case "short": {
      const value = cursor.short();
      if (into !== null) into.set(name, value);
      return;
    }
    case "long": {
      const value = cursor.long();
      if (into !== null) into.set(name, value);
      return;
    }
    case "longlong":
      if (into !== null) into.set(name, cursor.exactLonglong());
      else cursor.skip(8);
      return;
    case "shortstr":
      if (into !== null) into.set(name, cursor.shortstr());
      else cursor.skip(cursor.octet());
      return;
    case "longstr":
      if (into !== null) into.set(name, cursor.longstr());
      else cursor.skip(cursor.long());
      return;
    case "table": {
      const table: FieldTable | null = into === null ? null : new Map();
      walkTable(cursor, table);
      if (into !== null && table !== null) into.set(name, table);
      return;
    }
  }
}

function sentence(fault: unknown, where: string): string {
  if (fault instanceof PayloadOverrun) {
    return `${where} wants ${fault.wanted} octets where ${fault.left} are left`;
  }
  if (fault instanceof Undecodable) return `${where}: ${fault.message}`;
  throw fault;
}
