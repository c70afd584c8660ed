/**
 * How well octets go on from others. Text, JSON and records have their order: what may follow three octets is learned from the
 * stream itself. Where several interrupted frames could go on, this tells which; and a cut in the middle of a word is
 * less likely than one where the octets change. It says nothing of compressed or equal octets.
 */
import { FRAME_BODY } from "../../amqp/spec/constants.ts";
import type { Unfinished } from "./reading.ts";
import type { StepBudget } from "./stretch.ts";

/** Octets that what came before still tells something of. */
const ORDER = 3;
/** Octets that are learned from. */
const MAX_LEARNED = 1 << 18;
/** Octets that cost as much to learn from as it does to look at one reading. */
const OCTETS_A_STEP = 16;
/** Slots of a table are so many times the octets learned from, at most this power of two. */
const MOST_BITS = 20;
const ROOM_BITS = 2;
/** How much a shorter context counts beside a longer one, in times that it was seen: so often, and once for each octet met. */
const SHORTER = 1;
/** How much of what the model says is believed, and what one junction may say at most, in nats. */
const BELIEVED = 0.7;
const MOST = 7;

export class Continuity {
  #octets: Uint8Array = new Uint8Array(0);
  #from = 0;
  #end = 0;
  /** Index up to which octets were learned from. */
  #learned = 0;
  /** How often an octet stands behind a context of 0 to 3 octets, how often that stands, with how many octets: by hash. */
  #followed: Uint32Array | null = null;
  #stood: Uint32Array = new Uint32Array(0);
  #distinct: Uint32Array = new Uint32Array(0);
  #shift = 0;
  readonly #natural = new Map<number, number>();
  readonly #joined = new Map<number, number>();

  readonly #budget: StepBudget;

  /** Learning is paid for from `budget`. */
  constructor(budget: StepBudget) {
    this.#budget = budget;
  }

  /** Is asked about octets[from, end) from now on: each time the same ones, and perhaps more. */
  over(octets: Uint8Array, from: number, end: number): void {
    const isSame = from === this.#from && this.#learned === from + MAX_LEARNED;
    if (!isSame) this.#followed = null;
    this.#natural.clear();
    this.#joined.clear();
    this.#octets = octets;
    this.#from = from;
    this.#end = end;
  }

  /** What it costs that the octets at `at` are not the next ones of the frame that stands before them. */
  cutPrice(at: number): number {
    let gain = this.#natural.get(at);
    if (gain === undefined) {
      gain = this.#gain(at, at);
      this.#natural.set(at, gain);
    }
    return gain;
  }

  /** What it costs that an interrupted frame goes on at `at`. */
  resumePrice({ frame, cutAt, left }: Unfinished, at: number): number {
    if (frame?.type !== FRAME_BODY || cutAt < 0 || left <= ORDER) return 0;
    const key = cutAt * 0x4000000 + at;
    let gain = this.#joined.get(key);
    if (gain === undefined) {
      gain = this.#gain(cutAt, at);
      this.#joined.set(key, gain);
    }
    return -gain;
  }

  /** By how much likelier the octets at `at` are behind those before `before` than anywhere, in nats. */
  #gain(before: number, at: number): number {
    if (before - ORDER < this.#from || at + ORDER > this.#end) return 0;
    this.#learn();
    // What is asked for was learned, too: once each.
    const own = before === at && at < this.#learned ? 1 : 0;
    let gain = 0;
    for (let i = 0; i < ORDER; i++) {
      gain += Math.log(this.#share(before, at, i, ORDER, own) / this.#share(before, at, i, i, own));
    }
    return BELIEVED * Math.max(-MOST, Math.min(MOST, gain));
  }

  /** How likely octets[at + i] is behind `order` octets: those from `at` on, and before them those before `before`. */
  #share(before: number, at: number, i: number, order: number, own: number): number {
    const octets = this.#octets;
    const octet = octets[at + i]!;
    let share = 1 / 256;
    let context = 0;
    for (let length = 0; length <= order; length++) {
      if (length > 0) {
        const back = i - length;
        context = mix(context, back >= 0 ? octets[at + back]! : octets[before + back]!);
      }
      const here = this.#slot(context, length);
      const stood = Math.max(0, this.#stood[here]! - own);
      const followed = Math.max(0, this.#followed![this.#slot(mix(context, octet), length)]! - own);
      // Where what follows is different each time, a longer context tells nothing (Witten and Bell).
      const shorter = this.#distinct[here]! + SHORTER;
      share = (followed + shorter * share) / (stood + shorter);
    }
    return share;
  }

  #slot(context: number, length: number): number {
    return Math.imul(context ^ length, 0x85ebca6b) >>> this.#shift;
  }

  #learn(): void {
    if (this.#followed !== null) return;
    const octets = this.#octets;
    const end = Math.min(this.#end, this.#from + MAX_LEARNED);
    this.#learned = end;
    this.#budget.steps -= (end - this.#from) / OCTETS_A_STEP;
    const bits = Math.min(MOST_BITS, 32 - Math.clz32(end - this.#from) + ROOM_BITS);
    this.#shift = 32 - bits;
    const followed = new Uint32Array(1 << bits);
    const stood = new Uint32Array(1 << bits);
    const distinct = new Uint32Array(1 << bits);
    for (let at = this.#from + ORDER; at < end; at++) {
      const octet = octets[at]!;
      let context = 0;
      for (let length = 0; length <= ORDER; length++) {
        if (length > 0) context = mix(context, octets[at - length]!);
        const here = this.#slot(context, length);
        const there = this.#slot(mix(context, octet), length);
        stood[here]!++;
        if (followed[there]!++ === 0) distinct[here]!++;
      }
    }
    this.#followed = followed;
    this.#stood = stood;
    this.#distinct = distinct;
  }
}

function mix(context: number, octet: number): number {
  return Math.imul(context ^ (octet + 1), 0x9e3779b1) ^ (context >>> 15);
}
