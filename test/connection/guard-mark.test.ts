/** Whose connection.close it is: names of clients must not pass for the guard's mark. */
import { expect, it } from "vitest";
import { isGuardClose } from "../../src/connection/guard-mark.ts";

it.each<[code: number, text: string, isGuard: boolean]>([
  [501, "FRAME_ERROR - ghostframe: The body frame at offset 7 must end with 0xce", true],
  [501, "FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,5,4}", false],
  [501, 'FRAME_ERROR - cannot decode <<"ghostframe: x">>', false],
  [530, "NOT_ALLOWED - vhost ghostframe: x not found", false],
  [530, "FRAME_ERROR - ghostframe: x", false],
  [404, "NOT_FOUND - no queue 'ghostframe: ' in vhost '/'", false],
])("%i %s", (code, text, isGuard) => {
  expect(isGuardClose({ code, text })).toBe(isGuard);
});
