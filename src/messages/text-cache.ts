import { textAt } from "../bytes/cursor.ts";

/** Texts that are remembered: a power of two. */
const PLACES = 1024;

/**
 * Short strings of the wire as texts: those that come often (exchanges, routing keys, consumer tags) are made once. A
 * place holds the latest text that hashed to it.
 */
export class TextCache {
  readonly #texts: string[] = Array.from({ length: PLACES }, () => "");

  /** The short string whose length stands at bytes[at]. */
  shortstr(bytes: Uint8Array, at: number): string {
    const size = bytes[at]!;
    return size === 0 ? "" : this.text(bytes, at + 1, size);
  }

  text(bytes: Uint8Array, at: number, size: number): string {
    let hash = size;
    for (let i = at; i < at + size; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    const known = this.#texts[place]!;
    if (isSame(known, bytes, at, size)) return known;
    const text = textAt(bytes, at, size);
    this.#texts[place] = text;
    return text;
  }
}

/** Only texts of ASCII are ever found again: one character an octet. */
function isSame(text: string, bytes: Uint8Array, at: number, size: number): boolean {
  if (text.length !== size) return false;
  for (let i = 0; i < size; i++) if (text.charCodeAt(i) !== bytes[at + i] || bytes[at + i]! > 0x7f) return false;
  return true;
}
