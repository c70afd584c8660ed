/** Which of many words a text holds, in one pass over it (Aho and Corasick, 1975). */

const SIGNS = 39;

/**
 * Finds the rows whose words a text holds. Letter case does not count. At the end of a line, words continue behind the
 * blanks of the next one, with a blank between or without.
 */
export class WordIndex {
  /** The rows found in the last text, in ascending order. */
  readonly rows: number[] = [];
  /** By row: whether it is among them. */
  readonly #found: Uint8Array;
  #looked: string | null = null;
  readonly #always: readonly number[];
  /** By state and sign: where the next state's own begin; ones' complement if words end in it. */
  readonly #next: Int32Array;
  /** By state: the rows whose words end there. */
  readonly #rowsOf: readonly (readonly number[])[];

  /** `words[row]` in lower case: letters, digits, underscores and blanks; null for a row that is always found. */
  constructor(words: readonly (readonly string[] | null)[]) {
    this.#found = new Uint8Array(words.length);
    this.#always = words.flatMap((own, row) => (own === null ? [row] : []));
    const signs = words.reduce((sum, own) => sum + (own ?? []).reduce((total, { length }) => total + length, 0), 0);
    const next = new Int32Array((signs + 1) * SIGNS);
    const rows: number[][] = [[]];
    for (const [row, own] of words.entries()) {
      for (const word of own ?? []) {
        let state = 0;
        for (let i = 0; i < word.length; i++) {
          const at = state * SIGNS + SIGN_OF[word.charCodeAt(i)]!;
          if (next[at] === 0) next[at] = rows.push([]) - 1;
          state = next[at]!;
        }
        if (!rows[state]!.includes(row)) rows[state]!.push(row);
      }
    }
    complete(next, rows);
    this.#next = next
      .subarray(0, rows.length * SIGNS)
      .map(state => (rows[state]!.length > 0 ? ~(state * SIGNS) : state * SIGNS));
    this.#rowsOf = rows;
  }

  /** Sets `rows`; false if there are none. The text that was searched last is not searched again. */
  look(text: string): boolean {
    if (text === this.#looked) return this.rows.length > 0;
    for (const row of this.rows) this.#found[row] = 0;
    this.rows.length = 0;
    for (const row of this.#always) this.#find(row);
    this.#walk(text);
    this.#looked = text;
    return this.rows.length > 0;
  }

  /** Behind a line feed two states are followed, with a blank for it and with nothing, until they are equal again. */
  #walk(text: string): void {
    const next = this.#next;
    let state = 0;
    /** With a blank for the line feed; `NONE` while it is the same. */
    let apart = NONE;
    /** Both, behind the last sign that is no blank. */
    let solid = 0;
    let solidApart = 0;
    let isBroken = false;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code <= BLANK) {
        if (isBroken) continue;
        isBroken = code === LINE_FEED;
        if (isBroken) {
          apart = this.#step(apart === NONE ? solid : solidApart, SIGN_OF[BLANK]!);
          state = solid;
          continue;
        }
      } else isBroken = false;
      const sign = code < 128 ? SIGN_OF[code]! : 0;
      state = next[state + sign]!;
      if (state < 0) state = this.#ending(state);
      if (apart !== NONE) apart = this.#step(apart, sign);
      if (code <= BLANK) continue;
      if (apart === state) apart = NONE;
      solid = state;
      solidApart = apart;
    }
  }

  #step(state: number, sign: number): number {
    const to = this.#next[state + sign]!;
    return to < 0 ? this.#ending(to) : to;
  }

  /** Notes the words that end in a state, and returns where its own begin. */
  #ending(state: number): number {
    for (const row of this.#rowsOf[~state / SIGNS]!) this.#find(row);
    return ~state;
  }

  #find(row: number): void {
    if (this.#found[row] === 1) return;
    this.#found[row] = 1;
    const { rows } = this;
    let place = rows.length;
    for (; place > 0 && rows[place - 1]! > row; place--) rows[place] = rows[place - 1]!;
    rows[place] = row;
  }
}

const NONE = -1;
const LINE_FEED = 0x0a;
const BLANK = 0x20;

/** Every sign leads on from every state: to the longest end of what was read that begins a word. */
function complete(next: Int32Array, rows: number[][]): void {
  const shorter = new Int32Array(rows.length);
  const waiting = Array.from(next.subarray(0, SIGNS)).filter(state => state !== 0);
  for (const state of waiting) {
    const back = shorter[state]!;
    for (const row of rows[back]!) if (!rows[state]!.includes(row)) rows[state]!.push(row);
    for (let sign = 0; sign < SIGNS; sign++) {
      const to = next[state * SIGNS + sign]!;
      if (to === 0) next[state * SIGNS + sign] = next[back * SIGNS + sign]!;
      else {
        shorter[to] = next[back * SIGNS + sign]!;
        waiting.push(to);
      }
    }
  }
}

/** By ASCII code: 0 for a character that is in no word, else 1 to 38, upper case as lower. */
const SIGN_OF = Uint8Array.from({ length: 128 }, (_, code) => {
  return "abcdefghijklmnopqrstuvwxyz0123456789_ ".indexOf(String.fromCharCode(code).toLowerCase()) + 1;
});
