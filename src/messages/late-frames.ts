import type { ObservedDirection } from "../connection/observers.ts";
import { Moment } from "../net/connection-observer.ts";
import { isAfter } from "../net/moment-order.ts";

/**
 * Frames that are read behind answers to them. What follows missing octets waits until these are given up; frames of the
 * other direction are read meanwhile.
 */
export class LateFrames {
  /** When the latest frame of each direction came. */
  readonly #client = new Moment();
  readonly #server = new Moment();
  #isClientLate = false;
  #isServerLate = false;

  /** Octets of a direction were missed: what follows them may come late. */
  missed(isClient: boolean): void {
    if (isClient) this.#isClientLate = true;
    else this.#isServerLate = true;
  }

  /** A frame was read. Whether frames of the other direction were read before it that came after it. */
  take({ isClient, moment }: ObservedDirection): boolean {
    (isClient ? this.#client : this.#server).set(moment);
    if (!(isClient ? this.#isClientLate : this.#isServerLate)) return false;
    if (isAfter(isClient ? this.#server : this.#client, moment)) return true;
    if (isClient) this.#isClientLate = false;
    else this.#isServerLate = false;
    return false;
  }
}
