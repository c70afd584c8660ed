/**
 * How a connection.close that `ghostframe proxy` writes is recognised in a recording: by its code, and by the beginning
 * of its reply text. RabbitMQ's texts with 501 begin otherwise, with names of clients only behind that; with 320 an
 * operator would have to choose these words.
 */
import { REPLY_CODES } from "../amqp/spec/constants.ts";

/** The guard stops a corrupt stream. */
export const GUARD_CODE = 501;
/** The proxy shuts down. */
export const SHUTDOWN_CODE = 320;
/** Behind the code's name. */
export const OWN_MARK = "ghostframe: ";

/** Which part of ghostframe wrote a close; null if ghostframe did not: a recording must not blame the broker for it. */
export function ownCloser({ code, text }: { code: number; text: string }): "guard" | "proxy" | null {
  if (code !== GUARD_CODE && code !== SHUTDOWN_CODE) return null;
  if (!text.startsWith(`${REPLY_CODES[code]!.name} - ${OWN_MARK}`)) return null;
  return code === GUARD_CODE ? "guard" : "proxy";
}
