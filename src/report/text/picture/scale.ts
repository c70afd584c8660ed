/**
 * The picture's horizontal scale: which stretch of the stream stands in which columns.
 *
 * The stream is cut wherever a lane begins or ends. Every piece has at least one column, so that one octet is visible
 * beside a hundred thousand, and the columns left are distributed by length. If that would leave most pieces alike
 * because a few are huge, the huge ones are shortened; if there are more pieces than columns, cuts of lesser weight are
 * left out, and what lies between two remaining ones is folded.
 */

/** Pieces and the columns they take; octets that were never written have a piece of their own, with from = to. */
export interface Piece {
  from: number;
  to: number;
  /** Octets that should be here and are not. */
  missing: number;
  /** How many pieces it stands for. */
  folds: number;
  /** Drawn shorter than in the scale of the others. */
  shortened: boolean;
  column: number;
  columns: number;
}

export interface Cuts {
  /** By offset, how dispensable the cut is: 0 the least. */
  ranks: ReadonlyMap<number, number>;
  /** By offset, octets never written there. */
  missing: ReadonlyMap<number, number>;
  /** Whether any lane has octets of a stretch: one without must not take room. */
  occupied: (from: number, to: number) => boolean;
}

const COLUMNS_PER_PIECE = 2;
const IDLE_COLUMNS = 3;
const MISSING_COLUMNS = 2;

/** Pieces that fill `width` columns, from the first cut to the last. */
export function scaled(cuts: Cuts, width: number): Piece[] {
  const pieces = piecesOf(cuts, Math.max(3, Math.floor(width / COLUMNS_PER_PIECE)));
  if (pieces.length === 0) return [];
  // Octets never written have no length in the stream: a mark is all they get.
  const weights = pieces.map(({ from, to }) => Math.max(1, to - from));
  const least = pieces.length * 4 <= width ? 2 : 1;
  const bound = Math.max(4, Math.floor(width / 4));
  const most = pieces.map(({ from, to, missing, folds }) => {
    if (missing > 0) return Math.max(least, MISSING_COLUMNS);
    if (missing === 0 && !cuts.occupied(from, to)) return Math.max(least, IDLE_COLUMNS);
    return folds > 1 ? bound : width;
  });
  let scale = octetsPerColumn(weights, least, most, width);
  const short = weights.filter(weight => weight / scale < least).length;
  if (short >= 3 && short * 2 >= pieces.length) {
    for (const [at, columns] of most.entries()) most[at] = Math.min(columns, bound);
    scale = octetsPerColumn(weights, least, most, width);
  }
  const columns = wholeColumns(
    weights.map((weight, at) => clamp(weight / scale, least, most[at]!)),
    most,
    width,
  );
  let column = 0;
  for (const [at, piece] of pieces.entries()) {
    piece.column = column;
    piece.columns = columns[at]!;
    piece.shortened = weights[at]! / scale > columns[at]! * 1.5 + 1;
    column += piece.columns;
  }
  return pieces;
}

function piecesOf({ ranks, missing }: Cuts, most: number): Piece[] {
  const byRank = [...ranks].sort(([a, rankA], [b, rankB]) => rankA - rankB || a - b);
  const kept: number[] = [];
  let count = -1;
  for (const [offset, rank] of byRank) {
    const more = (missing.get(offset) ?? 0) > 0 ? 2 : 1;
    if (rank > 0 && count + more > most) break;
    count += more;
    kept.push(offset);
  }
  kept.sort((a, b) => a - b);
  const all = [...ranks.keys()].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  let at = 0;
  for (const [index, from] of kept.entries()) {
    const absent = missing.get(from) ?? 0;
    if (absent > 0) {
      pieces.push({ from, to: from, missing: absent, folds: 1, shortened: false, column: 0, columns: 0 });
    }
    const to = kept[index + 1];
    if (to === undefined) break;
    const begin = at;
    while (at < all.length && all[at]! < to) at++;
    pieces.push({ from, to, missing: 0, folds: at - begin, shortened: false, column: 0, columns: 0 });
  }
  return pieces;
}

/** The finest scale at which all pieces fit, found by halving. */
function octetsPerColumn(weights: readonly number[], least: number, most: readonly number[], width: number): number {
  const taken = (scale: number) =>
    weights.reduce((sum, weight, at) => sum + clamp(weight / scale, least, most[at]!), 0);
  let fine = 0;
  let coarse = Math.max(...weights);
  for (let step = 0; step < 50; step++) {
    const middle = (fine + coarse) / 2;
    if (taken(middle) > width) fine = middle;
    else coarse = middle;
  }
  return coarse;
}

/** Whole columns that sum up to the width: what rounding down leaves goes to the piece that lost most by it. */
function wholeColumns(exact: readonly number[], most: readonly number[], width: number): number[] {
  const whole = exact.map(columns => Math.floor(columns + 1e-6));
  let left = width - whole.reduce((sum, columns) => sum + columns, 0);
  const order = exact
    .map((columns, at) => ({ at, lost: columns - whole[at]!, bounded: columns >= most[at]! }))
    .sort((a, b) => Number(a.bounded) - Number(b.bounded) || b.lost - a.lost || a.at - b.at);
  // More than one round only if every piece is as long as it may be.
  while (left > 0) {
    for (const { at } of order.slice(0, left)) {
      whole[at]!++;
      left--;
    }
  }
  return whole;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
