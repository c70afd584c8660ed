/** A recovered message as `recover --format ndjson` prints it; docs/recover.md describes it. */
import type { FieldLetter } from "../amqp/spec/field-types.ts";
import { exactLonglong, long, short } from "../bytes/big-endian.ts";
import type { Discretion } from "../connection/discretion.ts";
import { SECRET_NAME } from "../connection/secret-names.ts";
import type { Span } from "../forensics/diagnosis.ts";
import type { MessageRecord } from "../report/message-record.ts";
import { type Fate, isSure } from "./lost-publish.ts";
import { proofOf } from "./proof.ts";
import type { RecoveredMessage } from "./recover.ts";
import { exactText, type WireField, type WireProperty, wireFields, wireProperties } from "./wire-fields.ts";

export const RECOVERED_SCHEMA = "ghostframe.recovered/1";

/** Version 1 changes only by addition. Unknown values are left out. */
export interface RecoveredRecord
  extends Omit<
    MessageRecord,
    "schema" | "operation" | "queue" | "consumerTag" | "deliveryTag" | "redelivered" | "outcome"
  > {
  schema: typeof RECOVERED_SCHEMA;
  fate: Fate;
  /** Why that is known, in a sentence. */
  proof: string;
  /** All of the message is there. */
  whole: boolean;
  /** It is certain to be this message. If whole but not certain, it may be a mixture of two: frames that look alike. */
  sure: boolean;
  /** The confidence of its diagnosis. */
  confidence: number;
  mandatory?: true;
  immediate?: true;
  properties?: TypedValue[];
  body?: Body;
  /** Octets of the body that are there. */
  bodyOctets: number;
  /** Stretches of the client's stream that hold its frames: offset and octets. */
  spans: readonly Span[];
  /** Those of its octets that may be another message's; left out if there are none. */
  doubtful?: readonly Span[];
}

/** Text if the octets are UTF-8, else Base64. */
export type Body = { text: string } | { base64: string };

/** A property, or an entry of a table or array, with its type on the wire. */
export interface TypedValue {
  /** Left out in arrays. */
  name?: string;
  type: string;
  /** 64-bit integers that a double does not hold are text; octets that are no UTF-8 are Base64. */
  value?: string | number | boolean | { base64: string } | { scale: number; value: number } | TypedValue[];
}

const TYPE_NAMES: Readonly<Record<FieldLetter, string>> = {
  t: "boolean",
  b: "int8",
  B: "uint8",
  U: "int16-U",
  s: "int16",
  u: "uint16",
  I: "int32",
  i: "uint32",
  l: "int64",
  L: "int64-L",
  f: "float",
  d: "double",
  D: "decimal",
  T: "timestamp",
  V: "void",
  S: "longstr",
  x: "octets",
  F: "table",
  A: "array",
};

export function recoveredRecord({ lost, content }: RecoveredMessage): RecoveredRecord {
  const { schema: _, operation: __, outcome: ___, input, streamOffset, packets, ...record } = lost.record;
  const { fate, confidence, spans, discretion, doubtful } = lost;
  const whole = content?.isWhole === true;
  const kept: RecoveredRecord = {
    schema: RECOVERED_SCHEMA,
    ...record,
    fate,
    proof: proofOf({ lost, content }),
    whole,
    sure: whole && isSure(lost),
    confidence,
    input,
    streamOffset,
    packets,
    spans,
    bodyOctets: content?.body.length ?? 0,
    ...(doubtful.length === 0 ? {} : { doubtful }),
  };
  if (content === null) return kept;
  // A writer may use several channels; the diagnosis names the first.
  kept.channel = content.channel;
  if (content.bodySize >= 0) kept.size = content.bodySize;
  if (content.mandatory) kept.mandatory = true;
  if (content.immediate) kept.immediate = true;
  if (content.header !== null) {
    kept.properties = wireProperties(content.header).map(property => typedProperty(property, discretion));
    kept.body = bodyOf(content.body);
  }
  return kept;
}

function bodyOf(octets: Uint8Array): Body {
  const text = exactText(octets);
  return text === null ? { base64: base64(octets) } : { text };
}

function typedProperty({ name, type, octets }: WireProperty, discretion: Discretion): TypedValue {
  switch (type) {
    case "octet":
      return { name, type, value: octets[0]! };
    case "longlong":
      return { name, type, value: exact(exactLonglong(octets, 0)) };
    case "shortstr":
      return { name, type, value: textOrBase64(name, octets, discretion) };
    case "table":
      return { name, type, value: wireFields(octets).map(field => typedField(field, discretion)) };
  }
}

function typedField({ name, letter, octets, fields }: WireField, discretion: Discretion): TypedValue {
  const shownName = name === null ? "" : (exactText(name) ?? String.fromCharCode(...name));
  const type = TYPE_NAMES[letter];
  const value = hidesValue(letter, shownName)
    ? discretion.value(shownName, "")
    : (fields?.map(field => typedField(field, discretion)) ?? typedValue(letter, octets, shownName, discretion));
  const named = name === null ? {} : { name: discretion.text(shownName) };
  return { ...named, type, ...(value === undefined ? {} : { value }) };
}

/** Whether a value authenticates somebody by its name; a boolean does not. */
function hidesValue(letter: FieldLetter, name: string): boolean {
  return letter !== "t" && letter !== "V" && SECRET_NAME.test(name);
}

function typedValue(
  letter: FieldLetter,
  octets: Uint8Array,
  name: string,
  discretion: Discretion,
): TypedValue["value"] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  switch (letter) {
    case "t":
      return octets[0] !== 0;
    case "b":
      return view.getInt8(0);
    case "B":
      return octets[0]!;
    case "U":
    case "s":
      return view.getInt16(0);
    case "u":
      return short(octets, 0);
    case "I":
      return view.getInt32(0);
    case "i":
      return long(octets, 0);
    case "l":
    case "L":
      return exact(view.getBigInt64(0));
    case "f":
      return finite(view.getFloat32(0));
    case "d":
      return finite(view.getFloat64(0));
    case "D":
      return { scale: octets[0]!, value: view.getInt32(1) };
    case "T":
      return exact(view.getBigUint64(0));
    case "x":
      return { base64: base64(octets) };
    case "S":
      return textOrBase64(name, octets, discretion);
    case "V":
    case "F":
    case "A":
      return undefined;
  }
}

/** JSON has no word for these. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

function exact(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function textOrBase64(name: string, octets: Uint8Array, discretion: Discretion): string | { base64: string } {
  const text = exactText(octets);
  return text === null ? { base64: base64(octets) } : discretion.value(name, text);
}

/** Octets that are turned into characters at a time: a multiple of 3, so that pieces need no padding. */
const PIECE = 0x6000;

export function base64(octets: Uint8Array): string {
  let text = "";
  for (let at = 0; at < octets.length; at += PIECE) {
    text += btoa(String.fromCharCode(...octets.subarray(at, at + PIECE)));
  }
  return text;
}
