/**
 * Method arguments as RabbitMQ decodes them (rabbit_framing_amqp_0_9_1:decode_method_fields/2): first all lengths are
 * matched against the octets as a whole; then, in order, short strings are checked for UTF-8 and tables parsed
 * (rabbit_binary_parser). The order decides which error is reported.
 */

import { METHODS, type Method } from "../amqp/method-registry.ts";
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";
import { isErlangUtf8, isUnicodeUtf8 } from "./erlang-utf8.ts";
import { tableParses } from "./strict-table.ts";

export type ArgumentsJudgement = "good" | "cannot-decode" | "bad-utf8" | "bad-table";

const cursor = new Cursor();

/** Judges the arguments in bytes[start + 4, start + size). */
export function judgeArguments(
  method: Method,
  bytes: Uint8Array,
  start: number,
  size: number,
  unicode = false,
): ArgumentsJudgement {
  const pieces: { type: "shortstr" | "table"; from: number; to: number }[] = [];
  cursor.over(bytes, start + 4, start + size);
  try {
    let bit = 8;
    for (const { type } of method.arguments) {
      if (type !== "bit") bit = 8;
      switch (type) {
        case "bit":
          if (bit === 8) {
            cursor.skip(1);
            bit = 0;
          }
          bit++;
          break;
        case "octet":
          cursor.skip(1);
          break;
        case "short":
          cursor.skip(2);
          break;
        case "long":
          cursor.skip(4);
          break;
        case "longlong":
          cursor.skip(8);
          break;
        case "shortstr":
        case "longstr":
        case "table": {
          const length = type === "shortstr" ? cursor.octet() : cursor.long();
          const from = cursor.skip(length);
          if (type !== "longstr") pieces.push({ type, from, to: from + length });
        }
      }
    }
  } catch (fault) {
    if (fault instanceof PayloadOverrun) return "cannot-decode";
    throw fault;
  }
  if (cursor.left > 0) return "cannot-decode";
  const isUtf8 = unicode ? isUnicodeUtf8 : isErlangUtf8;
  for (const { type, from, to } of pieces) {
    if (type === "table") {
      if (!tableParses(bytes, from, to)) return "bad-table";
    } else if (!method.content && !isUtf8(bytes, from, to)) return "bad-utf8";
  }
  return "good";
}

/** Methods whose arguments can be at fault though their lengths are right, by `class-id << 8 | method-id`. */
const strict = new Uint8Array(1 << 15);
for (const method of METHODS) {
  // Short strings of methods with content are taken as they come: they are many, and the check costs.
  const some = method.arguments.some(({ type }) => type === "table" || (type === "shortstr" && !method.content));
  if (some) strict[(method.classId << 8) | method.methodId] = 1;
}

/** Whether judgeArguments can find fault with arguments whose lengths are right. */
export function needsStrictJudgement(method: Method): boolean {
  return strict[(method.classId << 8) | method.methodId] === 1;
}
