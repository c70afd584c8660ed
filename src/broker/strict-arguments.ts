/**
 * Method arguments as RabbitMQ decodes them (rabbit_framing_amqp_0_9_1:decode_method_fields/2): first all lengths are
 * matched against the octets as a whole; then, in order, short strings are checked for UTF-8 and tables parsed
 * (rabbit_binary_parser). The order decides which error is reported.
 */

import type { Method } from "../amqp/method-registry.ts";
import { Cursor, PayloadOverrun } from "../bytes/cursor.ts";
import { validUtf8 } from "./erlang-term.ts";
import { tableParses } from "./strict-table.ts";

export type ArgumentsJudgement = "good" | "cannot-decode" | "bad-utf8" | "bad-table";

/** Methods whose short strings are taken as they come: they are many, and the check costs. */
const UNCHECKED = new Set(["basic.publish", "basic.return", "basic.deliver", "basic.get-ok"]);

const cursor = new Cursor();

/** Judges the arguments in bytes[start + 4, start + size). */
export function judgeArguments(method: Method, bytes: Uint8Array, start: number, size: number): ArgumentsJudgement {
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
  for (const { type, from, to } of pieces) {
    if (type === "table") {
      if (!tableParses(bytes, from, to)) return "bad-table";
    } else if (!UNCHECKED.has(method.name) && validUtf8(bytes.subarray(from, to)) === null) return "bad-utf8";
  }
  return "good";
}

/** Whether judgeArguments can find fault with arguments whose lengths are right. */
export function needsStrictJudgement(method: Method): boolean {
  return method.arguments.some(({ type }) => type === "table" || (type === "shortstr" && !UNCHECKED.has(method.name)));
}
