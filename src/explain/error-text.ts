/**
 * The errors in a text, found by the broker's own sentences (rabbit_reader, rabbit_command_assembler, rabbit_channel;
 * LavinMQ's where they differ): these are the same in a log and in every client's exception, with any text around them.
 */

import { SENTENCES } from "./broker-sentences.ts";
import { unquoted } from "./erlang-binary.ts";
import type { BrokerError } from "./error-report.ts";
import { KNOWN_LINES } from "./known-lines/catalogue.ts";
import { knownLineIn, mayBeKnown } from "./known-lines/match.ts";
import { requiredWords } from "./known-lines/required-words.ts";
import type { Company } from "./known-lines/subject.ts";
import { WordIndex } from "./known-lines/word-index.ts";

/** An error, and where in the folded text it stands. */
export interface FoundError {
  error: BrokerError;
  from: number;
  to: number;
}

/** Errors searched for in one text. */
const MAX_ERRORS = 50;

/** Every error that the text names, in its order; `company` is what surrounds it. */
export function errorsIn(raw: string, company: Company): FoundError[] {
  const text = folded(raw);
  // Folding may join a word that was wrapped.
  if (!WORDS.look(text)) return [];
  const { rows } = WORDS;
  const isBroken = raw.includes("\n");
  const mayBeSentence = rows.length > 0 && rows.at(-1)! >= FIRST_SENTENCE;
  // Copied from a terminal that broke full lines, or from a mail that broke lines between words.
  const variants = isBroken
    ? [() => text, () => folded(raw.replace(/\r?\n/g, "")), () => folded(joinedLines(raw))]
    : [() => text];
  for (const variant of mayBeSentence ? variants : []) {
    const found = sentencesIn(variant(), rows);
    if (found.length > 0) return found;
  }
  const code = mayBeSentence ? firstCode(variants) : null;
  // A text with the name of a reply code is about AMQP.
  const known = knownLineIn(isBroken ? joinedLines(text) : text, rows, code === null ? company : "broker");
  if (known !== null) return [{ error: known, from: 0, to: text.length }];
  return code === null ? [] : [code];
}

/** Line feeds, and the blanks around them, as one blank each. */
function joinedLines(raw: string): string {
  return raw
    .split("\n")
    .map(line => line.trim())
    .join(" ");
}

/** Undoes quoting and wrapping, to get the broker's own text. */
export function folded(raw: string): string {
  if (!/[&«»\\\n]/.test(raw)) return raw;
  let text = /[&«»]/.test(raw)
    ? raw
        .replaceAll("&lt;", "<")
        .replaceAll("&gt;", ">")
        .replaceAll("&quot;", '"')
        .replaceAll("«", "<<")
        .replaceAll("»", ">>")
    : raw;
  // One layer at a time, as long as the quotes inside a binary's brackets are quoted themselves.
  for (let layer = 0; layer < 4 && /<<\s{0,80}\\{1,16}"/.test(text); layer++) text = unquoted(text);
  // The pretty-printer wraps with an indentation as deep as the term.
  const binary = text.includes('<<"');
  return text.replace(/(?:\r?\n|\\{1,8}n)[ \t]+/g, gap => (gap.startsWith("\\") && binary ? gap : ""));
}

/** A reply code by its name, for texts without a known sentence. */
const CODES: readonly (readonly [name: RegExp, code: number])[] = [
  [/FRAME[_-]ERROR|\bframe_error\b|(?:frame_too_large|invalid_frame_end_marker)\s?,\s?\d/, 501],
  [/UNEXPECTED[_-]FRAME|\bunexpected_frame\b/, 505],
  [/\bCHANNEL[_-]ERROR\b|\bchannel_error\b/, 504],
  [/COMMAND[_-]INVALID|\bcommand_invalid\b/, 503],
];

/** Other protocols have an INTERNAL_ERROR as well: the code, or the name of its writer, must stand near it. */
const INTERNAL =
  /connection exception internal_error|\b541\b.{0,80}INTERNAL[_-]ERROR|INTERNAL[_-]ERROR.{0,80}\b541\b|^\s*INTERNAL_ERROR\s*$/;

/** What each known line, each sentence and each code needs in a text. */
const WORDS = new WordIndex(
  [...KNOWN_LINES, ...SENTENCES, ...CODES.map(([pattern]) => ({ pattern })), { pattern: INTERNAL }].map(({ pattern }) =>
    requiredWords(pattern),
  ),
);
const FIRST_SENTENCE = KNOWN_LINES.length;

/** Whether `errorsIn` may find something: quick, and sometimes true without reason. Most lines of a log are skipped. */
export function mayNameError(text: string, company: Company): boolean {
  return WORDS.look(text) && mayBeKnown(text, WORDS.rows, company);
}

const NEGOTIATION = /^(?:failed to )?negotiate/;

/** `rows`: those whose words are in the text, or in any of its variants. */
function sentencesIn(text: string, rows: readonly number[]): FoundError[] {
  const found: FoundError[] = [];
  for (const row of rows) {
    const sentence = row < FIRST_SENTENCE ? undefined : SENTENCES[row - FIRST_SENTENCE];
    if (sentence === undefined) continue;
    const { pattern, make } = sentence;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null && found.length < MAX_ERRORS; match = pattern.exec(text)) {
      const from = match.index;
      if (found.some(other => from >= other.from && from < other.to)) continue;
      // The limit that was refused, and the sentence around it: one error.
      if (NEGOTIATION.test(match[0]) && found.some(({ error }) => error.kind === "negotiation")) continue;
      const made = make(match, text);
      if (made !== null) found.push({ error: made.error, from, to: made.to ?? from + match[0].length });
    }
  }
  return found.length > 1 ? found.sort((a, b) => a.from - b.from) : found;
}

function firstCode(variants: readonly (() => string)[]): FoundError | null {
  for (const variant of variants) {
    const code = codeIn(variant());
    if (code !== null) return code;
  }
  return null;
}

function codeIn(text: string): FoundError | null {
  const internal = INTERNAL.exec(text);
  if (internal !== null) return { error: { kind: "internal-error" }, from: internal.index, to: text.length };
  const code = CODES.find(([name]) => name.test(text))?.[1];
  return code === undefined ? null : { error: { kind: "code-only", code }, from: 0, to: text.length };
}
