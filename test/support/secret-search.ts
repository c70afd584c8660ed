/** Looks for any of many short texts in a long one, in one pass. */

/** Places of the table; a text's first four characters choose one. */
const BITS = 16;

export class SecretSearch {
  /** By the hash of their first four characters, which all of them have. */
  readonly #byStart = new Map<number, string[]>();
  readonly #isStart = new Uint8Array(1 << BITS);

  constructor(searched: Iterable<string>) {
    for (const each of new Set(searched)) {
      const key = startOf(each, 0);
      this.#isStart[key] = 1;
      this.#byStart.set(key, [...(this.#byStart.get(key) ?? []), each]);
    }
  }

  /** Those that stand in the text, also where it was broken into lines. */
  foundIn(text: string): string[] {
    const plain = text.replace(/\s*\n\s*/g, "");
    const found = new Set<string>();
    for (let at = 0; at + 4 <= plain.length; at++) {
      const key = startOf(plain, at);
      if (this.#isStart[key] === 0) continue;
      for (const each of this.#byStart.get(key)!) if (plain.startsWith(each, at)) found.add(each);
    }
    return [...found];
  }
}

function startOf(text: string, at: number): number {
  const first = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 8);
  const next = text.charCodeAt(at + 2) | (text.charCodeAt(at + 3) << 8);
  return Math.imul(first ^ Math.imul(next, 0x9e3779b1), 0x85ebca6b) >>> (32 - BITS);
}
