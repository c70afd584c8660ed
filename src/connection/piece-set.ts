/** Octets of a secret in a row that no output may hold. */
export const PIECE = 5;
/** Pieces of secrets kept for one connection: those of a token that fills a frame of the usual size. Behind that all counts as one. */
const MAX_PIECES = 1 << 17;

/** All PIECE octets in a row of some secrets, by their hash: two that share one are both masked. */
export class PieceSet {
  #table = new Uint32Array(0);
  size = 0;
  /** There were more than are kept: nobody can say of any octets that they are none of them. */
  isFull = false;

  add(octets: Uint8Array): void {
    if (this.isFull) return;
    this.#eachPiece(octets, hash => {
      if (!this.isFull && !this.#find(hash)) this.#insert(hash);
    });
  }

  /** Where octets, or a text of an octet a character, repeat a secret: [from, to) of each stretch, in order. */
  spans(of: Uint8Array | string): [number, number][] {
    if (this.isFull) return of.length >= PIECE ? [[0, of.length]] : [];
    const spans: [number, number][] = [];
    if (this.size === 0) return spans;
    this.#eachPiece(of, (hash, behind) => {
      if (!this.#find(hash)) return;
      const last = spans.at(-1);
      if (last !== undefined && last[1] >= behind - PIECE) last[1] = behind;
      else spans.push([behind - PIECE, behind]);
    });
    return spans;
  }

  #eachPiece(of: Uint8Array | string, piece: (hash: number, behind: number) => void): void {
    let [first, rest, run] = [0, 0, 0];
    for (let at = 0; at < of.length; at++) {
      const octet = typeof of === "string" ? of.charCodeAt(at) : of[at]!;
      first = rest >>> 24;
      rest = (rest << 8) | (octet & 0xff);
      run = octet > 0xff ? 0 : run + 1;
      if (run >= PIECE) piece(hashOf(first, rest), at + 1);
    }
  }

  #find(hash: number): boolean {
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const found = this.#table[at] ?? 0;
      if (found === 0 || found === hash) return found !== 0;
    }
  }

  #insert(hash: number): void {
    if (2 * (this.size + 1) > this.#table.length) this.#grow();
    if (this.size >= MAX_PIECES) {
      this.isFull = true;
      this.#table = new Uint32Array(0);
      return;
    }
    const mask = this.#table.length - 1;
    let at = hash & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = hash;
    this.size++;
  }

  #grow(): void {
    const before = this.#table;
    this.#table = new Uint32Array(Math.max(32, 2 * before.length));
    this.size = 0;
    for (const hash of before) if (hash !== 0) this.#insert(hash);
  }
}

/** Of the first octet of a piece and those behind it; never 0. */
function hashOf(first: number, rest: number): number {
  let hash = Math.imul(rest ^ Math.imul(first + 1, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
