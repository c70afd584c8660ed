/**
 * How well octets continue others. Text, JSON and records have their order: what may follow three octets is learned
 * from the stream itself. If several interrupted frames could go on, this decides which; and a cut in the middle of a
 * word is less likely than one where the octets change. Compressed and equal octets are no evidence.
 */
import { FRAME_BODY } from "../../amqp/spec/constants.ts";
import { type Block, type ContextCounts, ContextIndex } from "./context-index.ts";
import { contextBefore, NearContexts } from "./near-contexts.ts";
import type { Unfinished } from "./reading.ts";
import type { StepBudget } from "./step-budget.ts";

/** Octets before a place that are evidence for it. */
const ORDER = 3;
/** Octets that are learned from, in blocks all over the stretch: what bodies say changes on the way. */
const MAX_LEARNED = 1 << 17;
const BLOCK = 2048;
/** Octets that cost as much to learn from, or to look at again, as it costs to examine one reading. */
const OCTETS_A_STEP = 1024;
/** How much a shorter context counts beside a longer one at least, in times that it was seen. */
const SHORTER = 8;
/**
 * Octets before a junction that are better evidence than those elsewhere, as a body repeats itself: names, keys, its ids. Octets
 * behind the junction that are compared with them, how much a share elsewhere counts beside theirs, and the price of comparing, in readings.
 */
const REACH = 256;
const COMPARED = 48;
const NEARBY = 1;
const COMPARING_STEPS = 1;
/** How much of the model's result is believed, and the most that one junction may count, in nats. */
const BELIEVED = 0.7;
const MOST = 7;
export const MOST_GAIN = BELIEVED * MOST;

/**
 * Places of a stretch at which it is tested whether octets follow from one another, and by how much they must, in nats.
 */
const TRIED = 24;
const ORDERLY = 0.5;

export class Continuity {
  readonly #octets: Uint8Array;
  readonly #from: number;
  readonly #end: number;
  #index: ContextIndex | null = null;
  /** Of so many blocks, one is learned from. */
  readonly #every: number;
  readonly #natural = new Map<number, number>();
  readonly #joined = new Map<number, number>();
  readonly #budget: StepBudget;
  readonly #near: NearContexts;

  /**
   * For octets[from, end). Learning is paid for from `budget`; what is learned takes some megabytes at most, so that none is kept
   * while more octets are awaited.
   */
  constructor(octets: Uint8Array, from: number, end: number, budget: StepBudget) {
    this.#octets = octets;
    this.#near = new NearContexts(octets, REACH);
    this.#from = from;
    this.#end = end;
    this.#budget = budget;
    this.#every = Math.ceil((end - from) / MAX_LEARNED);
  }

  /** The price if the octets at `at` do not continue the frame that stands before them. */
  cutPrice(at: number): number {
    return this.gain(at, at);
  }

  /** The price if an interrupted frame goes on at `at`. */
  resumePrice({ frame, cutAt, left }: Unfinished, at: number): number {
    if (frame?.type !== FRAME_BODY || cutAt < 0 || left <= ORDER) return 0;
    return -this.gain(cutAt, at);
  }

  /** How much likelier the octets at `at` are behind those before `before` than anywhere, in nats. */
  gain(before: number, at: number): number {
    const known = before === at ? this.#natural : this.#joined;
    const key = before === at ? at : before * 0x4000000 + at;
    let gain = known.get(key);
    if (gain === undefined) {
      gain = this.#gain(before, at);
      known.set(key, gain);
    }
    return gain;
  }

  /** Whether octets[from, to) follow from one another: compressed and random ones only seem to, by chance. */
  isOrderly(from: number, to: number): boolean {
    const step = Math.max(1, Math.floor((to - from) / TRIED));
    let sum = 0;
    let count = 0;
    for (let at = from + ORDER; at + ORDER <= to && count < TRIED; at += step) {
      sum += this.gain(at, at);
      count++;
    }
    return sum > ORDERLY * count;
  }

  #gain(before: number, at: number): number {
    if (before - ORDER < this.#from || at + ORDER > this.#end) return 0;
    this.#index ??= this.#learn();
    const index = this.#index;
    const looked = index.looked;
    const near = this.#near;
    near.begin(before, this.#from);
    let context = contextBefore(this.#octets, before);
    let gain = 0;
    for (let k = at; k < at + COMPARED && k < this.#end; k++) {
      const octet = this.#octets[k]!;
      // Behind octets that stand on this side of the junction alone, anything may follow. What is said again is no evidence again.
      if (near.look(context, octet) || k < at + ORDER) {
        // The octet itself was learned, too, if what stands before it here does in the stream.
        const own = (before === at || k >= at + ORDER) && this.#isLearned(k) ? 1 : 0;
        const { behindAll, behindOwn } = shares(index.counts(octet, context), own, k - at);
        gain += Math.log((near.followed + NEARBY * behindAll) / (near.stood + NEARBY) / behindOwn);
      }
      context = ((context << 8) | octet) & 0xffffff;
    }
    this.#budget.steps -= COMPARING_STEPS + (index.looked - looked) / OCTETS_A_STEP;
    return BELIEVED * Math.max(-MOST, Math.min(MOST, gain));
  }

  #learn(): ContextIndex {
    const blocks: Block[] = [];
    let length = 0;
    for (let from = this.#from; from < this.#end; from += BLOCK * this.#every) {
      const block: Block = [Math.max(from, this.#from + ORDER), Math.min(from + BLOCK, this.#end)];
      if (block[0] >= block[1]) continue;
      blocks.push(block);
      length += block[1] - block[0];
    }
    this.#budget.steps -= length / OCTETS_A_STEP;
    return new ContextIndex(this.#octets, blocks);
  }

  #isLearned(at: number): boolean {
    return Math.floor((at - this.#from) / BLOCK) % this.#every === 0;
  }
}

/** How likely an octet is behind three others, and behind the nearest `inside` of them alone; `own` times it was counted itself. */
function shares(counts: ContextCounts, own: number, inside: number): { behindAll: number; behindOwn: number } {
  let share = 1 / 256;
  let behindOwn = share;
  for (let order = 0; order <= ORDER; order++) {
    const stood = Math.max(0, counts.stood[order]! - own);
    const followed = Math.max(0, counts.followed[order]! - own);
    // The fewer of those that followed came again, the weaker the evidence of a longer context.
    const distinct = Math.min(stood, counts.distinct[order]!);
    const shorter = SHORTER + (distinct * stood) / (stood - distinct + 1);
    share = (followed + shorter * share) / (stood + shorter);
    if (order <= inside) behindOwn = share;
  }
  return { behindAll: share, behindOwn };
}
