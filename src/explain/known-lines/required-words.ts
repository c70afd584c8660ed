/**
 * Words that a regular expression needs: every text that it matches holds one of them. They are read from the pattern's
 * source, so that a prefilter cannot lack the word of a new row.
 */

/** A part of a pattern. */
interface Part {
  /** All texts that it matches, if these are few; else null. */
  all: readonly string[] | null;
  /** Words of which it needs one; null if none can be found. */
  words: readonly string[] | null;
}

const ANYTHING: Part = { all: null, words: null };
const NOTHING: Part = { all: [""], words: null };
/** Texts of a part that are kept separately. */
const MAX_TEXTS = 40;
/** Shorter ones are in every text. */
const MIN_LETTERS = 3;

/** In lower case, letters, digits, underscores and blanks; null if no such words can be found. */
export function requiredWords({ source }: RegExp): readonly string[] | null {
  return new PatternReader(source).alternatives().words;
}

class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** One of the words of each alternative; null if one of them needs none. */
  alternatives(): Part {
    let all: readonly string[] | null = [];
    let words: readonly string[] | null = [];
    for (;;) {
      const one = this.#sequence();
      all = all === null || one.all === null ? null : few([...all, ...one.all]);
      words = words === null || one.words === null ? null : [...words, ...one.words];
      if (this.#source[this.#at] !== "|") return { all, words };
      this.#at++;
    }
  }

  /** Of all parts that must stand in it, the most specific. */
  #sequence(): Part {
    let best: readonly string[] | null = null;
    let run: readonly string[] = [""];
    let all = true;
    const better = (words: readonly string[] | null): void => {
      if (words !== null && shortest(words) > shortest(best ?? [])) best = words;
    };
    const endRun = (): void => {
      better(longestWords(run));
      run = [""];
      all = false;
    };
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at]!)) {
      const part = this.#part();
      const least = this.#quantifier();
      const texts = part.all === null || least === 2 ? null : least === 0 ? [...part.all, ""] : part.all;
      const longer = texts === null ? null : few(run.flatMap(begun => texts.map(text => begun + text)));
      if (longer !== null) {
        run = longer;
        continue;
      }
      // If a part may repeat, its first occurrence stands behind the run.
      if (least === 2 && part.all?.length === 1) run = run.map(begun => begun + part.all![0]!);
      endRun();
      if (texts !== null) run = texts;
      else if (least !== 0) better(part.words);
    }
    const texts = run;
    better(longestWords(texts));
    return { all: all ? texts : null, words: best };
  }

  #part(): Part {
    const sign = this.#source[this.#at++]!;
    switch (sign) {
      case "(":
        return this.#group();
      case "[":
        return this.#class();
      case "\\": {
        const escaped = this.#source[this.#at++]!;
        if (/[bB]/.test(escaped)) return NOTHING;
        return /\w/.test(escaped) ? ANYTHING : { all: [escaped], words: null };
      }
      case ".":
        return ANYTHING;
      case "^":
      case "$":
        return NOTHING;
      default:
        return { all: [sign.toLowerCase()], words: null };
    }
  }

  #group(): Part {
    const [head = ""] = /^\?(?::|<?[=!]|<\w+>)/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += head.length;
    const part = this.alternatives();
    this.#at++;
    return /[=!]$/.test(head) ? NOTHING : part;
  }

  /** `[Cc]` is a letter in either case, `[ _-]` one of a few signs; any other class may be anything. */
  #class(): Part {
    const [whole = "]", inside = ""] = /^((?:[^\]\\]|\\.)*)\]/.exec(this.#source.slice(this.#at)) ?? [];
    this.#at += whole.length;
    const signs = new Set(inside.toLowerCase());
    if (/^\^|\\|.-./.test(inside)) return ANYTHING;
    return { all: [...signs], words: null };
  }

  /** The least number of repetitions of the part before it: 1 if there is no quantifier; 2 if it may repeat. */
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

/** The texts, each once; null if they are many. */
function few(texts: readonly string[]): readonly string[] | null {
  const each = new Set(texts);
  return each.size > MAX_TEXTS ? null : [...each];
}

/** A word of each text; null if one of them has none. */
function longestWords(texts: readonly string[]): readonly string[] | null {
  const words = texts.map(longestWord);
  return words.every(word => word !== null) ? [...new Set(words)] : null;
}

function longestWord(text: string): string | null {
  const words = text.match(/[a-z0-9_ ]+/g) ?? [];
  const longest = words.toSorted((one, other) => other.length - one.length)[0] ?? "";
  return longest.replaceAll(" ", "").length < MIN_LETTERS ? null : longest;
}
