/** A seeded source of choices: the same seeds give the same choices on every machine (splitmix32). */
export class Random {
  #state: number;

  constructor(...seeds: number[]) {
    this.#state = 0x9e3779b9;
    for (const seed of seeds) this.#state = scramble(this.#state ^ scramble(seed | 0));
  }

  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return scramble(this.#state) >>> 0;
  }

  /** 0 … count − 1 */
  below(count: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * count);
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#next() < probability * 0x1_0000_0000;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  octets(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  text(count: number, alphabet = "abcdefghijklmnopqrstuvwxyz0123456789-_."): string {
    return Array.from({ length: count }, () => alphabet[this.below(alphabet.length)]).join("");
  }
}

function scramble(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
