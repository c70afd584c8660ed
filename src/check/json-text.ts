/** JSON written by people: what is wrong with it, and where. */

/** What does not stand in the text as JSON wants it, with its place: lines and columns count from 1. */
export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";
  readonly line: number;
  readonly column: number;

  constructor(text: string, at: number, expected: string) {
    const line = text.slice(0, at).split("\n").length;
    const column = at - text.lastIndexOf("\n", at - 1);
    super(`line ${line}, column ${column}: expected ${expected}, found ${found(text, at)}`);
    this.line = line;
    this.column = column;
  }
}

function found(text: string, at: number): string {
  if (at >= text.length) return "the end";
  if (text[at] === '"') return "a string that is not closed, or has a character in it that must be escaped";
  return JSON.stringify(/^(?:[\w$.+-]{1,40}|.)/u.exec(text.slice(at, at + 40))?.[0] ?? text[at]);
}

/**
 * Parses JSON. A byte order mark in front of it is passed over.
 *
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): unknown {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // What the engine says differs from version to version, and has not always a place.
    throw firstMistake(json);
  }
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR =
  /"(?:[ -!#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** Reads along until something does not fit (RFC 8259), without recursion. */
function firstMistake(text: string): JsonSyntaxError {
  /** `{` and `[` of the objects and arrays that are open. */
  const open: string[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | "colon" | "more" = "value";
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const character = text[at] ?? "";
    const inObject = open.at(-1) === "{";
    if (expected === "colon") {
      if (character !== ":") return new JsonSyntaxError(text, at, '":"');
      expected = "value";
    } else if (expected === "more") {
      if (open.length === 0) return new JsonSyntaxError(text, at, "nothing more");
      if (character === ",") expected = inObject ? "key" : "value";
      else if (character === (inObject ? "}" : "]")) open.pop();
      else return new JsonSyntaxError(text, at, inObject ? '"," or "}"' : '"," or "]"');
    } else if ((expected === "key or }" && character === "}") || (expected === "value or ]" && character === "]")) {
      open.pop();
      expected = "more";
    } else if (expected === "key" || expected === "key or }") {
      const end = scalarEnd(text, at);
      if (character !== '"' || end === at) return new JsonSyntaxError(text, at, "a key in double quotes");
      at = end;
      expected = "colon";
      continue;
    } else if (character === "{" || character === "[") {
      open.push(character);
      expected = character === "{" ? "key or }" : "value or ]";
    } else {
      const end = scalarEnd(text, at);
      if (end === at) return new JsonSyntaxError(text, at, "a value");
      at = end;
      expected = "more";
      continue;
    }
    at++;
  }
}

/** Index behind the string, number or word at `at`, or `at` where none is. */
function scalarEnd(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : at;
}
