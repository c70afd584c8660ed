import type { Cursor } from "../bytes/cursor.ts";

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

/** Thrown inside a payload decoder where octets do not decode; turned into a fault there, as PayloadOverrun is. */
export class Undecodable extends Error {
  override name = "Undecodable";
}

/** A table nested deeper than this is taken on trust: its length is checked, its entries are not. */
export const MAX_TABLE_DEPTH = 64;

/**
 * Set where a table holds what readers of tables take differently, or RabbitMQ gives a meaning to: floating-point
 * numbers, which may be none; `U`, which RabbitMQ does not know; the names CC and BCC; more depth than is checked here.
 * Whoever wants to know clears it first. It saves a second look at nearly every table there is.
 */
export const tableNotes = { peculiar: false };

/*
 * Field table (§4.2.5.5):   size:32  { name-length:8 name type:8 value }*
 * Field array:              size:32  { type:8 value }*
 *
 * §4.2.1 and RabbitMQ disagree on some types (its rabbit_binary_parser.erl and errata page): `s` is a short string in
 * one and a signed 16-bit integer in the other, `l` unsigned or signed. We read them as RabbitMQ and its clients do.
 */

/** Steps over a table, checking it, and fills `into` where one is given. Throws PayloadOverrun or Undecodable. */
export function walkTable(cursor: Cursor, into: FieldTable | null, depth = 0): void {
  const size = cursor.long();
  const outer = cursor.end;
  const end = cursor.skip(size) + size;
  if (depth >= MAX_TABLE_DEPTH) {
    tableNotes.peculiar = true;
    return;
  }
  cursor.at = end - size;
  cursor.end = end;
  while (cursor.at < end) {
    if (into === null) {
      const length = cursor.octet();
      const at = cursor.skip(length);
      if ((length === 2 || length === 3) && isRoutes(cursor.bytes, at + length)) tableNotes.peculiar = true;
      walkValue(cursor, false, depth);
    } else {
      const name = cursor.shortstr();
      into.set(name, walkValue(cursor, true, depth));
    }
  }
  cursor.end = outer;
}

function walkArray(cursor: Cursor, into: FieldValue[] | null, depth: number): void {
  const size = cursor.long();
  const outer = cursor.end;
  const end = cursor.skip(size) + size;
  if (depth >= MAX_TABLE_DEPTH) {
    tableNotes.peculiar = true;
    return;
  }
  cursor.at = end - size;
  cursor.end = end;
  while (cursor.at < end) {
    const value = walkValue(cursor, into !== null, depth);
    if (into !== null) into.push(value);
  }
  cursor.end = outer;
}

/** One value with its type octet: checked and stepped over, and decoded where `decode` is set (otherwise null). */
function walkValue(cursor: Cursor, decode: boolean, depth: number): FieldValue {
  const type = cursor.octet();
  switch (type) {
    case 0x53 /* S longstr */:
      {
        const size = cursor.long();
        if (decode) return cursor.text(size);
        cursor.skip(size);
        return null;
      }
    case 0x78 /* x octets */:
      {
        const size = cursor.long();
        const at = cursor.skip(size);
        // A Buffer's slice would be no copy.
        return decode ? new Uint8Array(cursor.bytes.subarray(at, at + size)) : null;
      }
    case 0x74 /* t boolean */:
      return cursor.octet() !== 0;
    case 0x62 /* b signed 8 */:
      return (cursor.octet() << 24) >> 24;
    case 0x42 /* B unsigned 8 */:
      return cursor.octet();
    case 0x55 /* U signed 16 */:
      tableNotes.peculiar = true;
      return (cursor.short() << 16) >> 16;
    case 0x73 /* s signed 16 */:
      return (cursor.short() << 16) >> 16;
    case 0x75 /* u unsigned 16 */:
      return cursor.short();
    case 0x49 /* I signed 32 */:
      return cursor.long() | 0;
    case 0x69 /* i unsigned 32 */:
      return cursor.long();
    case 0x6c /* l signed 64 */:
    case 0x4c /* L signed 64 */:
      return decode ? BigInt.asIntN(64, cursor.exactLonglong()) : stepOver(cursor, 8);
    case 0x66 /* f float */:
      tableNotes.peculiar = true;
      return decode ? floatAt(cursor, cursor.skip(4)) : stepOver(cursor, 4);
    case 0x64 /* d double */:
      tableNotes.peculiar = true;
      return decode ? doubleAt(cursor, cursor.skip(8)) : stepOver(cursor, 8);
    case 0x44 /* D decimal */:
      return decode ? { decimal: { scale: cursor.octet(), value: cursor.long() | 0 } } : stepOver(cursor, 5);
    case 0x54 /* T timestamp */:
      return decode ? { timestamp: cursor.exactLonglong() } : stepOver(cursor, 8);
    case 0x56 /* V void */:
      return null;
    case 0x46 /* F table */:
      {
        const table: FieldTable | null = decode ? new Map() : null;
        walkTable(cursor, table, depth + 1);
        return table;
      }
    case 0x41 /* A array */:
      {
        const array: FieldValue[] | null = decode ? [] : null;
        walkArray(cursor, array, depth + 1);
        return array;
      }
    default:
      throw new Undecodable(`unknown field type 0x${type.toString(16).padStart(2, "0")}`);
  }
}

/** Whether a name of two or three octets, ending before `end`, ends in CC. */
function isRoutes(bytes: Uint8Array, end: number): boolean {
  return bytes[end - 1] === 0x43 && bytes[end - 2] === 0x43;
}

function stepOver(cursor: Cursor, size: number): null {
  cursor.skip(size);
  return null;
}

function floatAt(cursor: Cursor, at: number): number {
  return new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + at, 4).getFloat32(0);
}

function doubleAt(cursor: Cursor, at: number): number {
  return new DataView(cursor.bytes.buffer, cursor.bytes.byteOffset + at, 8).getFloat64(0);
}
