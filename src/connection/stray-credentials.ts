import { CONNECTION_SECURE_OK, CONNECTION_UPDATE_SECRET, methodIdOf } from "../amqp/method-keys.ts";
import { long } from "../bytes/big-endian.ts";
import type { Discretion } from "./discretion.ts";
import { PIECE } from "./piece-set.ts";

/** Octets behind the ids of a method that are taken for its secret where its length cannot be right. */
export const REACH = 4096;
/** A length that a secret may have: as many octets as a frame of the usual size carries. */
const MAX_LENGTH = 1 << 17;
/** Places looked at in one direction; where there are more, those behind them are all secret. */
const MAX_PLACES = 64;
/** Class-id, method-id and the length of the long string behind them. */
const HEAD = 8;
/** secure-ok and update-secret begin with their secret; what start-ok begins with is known of any client. */
const METHODS: readonly number[] = [CONNECTION_SECURE_OK, CONNECTION_UPDATE_SECRET].map(methodIdOf);

/**
 * Learns what follows the ids of a method that carries credentials anywhere in a direction's octets, in a frame or in none, as
 * they come: nobody knows where such a method ends that does not stand in a whole frame.
 */
export class StrayCredentials {
  readonly #discretion: Discretion;
  /** Stream offsets: up to where ids were looked for, octets were learned, and the latest secret goes on. */
  #readUntil = 0;
  #learnedUntil = 0;
  #secretUntil = 0;
  #places = 0;

  constructor(discretion: Discretion) {
    this.#discretion = discretion;
  }

  /** Whether ids were found. */
  get found(): boolean {
    return this.#places > 0;
  }

  /** The latest octets of the direction, of which the last stands before stream offset `end`; some may have been read before. */
  read(octets: Uint8Array, end: number): void {
    const base = end - octets.length;
    this.#learn(octets, base);
    for (let at = Math.max(0, this.#readUntil - base); at + 4 <= octets.length; at++) {
      // 10, the class-id, is the second octet of the ids.
      const classAt = octets.indexOf(10, at + 1);
      at = classAt < 0 ? octets.length : classAt - 1;
      if (at + 4 > octets.length || octets[at] !== 0 || octets[at + 2] !== 0) continue;
      if (!METHODS.includes(octets[at + 3]!)) continue;
      // Its length comes with the next octets.
      if (at + HEAD > octets.length) {
        this.#readUntil = base + at;
        return;
      }
      this.#places++;
      const from = base + at + 4;
      const until = this.#places > MAX_PLACES ? Number.POSITIVE_INFINITY : from + lengthOf(octets, at + 4);
      if (this.#secretUntil < from) this.#learnedUntil = from;
      this.#secretUntil = Math.max(this.#secretUntil, until);
      this.#learn(octets, base);
    }
    this.#readUntil = Math.max(this.#readUntil, end - 3);
  }

  #learn(octets: Uint8Array, base: number): void {
    // The pieces that begin in octets learned before go on.
    const from = Math.max(0, this.#learnedUntil - (PIECE - 1) - base);
    const until = Math.min(octets.length, this.#secretUntil - base);
    if (until <= from || base + until <= this.#learnedUntil) return;
    this.#discretion.learn(octets.subarray(from, until));
    this.#learnedUntil = base + until;
  }
}

/** Of the long string at `at` with its length, if one can be there; else REACH. */
function lengthOf(octets: Uint8Array, at: number): number {
  const length = long(octets, at);
  return length >= PIECE && length < MAX_LENGTH ? 4 + length : REACH;
}
