/** Whose connection.close it is: names of clients must not pass for ghostframe's mark. */
import { expect, it } from "vitest";
import { ownCloser } from "../../src/connection/own-close.ts";

it.each<[code: number, text: string, who: "guard" | "proxy" | null]>([
  [501, "FRAME_ERROR - ghostframe: The body frame at offset 7 must end with 0xce", "guard"],
  [320, "CONNECTION_FORCED - ghostframe: the proxy shuts down", "proxy"],
  [320, "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", null],
  [320, "FRAME_ERROR - ghostframe: x", null],
  [501, "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,5,4}", null],
  [501, 'FRAME_ERROR - cannot decode <<"ghostframe: x">>', null],
  [530, "NOT_ALLOWED - vhost ghostframe: x not found", null],
  [530, "FRAME_ERROR - ghostframe: x", null],
  [404, "NOT_FOUND - no queue 'ghostframe: ' in vhost '/'", null],
])("%i %s", (code, text, who) => {
  expect(ownCloser({ code, text })).toBe(who);
});
