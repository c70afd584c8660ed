/** The smallest frames of each kind, for tables. */
import { frame, headerPayload, hex, join, methodPayload, type Octets, text } from "../../support/wire.ts";

export { frame, join, type Octets };

/** basic.publish to the default exchange, routing key "jb": 19 octets. */
export function method(channel: number): Uint8Array {
  return frame(1, channel, methodPayload(60, 40, hex("0000 -- reserved\n 00 -- exchange\n 02 6a62 -- jb\n 00")));
}

/** A content header without properties: 22 octets. */
export function header(channel: number, bodySize: number): Uint8Array {
  return frame(2, channel, headerPayload(bodySize));
}

export function body(channel: number, content: string | Uint8Array): Uint8Array {
  return frame(3, channel, typeof content === "string" ? text(content) : content);
}

export const heartbeat = frame(8, 0, []);
