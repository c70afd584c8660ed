/**
 * Walks through the entries of a field table, nested tables and arrays included, and checks every length. A visitor
 * decides what is done with the values: nothing (does it decode?), collecting them, being as strict as RabbitMQ.
 *
 * Two others walk by themselves, with the same table of types: argument-skip.ts, on the hot path, and the mask of
 * credentials, which follows octets as they come.
 */
import type { Cursor } from "../bytes/cursor.ts";
import { FIELD_SIZES, LENGTH_AND_FIELDS, LENGTH_AND_OCTETS, NO_TYPE, TYPE_TABLE } from "./spec/field-types.ts";

/** Thrown inside a payload decoder where octets do not decode; turned into a fault there, as PayloadOverrun is. */
export class Undecodable extends Error {
  override name = "Undecodable";
}

export interface FieldVisitor {
  /**
   * A value of type `type` (its letter's octet), octets `at` to `at + size`; of a long string without its length. Its
   * name is octets `nameAt` to `nameAt + nameSize`, or `nameAt` is −1 in an array.
   */
  value(type: number, at: number, size: number, nameAt: number, nameSize: number): void;
  /** A table or array begins, nested `depth` deep (from 1 on). False: it is stepped over, and not left. */
  enter(type: number, depth: number, nameAt: number, nameSize: number): boolean;
  /** The table or array entered last ends. */
  leave(): void;
}

/**
 * Goes through the entries of a table without its length, from `cursor.at` to `cursor.end`. Throws PayloadOverrun,
 * Undecodable, and what the visitor throws. A hostile depth costs no stack.
 */
export function walkFields(cursor: Cursor, visitor: FieldVisitor): void {
  /** Of each table or array around the present one: where it ends, and whether its values have names. */
  const around: { end: number; named: boolean }[] = [];
  let named = true;
  for (;;) {
    if (cursor.left === 0) {
      const outer = around.pop();
      if (outer === undefined) return;
      cursor.end = outer.end;
      named = outer.named;
      visitor.leave();
      continue;
    }
    const nameSize = named ? cursor.octet() : 0;
    const nameAt = named ? cursor.skip(nameSize) : -1;
    const type = cursor.octet();
    const kind = FIELD_SIZES[type]!;
    if (kind === NO_TYPE) throw new Undecodable(`unknown field type 0x${type.toString(16).padStart(2, "0")}`);
    const size = kind >= 0 ? kind : cursor.long();
    const at = cursor.skip(size);
    if (kind >= 0 || kind === LENGTH_AND_OCTETS) visitor.value(type, at, size, nameAt, nameSize);
    else if (kind === LENGTH_AND_FIELDS && visitor.enter(type, around.length + 1, nameAt, nameSize)) {
      around.push({ end: cursor.end, named });
      cursor.at = at;
      cursor.end = at + size;
      named = type === TYPE_TABLE;
    }
  }
}
