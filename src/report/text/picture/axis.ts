/**
 * The lines under the lanes: stream offsets and packet numbers, each at its column.
 *
 *     offset  ▲162315    ▲210750                      390697▲ ▲393013
 *     packet  31                                            42
 *
 * A label without room beside its mark hangs a line or two lower; one without any room is left out.
 */

export interface Tick {
  column: number;
  text: string;
  /** 0 is placed first; beyond 3 only if it needs no line of its own. */
  rank: number;
}

const MAX_ROWS = 3;
const HANGING_RANK = 3;
/** The columns of this many marks, the heaviest, are kept clear of others' labels. */
const MAX_RESERVED = 6;

/** At most three lines of labels, each with a mark at its column, none wider than `width`. */
export function axis(ticks: readonly Tick[], width: number): string[] {
  const rows: string[][] = [];
  const taken = new Set<number>();
  const weighty = ticks.filter(({ rank }) => rank <= 1).map(({ column }) => column);
  const reserved = weighty.length <= MAX_RESERVED ? weighty : [];
  // From the right: then it is known what a label to its right covers below.
  const order = ticks.toSorted((a, b) => Math.max(1, a.rank) - Math.max(1, b.rank) || b.column - a.column);
  for (const { column, text, rank } of order) {
    if (taken.has(column)) continue;
    const deepest = rank > HANGING_RANK ? 1 : MAX_ROWS;
    for (let depth = 0; depth < deepest; depth++) {
      const others = depth === 0 ? reserved.filter(each => each !== column) : [];
      if (!hang(rows, depth, { column, text }, others, width)) continue;
      taken.add(column);
      break;
    }
  }
  return rows.map(lineOf);
}

/** One line of labels that begin at their columns; those without room are left out. */
export function captions(ticks: readonly Tick[], width: number): string {
  const row: string[] = [];
  for (const { column, text } of ticks.toSorted((a, b) => a.rank - b.rank || a.column - b.column)) {
    if (isFree(row, column - 2, column + text.length + 2) && column + text.length <= width) write(row, column, text);
  }
  return lineOf(row);
}

/** A line with one mark in it, its text on the side with room; empty if neither side has any. */
export function pointer(column: number, mark: string, text: string, width: number): string {
  const row: string[] = [];
  if (column + 2 + text.length <= width) write(row, column, `${mark} ${text}`);
  else if (column >= text.length + 1) write(row, column - text.length - 1, `${text} ${mark}`);
  return lineOf(row);
}

function hang(
  rows: string[][],
  depth: number,
  { column, text }: Pick<Tick, "column" | "text">,
  reserved: readonly number[],
  width: number,
): boolean {
  for (let above = 0; above < depth; above++) if (!isFree(rows[above] ?? [], column, column + 1)) return false;
  const row = rows[depth] ?? [];
  const right = column + 1 + text.length;
  const left = column - text.length;
  const free = (from: number, to: number) => isFree(row, from, to) && !reserved.some(at => at >= from && at < to);
  if (right <= width && free(column - 1, right + 1)) write(row, column, `${depth === 0 ? "▲" : "└"}${text}`);
  else if (left >= 0 && free(left - 1, column + 2)) write(row, left, `${text}${depth === 0 ? "▲" : "┘"}`);
  else return false;
  rows[depth] = row;
  // A row in between may have nothing else in it: it exists all the same, filled from the top down.
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
  for (let at = 0; at < text.length; at++) row[column + at] = text[at]!;
}

function lineOf(row: readonly string[]): string {
  return Array.from(row, character => character ?? " ").join("");
}
