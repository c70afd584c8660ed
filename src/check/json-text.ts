/** JSON written by people: finds what is wrong in it, and where. */
import { printable } from "../bytes/printable.ts";

/** A mistake in the text, with its place: lines and columns count from 1. */
export class JsonSyntaxError extends Error {
  override name = "JsonSyntaxError";
  readonly line: number;
  readonly column: number;

  constructor(text: string, at: number, problem: string) {
    const line = text.slice(0, at).split("\n").length;
    const column = at - text.lastIndexOf("\n", at - 1);
    super(`line ${line}, column ${column}: ${problem}`);
    this.line = line;
    this.column = column;
  }
}

function unexpected(text: string, at: number, expected: string): JsonSyntaxError {
  return new JsonSyntaxError(text, at, `expected ${expected}, found ${found(text, at)}`);
}

function found(text: string, at: number): string {
  if (at >= text.length) return "the end";
  if (text[at] === '"') return "a string that is not closed, or has a character in it that must be escaped";
  return JSON.stringify(/^(?:[\w$.+-]{1,40}|.)/u.exec(text.slice(at, at + 40))?.[0] ?? text[at]);
}

/** Objects and arrays within one another: what people write, and reports, have a few. */
const MAX_DEPTH = 64;

/**
 * Parses JSON. A byte order mark at its beginning is skipped. The same key twice in an object is a mistake: JSON allows
 * it (RFC 8259, section 4), but one of the two would be ignored silently.
 *
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): unknown {
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  // The engine's own messages differ from version to version, and do not always have a place.
  const mistake = firstMistake(json);
  if (mistake !== null) throw mistake;
  return JSON.parse(json) as unknown;
}

const SPACE = /[ \t\n\r]*/y;
const CHARACTERS = /[ -!#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const NUMBER_OR_WORD = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** Reads until something is wrong (RFC 8259), without recursion. */
function firstMistake(text: string): JsonSyntaxError | null {
  /** The objects and arrays that are open: the keys of the one so far, null for the other. */
  const open: (Set<string> | null)[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | "colon" | "more" = "value";
  let at = 0;
  for (;;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const character = text[at] ?? "";
    const keys = open.at(-1) ?? null;
    if (expected === "colon") {
      if (character !== ":") return unexpected(text, at, '":"');
      expected = "value";
    } else if (expected === "more") {
      if (open.length === 0) return at === text.length ? null : unexpected(text, at, "nothing more");
      if (character === ",") expected = keys === null ? "value" : "key";
      else if (character === (keys === null ? "]" : "}")) open.pop();
      else return unexpected(text, at, keys === null ? '"," or "]"' : '"," or "}"');
    } else if ((expected === "key or }" && character === "}") || (expected === "value or ]" && character === "]")) {
      open.pop();
      expected = "more";
    } else if (expected === "key" || expected === "key or }") {
      const end = scalarEnd(text, at);
      if (character !== '"' || end === at) return unexpected(text, at, "a key in double quotes");
      // Two spellings of a key are the same key.
      const key = JSON.parse(text.slice(at, end)) as string;
      if (keys?.has(key)) return new JsonSyntaxError(text, at, `the key ${shown(key)} is there for the second time`);
      keys?.add(key);
      at = end;
      expected = "colon";
      continue;
    } else if (character === "{" || character === "[") {
      if (open.length === MAX_DEPTH)
        return new JsonSyntaxError(
          text,
          at,
          `expected at most ${MAX_DEPTH} objects and arrays within one another, found more`,
        );
      open.push(character === "{" ? new Set() : null);
      expected = character === "{" ? "key or }" : "value or ]";
    } else {
      const end = scalarEnd(text, at);
      if (end === at) return unexpected(text, at, "a value");
      at = end;
      expected = "more";
      continue;
    }
    at++;
  }
}

function shown(key: string): string {
  return printable(JSON.stringify(key), MAX_SHOWN);
}

/** Columns of a key in a message. */
const MAX_SHOWN = 60;

/** Index behind the string, number or word at `at`, or `at` where none is. */
function scalarEnd(text: string, at: number): number {
  return text[at] === '"' ? stringEnd(text, at) : endOf(NUMBER_OR_WORD, text, at);
}

/** A loop, and no expression: one that repeats a choice runs out of stack in a long string. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    at = endOf(CHARACTERS, text, at);
    if (text[at] === '"') return at + 1;
    const next = endOf(ESCAPE, text, at);
    if (next === at) return start;
    at = next;
  }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
