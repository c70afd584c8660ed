/** Field tables as values (§4.2.5.5); their octets are described in spec/field-types.ts. */
import { exactLonglong, long, short } from "../bytes/big-endian.ts";
import { type Cursor, textAt } from "../bytes/cursor.ts";
import { type FieldVisitor, Undecodable, walkFields } from "./field-walk.ts";
import { type FieldLetter, TYPE_TABLE } from "./spec/field-types.ts";

/** A value of a field table. 64-bit integers are bigint; `timestamp` is seconds since the epoch. */
export type FieldValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | { decimal: { scale: number; value: number } }
  | { timestamp: bigint }
  | FieldTable
  | FieldValue[];

/** A decoded field table. A Map, because names come from the wire and `__proto__` is one a peer may send. */
export type FieldTable = Map<string, FieldValue>;

/** A value as text: "" where it is none. */
export function textOf(value: FieldValue | undefined): string {
  return typeof value === "string" ? value : "";
}

/** In a table nested deeper than this, the length is checked and the entries are not. */
export const MAX_TABLE_DEPTH = 64;

/** Steps over a table, checking it, and fills `into` where one is given. Throws PayloadOverrun or Undecodable. */
export function walkTable(cursor: Cursor, into: FieldTable | null): void {
  const size = cursor.long();
  const { end } = cursor;
  cursor.at = cursor.skip(size);
  cursor.end = cursor.at + size;
  walkFields(cursor, into === null ? CHECK : new Collector(cursor.bytes, into));
  cursor.end = end;
}

const CHECK: FieldVisitor = {
  value: () => {},
  enter: (_, depth) => depth < MAX_TABLE_DEPTH,
  leave: () => {},
};

class Collector implements FieldVisitor {
  readonly #bytes: Uint8Array;
  #present: FieldTable | FieldValue[];
  readonly #around: (FieldTable | FieldValue[])[] = [];

  constructor(bytes: Uint8Array, into: FieldTable) {
    this.#bytes = bytes;
    this.#present = into;
  }

  value(type: number, at: number, size: number, nameAt: number, nameSize: number): void {
    this.#add(valueAt(this.#bytes, type, at, size), nameAt, nameSize);
  }

  enter(type: number, depth: number, nameAt: number, nameSize: number): boolean {
    const nested = type === TYPE_TABLE ? new Map<string, FieldValue>() : [];
    this.#add(nested, nameAt, nameSize);
    if (depth >= MAX_TABLE_DEPTH) return false;
    this.#around.push(this.#present);
    this.#present = nested;
    return true;
  }

  leave(): void {
    this.#present = this.#around.pop()!;
  }

  #add(value: FieldValue, nameAt: number, nameSize: number): void {
    if (Array.isArray(this.#present)) this.#present.push(value);
    else this.#present.set(textAt(this.#bytes, nameAt, nameSize), value);
  }
}

/** The value of a field that is neither table nor array: octets `at` to `at + size`, of a long string without its length. */
export function valueAt(bytes: Uint8Array, type: number, at: number, size: number): FieldValue {
  switch (String.fromCharCode(type) as FieldLetter) {
    case "t":
      return bytes[at] !== 0;
    case "b":
      return viewAt(bytes, at, size).getInt8(0);
    case "B":
      return viewAt(bytes, at, size).getUint8(0);
    case "U":
    case "s":
      return viewAt(bytes, at, size).getInt16(0);
    case "u":
      return short(bytes, at);
    case "I":
      return viewAt(bytes, at, size).getInt32(0);
    case "i":
      return long(bytes, at);
    case "l":
    case "L":
      return viewAt(bytes, at, size).getBigInt64(0);
    case "f":
      return viewAt(bytes, at, size).getFloat32(0);
    case "d":
      return viewAt(bytes, at, size).getFloat64(0);
    case "D":
      return { decimal: { scale: viewAt(bytes, at, size).getUint8(0), value: viewAt(bytes, at, size).getInt32(1) } };
    case "T":
      return { timestamp: exactLonglong(bytes, at) };
    case "V":
      return null;
    case "S":
      return textAt(bytes, at, size);
    case "x":
      // The octets may be a Buffer's, whose slice would be no copy.
      return new Uint8Array(bytes.subarray(at, at + size));
    case "F":
    case "A":
      throw new Undecodable("a table or array is no single value");
  }
}

function viewAt(bytes: Uint8Array, at: number, size: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, size);
}
