/**
 * The Cut picture: the wire in the middle, and above and below it what each writer meant, whole. A writer that cuts
 * into a block lies on the other side of it, so that a tear is a block in two with a wedge pushed in from the other
 * side. `along` is measured on the wire, `across` from the picture's top.
 */
import type { Laid } from "./scale.ts";
import type { Block } from "./wire.ts";

export interface Lane {
  /** Index of the writer; null for octets of no writer. */
  writer: number | null;
  side: "above" | "below";
  across: number;
}

export interface Part {
  /** Along, of the block's part and of its piece on the wire. */
  blockAt: number;
  piece: Laid;
}

export interface BlockBox {
  block: Block;
  lane: Lane;
  at: number;
  width: number;
  /** Of `width`: octets never written. */
  missingWidth: number;
  parts: Part[];
}

export interface CutLayout {
  lanes: Lane[];
  boxes: BlockBox[];
  pieces: Laid[];
  wire: number;
  wireHeight: number;
  blockHeight: number;
  /** Behind the last lane. */
  height: number;
}

/** Pixels across; the overview's pictures are compact. */
const FULL = { block: 26, wire: 34, lane: 40, ribbon: 70, top: 14 };
const COMPACT = { block: 15, wire: 18, lane: 21, ribbon: 30, top: 3 };
const MISSING_WIDTH = 16;
const BETWEEN = 4;

/** More writers or pieces than these are drawn as lanes. */
export const MOST_WRITERS = 6;
export const MOST_PIECES = 30;

export function cutLayout(pieces: readonly Laid[], length: number, compact = false): CutLayout {
  const sizes = compact ? COMPACT : FULL;
  const byBlock = new Map<Block, Laid[]>();
  for (const piece of pieces) {
    if (piece.block.kind === "order") continue;
    const known = byBlock.get(piece.block);
    if (known) known.push(piece);
    else byBlock.set(piece.block, [piece]);
  }
  const sides = sidesOf(pieces);
  const above = [...sides].filter(([, side]) => side === "above").map(([key]) => key);
  const below = [...sides].filter(([, side]) => side === "below").map(([key]) => key);
  const wire = sizes.top + above.length * sizes.lane + (above.length > 0 ? sizes.ribbon : 0);
  const firstBelow = wire + sizes.wire + sizes.ribbon;
  const lanes = new Map<number | null, Lane>([
    ...above.map((writer, at): [number | null, Lane] => [
      writer,
      { writer, side: "above", across: sizes.top + at * sizes.lane },
    ]),
    ...below.map((writer, at): [number | null, Lane] => [
      writer,
      { writer, side: "below", across: firstBelow + at * sizes.lane },
    ]),
  ]);
  const boxes = [...byBlock].map(([block, parts]) => boxOf(block, parts, lanes.get(block.writer)!));
  for (const lane of lanes.values())
    spread(
      boxes.filter(box => box.lane === lane),
      length,
    );
  const height = below.length === 0 ? wire + sizes.wire + 10 : firstBelow + below.length * sizes.lane;
  return {
    lanes: [...lanes.values()],
    boxes,
    pieces: [...pieces],
    wire,
    wireHeight: sizes.wire,
    blockHeight: sizes.block,
    height,
  };
}

/** The side of each writer, in order of appearance. */
function sidesOf(pieces: readonly Laid[]): Map<number | null, "above" | "below"> {
  const sides = new Map<number | null, "above" | "below">();
  const count = (side: string) => [...sides.values()].filter(each => each === side).length;
  for (const [at, { block }] of pieces.entries()) {
    if (block.kind === "order" || sides.has(block.writer)) continue;
    const victim = victimOf(at, pieces);
    const against = victim === null ? undefined : sides.get(victim);
    if (against !== undefined) sides.set(block.writer, against === "above" ? "below" : "above");
    else sides.set(block.writer, count("above") <= count("below") ? "above" : "below");
  }
  return sides;
}

/** The writer of the block that stands open around a piece. */
function victimOf(at: number, pieces: readonly Laid[]): number | null {
  const own = pieces[at]!.block;
  for (let before = at - 1; before >= 0; before--) {
    const { block } = pieces[before]!;
    if (block === own || block.writer === own.writer) continue;
    if (pieces.slice(at + 1).some(later => later.block === block)) return block.writer;
  }
  return null;
}

function boxOf(block: Block, pieces: readonly Laid[], lane: Lane): BlockBox {
  const missingWidth = block.missing > 0 ? MISSING_WIDTH : 0;
  // Octets sent again are drawn over their first copy.
  const shown = block.kind === "again" ? pieces.slice(0, 1) : pieces;
  const width = shown.reduce((sum, piece) => sum + piece.width, 0) + missingWidth;
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  const centre = block.kind === "again" ? first.at + first.width / 2 : (first.at + last.at + last.width) / 2;
  let blockAt = 0;
  const parts = pieces.map((piece): Part => {
    const part = { blockAt, piece };
    if (block.kind !== "again") blockAt += piece.width;
    return part;
  });
  return { block, lane, at: centre - width / 2, width, missingWidth, parts };
}

/** Moves the blocks of a lane apart, and into the picture. */
function spread(boxes: BlockBox[], length: number): void {
  boxes.sort((a, b) => a.at + a.width / 2 - (b.at + b.width / 2));
  let least = 0;
  for (const box of boxes) {
    box.at = Math.max(least, box.at);
    least = box.at + box.width + BETWEEN;
  }
  let most = length;
  for (const box of boxes.toReversed()) {
    box.at = Math.max(0, Math.min(box.at, most - box.width));
    most = box.at - BETWEEN;
  }
}
