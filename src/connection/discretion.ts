/**
 * What must not be shown of one connection, known by content: the octets that authenticate its client. Where PIECE of
 * them in a row are repeated, they are masked, wherever they come from and however they are written: as text, as
 * decimals, as hexadecimal digits.
 */

/** Octets of a secret in a row that no output may hold. */
export const PIECE = 5;
/** Octets of secrets kept for one connection; if there are more, no text of it is shown any more. */
const MAX_SECRETS = 1 << 16;

export const MASKED = "…";

const DECIMALS = /\b\d{1,3}(?:,\s{0,16}\d{1,3}){4,}/g;
const HEXADECIMALS = /\b[0-9a-f]{2}(?:[ :]?[0-9a-f]{2}){4,}\b/gi;
/** Without a comma or enough digits, nothing is quoted as decimals or hexadecimal digits. */
const MAY_QUOTE = /,|[0-9a-f]{2}(?:[ :]?[0-9a-f]{2}){4}/i;
/** `amqp://user:password@host`: the part before the host. A password may hold what should be percent-encoded. */
const URL_USER = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s'"<>]{1,500}@/gi;
/** Names of headers, properties and the like whose values authenticate a user. */
export const SECRET_NAME = /passw|secret|token|authorization|api[-_]?key|cookie|credential|bearer/i;

/** A text without the users and passwords of its URLs. */
export function withoutUrlPasswords(text: string): string {
  return text.includes("://") ? text.replace(URL_USER, `$1${MASKED}@`) : text;
}

export class Discretion {
  /** Secrets, each octet as one character. */
  readonly #secrets: string[] = [];
  /** Pairs of octets in a row in them, a bit for several pairs: most texts have none, and need no search. */
  #pairs: Uint8Array | null = null;
  #octets = 0;
  #isFull = false;
  /** Ranges of octets, or of a text, that were masked where something was shown. */
  masked = 0;

  /** These octets authenticate the client, or may. */
  learn(octets: Uint8Array): void {
    if (octets.length < PIECE || this.#isFull) return;
    const secret = latin1(octets);
    if (this.#secrets.includes(secret)) return;
    this.#octets += octets.length;
    this.#isFull = this.#octets > MAX_SECRETS;
    this.#secrets.push(secret);
    this.#pairs ??= new Uint8Array(PAIR_BITS / 8);
    for (let i = 1; i < octets.length; i++) {
      const bit = bitOf(octets[i - 1]!, octets[i]!);
      this.#pairs[bit >> 3]! |= 1 << (bit & 7);
    }
  }

  /** Whether octets repeat a part of a known secret. */
  holds(octets: Uint8Array): boolean {
    return this.#spans(latin1(octets)).length > 0;
  }

  /** A text from the wire, or one that quotes it, without what must not be shown. */
  text(text: string): string {
    const free = withoutUrlPasswords(text);
    if (free !== text) this.masked++;
    if (this.#secrets.length === 0 || free.length < PIECE) return free;
    if (this.#isFull) return this.#hidden();
    if (isAscii(free) && !this.#mayRepeat(free) && !MAY_QUOTE.test(free)) return free;
    const unquoted = free
      .replace(DECIMALS, run => (this.holds(Uint8Array.from(run.split(","), Number)) ? this.#hidden() : run))
      .replace(HEXADECIMALS, run => (this.holds(pairs(run)) ? this.#hidden() : run));
    let shown = "";
    let at = 0;
    // A text that was decoded as UTF-8 is compared by its octets as well.
    for (const [from, to] of this.#spans(unquoted)) {
      shown += unquoted.slice(at, from) + this.#hidden();
      at = to;
    }
    const rest = shown + unquoted.slice(at);
    return isAscii(rest) || this.#spans(latin1(UTF_8.encode(rest))).length === 0 ? rest : this.#hidden();
  }

  /** The value of a header or a property of this name. */
  value(name: string, value: string): string {
    return SECRET_NAME.test(name) ? this.#hidden() : this.text(value);
  }

  #hidden(): string {
    this.masked++;
    return MASKED;
  }

  /** False if no PIECE of a secret can be in a text, each octet one character. */
  #mayRepeat(text: string): boolean {
    let run = 0;
    for (let at = 1; at < text.length; at++) {
      const [one, other] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
      if (one > 0xff || other > 0xff || !this.#follow(one, other)) run = 0;
      else if (++run === PIECE - 1) return true;
    }
    return false;
  }

  /** False where no secret has these two octets in a row. */
  #follow(one: number, other: number): boolean {
    const bit = bitOf(one, other);
    return (this.#pairs![bit >> 3]! & (1 << (bit & 7))) !== 0;
  }

  /** Where a text repeats a secret: [from, to) of each stretch, in order. */
  #spans(text: string): [number, number][] {
    const spans: [number, number][] = [];
    if (this.#secrets.length === 0 || !this.#mayRepeat(text)) return spans;
    for (let at = 0; at + PIECE <= text.length; at++) {
      const piece = text.slice(at, at + PIECE);
      if (!this.#secrets.some(secret => secret.includes(piece))) continue;
      const last = spans.at(-1);
      if (last !== undefined && last[1] >= at) last[1] = at + PIECE;
      else spans.push([at, at + PIECE]);
    }
    return spans;
  }
}

/** Small, as every connection that logs in has one; a secret is short. */
const PAIR_BITS = 1 << 12;

function bitOf(one: number, other: number): number {
  return ((one << 5) ^ (one >> 3) ^ other) & (PAIR_BITS - 1);
}

const UTF_8 = new TextEncoder();

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** The octets that hexadecimal digits stand for, with or without separators between the pairs. */
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

function latin1(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return text;
}
