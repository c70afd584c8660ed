/** `--format json`: a report as it is, of `inspect` or of `explain`. */

/**
 * Characters that JSON allows and a terminal acts on or shows as another: C1 controls, bidi and zero-width characters,
 * the no-break space, and the like. In JSON they only occur in strings, where an escape means the same character.
 */
const UNSAFE_IN_TERMINAL = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u;

/** The only ones that may be unsafe: quick to find, and rare. Line feeds belong to the indentation. */
const NOT_PRINTABLE_ASCII = /[^\n\x20-\x7e]/gu;

/** `##[` and `##vso[`, anywhere in a line, are commands to GitHub's and Azure's runners. */
const COMMAND = /#(?=#[\w.]*\[)/g;

/** Indented by two spaces, ending in a line feed. Parsing it gives back the report, strings from the wire unchanged. */
export function json(report: object): string {
  return [...jsonPieces(report)].join("");
}

/** Characters of a piece, about: what is written at a time. */
const PIECE = 1 << 16;

/**
 * The same, piece by piece: a report of ten thousand connections is 40 MB long, and its text need not be in memory as a
 * whole.
 */
export function* jsonPieces(report: object): Generator<string> {
  let piece = "";
  for (const part of parts(report)) {
    piece += part;
    if (piece.length < PIECE) continue;
    yield escaped(piece);
    piece = "";
  }
  yield escaped(`${piece}\n`);
}

/** What JSON.stringify writes of an object; its own lists are written element by element. */
function* parts(object: object): Generator<string> {
  let before = "{\n";
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue;
    yield `${before}  ${JSON.stringify(key)}: `;
    before = ",\n";
    if (Array.isArray(value) && value.length > 0) yield* elements(value);
    else yield indented(value, "  ");
  }
  yield before === "{\n" ? "{}" : "\n}";
}

function* elements(list: readonly unknown[]): Generator<string> {
  let before = "[\n";
  for (const element of list) {
    yield `${before}    ${indented(element ?? null, "    ")}`;
    before = ",\n";
  }
  yield "\n  ]";
}

/** Line feeds occur only between lines: in strings they are escapes. */
function indented(value: unknown, indentation: string): string {
  return JSON.stringify(value, null, 2).replaceAll("\n", `\n${indentation}`);
}

/** As `json`, in one line and without the line feed: for formats of a line an event. */
export function jsonLine(value: object | string): string {
  return escaped(JSON.stringify(value));
}

function escaped(text: string): string {
  return text
    .replace(NOT_PRINTABLE_ASCII, character =>
      UNSAFE_IN_TERMINAL.test(character) ? unicodeEscape(character) : character,
    )
    .replace(COMMAND, unicodeEscape);
}

/** `\u202e`, or the two escapes of a surrogate pair. */
function unicodeEscape(character: string): string {
  let escapes = "";
  for (let at = 0; at < character.length; at++) {
    escapes += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return escapes;
}
