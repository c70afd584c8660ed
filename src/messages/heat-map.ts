/** Columns of time: this many at most, at least half of them after the first doubling. */
export const HEAT_COLUMNS = 60;
/** Upper bounds of the rows, in seconds; the last row has what is slower. */
export const HEAT_ROWS = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10, 30] as const;

/** How many messages were settled how fast, over time. The width of a column doubles as the capture goes on. */
export class HeatMap {
  /** Seconds since the epoch at which the first column begins; null before the first message. */
  begin: number | null = null;
  /** Seconds that a column is wide. */
  width = 0.001;
  /** By column, then by row. */
  cells: number[][] = [];

  /** `time` in seconds since the epoch, `latency` in seconds. */
  add(time: number, latency: number): void {
    this.begin ??= time;
    // Messages are reported when they are settled: an earlier one may come later.
    while (time < this.begin) this.#growBackwards();
    while (time >= this.begin + this.width * HEAT_COLUMNS) this.#doubleWidth();
    const column = Math.floor((time - this.begin) / this.width);
    const row = HEAT_ROWS.findIndex(bound => latency <= bound);
    const cells = this.#column(column);
    cells[row < 0 ? HEAT_ROWS.length : row]!++;
  }

  /** The same in at most `columns` columns, and at least one. */
  within(columns: number): Pick<HeatMap, "begin" | "width" | "cells"> {
    let { width, cells } = this;
    while (cells.length > Math.max(1, columns)) [width, cells] = [2 * width, halved(cells)];
    return { begin: this.begin, width, cells };
  }

  #column(index: number): number[] {
    while (this.cells.length <= index) this.cells.push(HEAT_ROWS.map(() => 0).concat(0));
    return this.cells[index]!;
  }

  #doubleWidth(): void {
    this.width *= 2;
    this.cells = halved(this.cells);
  }

  /** Puts as many columns in front as are missing; doubles them if there is no room. */
  #growBackwards(): void {
    if (this.cells.length >= HEAT_COLUMNS) this.#doubleWidth();
    const added = HEAT_COLUMNS - this.cells.length;
    this.begin! -= added * this.width;
    this.cells.unshift(...Array.from({ length: added }, () => HEAT_ROWS.map(() => 0).concat(0)));
  }
}

/** Each two columns as one. */
function halved(cells: readonly number[][]): number[][] {
  return cells
    .filter((_, i) => i % 2 === 0)
    .map((one, i) => one.map((count, row) => count + (cells[2 * i + 1]?.[row] ?? 0)));
}
