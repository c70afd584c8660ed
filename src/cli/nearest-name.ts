/** Among many names, the nearest to a requested one: it is suggested. */

import { editDistance } from "../check/nearest-name.ts";

/** Edits that a near miss may be away. */
const MAX_EDITS = 3;
/** Characters that are compared. */
const MAX_COMPARED = 100;
/** Names that are compared; beyond this, only the first ones. */
const MAX_SEEN = 10_000;

export class NearestName {
  /** The nearest one so far; null if none is near. */
  name: string | null = null;
  #edits = MAX_EDITS + 1;
  readonly #wanted: string;
  readonly #seen = new Set<string>();

  constructor(wanted: string) {
    this.#wanted = wanted;
  }

  see(name: string): void {
    if (this.#seen.size >= MAX_SEEN || this.#seen.has(name)) return;
    this.#seen.add(name);
    if (Math.abs(name.length - this.#wanted.length) >= this.#edits) return;
    const distance = editDistance(this.#wanted.slice(0, MAX_COMPARED), name.slice(0, MAX_COMPARED), this.#edits);
    // Names with nothing in common are not near.
    if (distance < Math.min(this.#edits, this.#wanted.length)) [this.name, this.#edits] = [name, distance];
  }
}
