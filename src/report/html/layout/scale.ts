/**
 * The place of each piece, in pixels: along the wire, folded (by square root of octets) or to true size; or in time.
 */
import type { Diagnosis, IncidentPlace } from "../../report.ts";
import { instant } from "../instant.ts";
import type { Block, Piece } from "./wire.ts";

export type ScaleKind = "folded" | "true";

/** A piece with its place along the wire. */
export interface Laid extends Piece {
  at: number;
  width: number;
}

const ORDER_WIDTH = 34;
const FOLDED_LEAST = 18;
const TORN_LEAST = 3;

const IN_ORDER: Block = {
  kind: "order",
  writer: null,
  label: "≈",
  message: null,
  spans: [],
  isTorn: false,
  missing: 0,
};

/** The pieces of a place and one on each side of it, and the frames in order between them. */
export function placePieces(all: readonly Piece[], place: IncidentPlace): Piece[] {
  const first = all.findIndex(({ to }) => to > place.from);
  const behind = all.findIndex(({ from }) => from >= Math.max(place.to, place.from + 1));
  const begin = Math.max(0, (first < 0 ? all.length : first) - 1);
  const end = behind < 0 ? all.length : behind + 1;
  const shown = all.slice(begin, end);
  return shown.flatMap((piece, at): Piece[] => {
    const before = shown[at - 1];
    if (before === undefined || before.to >= piece.from) return [piece];
    return [{ block: IN_ORDER, from: before.to, to: piece.from, number: 1, of: 1 }, piece];
  });
}

/** Fills `length` pixels. */
export function laidOut(pieces: readonly Piece[], kind: ScaleKind, length: number): Laid[] {
  const fixed = pieces.filter(({ block }) => block.kind === "order").length * ORDER_WIDTH;
  const weight = ({ from, to, block }: Piece): number => {
    if (block.kind === "order") return 0;
    return kind === "true" ? to - from : Math.sqrt(to - from) + FOLDED_LEAST;
  };
  const sum = pieces.reduce((total, piece) => total + weight(piece), 0);
  const room = Math.max(0, length - fixed);
  let widths = pieces.map(piece =>
    piece.block.kind === "order"
      ? ORDER_WIDTH
      : Math.max(piece.block.isTorn ? TORN_LEAST : 1, (weight(piece) / sum) * room),
  );
  const taken = widths.reduce((total, width) => total + width, 0);
  if (taken > length) widths = widths.map(width => (width * length) / taken);
  let at = 0;
  return pieces.map((piece, index) => {
    const laid = { ...piece, at, width: widths[index]! };
    at += laid.width;
    return laid;
  });
}

/** When octets of a stream came, in milliseconds, by offset: the ends of all stretches whose time is known, in order. */
export type Times = readonly (readonly [streamOffset: number, time: number])[];

export function timesOf({ torn, writers }: Diagnosis): Times {
  const ranges = [...torn, ...writers.flatMap(({ messages }) => messages)].flatMap(({ at }) => at ?? []);
  return ranges
    .flatMap(({ from, to }) => [from, to])
    .flatMap(({ streamOffset, time }): [number, number][] =>
      streamOffset === null || time === null ? [] : [[streamOffset, instant(time)]],
    )
    .filter(([, time]) => !Number.isNaN(time))
    .sort(([a], [b]) => a - b);
}

/** When the octet at an offset came, or the last one before it with a known time. */
export function timeOf(offset: number, times: Times): number | null {
  return (times.findLast(([at]) => at <= offset) ?? times[0])?.[1] ?? null;
}

/** Pixels of a piece that came in an instant. */
const INSTANT = 4;

/** Over `length` pixels, by when each came. Null if times are not known, or all the same. */
export function laidInTime(
  pieces: readonly Piece[],
  times: Times,
  length: number,
): { laid: Laid[]; begin: number; end: number } | null {
  const own = pieces.filter(({ block }) => block.kind !== "order");
  const ends = own.map(({ from, to }): [number | null, number | null] => [timeOf(from, times), timeOf(to - 1, times)]);
  const known = ends.flat().filter(time => time !== null);
  const begin = Math.min(...known);
  const end = Math.max(...known);
  if (!(end > begin)) return null;
  const place = (time: number | null): number => (((time ?? begin) - begin) / (end - begin)) * (length - INSTANT);
  const laid = own.map((piece, index) => {
    const at = place(ends[index]![0]);
    return { ...piece, at, width: Math.max(INSTANT, place(ends[index]![1]) - at) };
  });
  return { laid, begin, end };
}

/** Pixels along the wire of a stream offset; null if it is not shown. */
export function positionOf(offset: number, laid: readonly Laid[]): number | null {
  for (const { from, to, at, width } of laid) {
    if (offset >= from && offset <= to) return at + (width * (offset - from)) / Math.max(1, to - from);
  }
  return null;
}
