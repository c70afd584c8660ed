/**
 * Binaries as Erlang prints them, read back: `<<1,2,3>>`, `<<"text">>`, `<<"text"/utf8>>`. A broker's text may have
 * been quoted again on its way (once by its own log, once by a language's string syntax, once by JSON), and lines were
 * wrapped, so each reader below accepts such forms as well as it can.
 */

/** Longest binary that is read: 16 octets are quoted in most errors, the arguments of one method in one. */
const MAX_CHARACTERS = 4096;

export interface ReadBinary {
  octets: Uint8Array;
  /** Index in the text behind the closing `>>`. */
  end: number;
}

/** Reads the binary that starts at `from` (its `<<`). Null if there is none. */
export function readBinary(text: string, from: number): ReadBinary | null {
  if (!text.startsWith("<<", from)) return null;
  const start = from + 2;
  return readNumbers(text, start) ?? readString(text, start);
}

/** `1,2,3>>`: spaces, line feeds and wrapping escapes between the numbers are skipped. */
function readNumbers(text: string, start: number): ReadBinary | null {
  const octets: number[] = [];
  const limit = Math.min(text.length, start + MAX_CHARACTERS);
  let value = -1;
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x30 && code <= 0x39) {
      value = (value < 0 ? 0 : value * 10) + code - 0x30;
      if (value > 255) return null;
      continue;
    }
    if (code === 0x2c /* , */ || text.startsWith(">>", at)) {
      if (value >= 0) octets.push(value);
      else if (code === 0x2c || octets.length > 0) return null;
      value = -1;
      if (code !== 0x2c) return { octets: Uint8Array.from(octets), end: at + 2 };
      continue;
    }
    if (code === 0x5c /* \ */ && text[at + 1] === "n") at++;
    else if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return null;
  }
  return null;
}

/** `"text">>`, at the first end that leaves a well-formed string before it. */
function readString(text: string, start: number): ReadBinary | null {
  if (text[start] !== '"') return null;
  const slice = text.slice(start, start + MAX_CHARACTERS);
  for (const { index, 0: close } of slice.matchAll(/"(?:\/utf8)?>>/g)) {
    if (index === 0) continue;
    const inner = slice.slice(1, index);
    const utf8 = close.startsWith('"/');
    // A second try with one layer of quoting removed: Python prints \\" where the broker wrote \".
    const octets = stringOctets(inner, utf8) ?? stringOctets(unquoted(inner), utf8);
    if (octets !== null) return { octets, end: start + index + close.length };
  }
  return slice.startsWith('"">>') ? { octets: new Uint8Array(0), end: start + 4 } : null;
}

/** Octets of a string's inside, or null if a quote in it is not escaped. Adjacent strings are one: `"ab" "cd"`. */
function stringOctets(inner: string, utf8: boolean): Uint8Array | null {
  const octets: number[] = [];
  for (let at = 0; at < inner.length; ) {
    const character = String.fromCodePoint(inner.codePointAt(at)!);
    if (character === '"') {
      const joint = /^"\s*"/.exec(inner.slice(at, at + 200));
      if (joint === null) return null;
      at += joint[0].length;
      continue;
    }
    if (character !== "\\") {
      push(octets, character, utf8);
      at += character.length;
      continue;
    }
    const escaped = /^\\(?:x\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|([0-3]?[0-7]{1,2})|([\s\S]))/.exec(
      inner.slice(at, at + 12),
    );
    if (escaped === null) return null;
    const [whole, long, short, octal, letter] = escaped;
    if (letter !== undefined) push(octets, ESCAPED[letter] ?? letter, utf8);
    else push(octets, codePoint(long ?? short, octal), utf8);
    at += whole.length;
  }
  return Uint8Array.from(octets);
}

function codePoint(hex: string | undefined, octal: string | undefined): string {
  const code = hex === undefined ? Number.parseInt(octal ?? "0", 8) : Number.parseInt(hex, 16);
  return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
}

/** Latin-1 if the binary is not marked /utf8; beyond Latin-1 the text was UTF-8 all the same. */
function push(octets: number[], character: string, utf8: boolean): void {
  const code = character.codePointAt(0)!;
  if (code < 0x80 || (code < 0x100 && !utf8)) octets.push(code);
  else octets.push(...new TextEncoder().encode(character));
}

const ESCAPED: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  v: "\v",
  f: "\f",
  r: "\r",
  e: "\x1b",
  s: " ",
  d: "\x7f",
};

/** Removes one layer of string quoting: `\"` and `\\` become `"` and `\`, `\n` a line feed. */
export function unquoted(text: string): string {
  return text.replace(/\\([\\"ntr])/g, (_, letter: string) => UNQUOTED[letter]!);
}

const UNQUOTED: Readonly<Record<string, string>> = { "\\": "\\", '"': '"', n: "\n", t: "\t", r: "\r" };
