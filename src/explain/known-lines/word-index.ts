/** Which of many words a text holds, in one pass over it (Aho and Corasick, 1975). */

const SIGNS = 38;

/** Finds the rows whose words a text holds; letter case does not count. */
export class WordIndex {
  /** By row: found in the text that was looked at last. */
  readonly found: Uint8Array;
  readonly #always: readonly number[];
  /** State by state and sign: the next state. */
  readonly #next: Int16Array;
  /** By state: the rows whose words end there. */
  readonly #rows: readonly (readonly number[])[];

  /** `words[row]` in lower case: letters, digits and underscores; null for a row that is always found. */
  constructor(words: readonly (readonly string[] | null)[]) {
    this.found = new Uint8Array(words.length);
    this.#always = words.flatMap((own, row) => (own === null ? [row] : []));
    const next: number[][] = [zeros(SIGNS)];
    const rows: number[][] = [[]];
    for (const [row, own] of words.entries()) {
      for (const word of own ?? []) {
        let state = 0;
        for (let i = 0; i < word.length; i++) {
          const sign = SIGN_OF[word.charCodeAt(i)]!;
          if (next[state]![sign] === 0) {
            next[state]![sign] = next.length;
            next.push(zeros(SIGNS));
            rows.push([]);
          }
          state = next[state]![sign]!;
        }
        if (!rows[state]!.includes(row)) rows[state]!.push(row);
      }
    }
    complete(next, rows);
    this.#next = Int16Array.from(next.flat());
    this.#rows = rows;
  }

  /** Sets `found`; false where no row is. */
  look(text: string): boolean {
    this.found.fill(0);
    for (const row of this.#always) this.found[row] = 1;
    let any = this.#always.length > 0;
    let state = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      state = this.#next[state * SIGNS + (code < 128 ? SIGN_OF[code]! : 0)]!;
      const rows = this.#rows[state]!;
      for (let at = 0; at < rows.length; at++) this.found[rows[at]!] = 1;
      any ||= rows.length > 0;
    }
    return any;
  }
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

/** Every sign leads on from every state: to the longest end of what was read that begins a word. */
function complete(next: number[][], rows: number[][]): void {
  const shorter = zeros(next.length);
  const waiting = next[0]!.filter(state => state !== 0);
  for (const state of waiting) {
    const back = shorter[state]!;
    for (const row of rows[back]!) if (!rows[state]!.includes(row)) rows[state]!.push(row);
    for (let sign = 0; sign < SIGNS; sign++) {
      const to = next[state]![sign]!;
      if (to === 0) next[state]![sign] = next[back]![sign]!;
      else {
        shorter[to] = next[back]![sign]!;
        waiting.push(to);
      }
    }
  }
}

/** By ASCII code: 0 for what no word holds, else 1 to 37, upper case as lower. */
const SIGN_OF = Uint8Array.from({ length: 128 }, (_, code) => {
  return "abcdefghijklmnopqrstuvwxyz0123456789_".indexOf(String.fromCharCode(code).toLowerCase()) + 1;
});
