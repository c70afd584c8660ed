/** Where each piece of a place lies along the wire, in pixels: folded (by the square root of octets), or to true size. */
import type { IncidentPlace } from "../../report.ts";
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

/** Pixels along the wire of a stream offset; null where it is not shown. */
export function positionOf(offset: number, laid: readonly Laid[]): number | null {
  for (const { from, to, at, width } of laid) {
    if (offset >= from && offset <= to) return at + (width * (offset - from)) / Math.max(1, to - from);
  }
  return null;
}
