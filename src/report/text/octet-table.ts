/**
 * The octets at a fault: how the decoder read them, and what they more likely are.
 *
 *   offset   octets        read as           more likely
 *   2318     00            type 0            length of a headers table
 *   2319     00 00         channel 0
 *   2321     5c            size 1544254578
 *   2322     0b                              length of the name “traceparent”
 *   2323     74 72                           headers table: “tr…”
 *
 * Octets that follow each other, were read as one field and are likely one thing share a row.
 */

import Table from "cli-table3";
import { columns, printable, visibleEscape } from "../../bytes/printable.ts";
import type { OctetReading } from "../report.ts";
import { type Page, wrap } from "./page.ts";
import { counted } from "./wording.ts";

/** Rows before the rest is only counted: a frame header, its frame end and a few octets of what follows. */
const MAX_ROWS = 16;
/** Longest reading shown: a few lines of its column. */
const READING_COLUMNS = 160;
const GAP = "  ";

interface Row {
  offset: number;
  hex: string[];
  takenFor: string;
  likely: string;
}

export function octetTable(octets: readonly OctetReading[], page: Page): string[] {
  if (octets.length === 0) return [];
  const { paint } = page;
  const long = layOut(octets, 8, page.all);
  // Rows of four if the readings would have to wrap otherwise.
  const { cells, left } = natural(long.cells) <= page.columns ? long : layOut(octets, 4, page.all);
  const widths = columnWidths(cells, page.columns);
  const inks = [asIs, paint.strong, asIs, paint.warning];
  const table = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colWidths: widths,
  });
  for (const [index, row] of cells.entries()) {
    const ink = (at: number) => (index === 0 ? paint.faint : inks[at]!);
    const lines = (cell: string, at: number) => wrap(cell, widths[at]!).map(line => ink(at)(line));
    table.push(row.map((cell, at) => lines(cell, at).join("\n")));
  }
  const shown = table.toString().split("\n");
  return [
    ...shown.map(line => `${GAP}${line}`.trimEnd()),
    ...(left > 0 ? page.prose(`${counted(left, "more octet")}: --all lists them.`, paint.faint) : []),
  ];
}

/** The cells, the head's first, and how many octets they leave out. */
function layOut(octets: readonly OctetReading[], perRow: number, all: boolean): { cells: string[][]; left: number } {
  const rows = joinOctets(octets, perRow);
  const shown = all ? rows : rows.slice(0, MAX_ROWS);
  const explained = shown.some(({ likely }) => likely !== "");
  const head = ["offset", "octets", "read as", ...(explained ? ["more likely"] : [])];
  return {
    cells: [head, ...shown.map((row, index) => readable(row, shown[index - 1], explained))],
    left: octets.length - shown.reduce((sum, { hex }) => sum + hex.length, 0),
  };
}

/** A reading is given once, above the rows that it covers; "–" ends a likely one if nothing better is known. */
function readable({ offset, hex, takenFor, likely }: Row, above: Row | undefined, explained: boolean): string[] {
  const before = above !== undefined && above.offset + above.hex.length === offset ? above : undefined;
  const cells = [`${offset}`, hex.join(" "), before?.takenFor === takenFor ? "" : certain(takenFor)];
  if (!explained) return cells;
  if (before?.likely === likely) return [...cells, ""];
  return [...cells, likely === "" && before !== undefined ? "–" : certain(likely)];
}

function joinOctets(octets: readonly OctetReading[], perRow: number): Row[] {
  const rows: Row[] = [];
  for (const { streamOffset, hex, takenFor, likely } of octets) {
    const row = rows.at(-1);
    const joins =
      row !== undefined &&
      row.takenFor === takenFor &&
      row.likely === likely &&
      row.offset + row.hex.length === streamOffset &&
      row.hex.length < perRow;
    if (joins) row.hex.push(certain(hex, 4));
    else rows.push({ offset: streamOffset, hex: [certain(hex, 4)], takenFor, likely });
  }
  return rows;
}

/** The octets keep their width; the two readings share what is left, each taking no more than it needs. */
function columnWidths(cells: readonly string[][], total: number): number[] {
  const [offset = 0, hex = 0, takenFor = 0, likely] = widest(cells);
  const room = total - GAP.length * cells[0]!.length - offset - hex;
  if (likely === undefined) return [offset, hex, Math.min(takenFor, room)];
  const half = Math.floor(room / 2);
  const first = Math.min(takenFor, Math.max(half, room - likely));
  return [offset, hex, first, Math.min(likely, room - first)];
}

/** Width of the table in which nothing wraps. */
function natural(cells: readonly string[][]): number {
  return widest(cells).reduce((sum, width) => sum + GAP.length + width, 0);
}

function widest(cells: readonly string[][]): number[] {
  return cells[0]!.map((_, at) => cells.reduce((most, row) => Math.max(most, columns(row[at]!)), 0));
}

/**
 * Readings are our own words around single octets, so anything but plain text in them is shown as an escape. It must
 * be: cli-table3 measures by a table of 2019, and would lay out wide characters and emoji differently from terminals.
 */
function certain(text: string, maxColumns: number = READING_COLUMNS): string {
  const plain = printable(text, maxColumns).replace(/[^\x20-\x7e\xa1-\xff…–→“”‘’]/gu, visibleEscape);
  return printable(plain, maxColumns);
}

const BORDERLESS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: GAP,
};

function asIs(text: string): string {
  return text;
}
