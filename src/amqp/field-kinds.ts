import type { Cursor } from "../bytes/cursor.ts";
import type { ArgumentType } from "./spec/methods.ts";

/**
 * The types of arguments and properties as small numbers: every frame has some, and numbers are compared faster than
 * names.
 */
export const BIT = 0;
export const OCTET = 1;
export const SHORT = 2;
export const LONG = 3;
export const LONGLONG = 4;
export const SHORTSTR = 5;
export const LONGSTR = 6;
export const TABLE = 7;

export const FIELD_KINDS = {
  bit: BIT,
  octet: OCTET,
  short: SHORT,
  long: LONG,
  longlong: LONGLONG,
  shortstr: SHORTSTR,
  longstr: LONGSTR,
  table: TABLE,
} as const satisfies Record<ArgumentType, number>;

export type FieldKind = (typeof FIELD_KINDS)[ArgumentType];

/** Octets of a field by its kind, or one of these (§4.2.5). Bits that stand side by side share an octet. */
export const LENGTH_OCTET = -1;
export const LENGTH_LONG = -2;
export const SHARED_OCTET = -3;
export const KIND_SIZES = {
  [BIT]: SHARED_OCTET,
  [OCTET]: 1,
  [SHORT]: 2,
  [LONG]: 4,
  [LONGLONG]: 8,
  [SHORTSTR]: LENGTH_OCTET,
  [LONGSTR]: LENGTH_LONG,
  [TABLE]: LENGTH_LONG,
} as const satisfies Record<FieldKind, number>;

/**
 * Steps over a field that is no bit, and returns the index of its first octet, behind its length if it has one. The
 * field ends at `cursor.at`. Throws PayloadOverrun.
 */
export function stepOver(cursor: Cursor, kind: Exclude<FieldKind, typeof BIT>): number {
  const size = KIND_SIZES[kind];
  if (size > 0) return cursor.skip(size);
  return cursor.skip(size === LENGTH_OCTET ? cursor.octet() : cursor.long());
}
