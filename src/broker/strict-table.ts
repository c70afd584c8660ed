/**
 * Field tables as rabbit_binary_parser.erl parses them, in arguments, client properties and headers alike. An entry
 * must match one of its clauses completely; anything else crashes the process that parses it. Erlang has no NaN and no
 * infinity, so these match nothing. Neither keys nor values are checked for UTF-8.
 */
import { Undecodable, walkFields } from "../amqp/field-walk.ts";
import { type FieldLetter, TYPE_DOUBLE, TYPE_FLOAT } from "../amqp/spec/field-types.ts";
import { long, short } from "../bytes/big-endian.ts";
import { Cursor, PayloadOverrun, textAt } from "../bytes/cursor.ts";

/** Written by some clients, and unknown to RabbitMQ. */
const TYPE_U = 0x55;

/** Whether a table's entries, bytes[from, to) without the table's own length, parse. */
export function tableParses(bytes: Uint8Array, from: number, to: number): boolean {
  try {
    walkFields(new Cursor().over(bytes, from, to), {
      value: (type, at) => {
        if (type === TYPE_U) throw new Undecodable("unknown field type");
        if ((type === TYPE_FLOAT || type === TYPE_DOUBLE) && !isNumber(bytes, at, type)) {
          throw new Undecodable("no number");
        }
      },
      enter: () => true,
      leave: () => {},
    });
    return true;
  } catch (fault) {
    if (fault instanceof PayloadOverrun || fault instanceof Undecodable) return false;
    throw fault;
  }
}

/** The type letter of the first field of this name, or null. The table is known to parse. */
export function fieldType(bytes: Uint8Array, from: number, to: number, name: string): FieldLetter | null {
  let found: number | null = null;
  const look = (type: number, nameAt: number, nameSize: number): void => {
    if (found === null && textAt(bytes, nameAt, nameSize) === name) found = type;
  };
  walkFields(new Cursor().over(bytes, from, to), {
    value: (type, _at, _size, nameAt, nameSize) => look(type, nameAt, nameSize),
    enter: (type, _depth, nameAt, nameSize) => {
      look(type, nameAt, nameSize);
      return false;
    },
    leave: () => {},
  });
  return found === null ? null : (String.fromCharCode(found) as FieldLetter);
}

/** All exponent bits set are an infinity, or not a number. */
function isNumber(bytes: Uint8Array, at: number, type: number): boolean {
  if (type === TYPE_DOUBLE) return (short(bytes, at) & 0x7ff0) !== 0x7ff0;
  return (long(bytes, at) & 0x7f800000) !== 0x7f800000;
}
