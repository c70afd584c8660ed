/**
 * Decoders for the payloads of method and content header frames. Each walks its payload once and checks every length in
 * it, and collects values if asked to. If the payload does not decode, a sentence is returned; nothing is thrown.
 *
 *   method frame payload (§4.2.4)          content header payload (§4.2.6.1)
 *   class-id:16 method-id:16 arguments     class-id:16 weight:16 body-size:64 property-flags:16 property-list
 */
import { exactLonglong, long, short } from "../bytes/big-endian.ts";
import { Cursor, PayloadOverrun, textAt } from "../bytes/cursor.ts";
import { BIT, FIELD_KINDS, type FieldKind, LONG, LONGLONG, OCTET, SHORT, stepOver, TABLE } from "./field-kinds.ts";
import { type FieldTable, type FieldValue, walkTable } from "./field-table.ts";
import { Undecodable } from "./field-walk.ts";
import { CONNECTION_CLASS } from "./method-keys.ts";
import type { Method } from "./method-registry.ts";
import { LEAST_CONTENT_HEADER, METHOD_IDS_SIZE } from "./spec/constants.ts";
import { BASIC_PROPERTIES } from "./spec/properties.ts";

/** Decoded values by the specification's names. */
export type Values = Map<string, FieldValue>;

const PROPERTIES = BASIC_PROPERTIES.map(([name, type]) => ({ name: name as string, kind: FIELD_KINDS[type] }));

/**
 * Checks the arguments of a method frame whose payload is bytes[start, start + size), and collects them in `into`.
 * Returns null, or one clause that names what does not decode.
 */
export function walkArguments(
  method: Method,
  bytes: Uint8Array,
  start: number,
  size: number,
  into: Values | null,
): string | null {
  const cursor = new Cursor().over(bytes, start + METHOD_IDS_SIZE, start + size);
  const list = method.arguments;
  let name = "";
  let bit = 8;
  let bits = 0;
  try {
    for (let i = 0; i < list.length; i++) {
      const argument = list[i]!;
      name = argument.name;
      if (argument.kind !== BIT) {
        bit = 8;
        walkField(cursor, argument.kind, name, into);
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
 * The arguments of a method frame by name; where they do not decode, those before the fault. For class connection none
 * in that case: a wrong length may have moved part of the credentials into another argument.
 */
export function decodeArguments(method: Method, bytes: Uint8Array, start: number, size: number): Values {
  const values: Values = new Map();
  const fault = walkArguments(method, bytes, start, size, values);
  if (fault !== null && method.classId === CONNECTION_CLASS) values.clear();
  return values;
}

/**
 * Checks a content header whose payload is bytes[start, start + size), size ≥ LEAST_CONTENT_HEADER, and collects its properties in
 * `into`. Returns null, or one clause that names what does not decode.
 */
export function walkProperties(bytes: Uint8Array, start: number, size: number, into: Values | null): string | null {
  const flags = short(bytes, start + 12);
  const cursor = new Cursor().over(bytes, start + LEAST_CONTENT_HEADER, start + size);
  let name = "property-flags";
  try {
    // Bit 0 announces more flags; class basic has no more than one word of them.
    if ((flags & 1) !== 0) throw new Undecodable("more flags are announced than class basic has");
    // Shifted out from the top until none is left: most headers have a few of the first ones. Bits 1 and 0 mean nothing.
    for (let i = 0, left = flags & 0xfffc; left !== 0; i++, left = (left << 1) & 0xffff) {
      if ((left & 0x8000) === 0) continue;
      const property = PROPERTIES[i]!;
      name = property.name;
      walkField(cursor, property.kind, name, into);
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

/** Steps over a field that is no bit, checks it, and collects it in `into`. */
function walkField(cursor: Cursor, kind: FieldKind, name: string, into: Values | null): void {
  if (kind === BIT) return;
  if (kind === TABLE) {
    const table: FieldTable | null = into === null ? null : new Map();
    walkTable(cursor, table);
    if (into !== null && table !== null) into.set(name, table);
    return;
  }
  const at = stepOver(cursor, kind);
  if (into !== null) into.set(name, fieldAt(cursor.bytes, kind, at, cursor.at - at));
}

/** A field that is neither bit nor table, as a value. */
function fieldAt(bytes: Uint8Array, kind: FieldKind, at: number, size: number): FieldValue {
  switch (kind) {
    case OCTET:
      return bytes[at]!;
    case SHORT:
      return short(bytes, at);
    case LONG:
      return long(bytes, at);
    case LONGLONG:
      return exactLonglong(bytes, at);
    default:
      return textAt(bytes, at, size);
  }
}

function sentence(fault: unknown, where: string): string {
  if (fault instanceof PayloadOverrun) {
    return `${where} wants ${fault.wanted} octets where ${fault.left} are left`;
  }
  if (fault instanceof Undecodable) return `${where}: ${fault.message}`;
  throw fault;
}
