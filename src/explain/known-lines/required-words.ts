/**
 * Words that a regular expression needs: every text that it matches holds one of them. Read from the pattern's source, so
 * that a prefilter can never lack the word of a new row.
 */

/** A part of a pattern: a letter or sign as it stands, or what a group or class needs; "" and null tell nothing. */
interface Atom {
  letter: string | null;
  words: readonly string[] | null;
}

const NOTHING: Atom = { letter: null, words: null };
/** Shorter ones are in every text. */
const MIN_LETTERS = 3;

/** In lower case, letters, digits and underscores; null where no such words can be told. */
export function requiredWords({ source }: RegExp): readonly string[] | null {
  return new PatternReader(source).alternatives();
}

class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** One of the words of each alternative; null where one of them needs none. */
  alternatives(): readonly string[] | null {
    let all: string[] | null = [];
    for (;;) {
      const words = this.#sequence();
      all = all === null || words === null ? null : [...all, ...words];
      if (this.#source[this.#at] !== "|") return all;
      this.#at++;
    }
  }

  /** Of all that must stand in it, what tells most. */
  #sequence(): readonly string[] | null {
    let best: readonly string[] | null = null;
    let run = "";
    const better = (words: readonly string[] | null): void => {
      if (words !== null && shortest(words) > shortest(best ?? [])) best = words;
    };
    const endRun = (): void => {
      const word = longestWord(run);
      better(word === null ? null : [word]);
      run = "";
    };
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at]!)) {
      const { letter, words } = this.#atom();
      const least = this.#quantifier();
      if (least === 1 && letter !== null) {
        run += letter;
        continue;
      }
      if (least !== 0 && letter !== null) run += letter;
      endRun();
      if (least !== 0) better(words);
    }
    endRun();
    return best;
  }

  #atom(): Atom {
    const sign = this.#source[this.#at++]!;
    switch (sign) {
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\": {
        const escaped = this.#source[this.#at++]!;
        if (/[bB]/.test(escaped)) return { letter: "", words: null };
        return /\w/.test(escaped) ? NOTHING : { letter: escaped, words: null };
      }
      case ".":
        return NOTHING;
      case "^":
      case "$":
        return { letter: "", words: null };
      default:
        return { letter: sign.toLowerCase(), words: null };
    }
  }

  #group(): Atom {
    const [head = ""] = /^\?(?::|<?[=!]|<\w+>)/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += head.length;
    const words = this.alternatives();
    this.#at++;
    return /[=!]/.test(head) ? NOTHING : { letter: null, words };
  }

  /** `[Cc]` is a letter in either case; any other class may be anything. */
  #class(): Atom {
    const [all = "]", inside = ""] = /^((?:[^\]\\]|\\.)*)\]/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += all.length;
    const [letter = "", other = ""] = inside.toLowerCase();
    return inside.length === 2 && letter === other ? { letter, words: null } : NOTHING;
  }

  /** How often what stands before it comes at least: 1 where there is none; 2 where it may come again. */
  #quantifier(): 0 | 1 | 2 {
    const [all = "", sign = ""] = /^(\*|\+|\?|\{\d+(?:,\d*)?\})\??/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += all.length;
    if (sign === "") return 1;
    return sign === "*" || sign === "?" || sign.startsWith("{0") ? 0 : 2;
  }
}

function shortest(words: readonly string[]): number {
  return words.length === 0 ? 0 : Math.min(...words.map(({ length }) => length));
}

function longestWord(text: string): string | null {
  const words = text.match(/[a-z0-9_]+/g) ?? [];
  const longest = words.toSorted((one, other) => other.length - one.length)[0] ?? "";
  return longest.length < MIN_LETTERS ? null : longest;
}
