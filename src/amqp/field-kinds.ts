import type { ArgumentType } from "./spec/methods.ts";

/**
 * The types of arguments and properties as small numbers: for every frame there are some to tell apart, and numbers
 * are told apart faster than names.
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
