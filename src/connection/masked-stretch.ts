/** Stretches of a client's octets that are masked as a whole, in doubt up to REACH of them. */
import { Undecodable } from "../amqp/field-walk.ts";
import { FRAME_END, isFrameType } from "../amqp/spec/constants.ts";
import { PayloadOverrun } from "../bytes/cursor.ts";
import { FieldRun, type Following, frameEnd, LOOK } from "./credential-fields.ts";
import { PIECE, PieceSet } from "./piece-set.ts";

/** Octets that are masked where a method with credentials does not end as it should, or its ids may be torn. */
export const REACH = 64 * 1024;

const STAR = 0x2a;

/** `shown` with `*` in some stretches [from, to): a copy if it still is `bytes` themselves. */
export function withStars(
  bytes: Uint8Array,
  shown: Uint8Array,
  stretches: readonly (readonly [number, number])[],
): Uint8Array {
  if (stretches.length === 0) return shown;
  const masked = shown === bytes ? new Uint8Array(bytes) : shown;
  for (const [from, to] of stretches) masked.fill(STAR, from, to);
  return masked;
}

/** A method behind its ids in a running connection. `headed`: what its frame's size leaves, or null where it has none. */
export function* methodAnywhere(follow: (fields: FieldRun) => Following, headed: FieldRun | null): Following {
  try {
    yield* follow(headed ?? new FieldRun(REACH));
    yield* frameEnd();
    if (!isFrameType(yield LOOK)) throw new Undecodable("no frame follows");
  } catch (fault) {
    if (!(fault instanceof PayloadOverrun || fault instanceof Undecodable)) throw fault;
    yield -REACH;
  }
}

/** Octets that may hold the rest of a method with credentials. */
export function* reach(): Following {
  yield -REACH;
}

/** Octets that begin no frame, up to the end of one behind which another begins. */
export function* stray(): Following {
  let last = 0;
  for (let i = 0; i < REACH; i++) {
    const octet = yield LOOK;
    if (last === FRAME_END && isFrameType(octet)) return;
    yield -1;
    last = octet;
  }
}

/** What was masked, by its pieces, over any chunking. */
export class MaskedOctets {
  readonly pieces: PieceSet;
  /** The last of them, and the position behind them in the octets at hand. */
  #last: readonly number[] = [];
  #until = -1;
  constructor(pieces = new PieceSet()) {
    this.pieces = pieces;
  }

  /** bytes[from, to) were masked. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const before = this.#until === from ? this.#last : [];
    this.pieces.add(
      before.length === 0
        ? bytes.subarray(from, to)
        : Uint8Array.of(...before, ...bytes.subarray(from, Math.min(to, from + PIECE - 1))),
    );
    if (before.length > 0) this.pieces.add(bytes.subarray(from, to));
    this.#last = [...before, ...bytes.subarray(Math.max(from, to - PIECE + 1), to)].slice(1 - PIECE);
    this.#until = to;
  }

  /** So many octets were at hand; others follow. */
  behind(octets: number): void {
    this.#until -= octets;
  }
}
