/**
 * Queues of pcapng blocks in memory, first in, first out, in pages of one pool.
 *
 * Every connection has two queues: its beginning, and a ring of its latest blocks. Bound: the pool never has more pages
 * than its budget allows; pages are used again and never given back to the system. A queue of n octets holds at most
 * n / 4096 + 2 pages, and needs about 200 octets more, and 8 for each page.
 *
 * When all pages are taken, the ring that took its last page longest ago drops its oldest blocks. When no ring holds
 * anything, the beginning that took its last page longest ago is dropped as a whole.
 */
import { word } from "../capture/byte-order.ts";

export const PAGE_OCTETS = 4096;

export class BlockPool {
  readonly #most: number;
  readonly #free: Uint8Array[] = [];
  /** Queues that hold pages; first those that took their last page longest ago. */
  readonly #rings = new Set<BlockQueue>();
  readonly #beginnings = new Set<BlockQueue>();
  #pages = 0;

  /** @param budget octets, of which whole pages are used */
  constructor(budget: number) {
    this.#most = Math.floor(budget / PAGE_OCTETS);
  }

  /** Octets of memory that the pool has taken: never more than the budget, never less than before. */
  get octets(): number {
    return this.#pages * PAGE_OCTETS;
  }

  /** Octets of pages that hold something. */
  get octetsInUse(): number {
    return (this.#pages - this.#free.length) * PAGE_OCTETS;
  }

  ring(): BlockQueue {
    return new BlockQueue(this, this.#rings);
  }

  beginning(): BlockQueue {
    return new BlockQueue(this, this.#beginnings);
  }

  /** A page for this queue, taken from another queue if necessary; null if there is none. */
  take(queue: BlockQueue): Uint8Array | null {
    if (this.#free.length === 0) {
      if (this.#pages < this.#most) {
        this.#pages++;
        return new Uint8Array(PAGE_OCTETS);
      }
      this.#makeRoom(queue);
    }
    return this.#free.pop() ?? null;
  }

  give(page: Uint8Array): void {
    this.#free.push(page);
  }

  #makeRoom(queue: BlockQueue): void {
    for (const ring of this.#rings) {
      while (this.#free.length === 0 && ring.octets > 0) ring.drop();
      if (this.#free.length > 0) return;
    }
    for (const beginning of this.#beginnings) {
      if (beginning === queue) continue;
      beginning.clear();
      if (this.#free.length > 0) return;
    }
  }
}

export class BlockQueue {
  /** Octets of the blocks it holds. */
  octets = 0;
  readonly #pool: BlockPool;
  readonly #holders: Set<BlockQueue>;
  readonly #pages: Uint8Array[] = [];
  /** Where in the first page the oldest block begins. */
  #head = 0;

  constructor(pool: BlockPool, holders: Set<BlockQueue>) {
    this.#pool = pool;
    this.#holders = holders;
  }

  /** Adds a whole block, bytes[start, end); false if there is no memory for it. */
  append(bytes: Uint8Array, start: number, end: number): boolean {
    // Taking a page may cost this queue its own oldest blocks: the free room is computed again each time.
    while (this.#pages.length * PAGE_OCTETS - this.#head - this.octets < end - start) {
      const page = this.#pool.take(this);
      if (page === null) {
        if (this.octets === 0) this.clear();
        return false;
      }
      this.#pages.push(page);
      this.#holders.delete(this);
      this.#holders.add(this);
    }
    let to = this.#head + this.octets;
    for (let from = start; from < end; ) {
      const page = this.#pages[Math.trunc(to / PAGE_OCTETS)]!;
      const within = to % PAGE_OCTETS;
      const piece = Math.min(end - from, PAGE_OCTETS - within);
      page.set(bytes.subarray(from, from + piece), within);
      from += piece;
      to += piece;
    }
    this.octets += end - start;
    return true;
  }

  /** Drops the oldest block. */
  drop(): void {
    const length = this.#lengthAt(this.#head);
    this.octets -= length;
    this.#head += length;
    if (this.octets === 0) this.clear();
    while (this.#head >= PAGE_OCTETS) {
      this.#pool.give(this.#pages.shift()!);
      this.#head -= PAGE_OCTETS;
    }
  }

  clear(): void {
    for (const page of this.#pages) this.#pool.give(page);
    this.#pages.length = 0;
    this.#holders.delete(this);
    this.octets = 0;
    this.#head = 0;
  }

  /** Visits every block, the oldest first, as bytes[0, length) of a buffer that is used again. */
  eachBlock(visit: (bytes: Uint8Array, length: number) => void): void {
    let block = new Uint8Array(PAGE_OCTETS);
    for (let at = this.#head; at < this.#head + this.octets; ) {
      const length = this.#lengthAt(at);
      if (length > block.length) block = new Uint8Array(2 * length);
      for (let done = 0; done < length; ) {
        const within = (at + done) % PAGE_OCTETS;
        const piece = Math.min(length - done, PAGE_OCTETS - within);
        block.set(this.#pageAt(at + done).subarray(within, within + piece), done);
        done += piece;
      }
      visit(block, length);
      at += length;
    }
  }

  /** The block's own length, its second word. Blocks are multiples of 4, as pages are: a word lies in one page. */
  #lengthAt(at: number): number {
    return word(this.#pageAt(at + 4), (at + 4) % PAGE_OCTETS, true);
  }

  #pageAt(at: number): Uint8Array {
    return this.#pages[Math.trunc(at / PAGE_OCTETS)]!;
  }
}
