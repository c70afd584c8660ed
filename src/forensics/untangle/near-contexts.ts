const SLOTS = 512;

/** Which three octets stand among the last ones before a place, and which octet is behind them. Equal ones are left out: they say nothing. */
export class NearContexts {
  readonly #octets: Uint8Array;
  readonly #reach: number;
  /** By a hash of three octets: the last place behind them, counted from #from; −1 if there is none. By place: the one before. */
  readonly #last = new Int16Array(SLOTS);
  readonly #earlier: Int16Array;
  readonly #contexts: Int32Array;
  /** By place: in which comparison the octets before it were looked up. */
  readonly #met: Int32Array;
  #from = 0;
  #before = -1;
  #comparison = 0;
  /** Of the octets looked up last: how often they stand there, and how often the octet in question is behind them. */
  stood = 0;
  followed = 0;

  /** At most 32 Ki octets are looked back. */
  constructor(octets: Uint8Array, reach: number) {
    this.#octets = octets;
    this.#reach = reach;
    this.#earlier = new Int16Array(reach);
    this.#contexts = new Int32Array(reach);
    this.#met = new Int32Array(reach);
  }

  /** Begins a comparison with the octets before `before`, from `from` on at most. */
  begin(before: number, from: number): void {
    this.#comparison++;
    if (before === this.#before) return;
    this.#before = before;
    this.#from = Math.max(from, before - this.#reach) + 3;
    this.#last.fill(-1);
    let context = contextBefore(this.#octets, this.#from);
    for (let at = this.#from; at < before; at++) {
      if (!areEqual(context)) this.#add(context, at - this.#from);
      context = ((context << 8) | this.#octets[at]!) & 0xffffff;
    }
  }

  #add(context: number, i: number): void {
    const slot = slotOf(context);
    this.#contexts[i] = context;
    this.#earlier[i] = this.#last[slot]!;
    this.#last[slot] = i;
  }

  /** Looks three octets up, with the one behind them. Returns whether they stand there, and were not looked up before in this comparison. */
  look(context: number, octet: number): boolean {
    this.stood = 0;
    this.followed = 0;
    for (let i = this.#last[slotOf(context)]!; i >= 0; i = this.#earlier[i]!) {
      if (this.#contexts[i] !== context) continue;
      if (this.#met[i] === this.#comparison) return false;
      if (this.stood === 0) this.#met[i] = this.#comparison;
      this.stood++;
      if (this.#octets[this.#from + i] === octet) this.followed++;
    }
    return this.stood > 0;
  }
}

/** The three octets before a place, the nearest one lowest. */
export function contextBefore(octets: Uint8Array, at: number): number {
  return (octets[at - 3]! << 16) | (octets[at - 2]! << 8) | octets[at - 1]!;
}

function areEqual(context: number): boolean {
  return context === (context & 0xff) * 0x010101;
}

function slotOf(context: number): number {
  return Math.imul(context, 0x9e3779b1) >>> 23;
}
