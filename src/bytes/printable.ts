/**
 * Text and octets from the wire, made safe to show: in a terminal, a table, a log line.
 *
 * A connection name comes from a stranger. Unchanged, it could move the cursor, set the window's title, turn the
 * reading direction of its line, hide half of itself, or pile accents over the lines above. What a reader would not see
 * as a character of its own is shown as an escape (`\x1b`, `\u{202e}`); nothing is dropped silently. A backslash stays
 * as it is, so that text made printable once is not changed by a second time.
 */

/**
 * Characters that act instead of showing, or show nothing: controls, bidi and format characters, lone surrogates,
 * private and unassigned code points, line separators, everything default-ignorable (zero-width characters, fillers,
 * variation selectors, tags), and the blanks that pass for an ordinary space. The ideographic space (U+3000) stays.
 */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800]/u;

/** Joins the character before it: combining marks, and the Hangul vowels and finals that complete a syllable. */
const JOINING = /[\p{M}\u1160-\u11ff\ud7b0-\ud7ff]/u;
/** Joins, and takes no column of its own. Spacing marks (Mc) do take one. */
const ZERO_WIDTH = /[\p{Mn}\p{Me}\u1160-\u11ff\ud7b0-\ud7ff]/u;

/** East Asian Wide and Fullwidth (UAX #11), in blocks rather than to the last code point, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1d300}-\u{1d37f}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

const ASCII = /^[\x20-\x7e]*$/;

/** Enough for Thai, Hebrew and doubly accented Latin; more than this on one character is a pile-up. */
const MARKS_PER_CHARACTER = 3;

/** Columns that `printable` shows of a text when the caller sets no bound. */
export const DEFAULT_PRINTABLE_COLUMNS = 1024;

/**
 * The text with every unsafe character as a visible visibleEscape, at most `maxColumns` columns wide. What does not fit is
 * cut at a whole character and counted: `orders-…(+12)` leaves out twelve characters.
 */
export function printable(text: string, maxColumns: number = DEFAULT_PRINTABLE_COLUMNS): string {
  if (text.length <= maxColumns && ASCII.test(text)) return text;
  const attempt = escapeUpTo(text, maxColumns);
  if (attempt.whole) return attempt.text;

  let total = 0;
  for (const _ of text) total++;
  const room = maxColumns - `…(+${total})`.length;
  if (room < 1) return maxColumns < 1 ? "" : `${escapeUpTo(text, maxColumns - 1).text}…`;
  const kept = escapeUpTo(text, room);
  return `${kept.text}…(+${total - kept.characters})`;
}

/**
 * The octets bytes[start, end) as text, an octet at a time: printable ASCII as it is, a backslash doubled, everything
 * else as `\xNN`. At most `maxColumns` columns; the count behind a cut is of octets.
 */
export function printableOctets(bytes: Uint8Array, start: number, end: number, maxColumns: number): string {
  const attempt = octetsUpTo(bytes, start, end, maxColumns);
  if (attempt.at === end) return attempt.text;
  const room = maxColumns - `…(+${end - start})`.length;
  if (room < 1) return maxColumns < 1 ? "" : `${octetsUpTo(bytes, start, end, maxColumns - 1).text}…`;
  const kept = octetsUpTo(bytes, start, end, room);
  return `${kept.text}…(+${end - kept.at})`;
}

/** Terminal columns that printable text takes: 2 for wide characters, 0 for joining marks, 1 for all else. */
export function columns(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterColumns(character);
  return width;
}

/** Index behind the longest start of the text that fits; never inside a surrogate pair or before a joining mark. */
export function fitting(text: string, maxColumns: number): number {
  let width = 0;
  let at = 0;
  for (const character of text) {
    width += characterColumns(character);
    if (width > maxColumns) return at;
    at += character.length;
  }
  return at;
}

/** Printable text cut to at most `maxColumns` columns, the cut marked by a bare `…`. */
export function cut(text: string, maxColumns: number): string {
  if (columns(text) <= maxColumns) return text;
  return maxColumns < 1 ? "" : `${text.slice(0, fitting(text, maxColumns - 1))}…`;
}

/** Printable text cut or padded with spaces to exactly `width` columns. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const fitted = cut(text, width);
  const space = " ".repeat(Math.max(0, width - columns(fitted)));
  return align === "left" ? fitted + space : space + fitted;
}

/** The visible escape of one character: `\n`, `\x1b`, `\u{202e}`. */
export function visibleEscape(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
}

function escapeUpTo(text: string, maxColumns: number): { text: string; characters: number; whole: boolean } {
  let shown = "";
  let width = 0;
  let characters = 0;
  let marks = MARKS_PER_CHARACTER; // as if full: a mark with no character before it would join ours
  for (const character of text) {
    let piece = character;
    if (UNSAFE.test(character)) {
      piece = visibleEscape(character);
      marks = MARKS_PER_CHARACTER;
    } else if (!JOINING.test(character)) {
      marks = 0;
    } else if (marks < MARKS_PER_CHARACTER) {
      marks++;
    } else {
      piece = visibleEscape(character);
    }
    width += columns(piece);
    if (width > maxColumns) return { text: shown, characters, whole: false };
    shown += piece;
    characters++;
  }
  return { text: shown, characters, whole: true };
}

function octetsUpTo(bytes: Uint8Array, start: number, end: number, maxColumns: number): { text: string; at: number } {
  let text = "";
  for (let at = start; at < end; at++) {
    const octet = String.fromCharCode(bytes[at]!);
    const piece = octet === "\\" ? "\\\\" : ASCII.test(octet) ? octet : visibleEscape(octet);
    if (text.length + piece.length > maxColumns) return { text, at };
    text += piece;
  }
  return { text, at: end };
}

function characterColumns(character: string): number {
  if (ASCII.test(character)) return 1;
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}
