import { textOf } from "../amqp/field-table.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import type { Values } from "../amqp/payload.ts";
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import type { Side } from "../net/connection-observer.ts";
import { withoutCredentials } from "./credentials.ts";
import { GUARD_MARK } from "./guard-mark.ts";
import { Incident } from "./incident.ts";
import type { Severity } from "./rules.ts";

/** A connection.close as it was sent. */
export interface Close {
  sender: Side;
  code: number;
  text: string;
  classId: number;
  methodId: number;
}

/** The arguments of connection.close or channel.close. */
export function readClose(sender: Side, values: Values): Close {
  return {
    sender,
    code: Number(values.get("reply-code")),
    text: withoutCredentials(textOf(values.get("reply-text"))),
    classId: Number(values.get("class-id")),
    methodId: Number(values.get("method-id")),
  };
}

/**
 * An error code in a close is a finding, as severe as the code means it: hard, soft, or an operator's wish. `what` was
 * closed; `scanner` is at the frame that did it.
 */
export function closeIncident(close: Close, what: string, client: Side, scanner: FrameScanner): Incident {
  const code = REPLY_CODES[close.code];
  const severity: Severity = close.code === 320 ? "note" : code?.soft ? "warning" : "error";
  const who = close.text.includes(GUARD_MARK) ? "guard" : close.sender === client ? "client" : "broker";
  const message = `The ${who} closed ${what}: ${close.code} ${close.text || (code?.name ?? "")}`;
  return new Incident("broker-close", severity, close.sender, scanner.frameOffset, scanner.frameMoment(), message);
}
