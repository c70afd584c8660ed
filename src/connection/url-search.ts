/**
 * Finds in the octets of method and header frames what authenticates somebody in URLs (`amqp://user:password@host` in a client
 * property, a header, an argument), over any chunking, so that a copy of the octets can be masked.
 *
 * In doubt it finds more: where the octets at hand end within a URL, all that may belong to its user and password. Only text is
 * found, and no octet behind the field that holds it, so that lengths and frames stay as they are.
 */
import { FRAME_END, isFrameType } from "../amqp/spec/constants.ts";
import { TYPE_LONGSTR } from "../amqp/spec/field-types.ts";
import { long } from "../bytes/big-endian.ts";
import { urlPasswordSpans } from "./url-passwords.ts";

const COLON = 0x3a;
const SLASH = 0x2f;
const SPACE = 0x20;
const DELETE = 0x7f;
/** What stands between scheme and user. */
const BEHIND_SCHEME = "://";
/** Octets of text that are read at a time behind a scheme, and those of them that are read again with what follows. */
const TEXT_OCTETS = 4096;
const OVERLAP = 1024;
/** Octets of a user and a password that are masked where they are cut. */
const LONGEST = 1024;
/** Schemes in such a text; where there are more, all of it is found. */
const MAX_SCHEMES = 8;
/** Octets in front of a scheme among which its field's length is looked for. */
const LOOK_BACK = 1024;

export class UrlSearch {
  /** Stretches [from, to) of the octets searched since this was emptied; they may overlap. */
  readonly found: [number, number][] = [];
  /** Octets that may still belong to the user and password that were cut. */
  #left = 0;
  /** Characters of `://` that came last. */
  #begun = 0;
  /** Octets to come of the field in which the last octets ended; infinite where that is not known. */
  #fieldLeft = Number.POSITIVE_INFINITY;

  /** Searches bytes[from, to). `goesOn`: what follows there will come with the next octets. */
  search(bytes: Uint8Array, from: number, to: number, goesOn: boolean): void {
    let at = this.#left > 0 ? this.#goOn(bytes, from, to, goesOn) : from;
    if (this.#begun > 0) at = this.#complete(bytes, from, to, goesOn);
    while (at < to) {
      const isScheme =
        bytes[at] === SLASH && at > from && bytes[at - 1] === COLON && at + 1 < to && bytes[at + 1] === SLASH;
      at = isScheme ? this.#read(bytes, [from, at + 2, to], goesOn) : at + 1;
    }
    if (to <= from) return;
    this.#fieldLeft = goesOn ? this.#fieldEnd(bytes, from, to, false) - to : Number.POSITIVE_INFINITY;
    if (!goesOn || this.#begun > 0) return;
    if (bytes[to - 1] === COLON) this.#begun = 1;
    else if (bytes[to - 1] === SLASH && to - 2 >= from && bytes[to - 2] === COLON) this.#begun = 2;
  }

  /** The rest of a user and password that were cut; returns the position behind. */
  #goOn(bytes: Uint8Array, from: number, to: number, goesOn: boolean): number {
    const until = Math.min(to, from + this.#left);
    let at = from;
    while (at < until && isText(bytes, at, to) && !endsUserInfo(bytes[at]!)) at++;
    if (at > from) this.found.push([from, at]);
    this.#left = at === to && goesOn ? this.#left - (at - from) : 0;
    return at;
  }

  /** The rest of `://`; returns the position from which others are searched for. */
  #complete(bytes: Uint8Array, from: number, to: number, goesOn: boolean): number {
    const rest = BEHIND_SCHEME.length - this.#begun;
    for (let i = 0; i < rest; i++) {
      if (from + i === to && goesOn) {
        this.#begun += i;
        return to;
      }
      if (from + i < to && bytes[from + i] === SLASH) continue;
      this.#begun = 0;
      return from;
    }
    this.#begun = 0;
    return this.#read(bytes, [from, from + rest, to], goesOn);
  }

  /** The text behind a scheme's `://` at `start` in the stretch [from, to); returns from where the search goes on. */
  #read(bytes: Uint8Array, [from, start, to]: readonly [number, number, number], goesOn: boolean): number {
    const fieldEnd = this.#fieldEnd(bytes, from, start, true);
    const until = Math.min(to, start + TEXT_OCTETS, fieldEnd);
    let end = start;
    while (end < until && isText(bytes, end, to)) end++;
    // Octets of UTF-8 are no blanks, whatever they are by themselves: 0xa0.
    const octets = bytes.subarray(start, end).map(octet => (octet < DELETE ? octet : 0xff));
    const text = `x${BEHIND_SCHEME}${String.fromCharCode(...octets)}`;
    const first = start - 1 - BEHIND_SCHEME.length;
    if (text.split(BEHIND_SCHEME, MAX_SCHEMES + 2).length > MAX_SCHEMES + 1) this.found.push([start, end]);
    else for (const [a, b] of urlPasswordSpans(text)) this.found.push([first + a, first + b]);
    if (end === to && goesOn && fieldEnd > to) {
      let cut = end;
      while (cut > start && end - cut < LONGEST && !endsUserInfo(bytes[cut - 1]!)) cut--;
      // The text's last word, if it may be a part of a URL.
      if (cut === start || includesScheme(bytes, cut, end)) {
        if (cut < end) this.found.push([cut, end]);
        this.#left = Math.min(LONGEST, fieldEnd - to);
      }
    }
    const behind = end === start + TEXT_OCTETS ? end - OVERLAP : end;
    return lastScheme(bytes, start, Math.min(to, behind + 2)) ?? behind;
  }

  /**
   * Where the long string ends that holds the text at `start`, or the short one if `orShort`; infinite where its length did not
   * come. A length's last octets may be printable themselves: of two rows of short strings that it could be in, the later end counts.
   */
  #fieldEnd(bytes: Uint8Array, from: number, start: number, orShort: boolean): number {
    let first = start;
    while (first > from && start - first < LOOK_BACK && bytes[first - 1]! >= SPACE) first--;
    if (first === from) return from + this.#fieldLeft;
    for (let at = first; at <= Math.min(first + 2, start); at++) {
      if (at - 4 < from || bytes[at - 4] !== 0 || (at - 5 >= from && bytes[at - 5] !== TYPE_LONGSTR)) continue;
      const end = at + long(bytes, at - 4);
      if (end > start) return end;
    }
    const end = Math.max(shortStringEnd(bytes, first - 1, start), shortStringEnd(bytes, first, start));
    return orShort && end > start ? end : Number.POSITIVE_INFINITY;
  }
}

/** Where the short string ends that holds the octet at `start`, if the one whose length is at `at` begins a row of them. */
function shortStringEnd(bytes: Uint8Array, at: number, start: number): number {
  let end = at;
  while (end <= start) end += 1 + bytes[end]!;
  return end;
}

/** Whether the octet at `at` may be one of a text: of the octets from 0x80 on, all but what ends a frame. */
function isText(bytes: Uint8Array, at: number, to: number): boolean {
  const octet = bytes[at]!;
  if (octet < SPACE || octet === DELETE) return false;
  return octet !== FRAME_END || (at + 1 < to && !isFrameType(bytes[at + 1]!));
}

/** Blanks, quotes and angle brackets. */
function endsUserInfo(octet: number): boolean {
  return octet === SPACE || octet === 0x22 || octet === 0x27 || octet === 0x3c || octet === 0x3e;
}

/**
 * Where the slashes of the last `://` in [from, to) begin; null where there is none. What stands there may be a field of its own,
 * and the end of the one before it may not be known.
 */
function lastScheme(bytes: Uint8Array, from: number, to: number): number | null {
  for (let at = to - 2; at > from; at--)
    if (bytes[at] === SLASH && bytes[at - 1] === COLON && bytes[at + 1] === SLASH) return at;
  return null;
}

function includesScheme(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at + 2 < to; at++)
    if (bytes[at] === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH) return true;
  return false;
}
