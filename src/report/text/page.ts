/** The sheet the text report is written on: its width, its colours, and how prose and labelled lines are laid out. */

import { Chalk } from "chalk";
import { columns, fitting, pad } from "../../bytes/printable.ts";
import type { Severity } from "../report.ts";
import type { FormatOptions } from "../report-format.ts";

/** Narrower than this an address no longer fits behind its label. */
export const MIN_COLUMNS = 40;

/** Column in which the text behind a label begins. */
export const LABEL_COLUMNS = 13;
const INDENT = "  ";
/** Printable text has none of its own. */
const NO_BREAK = "\u00a0";
const UNBROKEN_COLUMNS = MIN_COLUMNS - LABEL_COLUMNS;

export type Ink = (text: string) => string;

export class Page {
  readonly columns: number;
  readonly all: boolean;
  readonly paint: Record<Severity | "good" | "strong" | "faint", Ink>;
  readonly #writers: readonly Ink[];

  constructor(options: FormatOptions) {
    this.columns = Math.max(MIN_COLUMNS, options.columns);
    this.all = options.all;
    // The 16 basic colours: they follow the terminal's theme, light or dark.
    const chalk = new Chalk({ level: options.colour ? 1 : 0 });
    this.paint = {
      error: chalk.red.bold,
      warning: chalk.yellow.bold,
      note: chalk.cyan,
      good: chalk.green,
      strong: chalk.bold,
      faint: chalk.dim,
    };
    this.#writers = [chalk.cyan, chalk.magenta, chalk.yellow, chalk.green, chalk.blue, chalk.red];
  }

  /** The colour of one of an incident's writers; null for octets of no writer. */
  writer(index: number | null): Ink {
    return index === null ? plain : this.#writers[index % this.#writers.length]!;
  }

  /** Wrapped text from the first column on; further lines are indented. */
  flush(text: string, ink: Ink = plain): string[] {
    return wrap(text, this.columns - INDENT.length).map((line, index) => (index === 0 ? "" : INDENT) + ink(line));
  }

  /** Wrapped prose, indented. */
  prose(text: string, ink: Ink = plain): string[] {
    return wrap(text, this.columns - INDENT.length).map(line => INDENT + ink(line));
  }

  /** A label, and text that wraps in the column behind it. */
  labelled(label: string, text: string, ink: Ink = plain, labelInk: Ink = this.paint.faint): string[] {
    return wrap(text, this.columns - LABEL_COLUMNS).map((line, index) => {
      const margin = pad(index === 0 ? `${INDENT}${label} ` : "", LABEL_COLUMNS);
      return (index === 0 ? labelInk(margin) : margin) + ink(line);
    });
  }
}

/** Breaks printable text at spaces, and inside a word only if the word alone is wider than a line. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(2, width); // a wide character has to fit, or nothing ever would
  const lines: string[] = [];
  let rest = trimmed(text);
  while (columns(rest) > room) {
    const most = fitting(rest, room);
    const space = rest.lastIndexOf(" ", most);
    const end = space > 0 ? space : most;
    lines.push(trimmed(rest.slice(0, end)));
    rest = trimmed(rest.slice(end));
  }
  lines.push(rest);
  return lines.map(line => line.replaceAll(NO_BREAK, " "));
}

/** Printable text that `wrap` keeps on one line, if a line can hold it. */
export function unbroken(text: string): string {
  return columns(text) <= UNBROKEN_COLUMNS ? text.replaceAll(" ", NO_BREAK) : text;
}

/** Parts in a row, as `client → server · offset 2318`, each of them unbroken. Empty parts are left out. */
export function row(parts: readonly string[]): string {
  return parts
    .filter(part => part !== "")
    .map(unbroken)
    .join(" · ");
}

/** Spaces only: `trim` would take the no-break spaces too. */
function trimmed(text: string): string {
  return text.replace(/^ +| +$/g, "");
}

function plain(text: string): string {
  return text;
}
