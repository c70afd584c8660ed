/**
 * Field tables as rabbit_binary_parser.erl takes them, in arguments, client properties and headers alike. An entry must
 * match one of its clauses whole; anything else crashes the process that parses it. Erlang has no NaN and no infinity,
 * so they match nothing. Neither keys nor values are checked for UTF-8.
 */
import { long, short } from "../bytes/big-endian.ts";
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";

/** Octets of a value by its type; S, x, F and A carry a length. `U`, which some clients write, is not among them. */
const SIZES: Readonly<Record<string, number>> = {
  V: 0,
  B: 1,
  b: 1,
  t: 1,
  s: 2,
  u: 2,
  I: 4,
  f: 4,
  i: 4,
  D: 5,
  L: 8,
  T: 8,
  d: 8,
  l: 8,
};

/** Whether a table's entries, bytes[from, to) without the table's own length, parse. */
export function tableParses(bytes: Uint8Array, from: number, to: number): boolean {
  // Nested tables and arrays are taken one after the other: a hostile depth costs no stack.
  const todo: { from: number; to: number; named: boolean }[] = [{ from, to, named: true }];
  const cursor = new Cursor();
  try {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      cursor.over(bytes, next.from, next.to);
      while (cursor.left > 0) {
        if (next.named) cursor.skip(cursor.octet());
        const type = String.fromCharCode(cursor.octet());
        const size = SIZES[type];
        if (size !== undefined) {
          const at = cursor.skip(size);
          if ((type === "f" || type === "d") && !isNumber(bytes, at, type)) return false;
        } else if (type === "S" || type === "x" || type === "F" || type === "A") {
          const length = cursor.long();
          const at = cursor.skip(length);
          if (type === "F" || type === "A") todo.push({ from: at, to: at + length, named: type === "F" });
        } else return false;
      }
    }
  } catch (fault) {
    if (fault instanceof PayloadOverrun) return false;
    throw fault;
  }
  return true;
}

/** The type letter of the first field of this name, or null. Of a table that parses. */
export function fieldType(bytes: Uint8Array, from: number, to: number, name: string): string | null {
  const cursor = new Cursor().over(bytes, from, to);
  while (cursor.left > 0) {
    const found = cursor.shortstr() === name;
    const type = String.fromCharCode(cursor.octet());
    if (found) return type;
    cursor.skip(SIZES[type] ?? cursor.long());
  }
  return null;
}

/** All exponent bits set are an infinity, or not a number. */
function isNumber(bytes: Uint8Array, at: number, type: "f" | "d"): boolean {
  if (type === "d") return (short(bytes, at) & 0x7ff0) !== 0x7ff0;
  return (long(bytes, at) & 0x7f800000) !== 0x7f800000;
}
