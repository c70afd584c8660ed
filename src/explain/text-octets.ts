/** Octets read as text: whether they are text, and of what kind. */
import type { HeaderWindow } from "./header-window.ts";

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Printable ASCII and the white space of text files. */
export function isTextOctet(octet: number): boolean {
  return (octet >= 0x20 && octet < 0x7f) || octet === 0x0a || octet === 0x0d || octet === 0x09;
}

/**
 * Whether octets are text: ASCII, or UTF-8 cut anywhere. Words of other scripts are accepted, single letters of them
 * are not: two arbitrary octets make one too easily.
 */
export function isText(octets: readonly number[]): boolean {
  if (octets.length === 0) return false;
  if (octets.every(isTextOctet)) return true;
  // Continuation octets at the start and a character begun at the end belong to what is cut off.
  let from = 0;
  while (from < 3 && from < octets.length && (octets[from]! & 0xc0) === 0x80) from++;
  for (let to = octets.length; to > octets.length - 4 && to > from; to--) {
    if (to < octets.length && octets[to]! < 0xc0) continue;
    const inside = octets.slice(from, to);
    if (inside.filter(octet => octet >= 0xc0).length < 2 && inside.filter(isTextOctet).length < 3) return false;
    if (inside.some(octet => octet < 0x20 && !isTextOctet(octet))) return false;
    try {
      STRICT.decode(Uint8Array.from(inside));
      return true;
    } catch {
      // Perhaps only the end is cut.
    }
  }
  return false;
}

/** `0??8ec-`: a `?` for an octet that is not known, `.` for one that is not printable ASCII. */
export function asText(window: HeaderWindow): string {
  return window
    .map(octet =>
      octet === null ? "?" : octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : octet === 0x0a ? "↵" : ".",
    )
    .join("");
}

/** What kind of text it looks like: a guess for people, "" if there is none. `?` stands for any character. */
export function kindOfText(text: string): string {
  const known = text.replaceAll("?", "");
  if (known.length >= 3 && new Set(known).size === 1) return "one character repeated: filler, or a test payload";
  if (/^[[(]?[\d?]{0,4}[-/.][\d?]{1,2}([-/.T ]|$)|\d:\d\d|\d\d:\d/.test(text) && /\d/.test(known)) {
    return "looks like a date or a time, as in a log line";
  }
  if (/[{}[\]]|":|",|^"/.test(text)) return "looks like JSON";
  if (/[<>]/.test(text)) return "looks like XML";
  if (/^[0-9a-f?-]+$/i.test(text) && /[a-f-]/i.test(known) && /\d/.test(known)) {
    return "looks like part of a UUID, a trace id or other hexadecimal text";
  }
  if (/^[\d?.,-]+$/.test(text)) return "digits";
  return "";
}
