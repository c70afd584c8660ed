/**
 * Steps over the arguments of a method, or the properties of a content header, as fast as possible. True: they decode,
 * and their tables hold nothing unusual. False is no verdict: the full walk (payload.ts) decides, and finds what is
 * wrong, and where. This is done for every method frame and content header.
 *
 * Lengths are added up without a check where they lead, and no octet behind the payload is read: with a wrong length
 * the sum is not the payload's end.
 */
import { long, short } from "../bytes/big-endian.ts";
import { BIT, FIELD_KINDS, type FieldKind, KIND_SIZES, SHORTSTR, TABLE } from "./field-kinds.ts";
import { LEAST_CONTENT_HEADER, METHOD_IDS_SIZE } from "./spec/constants.ts";
import { FIELD_SIZES, LENGTH_AND_OCTETS, NO_TYPE, TYPE_LONGSTR, TYPE_TABLE } from "./spec/field-types.ts";
import { BASIC_PROPERTIES } from "./spec/properties.ts";

/** A step of a layout: a number of octets of fixed size, or one of these. */
const STEP_SHORTSTR = -1;
const STEP_TABLE = -2;

/** The layout of a method's arguments; null for one that only the walk can judge. */
export function layoutOf(list: readonly { kind: FieldKind }[]): Int8Array | null {
  const steps: number[] = [];
  let fixed = 0;
  let bits = 0;
  const flush = (): void => {
    fixed += Math.ceil(bits / 8);
    bits = 0;
  };
  for (const { kind } of list) {
    if (kind === BIT) {
      bits++;
      continue;
    }
    flush();
    if (kind === SHORTSTR) {
      if (fixed > 0) steps.push(fixed);
      fixed = 0;
      steps.push(STEP_SHORTSTR);
    } else if (KIND_SIZES[kind] > 0) fixed += KIND_SIZES[kind];
    else return null;
  }
  flush();
  if (fixed > 0) steps.push(fixed);
  return Int8Array.from(steps);
}

/** Whether the arguments of a method in bytes[start + 4, start + size) are certain to decode. */
export function argumentsFit(
  { layout }: { readonly layout: Int8Array | null },
  bytes: Uint8Array,
  start: number,
  size: number,
): boolean {
  if (layout === null) return false;
  const end = start + size;
  let at = start + METHOD_IDS_SIZE;
  for (let i = 0; i < layout.length; i++) {
    const step = layout[i]!;
    if (step > 0) at += step;
    else {
      if (at >= end) return false;
      at += 1 + bytes[at]!;
    }
  }
  return at === end;
}

/** What each property flag stands for, from the highest bit on: octets of fixed size, or a step. */
const PROPERTY_STEPS = BASIC_PROPERTIES.map(([, type]) => {
  const kind = FIELD_KINDS[type];
  return kind === SHORTSTR ? STEP_SHORTSTR : kind === TABLE ? STEP_TABLE : KIND_SIZES[kind];
});

/** Whether the properties of a content header, payload bytes[start, start + size) with size ≥ 14, are certain to decode. */
export function propertiesFit(bytes: Uint8Array, start: number, size: number): boolean {
  const end = start + size;
  let at = start + LEAST_CONTENT_HEADER;
  let flags = short(bytes, start + 12);
  if ((flags & 3) !== 0) return false;
  while (flags !== 0) {
    const i = Math.clz32(flags) - 16;
    flags &= 0x7fff >> i;
    const step = PROPERTY_STEPS[i]!;
    if (step > 0) at += step;
    else if (at >= end) return false;
    else if (step === STEP_SHORTSTR) at += 1 + bytes[at]!;
    else {
      at = tableEnd(bytes, at, end, 0);
      if (at < 0) return false;
    }
  }
  return at === end;
}

/**
 * The size of a value by its type, as FIELD_SIZES; NO_TYPE also for unusual types: floating-point numbers, because
 * Erlang does not accept NaN and infinity, and `U`, which RabbitMQ does not know.
 */
const PLAIN_SIZES = FIELD_SIZES.slice();
for (const letter of ["f", "d", "U"]) PLAIN_SIZES[letter.charCodeAt(0)] = NO_TYPE;

/** Where the table at `at` ends, if it decodes and holds nothing unusual; or −1. */
function tableEnd(bytes: Uint8Array, at: number, limit: number, depth: number): number {
  if (at + 4 > limit) return -1;
  const end = at + 4 + long(bytes, at);
  if (end > limit) return -1;
  let entry = at + 4;
  while (entry < end) {
    const name = bytes[entry]!;
    const value = entry + 1 + name;
    if (name < 4 && namesRoutes(bytes, entry + 1, name)) return -1;
    // Nearly all values are strings.
    if (value + 5 <= end && bytes[value] === TYPE_LONGSTR) entry = value + 5 + long(bytes, value + 1);
    else {
      entry = value < end ? valueEnd(bytes, value, end, depth) : -1;
      if (entry < 0) return -1;
    }
  }
  return entry === end ? end : -1;
}

/** Where the value ends whose type stands at `at`, before `limit`; or −1. The result may lie behind `limit`. */
function valueEnd(bytes: Uint8Array, at: number, limit: number, depth: number): number {
  const size = PLAIN_SIZES[bytes[at]!]!;
  if (size >= 0) return at + 1 + size;
  if (size === NO_TYPE || at + 5 > limit) return -1;
  if (size === LENGTH_AND_OCTETS) return at + 5 + long(bytes, at + 1);
  if (depth >= MAX_PLAIN_DEPTH) return -1;
  return bytes[at] === TYPE_TABLE
    ? tableEnd(bytes, at + 1, limit, depth + 1)
    : arrayEnd(bytes, at + 1, limit, depth + 1);
}

/** As tableEnd, for an array; its length is known to be there. */
function arrayEnd(bytes: Uint8Array, at: number, limit: number, depth: number): number {
  const end = at + 4 + long(bytes, at);
  if (end > limit) return -1;
  let value = at + 4;
  while (value < end) {
    value = valueEnd(bytes, value, end, depth);
    if (value < 0) return -1;
  }
  return value === end ? end : -1;
}

/** CC and BCC are further routing keys to RabbitMQ, and must be arrays. */
function namesRoutes(bytes: Uint8Array, at: number, size: number): boolean {
  return size >= 2 && bytes[at + size - 1] === LETTER_C && bytes[at + size - 2] === LETTER_C;
}

const LETTER_C = 0x43;
/** Tables in tables; deeper ones are left to the full walk. */
const MAX_PLAIN_DEPTH = 8;
