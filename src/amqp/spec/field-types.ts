/**
 * The types of values in field tables and arrays, by the letter that stands before each value.
 *
 *   field table (§4.2.5.5):  size:32  { name-length:8 name type:8 value }*
 *   field array:             size:32  { type:8 value }*
 *
 * §4.2.1 and RabbitMQ disagree on some types (its rabbit_binary_parser.erl and errata page): `s` is a short string in
 * one and a signed 16-bit integer in the other, `l` unsigned or signed. We read them as RabbitMQ and its clients do.
 * `U` is written by some clients for a signed 16-bit integer, and RabbitMQ does not know it.
 */

/** Octets of a value; or these: a long and that many octets; a long and that many octets of fields. */
export const LENGTH_AND_OCTETS = -1;
export const LENGTH_AND_FIELDS = -2;
/** No type at all. */
export const NO_TYPE = -3;

export const FIELD_TYPES = {
  t: { name: "boolean", size: 1 },
  b: { name: "signed 8-bit integer", size: 1 },
  B: { name: "unsigned 8-bit integer", size: 1 },
  U: { name: "signed 16-bit integer, as some clients write it", size: 2 },
  s: { name: "signed 16-bit integer", size: 2 },
  u: { name: "unsigned 16-bit integer", size: 2 },
  I: { name: "signed 32-bit integer", size: 4 },
  i: { name: "unsigned 32-bit integer", size: 4 },
  l: { name: "signed 64-bit integer", size: 8 },
  L: { name: "signed 64-bit integer", size: 8 },
  f: { name: "float", size: 4 },
  d: { name: "double", size: 8 },
  D: { name: "decimal: scale 8, value 32 bits", size: 5 },
  T: { name: "timestamp: seconds, 64 bits", size: 8 },
  V: { name: "void", size: 0 },
  S: { name: "long string", size: LENGTH_AND_OCTETS },
  x: { name: "octets", size: LENGTH_AND_OCTETS },
  F: { name: "field table", size: LENGTH_AND_FIELDS },
  A: { name: "field array", size: LENGTH_AND_FIELDS },
} as const satisfies Record<string, { name: string; size: number }>;

export type FieldLetter = keyof typeof FIELD_TYPES;

/** By the octet of the letter: the size of its values, or one of the three above. */
export const FIELD_SIZES = new Int8Array(256).fill(NO_TYPE);
for (const [letter, { size }] of Object.entries(FIELD_TYPES)) FIELD_SIZES[letter.charCodeAt(0)] = size;

/** Octets of these letters. */
export const TYPE_BOOLEAN = 0x74;
export const TYPE_LONGSTR = 0x53;
export const TYPE_OCTETS = 0x78;
export const TYPE_TABLE = 0x46;
export const TYPE_FLOAT = 0x66;
export const TYPE_DOUBLE = 0x64;
