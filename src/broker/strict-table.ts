/**
 * Field tables as rabbit_binary_parser.erl takes them. An entry must match one of its clauses whole; anything else
 * crashes the process that parses it.
 */
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";

/** Octets of a value by its type; the others carry a length or nothing. */
const SIZES: Readonly<Record<string, number>> = {
  I: 4,
  i: 4,
  D: 5,
  T: 8,
  l: 8,
  d: 8,
  f: 4,
  b: 1,
  B: 1,
  t: 1,
  s: 2,
  u: 2,
  V: 0,
};

/** Whether a table's entries, bytes[from, to) without the table's own length, parse. */
export function tableParses(bytes: Uint8Array, from: number, to: number): boolean {
  return parses(new Cursor().over(bytes, from, to), true);
}

function parses(outer: Cursor, named: boolean): boolean {
  // Nested tables and arrays are taken one after the other: a hostile depth costs no stack.
  const todo: { from: number; to: number; named: boolean }[] = [{ from: outer.at, to: outer.end, named }];
  const cursor = new Cursor();
  try {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      cursor.over(outer.bytes, next.from, next.to);
      while (cursor.left > 0) {
        if (next.named) cursor.skip(cursor.octet());
        const type = String.fromCharCode(cursor.octet());
        const size = SIZES[type];
        if (size !== undefined) cursor.skip(size);
        else if (type === "S" || type === "x" || type === "F" || type === "A") {
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
