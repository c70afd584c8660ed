/**
 * What must not be shown of one connection, known by content: the octets that authenticate its client. Whatever repeats
 * PIECE of them in a row is masked, wherever it comes from and however it is written: as text, as decimals, as
 * hexadecimal digits.
 */

/** Octets of a secret in a row that no output may hold. */
export const PIECE = 5;
/** Octets of secrets kept for one connection; where there are more, no text of it is shown any more. */
const MAX_SECRETS = 1 << 16;

export const MASKED = "…";

const DECIMALS = /\b\d{1,3}(?:,\s{0,16}\d{1,3}){4,}/g;
const HEXADECIMALS = /\b[0-9a-f]{2}(?:[ :]?[0-9a-f]{2}){4,}\b/gi;
/** `amqp://user:password@host`: what stands between. A password may hold what ought to be percent-encoded. */
const URL_USER = /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s'"<>]{1,500}@/gi;
/** In names of headers, properties and the like: their values authenticate somebody. */
export const SECRET_NAME = /passw|secret|token|authorization|api[-_]?key|cookie|credential|bearer/i;

/** A text without the users and passwords of its URLs. */
export function withoutUrlPasswords(text: string): string {
  return text.includes("://") ? text.replace(URL_USER, `$1${MASKED}@`) : text;
}

export class Discretion {
  /** Secrets, an octet a character. */
  readonly #secrets: string[] = [];
  #octets = 0;
  #isFull = false;

  /** These octets authenticate the client, or may. */
  learn(octets: Uint8Array): void {
    if (octets.length < PIECE || this.#isFull) return;
    const secret = latin1(octets);
    if (this.#secrets.includes(secret)) return;
    this.#octets += octets.length;
    this.#isFull = this.#octets > MAX_SECRETS;
    this.#secrets.push(secret);
  }

  /** Whether octets repeat a part of what is known. */
  holds(octets: Uint8Array): boolean {
    return this.#spans(latin1(octets)).length > 0;
  }

  /** A text of the wire, or one that quotes it, without what must not be shown. */
  text(text: string): string {
    const free = withoutUrlPasswords(text);
    if (this.#secrets.length === 0 || free.length < PIECE) return free;
    if (this.#isFull) return MASKED;
    const unquoted = free
      .replace(DECIMALS, run => (this.#heldBy(run.split(",").map(Number)) ? MASKED : run))
      .replace(HEXADECIMALS, run => (this.#heldBy(pairs(run)) ? MASKED : run));
    let shown = "";
    let at = 0;
    // A text that was decoded as UTF-8 is compared by its octets as well.
    for (const [from, to] of this.#spans(unquoted)) {
      shown += unquoted.slice(at, from) + MASKED;
      at = to;
    }
    const rest = shown + unquoted.slice(at);
    return isAscii(rest) || this.#spans(latin1(UTF_8.encode(rest))).length === 0 ? rest : MASKED;
  }

  /** The value of a header or a property of this name. */
  value(name: string, value: string): string {
    return SECRET_NAME.test(name) ? MASKED : this.text(value);
  }

  #heldBy(numbers: readonly number[]): boolean {
    return this.holds(Uint8Array.from(numbers));
  }

  /** Where a text repeats a secret: [from, to) of each stretch, in order. */
  #spans(text: string): [number, number][] {
    const spans: [number, number][] = [];
    if (this.#secrets.length === 0) return spans;
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

const UTF_8 = new TextEncoder();

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function pairs(run: string): number[] {
  return (run.match(/[0-9a-f]{2}/gi) ?? []).map(pair => Number.parseInt(pair, 16));
}

function latin1(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return text;
}
