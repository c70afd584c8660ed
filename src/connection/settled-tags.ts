/**
 * Tags of a channel that are settled: deliveries that the client acknowledged (basic.ack, nack, reject), or publishes
 * that the broker confirmed. No tag can be settled twice.
 */
import { long } from "../bytes/big-endian.ts";

/** Remembered tags that were settled out of turn; beyond this, tags are taken as right. */
const MAX_OUT_OF_TURN = 4096;

export class SettledTags {
  /** Every tag was followed: `count` is exact. */
  isExact = true;
  /** All tags up to this one are settled. */
  #upTo = 0;
  #outOfTurn: Set<number> | null = null;

  /** How many are settled. */
  get count(): number {
    return this.#upTo + (this.#outOfTurn?.size ?? 0);
  }

  has(tag: number): boolean {
    return tag <= this.#upTo || this.#outOfTurn?.has(tag) === true;
  }

  /**
   * Takes the tag at bytes[at], eight octets, with `multiple` all up to it. False if it is not outstanding any more: it
   * was settled before, or is 0 without `multiple`, which stands for all.
   */
  settle(bytes: Uint8Array, at: number, multiple: boolean): boolean {
    // A tag of 2^32 or more is not followed.
    if (long(bytes, at) !== 0) {
      this.isExact = false;
      return true;
    }
    const tag = long(bytes, at + 4);
    if (tag === 0) {
      this.isExact = false;
      return multiple;
    }
    if (this.has(tag)) return false;
    if (multiple) {
      this.#upTo = tag;
      for (const each of this.#outOfTurn ?? []) if (each <= tag) this.#outOfTurn!.delete(each);
    } else if (tag === this.#upTo + 1) this.#upTo = tag;
    else {
      this.#outOfTurn ??= new Set();
      if (this.#outOfTurn.size < MAX_OUT_OF_TURN) this.#outOfTurn.add(tag);
      else this.isExact = false;
    }
    while (this.#outOfTurn?.delete(this.#upTo + 1) === true) this.#upTo++;
    return true;
  }
}
