/** Deliveries of a channel that its client has settled (basic.ack, nack, reject): none can be settled twice. */
import { long } from "../bytes/big-endian.ts";

/** Tags remembered of deliveries settled out of turn; beyond, they are taken for right. */
const MAX_OUT_OF_TURN = 4096;

export class SettledDeliveries {
  /** All tags up to this one are settled. */
  #upTo = 0;
  readonly #outOfTurn = new Set<number>();

  /**
   * Takes the delivery tag at bytes[at], with `multiple` all up to it. False where the broker does not know it any more:
   * it was settled before, or is 0 without `multiple`, which stands for all.
   */
  settle(bytes: Uint8Array, at: number, multiple: boolean): boolean {
    // A tag of 2^32 or more is not followed.
    if (long(bytes, at) !== 0) return true;
    const tag = long(bytes, at + 4);
    if (tag === 0) return multiple;
    if (tag <= this.#upTo || this.#outOfTurn.has(tag)) return false;
    if (multiple) {
      this.#upTo = tag;
      for (const each of this.#outOfTurn) if (each <= tag) this.#outOfTurn.delete(each);
    } else if (tag === this.#upTo + 1) this.#upTo = tag;
    else if (this.#outOfTurn.size < MAX_OUT_OF_TURN) this.#outOfTurn.add(tag);
    while (this.#outOfTurn.delete(this.#upTo + 1)) this.#upTo++;
    return true;
  }
}
