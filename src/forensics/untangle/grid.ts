/**
 * The grid of a stream's cuts. A kernel takes as much as its send buffer has room for, and the buffer frees in pieces of
 * one size: so each cut stands a whole number of such pieces behind the one before it.
 */
import { FRAME_BODY, FRAME_END, FRAME_HEADER } from "../../amqp/spec/constants.ts";
import { long, longlong, short } from "../../bytes/big-endian.ts";
import type { Piece } from "./reading.ts";
import { type Starts, WHOLE_START } from "./starts.ts";

/** Places that are a whole number of quanta behind `phase`, both in octets. */
export interface Grid {
  readonly phase: number;
  readonly quantum: number;
}

/** Sizes in which sockets free their buffers and clients write. A stream's largest segment is one more. */
const QUANTA = [1448, 1460, 2048, 4096, 6144, 8192, 16384, 21845, 32768, 65483, 65536] as const;
/** A smaller common divisor of the distances may be chance. */
const LEAST_QUANTUM = 1024;
/** If more than this share of the cuts is off it, there is no grid. */
const MOST_OFF = 0.25;
/** Nats by which a coarse grid must be likelier than a finer one that it is part of. */
const COARSER = 3;
/** Cuts that are examined. */
const MAX_CUTS = 64;

/**
 * Indices at which a frame is visibly cut: a whole method or content header begins, or a body that its channel's
 * content header announced, and no frame ends before it. `maxBody`: the largest body frame.
 */
export function visibleCuts(octets: Uint8Array, starts: Starts, maxBody: number): number[] {
  const cuts: number[] = [];
  const announced = new Map<number, number>();
  for (const [i, at] of starts.at.entries()) {
    const type = octets[at];
    const isWhole = starts.strength[i] === WHOLE_START;
    if (isWhole && type === FRAME_HEADER) announced.set(short(octets, at + 1), longlong(octets, at + 11));
    if (at === 0 || octets[at - 1] === FRAME_END) continue;
    const size = long(octets, at + 3);
    const isDue = type === FRAME_BODY && (size === maxBody || size === announced.get(short(octets, at + 1)));
    if (isWhole || isDue) cuts.push(at);
    if (cuts.length === MAX_CUTS) break;
  }
  return cuts;
}

/** Indices at which the frames of these pieces are cut. */
export function cutsIn(pieces: Piece | null): number[] {
  const cuts: number[] = [];
  const goOn = new Set<number>();
  for (let piece = pieces; piece !== null; piece = piece.before) {
    if (piece.frame < 0) continue;
    if (goOn.has(piece.frame)) cuts.push(piece.to);
    goOn.add(piece.frame);
  }
  return cuts.reverse();
}

/** The grid on which nearly all cuts are, or null. `segment`: octets of the largest segment. */
export function gridOf(cuts: readonly number[], segment: number): Grid | null {
  if (cuts.length < 2) return null;
  const distances = cuts.slice(1).map((at, i) => at - cuts[i]!);
  const common = distances.length > 1 ? distances.reduce(divisor) : 0;
  const quanta = new Set([...QUANTA, segment, common].filter(quantum => quantum >= LEAST_QUANTUM));
  let best: Grid | null = null;
  let most = 0;
  for (const quantum of [...quanta].sort((a, b) => a - b)) {
    const { phase, count } = mostAlike(cuts, quantum);
    if (count < 2 || cuts.length - count > MOST_OFF * cuts.length || count < most) continue;
    const surer = (count - 1) * Math.log(quantum / (best?.quantum ?? 1));
    if (count > most || surer > COARSER) best = { phase, quantum };
    most = count;
  }
  return best;
}

/** The place within a quantum at which most cuts stand, and their number. */
function mostAlike(cuts: readonly number[], quantum: number): { phase: number; count: number } {
  const counts = new Map<number, number>();
  let phase = 0;
  let count = 0;
  for (const at of cuts) {
    const rest = at % quantum;
    const n = (counts.get(rest) ?? 0) + 1;
    counts.set(rest, n);
    if (n > count) {
      count = n;
      phase = rest;
    }
  }
  return { phase, count };
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
