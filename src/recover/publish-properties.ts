/**
 * The properties of a recovered message in amqplib's form, so that it sends the original content header octet for
 * octet, with our headers behind the last one. What amqplib cannot send like that is refused.
 *
 * In a field table amqplib chooses the types, unless a value names its own: `{ "!": "int64", value }` (its README,
 * "headers"). Its tables are objects: no name can stand twice, and names that are whole numbers come first.
 */
import { exactLonglong, long, short } from "../bytes/big-endian.ts";
import { exactText, type WireField, wireFields, wireProperties } from "./wire-fields.ts";

/** A value of a table, as amqplib encodes it. */
export type AmqplibValue = null | string | Uint8Array | AmqplibTable | AmqplibValue[] | { "!": string; value: unknown };
export interface AmqplibTable {
  [name: string]: AmqplibValue;
}

/** Options of amqplib's `publish`. */
export interface PublishProperties {
  contentType?: string;
  contentEncoding?: string;
  headers: AmqplibTable;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  expiration?: string;
  messageId?: string;
  timestamp?: number;
  type?: string;
  userId?: string;
  appId?: string;
}

/** amqplib encodes a message's table into this many octets at most. */
export const MAX_TABLE_OCTETS = 65_536;
/** Where the weight stands in a content header: behind the class. It has no meaning, and amqplib sends 0. */
const WEIGHT_AT = 2;

/** Thrown inside this file if amqplib would send other octets; turned into its sentence. */
class Inexact extends Error {
  override name = "Inexact";
}

/** `header`: the payload of a content header that decodes. A clause names why its octets cannot be sent again. */
export function publishProperties(
  header: Uint8Array,
  added: Readonly<Record<string, string>>,
): PublishProperties | string {
  try {
    if (short(header, WEIGHT_AT) !== 0) throw new Inexact("its content header has a weight");
    const properties: PublishProperties = { headers: Object.create(null) as AmqplibTable };
    let octets = 0;
    for (const property of wireProperties(header)) {
      const { name, octets: value } = property;
      switch (name) {
        case "headers":
          octets = value.length;
          properties.headers = tableOf(wireFields(value));
          break;
        case "delivery-mode":
          properties.deliveryMode = value[0]!;
          break;
        case "priority":
          properties.priority = value[0]!;
          break;
        case "timestamp":
          properties.timestamp = safeNumber(exactLonglong(value, 0));
          break;
        case "reserved":
          throw new Inexact("it has the reserved property (cluster-id)");
        default:
          properties[TEXT_PROPERTIES[name]] = textOf(value, name);
      }
    }
    for (const [name, text] of Object.entries(added)) {
      set(properties.headers, name, text);
      octets += 6 + name.length + 3 * text.length;
    }
    if (octets > MAX_TABLE_OCTETS) throw new Inexact(`its headers are longer than ${MAX_TABLE_OCTETS} octets`);
    return properties;
  } catch (error) {
    if (error instanceof Inexact) return error.message;
    throw error;
  }
}

const TEXT_PROPERTIES = {
  "content-type": "contentType",
  "content-encoding": "contentEncoding",
  "correlation-id": "correlationId",
  "reply-to": "replyTo",
  expiration: "expiration",
  "message-id": "messageId",
  type: "type",
  "user-id": "userId",
  "app-id": "appId",
} as const;

function tableOf(fields: readonly WireField[]): AmqplibTable {
  const table = Object.create(null) as AmqplibTable;
  const names: string[] = [];
  for (const field of fields) {
    const name = textOf(field.name!, "the name of a header");
    if (Object.hasOwn(table, name)) throw new Inexact("a header stands twice");
    names.push(name);
    set(table, name, valueOfField(field));
  }
  // amqplib would read this as a value that names its type.
  if (Object.hasOwn(table, "!")) throw new Inexact('a header is called "!"');
  if (Object.keys(table).some((name, i) => name !== names[i])) throw new Inexact("names of its headers are numbers");
  return table;
}

/** Plain assignment would treat `__proto__` specially. */
function set(table: AmqplibTable, name: string, value: AmqplibValue): void {
  Object.defineProperty(table, name, { value, enumerable: true, writable: true, configurable: true });
}

function valueOfField({ letter, octets, fields }: WireField): AmqplibValue {
  if (fields !== null) return letter === "F" ? tableOf(fields) : fields.map(valueOfField);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  switch (letter) {
    case "S":
      return textOf(octets, "a header");
    case "x":
      // amqplib would read any other array of octets as a table.
      return Buffer.from(octets);
    case "V":
      return null;
    case "t":
      if (octets[0]! > 1) throw new Inexact("a boolean of its headers is neither 0 nor 1");
      return { "!": "boolean", value: octets[0] === 1 };
    case "b":
      return { "!": "int8", value: view.getInt8(0) };
    case "B":
      return { "!": "uint8", value: octets[0]! };
    case "s":
      return { "!": "int16", value: view.getInt16(0) };
    case "u":
      return { "!": "uint16", value: short(octets, 0) };
    case "I":
      return { "!": "int32", value: view.getInt32(0) };
    case "i":
      return { "!": "uint32", value: long(octets, 0) };
    case "l":
      return { "!": "int64", value: view.getBigInt64(0) };
    case "T":
      return { "!": "timestamp", value: view.getBigUint64(0) };
    case "D":
      return { "!": "decimal", value: { places: octets[0]!, digits: long(octets, 1) } };
    case "f":
      return { "!": "float", value: numberOf(view.getFloat32(0)) };
    case "d":
      return { "!": "double", value: numberOf(view.getFloat64(0)) };
    default:
      throw new Inexact(`its headers have a value of type ${letter}`);
  }
}

/** A NaN has many forms, and JavaScript keeps one. */
function numberOf(value: number): number {
  if (Number.isNaN(value)) throw new Inexact("a number of its headers is NaN");
  return value;
}

function safeNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Inexact("its timestamp is larger than 2^53");
  return Number(value);
}

function textOf(octets: Uint8Array, what: string): string {
  const text = exactText(octets);
  if (text === null) throw new Inexact(`${what} is no UTF-8`);
  return text;
}
