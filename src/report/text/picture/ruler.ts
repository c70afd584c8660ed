/**
 * What stands under the lanes: stream offsets and packet numbers, each at the column it belongs to.
 *
 *     offset  ▲162315    ▲210750                      390697▲ ▲393013
 *     packet  31                                            42
 *
 * A label that finds no room beside its mark hangs a line or two lower; one that finds none at all is left out.
 */

export interface Tick {
  column: number;
  text: string;
  /** 0 is placed first; beyond 3 only where it needs no line of its own. */
  rank: number;
}

const MAX_ROWS = 3;
const HANGING_RANK = 3;

/** At most three lines of labels, each with a mark at its column, none wider than `width`. */
export function ruler(ticks: readonly Tick[], width: number): string[] {
  const rows: string[][] = [];
  const taken = new Set<number>();
  for (const { column, text, rank } of inOrder(ticks)) {
    if (taken.has(column)) continue;
    const deepest = rank > HANGING_RANK ? 1 : MAX_ROWS;
    for (let depth = 0; depth < deepest; depth++) {
      if (!hang(rows, depth, column, text, width)) continue;
      taken.add(column);
      break;
    }
  }
  return rows.map(lineOf);
}

/** One line of labels that begin at their columns; those without room are left out. */
export function captions(ticks: readonly Tick[], width: number): string {
  const row: string[] = [];
  for (const { column, text } of inOrder(ticks)) {
    if (isFree(row, column - 2, column + text.length + 2) && column + text.length <= width) write(row, column, text);
  }
  return lineOf(row);
}

/** A line with one mark in it, its text on the side where there is room; empty where neither side has any. */
export function pointer(column: number, mark: string, text: string, width: number): string {
  const row: string[] = [];
  if (column + 2 + text.length <= width) write(row, column, `${mark} ${text}`);
  else if (column >= text.length + 1) write(row, column - text.length - 1, `${text} ${mark}`);
  return lineOf(row);
}

function inOrder(ticks: readonly Tick[]): Tick[] {
  return ticks.toSorted((a, b) => a.rank - b.rank || a.column - b.column);
}

function hang(rows: string[][], depth: number, column: number, text: string, width: number): boolean {
  for (let above = 0; above < depth; above++) if (!isFree(rows[above] ?? [], column, column + 1)) return false;
  const row = rows[depth] ?? [];
  const right = column + 1 + text.length;
  const left = column - text.length;
  if (right <= width && isFree(row, column - 1, right + 1)) write(row, column, `${depth === 0 ? "▲" : "└"}${text}`);
  else if (left >= 0 && isFree(row, left - 1, column + 2)) write(row, left, `${text}${depth === 0 ? "▲" : "┘"}`);
  else return false;
  rows[depth] = row;
  // A row in between may have nothing else in it: it is there all the same, filled from the top down.
  for (let above = 0; above < depth; above++) {
    const between = rows[above] ?? [];
    rows[above] = between;
    write(between, column, above === 0 ? "▲" : "│");
  }
  return true;
}

function isFree(row: readonly string[], from: number, to: number): boolean {
  for (let at = Math.max(0, from); at < to; at++) if ((row[at] ?? " ") !== " ") return false;
  return true;
}

function write(row: string[], column: number, text: string): void {
  for (const [at, character] of [...text].entries()) row[column + at] = character;
}

function lineOf(row: readonly string[]): string {
  return Array.from(row, character => character ?? " ").join("");
}
