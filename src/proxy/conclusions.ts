import type { FindingMessage } from "./event-message.ts";

/** Waits for the inspector's finding on what broke in a client's octets. */
export class Conclusions {
  readonly #awaited = new Map<number, (finding: FindingMessage | null) => void>();

  /**
   * Resolves to the finding of a connection, or to null if there is none in time.
   *
   * @param within milliseconds
   */
  awaited(number: number, within: number): Promise<FindingMessage | null> {
    return new Promise(resolve => {
      const timer = setTimeout(() => this.answer(number, null), within);
      this.#awaited.set(number, finding => {
        clearTimeout(timer);
        resolve(finding);
      });
    });
  }

  answer(number: number, finding: FindingMessage | null): void {
    this.#awaited.get(number)?.(finding);
    this.#awaited.delete(number);
  }

  /** No more findings come. */
  end(): void {
    for (const number of this.#awaited.keys()) this.answer(number, null);
  }
}
