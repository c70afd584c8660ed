/**
 * What must not be shown of one connection, known by content: the octets that authenticate its client. Whatever repeats
 * PIECE of them in a row is masked, wherever it comes from and however it is written: as text, as decimals, as
 * hexadecimal digits. What a peer quotes of octets is masked as well where they stand near a credential, or where nobody can
 * say what they are and they may be one.
 */
import { mayBeToken } from "./doubtful-words.ts";
import { PIECE, PieceSet } from "./piece-set.ts";
import { QUOTES, quotedOctets } from "./quotes.ts";
import { namedSecretSpans, SECRET_NAME } from "./secret-names.ts";
import { withoutUrlPasswords } from "./url-passwords.ts";

export const MASKED = "…";

const DECIMALS = /\b\d{1,3}(?:,\s{0,16}\d{1,3}){4,}/g;
const HEXADECIMALS = /\b[0-9a-f]{2}(?:[ :]?[0-9a-f]{2}){4,}\b/gi;
/** Without a comma or enough digits, nothing is quoted as decimals or hexadecimal digits. */
const MAY_QUOTE = /,|[0-9a-f]{2}(?:[ :]?[0-9a-f]{2}){4}/i;
/** Characters that may belong to the secret beside them: all that are no blank, quote or bracket. */
const WORD = /[^\s'"<>()[\]{},;“”]/;

const WORDS = new RegExp(`${WORD.source}+`, "g");

/**
 * Whether a connection's client has sent what nobody can vouch for: octets that no frame explains, or octets near a
 * credential.
 */
export type Doubt = "none" | "unexplained" | "near-credential";

export class Discretion {
  readonly #pieces = new PieceSet();
  /** Each says how much may be shown of what is quoted of a direction's octets. */
  readonly doubts: (() => Doubt)[] = [];
  /** Ranges of octets, or of a text, that were masked where something was shown. */
  masked = 0;

  /** These octets authenticate the client, or may. */
  learn(octets: Uint8Array): void {
    this.#pieces.add(octets);
  }

  /** Whether octets repeat a part of a known secret. */
  holds(octets: Uint8Array): boolean {
    return this.#pieces.spans(octets).length > 0;
  }

  /** A text from the wire, or one that quotes it, without what must not be shown. */
  text(text: string): string {
    let free = withoutUrlPasswords(text);
    if (free !== text) this.masked++;
    free = this.#without(namedSecretSpans(free), free);
    if (free.includes("<<")) free = this.#withoutQuotes(free);
    if (this.#pieces.size === 0 || free.length < PIECE) return free;
    if (this.#pieces.isFull) return this.#hidden();
    if (isAscii(free) && this.#spans(free).length === 0 && !MAY_QUOTE.test(free)) return free;
    const unquoted = free
      .replace(DECIMALS, run => (this.holds(Uint8Array.from(run.split(","), Number)) ? this.#hidden() : run))
      .replace(HEXADECIMALS, run => (this.holds(pairs(run)) ? this.#hidden() : run));
    const rest = this.#without(this.#spans(unquoted), unquoted);
    // A text that was decoded as UTF-8 is compared by its octets as well.
    return isAscii(rest) || !this.holds(UTF_8.encode(rest)) ? rest : this.#hidden();
  }

  /** A reply text where octets are not kept: behind a broken frame nobody knows which of them it repeats. */
  unexplainedText(text: string): string {
    const shown = this.text(text);
    if (this.doubts.every(doubt => doubt() === "none")) return shown;
    return this.#without(
      [...shown.matchAll(WORDS)].flatMap(({ index, 0: word }): [number, number][] =>
        mayBeToken(UTF_8.encode(word)) ? [[index, index + word.length]] : [],
      ),
      shown,
    );
  }

  /** The value of a header or a property of this name. */
  value(name: string, value: string): string {
    return SECRET_NAME.test(name) ? this.#hidden() : this.text(value);
  }

  /** A text without stretches [from, to) of it. */
  #without(spans: readonly [number, number][], text: string): string {
    let shown = "";
    let at = 0;
    for (const [from, to] of spans) {
      shown += text.slice(at, from) + this.#hidden();
      at = to;
    }
    return shown + text.slice(at);
  }

  #hidden(): string {
    this.masked++;
    return MASKED;
  }

  /** A text without quotes of octets that may be a credential. */
  #withoutQuotes(text: string): string {
    const doubts = this.doubts.map(doubt => doubt());
    if (doubts.every(doubt => doubt === "none")) return text;
    const all = doubts.includes("near-credential");
    return text.replace(QUOTES, quote => (all || mayBeToken(quotedOctets(quote)) ? `<<${this.#hidden()}>>` : quote));
  }

  /** Where a text repeats a secret: [from, to) of each stretch, in order, with the rest of the words that it begins or ends in. */
  #spans(text: string): [number, number][] {
    const spans: [number, number][] = [];
    for (let [from, to] of this.#pieces.spans(text)) {
      const last = spans.at(-1);
      if (last !== undefined && from <= last[1]) from = last[0];
      else while (from > 0 && WORD.test(text[from - 1]!)) from--;
      while (to < text.length && WORD.test(text[to]!)) to++;
      if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
      else spans.push([from, to]);
    }
    return spans;
  }
}

const UTF_8 = new TextEncoder();

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The octets that hexadecimal digits stand for, with or without something between the pairs. */
function pairs(run: string): Uint8Array {
  const octets = new Uint8Array(run.length >> 1);
  let count = 0;
  for (let at = 0; at + 1 < run.length; at++) {
    const high = digit(run.charCodeAt(at));
    if (high < 0) continue;
    octets[count++] = (high << 4) | digit(run.charCodeAt(++at));
  }
  return octets.subarray(0, count);
}

/** The value of a hexadecimal digit; −1 for none. */
function digit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
