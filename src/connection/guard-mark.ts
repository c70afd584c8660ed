/**
 * How the connection.close that `ghostframe proxy --guard` writes is known in a recording: by its code, and by what the
 * reply text begins with. Whatever RabbitMQ says with this code begins otherwise, and names of clients stand behind that.
 */
import { REPLY_CODES } from "../amqp/spec/constants.ts";

export const GUARD_CODE = 501;
/** Behind the code's name. */
export const GUARD_MARK = "ghostframe: ";

/** Whether a close is the guard's: a recording must not blame the broker for it. */
export function isGuardClose({ code, text }: { code: number; text: string }): boolean {
  return code === GUARD_CODE && text.startsWith(`${REPLY_CODES[GUARD_CODE]!.name} - ${GUARD_MARK}`);
}
