/** Which of many patterns a text matches: patterns whose words are not in the text are not tried. */
import { requiredWords } from "./required-words.ts";
import { WordIndex } from "./word-index.ts";

export class PatternIndex {
  readonly #patterns: readonly RegExp[];
  readonly #words: WordIndex;

  constructor(patterns: readonly RegExp[]) {
    this.#patterns = patterns;
    this.#words = new WordIndex(patterns.map(requiredWords));
  }

  /** Index of the first pattern that matches; -1 if none does. */
  first(text: string): number {
    this.#words.look(text);
    return this.#words.rows.find(row => this.#patterns[row]!.test(text)) ?? -1;
  }
}
