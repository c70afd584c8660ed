/**
 * A quick look at payloads as nearly all of them are: true says that a payload decodes and holds nothing peculiar; false
 * says nothing, and the full walk has to decide. It is taken for every method frame and content header, and about three
 * times as fast as the walk, which also has to say what is wrong and where.
 *
 * Lengths are added up without a look at where they lead, and no octet is read behind the payload: a lying length leaves
 * it, and the sum then is not its end.
 */
import { long, short } from "../bytes/big-endian.ts";
import { BIT, FIELD_KINDS, type FieldKind, LONG, LONGLONG, OCTET, SHORT, SHORTSTR, TABLE } from "./field-kinds.ts";
import type { Method } from "./method-registry.ts";
import { BASIC_PROPERTIES } from "./spec/properties.ts";

/** A step of a layout: so many octets of fixed size, or one of these. */
const STEP_SHORTSTR = -1;
const STEP_TABLE = -2;

const FIXED: Readonly<Partial<Record<FieldKind, number>>> = { [OCTET]: 1, [SHORT]: 2, [LONG]: 4, [LONGLONG]: 8 };

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
    } else if (FIXED[kind] !== undefined) fixed += FIXED[kind];
    else return null;
  }
  flush();
  if (fixed > 0) steps.push(fixed);
  return Int8Array.from(steps);
}

/** Whether the arguments in bytes[start + 4, start + size) are certain to decode. */
export function argumentsFit(method: Method, bytes: Uint8Array, start: number, size: number): boolean {
  const { layout } = method;
  if (layout === null) return false;
  const end = start + size;
  let at = start + 4;
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
  return kind === SHORTSTR ? STEP_SHORTSTR : kind === TABLE ? STEP_TABLE : FIXED[kind]!;
});

/** Whether the properties of a content header, payload bytes[start, start + size) with size ≥ 14, are certain to decode. */
export function propertiesFit(bytes: Uint8Array, start: number, size: number): boolean {
  const end = start + size;
  let at = start + 14;
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
      at = tableEnd(bytes, at, end);
      if (at < 0) return false;
    }
  }
  return at === end;
}

const TYPE_LONGSTR = 0x53;

/** Where the table at `at` ends, if it holds strings, booleans and integers only, under names of four octets or more; or −1. */
function tableEnd(bytes: Uint8Array, at: number, limit: number): number {
  if (at + 4 > limit) return -1;
  const end = at + 4 + long(bytes, at);
  if (end > limit) return -1;
  let entry = at + 4;
  while (entry < end) {
    const name = bytes[entry]!;
    const value = entry + 1 + name;
    // Shorter names may be CC and BCC, which have a meaning of their own.
    if (name < 4 || value + 5 > end) return -1;
    const type = bytes[value]!;
    if (type === TYPE_LONGSTR) entry = value + 5 + long(bytes, value + 1);
    else if (type === 0x74 /* t */) entry = value + 2;
    else if (type === 0x49 /* I */) entry = value + 5;
    else if (type === 0x6c /* l */ || type === 0x54 /* T */) entry = value + 9;
    else return -1;
  }
  return entry === end ? end : -1;
}
