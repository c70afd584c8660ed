/**
 * The properties of a content header (§4.2.6.1), and the entries of a field table (§4.2.5.5), as their octets: with types,
 * order, and names that stand twice. A table of names and values would lose these.
 */
import { type FieldVisitor, walkFields } from "../amqp/field-walk.ts";
import { LEAST_CONTENT_HEADER } from "../amqp/spec/constants.ts";
import { type FIELD_TYPES, type FieldLetter, TYPE_TABLE } from "../amqp/spec/field-types.ts";
import { BASIC_PROPERTIES, type PropertyType } from "../amqp/spec/properties.ts";
import { long, short } from "../bytes/big-endian.ts";
import { Cursor } from "../bytes/cursor.ts";

/** A property that a content header has. */
export interface WireProperty {
  readonly name: (typeof BASIC_PROPERTIES)[number][0];
  readonly type: PropertyType;
  /** Its value; of a short string or a table without the length. */
  readonly octets: Uint8Array;
}

/** An entry of a field table or array. */
export interface WireField {
  /** null in an array. */
  readonly name: Uint8Array | null;
  readonly letter: FieldLetter;
  /** Its value without a length; nothing of a table or array. */
  readonly octets: Uint8Array;
  /** Of a table or array; null of a value. */
  readonly fields: readonly WireField[] | null;
}

/** Where the property flags stand in a content header's payload: behind class, weight and body size. */
export const FLAGS_AT = 12;

/** The properties of a content header's payload that is known to decode. */
export function wireProperties(header: Uint8Array): WireProperty[] {
  const flags = short(header, FLAGS_AT);
  const properties: WireProperty[] = [];
  let at = LEAST_CONTENT_HEADER;
  for (const [i, [name, type]] of BASIC_PROPERTIES.entries()) {
    if ((flags & (0x8000 >> i)) === 0) continue;
    const [before, octets] = sizesOf(type, header, at);
    properties.push({ name, type, octets: header.subarray(at + before, at + before + octets) });
    at += before + octets;
  }
  return properties;
}

/** Octets of the length in front of a value, and of the value. */
function sizesOf(type: PropertyType, header: Uint8Array, at: number): [before: number, octets: number] {
  switch (type) {
    case "octet":
      return [0, 1];
    case "longlong":
      return [0, 8];
    case "shortstr":
      return [1, header[at]!];
    case "table":
      return [4, long(header, at)];
  }
}

/** The entries of a table, given without its length, that is known to decode. */
export function wireFields(table: Uint8Array): WireField[] {
  const collector = new Collector(table);
  walkFields(new Cursor().over(table, 0, table.length), collector);
  return collector.fields;
}

class Collector implements FieldVisitor {
  readonly fields: WireField[] = [];
  readonly #table: Uint8Array;
  readonly #around: WireField[][] = [];
  #present = this.fields;

  constructor(table: Uint8Array) {
    this.#table = table;
  }

  value(type: number, at: number, size: number, nameAt: number, nameSize: number): void {
    const octets = this.#table.subarray(at, at + size);
    this.#present.push({ name: this.#name(nameAt, nameSize), letter: letterOf(type), octets, fields: null });
  }

  enter(type: number, _: number, nameAt: number, nameSize: number): boolean {
    const fields: WireField[] = [];
    const octets = new Uint8Array(0);
    this.#present.push({ name: this.#name(nameAt, nameSize), letter: type === TYPE_TABLE ? "F" : "A", octets, fields });
    this.#around.push(this.#present);
    this.#present = fields;
    return true;
  }

  leave(): void {
    this.#present = this.#around.pop()!;
  }

  #name(at: number, size: number): Uint8Array | null {
    return at < 0 ? null : this.#table.subarray(at, at + size);
  }
}

function letterOf(type: number): FieldLetter {
  return String.fromCharCode(type) as keyof typeof FIELD_TYPES;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Octets as text; null if they are no UTF-8. */
export function exactText(octets: Uint8Array): string | null {
  try {
    return UTF8.decode(octets);
  } catch {
    return null;
  }
}
