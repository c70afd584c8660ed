/**
 * Words among octets that nobody can vouch for: a token, a key or a password is a run of visible characters that is no
 * word of a language, no number of a few digits and no trace context.
 */
import { PIECE } from "./piece-set.ts";

/** What may stand between the words of a body: of JSON, of XML, of a header's text. */
const BETWEEN: ReadonlySet<number> = new Set(Array.from("\"'{}[](),:;<>&?|\\`", each => each.charCodeAt(0)));

/** One character again and again, words with dots and the like between, a number: no secret anybody has to keep. */
const PLAIN = (() => {
  // A field's type, a capital letter, may stand behind its name.
  const word = "(?:(?:[A-Z]?[a-z]+[A-Z]?|[A-Z]+)\\d{0,3}|\\d{1,4})";
  const between = "[._/+=@*#!-]";
  return new RegExp(`^(?:(.)\\1*|${between}*${word}(?:${between}+${word})*${between}*)$`);
})();
/** version-trace-parent-flags (W3C Trace Context §3.2), cut at either end; its length, 55, is the character 7. */
const TRACE_CONTEXT =
  /^(?:7?00-[0-9a-f]{0,32}|(?:7?00-)?(?:[0-9a-f]{0,32}-)?[0-9a-f]{1,16}-0[01]|7?00-[0-9a-f]{32}-[0-9a-f]{0,16})$/;

/** [from, to) of each word that may be a token, in order; and where there is one, of what the octets begin and end with. */
export function doubtfulWords(octets: Uint8Array): [from: number, to: number][] {
  const words = wordsOf(octets);
  const doubtful = words.filter(([from, to]) => to - from >= PIECE && isDoubtful(octets, from, to));
  if (doubtful.length === 0) return [];
  // A word that is cut may go on as anything.
  return words.filter(word => word[0] === 0 || word[1] === octets.length || doubtful.includes(word));
}

/** Whether a token may stand among octets. */
export function mayBeToken(octets: Uint8Array): boolean {
  return doubtfulWords(octets).length > 0;
}

function wordsOf(octets: Uint8Array): [number, number][] {
  const words: [number, number][] = [];
  for (let at = 0; at < octets.length; at++) {
    if (!isOfWord(octets[at]!)) continue;
    const last = words.at(-1);
    if (last !== undefined && last[1] === at) last[1]++;
    else words.push([at, at + 1]);
  }
  return words;
}

function isOfWord(octet: number): boolean {
  return octet > 0x20 && octet < 0x7f && !BETWEEN.has(octet);
}

function isDoubtful(octets: Uint8Array, from: number, to: number): boolean {
  const word = String.fromCharCode(...octets.subarray(from, Math.min(to, from + 256)));
  return to - from > 256 || !(PLAIN.test(word) || TRACE_CONTEXT.test(word));
}
