import type { Timeouts } from "./timeouts.ts";

/** Counts the checks of a connection between which no octet came. */
export class IdleCheck {
  readonly #most: number;
  #checks = 0;

  constructor({ idle, probe }: Timeouts) {
    this.#most = idle === 0 ? Number.POSITIVE_INFINITY : idle / probe;
  }

  /** An octet came. */
  received(): void {
    this.#checks = 0;
  }

  /** One more check: whether the connection has been idle for too long. */
  isOver(): boolean {
    this.#checks++;
    return this.#checks > this.#most;
  }
}
