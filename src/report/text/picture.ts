/**
 * An incident as a picture: a lane for each writer over the stream, and under it where and in which packet each piece
 * begins.
 *
 *     A ch 2  ██████████┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄██  torn t1-3
 *     B ch 1            ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄    4 lost
 *     offset  ▲162315   ▲210750                390697▲ ▲393013
 *     packet  31                                     42
 *
 * Shapes distinguish the octets and letters the writers, so that colour only helps.
 */

import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, pad } from "../../bytes/printable.ts";
import type { Diagnosis } from "../report.ts";
import { type Page, row } from "./page.ts";
import { axis, captions, pointer, type Tick } from "./picture/axis.ts";
import { GLYPHS, type Grid, grid } from "./picture/grid.ts";

const INDENT = "  ";
const GAP = "  ";
const LABEL_COLUMNS = 11;
/** From this width on there is something behind the lanes. */
const TAIL_FROM = 60;

/** What is known of single octets, and shown under the picture at their place. */
export interface Marks {
  /** When the incident began, in words. */
  begun: { streamOffset: number; time: string } | null;
  /** Offset behind the last octet that a broker reads. */
  brokerStops: number | null;
}

/** Lines no wider than the page; none if there is nothing to distinguish. */
export function picture(diagnosis: Diagnosis, { begun, brokerStops }: Marks, page: Page): string[] {
  const marked = brokerStops === null ? [] : [brokerStops];
  const first = grid(diagnosis, marked, 2);
  if (first === null) return [];
  const labels = first.lanes.map(({ label }) => label);
  const margin = [...labels, "offset"].reduce((most, label) => Math.max(most, columns(label)), 0);
  const labelWidth = Math.min(LABEL_COLUMNS, margin);
  const tailRoom = page.columns < TAIL_FROM ? 0 : Math.floor(page.columns / 4);
  const tailWidth = first.lanes.reduce((most, { tail }) => Math.max(most, Math.min(tailRoom, columns(tail))), 0);
  const behind = tailWidth === 0 ? 1 : GAP.length + tailWidth;
  const room = page.columns - INDENT.length - labelWidth - GAP.length;
  const painting = grid(diagnosis, marked, room - behind);
  if (painting === null) return [];
  const lanes = painting.lanes.map(({ label, tail, writer }, index) => {
    const ink = page.writer(writer);
    const head = ink(pad(label, labelWidth));
    const cells = painting.rows[index]!;
    const words = cut(tail, tailRoom);
    const lane = words === "" ? ink(cells.trimEnd()) : `${ink(cells)}${GAP}${words}`;
    return `${INDENT}${head}${GAP}${lane}`;
  });
  const under = (label: string, line: string) =>
    page.paint.faint(`${INDENT}${pad(label, labelWidth)}${GAP}${line}`.trimEnd());
  const columnOf = new Map<number, number>();
  for (const { from, column, missing } of painting.pieces) if (missing === 0) columnOf.set(from, column);
  const packets = captions(packetTicks(diagnosis, columnOf), room);
  const at = (offset: number | undefined | null) => columnOf.get(offset ?? Number.NaN);
  const beginning = at(begun?.streamOffset);
  const stop = at(brokerStops);
  const fits = beginning !== undefined && begun !== null && beginning + columns(begun.time) <= room;
  const time = fits ? " ".repeat(beginning) + begun.time : "";
  const reads = stop === undefined ? "" : pointer(stop, "✗", `reads up to ${brokerStops}`, room);
  return [
    ...lanes,
    ...axis(offsetTicks(painting, brokerStops), room).map((line, depth) => under(depth === 0 ? "offset" : "", line)),
    ...(packets === "" ? [] : [under("packet", packets)]),
    ...(time === "" ? [] : [under("time", time)]),
    ...(reads === "" ? [] : [under("broker", reads)]),
    ...legend(diagnosis, painting, page),
  ];
}

/** A mark where each piece begins, and one behind the last. */
function offsetTicks({ pieces, ranks }: Grid, without: number | null): Tick[] {
  const last = pieces.at(-1)!;
  const ends = { from: last.to, column: last.column + last.columns };
  const ticks = new Map<number, Tick>();
  for (const { from, column } of last.missing > 0 ? pieces : [...pieces, ends]) {
    // Octets never written stand at the offset where the stream goes on without them.
    if (from !== without && !ticks.has(from)) ticks.set(from, { column, text: `${from}`, rank: ranks.get(from) ?? 4 });
  }
  return [...ticks.values()];
}

function packetTicks({ torn }: Diagnosis, columnOf: ReadonlyMap<number, number>): Tick[] {
  return torn.flatMap(({ spans, packets }, rank) =>
    spans.flatMap(([offset], at): Tick[] => {
      const column = columnOf.get(offset);
      const range = packets[at];
      if (column === undefined || !range) return [];
      const [first, last] = range;
      // The proxy has octets, and no packets.
      if (first === 0) return [];
      return [{ column, rank, text: first === last ? `${first}` : `${first}–${last}` }];
    }),
  );
}

/** The meaning of the characters that are not obvious. */
function legend({ missing }: Diagnosis, { rows, pieces }: Grid, page: Page): string[] {
  const used = new Set(rows.join(""));
  const folds = pieces.reduce((sum, { folds }) => sum + (folds > 1 ? folds : 0), 0);
  const absent = missing.reduce((sum, { octets }) => sum + octets, 0);
  const words: [string, string][] = [
    [GLYPHS.torn, "torn frame"],
    [GLYPHS.whole, "whole frames"],
    [GLYPHS.open, "still open"],
    [GLYPHS.missing, `${grouped(absent)} never written`],
    [GLYPHS.shortened, folds > 0 ? `${grouped(folds)} pieces folded` : "shortened"],
  ];
  const shown = words.filter(([glyph]) => used.has(glyph));
  if (shown.length === 0) return [];
  return page.prose(row(shown.map(([glyph, meaning]) => `${glyph} ${meaning}`)), page.paint.faint);
}
