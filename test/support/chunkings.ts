/**
 * Every way to cut a stream that matters: a decoder must find the same in all of them. Octets reach it as they do in
 * earnest, so nothing of a piece may be kept or changed: it lies in a larger buffer, of which the decoder gets a range,
 * and which is overwritten as soon as the call returns.
 */
import { expect } from "vitest";

/** The same runs every time; FC_SEED asks for others. */
export const SEED = Number(process.env.FC_SEED ?? 20_261_121);

/** Octets that were not captured: how many, or −1 where nobody can know. */
export interface Gap {
  gap: number;
}
/** A stream in order: what was captured of it, and what was not. */
export type Stream = readonly (Uint8Array | Gap)[];

export interface Chunking {
  /** Says how the stream is cut, and the seed where chance has a part in it. */
  name: string;
  pieces: Stream;
  /** How a piece lies in memory. */
  memory: Memory;
}

type Memory = "own" | "offset" | "reused";

/** A stream of up to this many octets is cut in every size; of a longer one, sizes are drawn. */
const EXHAUSTIVE = 400;
const DRAWN = 24;

/** The stream in pieces of 1 to n octets, and in pieces that do not begin at their buffer's beginning. */
export function* chunkings(stream: Stream): Generator<Chunking> {
  const longest = Math.max(1, ...stream.map(part => ("gap" in part ? 0 : part.length)));
  yield { name: "whole", pieces: stream, memory: "own" };
  yield { name: "whole, behind other octets", pieces: stream, memory: "offset" };
  yield { name: "whole, in a buffer used again", pieces: stream, memory: "reused" };
  yield { name: "octet by octet", pieces: cut(stream, () => 1), memory: "reused" };
  if (longest <= EXHAUSTIVE) {
    for (let size = 2; size < longest; size++) {
      const memory = size % 2 === 0 ? "offset" : "reused";
      yield { name: `${size} octets at a time`, pieces: cut(stream, () => size), memory };
    }
    return;
  }
  for (let i = 0; i < DRAWN; i++) {
    const seed = SEED + i;
    const random = randomNumbers(seed);
    // Small pieces and large ones alike: one in 2 to 2^14 octets, evenly spread over the powers.
    const most = 2 ** (1 + Math.floor(random() * 14));
    const pieces = cut(stream, () => 1 + Math.floor(random() * most));
    yield { name: `pieces of up to ${most} octets (seed ${seed})`, pieces, memory: i % 2 === 0 ? "offset" : "reused" };
  }
}

/** Gives each piece to `receive` in a buffer with other octets around it, and checks that it leaves them alone. */
export function deliver(
  chunking: Chunking,
  receive: (bytes: Uint8Array, start: number, end: number) => void,
  gap: (missing: number) => void = () => {},
): void {
  const longest = Math.max(0, ...chunking.pieces.map(piece => ("gap" in piece ? 0 : piece.length)));
  // A Buffer, as sockets and files give them: it slices without copying.
  const shared = Buffer.alloc(longest + AROUND * 2);
  for (const piece of chunking.pieces) {
    if ("gap" in piece) {
      gap(piece.gap);
      continue;
    }
    if (chunking.memory === "own") {
      receive(piece, 0, piece.length);
      continue;
    }
    const reused = chunking.memory === "reused";
    const bytes = reused
      ? shared
      : new Uint8Array(new ArrayBuffer(piece.length + AROUND * 3), AROUND).fill(SURROUNDINGS);
    bytes.set(piece, AROUND);
    receive(bytes, AROUND, AROUND + piece.length);
    if (reused) {
      const left = bytes.subarray(AROUND, AROUND + piece.length);
      if (left.some((octet, i) => octet !== piece[i]))
        expect.fail(`${chunking.name}: the octets received were changed`);
      shared.fill(SURROUNDINGS);
    }
  }
}

const AROUND = 9;
/** Would begin a frame, if somebody looked at it. */
const SURROUNDINGS = 0x08;

function cut(stream: Stream, size: () => number): Stream {
  const pieces: (Uint8Array | Gap)[] = [];
  for (const part of stream) {
    if ("gap" in part) {
      pieces.push(part);
      continue;
    }
    for (let at = 0; at < part.length; ) {
      const next = at + size();
      pieces.push(part.subarray(at, next));
      at = next;
    }
  }
  return pieces;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
