/**
 * Credentials in pasted text: in URLs, behind names, and in octets that were dumped as decimals or text. The names of
 * secrets, and the mask for URLs, are in connection/. A dump of a login (connection.start-ok, secure-ok,
 * update-secret, an AMQPLAIN table) is never turned into text, nor shown again.
 */

import { FRAME_HEADER_SIZE, FRAME_METHOD, METHOD_IDS_SIZE } from "../amqp/spec/constants.ts";
import { holdLoginIds } from "../connection/credentials.ts";
import { MASKED } from "../connection/discretion.ts";
import { mayBeToken } from "../connection/doubtful-words.ts";
import { SECRET_NAME } from "../connection/secret-names.ts";
import { withoutUrlPasswords } from "../connection/url-passwords.ts";

/** `password=…`, `"token": "…"`, `Authorization: Bearer …`. */
const NAMED_SECRET = new RegExp(
  String.raw`((?:${SECRET_NAME.source})[\w-]{0,20}["']?\s{0,3}[:=]\s{0,3}["']?(?:(?:Bearer|Basic)\s{1,3})?)[^\s"',;})]{4,500}`,
  "gi",
);

export function withoutPasswords(text: string): string {
  const urls = withoutUrlPasswords(text);
  return SECRET_NAME.test(urls) ? urls.replace(NAMED_SECRET, `$1${MASKED}`) : urls;
}

const LOGIN_METHODS = /connection\.(?:start[_-]ok|secure[_-]ok|update[_-]secret)/;
/** Whether octets, or the arguments of that operation, may hold a credential: by position, and by their contents. */
export function mayHoldCredential(octets: Uint8Array, operation: string | null): boolean {
  if (operation !== null && LOGIN_METHODS.test(operation)) return true;
  if (holdLoginIds(octets)) return true;
  const text = Array.from(octets, octet => String.fromCharCode(octet)).join("");
  if (SECRET_NAME.test(text) || /\bPLAIN\b/i.test(text)) return true;
  // A JWT, and the response of PLAIN: NUL, user, NUL, password.
  return /eyJ[\w-]{6}/.test(text) || /\0[!-~]{2,64}\0[!-~]{2}/.test(text);
}

/**
 * Octets of a frame, of which some are not known, up to where a credential may stand in them: behind the ids of a method that
 * carries one, or behind the frame's header.
 */
export function withoutCredential<Octet extends number | null>(octets: readonly Octet[]): Octet[] {
  const known = Uint8Array.from(octets, octet => octet ?? 1);
  for (let end = METHOD_IDS_SIZE; end <= known.length; end++) {
    if (holdLoginIds(known.subarray(end - METHOD_IDS_SIZE, end))) return octets.slice(0, end);
  }
  const behind = known.subarray(FRAME_HEADER_SIZE);
  const hides = mayHoldCredential(known, null) || (known[0] === FRAME_METHOD && mayBeToken(behind));
  return hides ? octets.slice(0, FRAME_HEADER_SIZE) : [...octets];
}

/** What a broker says of a connection whose client has not logged in yet: what it quotes may be the login. */
export const DURING_LOGIN = /\bhandshake_error\s?,\s?(?:starting|securing)|\bstate: (?:starting|securing)/;

/** A JSON web token as it is sent. */
const TOKEN = /eyJ[\w-]{6,8192}(?:\.[\w-]{0,8192}){0,2}/g;
/** Four or more octets, in decimals as Erlang prints a binary, or in hexadecimal digits. */
const DECIMALS = /\d{1,3}(?:,\s?\d{1,3}){3,2000}/g;
const HEXADECIMALS = /(?:[0-9a-f]{2}[ :]?){4,2000}/gi;

/** A quote without tokens, and without octets that may hold a credential, for any error. */
export function withoutLogins(quote: string): string {
  const unless = (run: string, octets: readonly number[]): string =>
    mayHoldCredential(Uint8Array.from(octets), null) ? MASKED : run;
  return quote
    .replace(TOKEN, MASKED)
    .replace(DECIMALS, run => unless(run, run.split(",").map(Number)))
    .replace(HEXADECIMALS, run =>
      unless(
        run,
        (run.match(/[0-9a-f]{2}/gi) ?? []).map(pair => Number.parseInt(pair, 16)),
      ),
    );
}

/** A quote in which binaries, and runs of numbers that may be one, are left out. */
export function withoutBinaries(quote: string): string {
  return quote.replace(/<<[^>]{0,4096}(?:>>)?/g, "<<…>>").replace(/\d{1,3}(?:,\s{0,8}\d{1,3}){3,2000}/g, "…");
}
