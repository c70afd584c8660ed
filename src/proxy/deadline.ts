/** One time after which something is done, unless it is called off or set again before. */
export class Deadline {
  readonly #passed: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(passed: () => void) {
    this.#passed = passed;
  }

  /** Milliseconds from now. */
  set(milliseconds: number): void {
    this.cancel();
    this.#timer = setTimeout(this.#passed, milliseconds);
  }

  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
