/**
 * Method arguments as RabbitMQ decodes them (rabbit_framing_amqp_0_9_1:decode_method_fields/2): first all lengths are
 * matched against the octets as a whole; then, in order, short strings are checked for UTF-8 and tables parsed
 * (rabbit_binary_parser). The order decides which error is reported.
 */

import { BIT, type FieldKind, SHORTSTR, stepOver, TABLE } from "../amqp/field-kinds.ts";
import { keyOf } from "../amqp/method-keys.ts";
import { METHODS, type Method } from "../amqp/method-registry.ts";
import { METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";
import { isErlangUtf8, isUnicodeUtf8 } from "./erlang-utf8.ts";
import { tableParses } from "./strict-table.ts";

export type ArgumentsCheck = "good" | "cannot-decode" | "bad-utf8" | "bad-table";

/** Judges the arguments in bytes[start + 4, start + size). */
export function checkArguments(
  method: Method,
  bytes: Uint8Array,
  start: number,
  size: number,
  unicode = false,
): ArgumentsCheck {
  const pieces: { kind: FieldKind; from: number; to: number }[] = [];
  const cursor = new Cursor().over(bytes, start + METHOD_IDS_SIZE, start + size);
  try {
    let bit = 8;
    for (const { kind } of method.arguments) {
      if (kind === BIT) {
        if (bit === 8) {
          cursor.skip(1);
          bit = 0;
        }
        bit++;
        continue;
      }
      bit = 8;
      const from = stepOver(cursor, kind);
      if (kind === SHORTSTR || kind === TABLE) pieces.push({ kind, from, to: cursor.at });
    }
  } catch (fault) {
    if (fault instanceof PayloadOverrun) return "cannot-decode";
    throw fault;
  }
  if (cursor.left > 0) return "cannot-decode";
  const isUtf8 = unicode ? isUnicodeUtf8 : isErlangUtf8;
  for (const { kind, from, to } of pieces) {
    if (kind === TABLE) {
      if (!tableParses(bytes, from, to)) return "bad-table";
    } else if (!method.content && !isUtf8(bytes, from, to)) return "bad-utf8";
  }
  return "good";
}

/** Methods whose arguments can be at fault though their lengths are right, by `class-id << 8 | method-id`. */
const strict = new Uint8Array(1 << 15);
for (const method of METHODS) {
  // Short strings of methods with content are not checked: they are many, and the check costs.
  const some = method.arguments.some(({ kind }) => kind === TABLE || (kind === SHORTSTR && !method.content));
  if (some) strict[keyOf(method.classId, method.methodId)] = 1;
}

/** Whether checkArguments can find a fault in arguments whose lengths are right. */
export function needsStrictCheck(method: Method): boolean {
  return strict[keyOf(method.classId, method.methodId)] === 1;
}
