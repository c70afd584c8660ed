/**
 * Which connections count as shared between processes. A child process holds its parent's sockets for a moment, until
 * it calls exec or closes what it does not need. So only what two scans in a row agree on counts.
 */
import type { Holder } from "./socket-holders.ts";

export interface SharedSocket {
  /** The connection's. */
  number: number;
  /** Two at least. */
  holders: Holder[];
}

const MAX_NAMED = 8;
/** Scans in a row after a new connection; without one, one call in this many leads to a scan. */
const SCANS_OF_NEW = 2;
const SCANS_OF_OLD = 10;

/**
 * When to scan. A scan reads every open file of the host, and processes fork soon after they connect: later, scan less.
 */
export class ScanPace {
  #newest = 0;
  #ofNew = 0;
  #passed = 0;

  /** Called every few seconds. `newest`: number of the connection opened last, 0 where none is open. */
  isDue(newest: number): boolean {
    if (newest === 0) return false;
    if (newest > this.#newest) this.#ofNew = SCANS_OF_NEW;
    this.#newest = newest;
    if (this.#ofNew > 0) this.#ofNew--;
    else if (++this.#passed < SCANS_OF_OLD) return false;
    this.#passed = 0;
    return true;
  }

  /** The last scan has to be confirmed. */
  again(): void {
    this.#ofNew = Math.max(this.#ofNew, 1);
  }
}

export class SharedSockets {
  #previous: ReadonlyMap<number, readonly Holder[]> = new Map();
  #reported = new Set<number>();

  /** Whether the last scan found a connection that the next scan may confirm as shared. */
  get suspects(): boolean {
    return [...this.#previous].some(([number, holders]) => holders.length > 1 && !this.#reported.has(number));
  }

  /**
   * Takes the answer of a scan. Returns the connections that newly count as shared, each only once. The same answer
   * object is no second scan.
   */
  scanned(found: ReadonlyMap<number, readonly Holder[]>): SharedSocket[] {
    if (found === this.#previous) return [];
    for (const number of this.#reported) if (!found.has(number)) this.#reported.delete(number);
    const shared: SharedSocket[] = [];
    for (const [number, holders] of found) {
      if (this.#reported.has(number)) continue;
      const before = new Set(this.#previous.get(number)?.map(({ pid }) => pid));
      const still = holders.filter(({ pid }) => before.has(pid));
      if (still.length < 2) continue;
      this.#reported.add(number);
      shared.push({ number, holders: still });
    }
    this.#previous = found;
    return shared;
  }
}

/** The sentence of the finding. */
export function sharedSocketSentence(holders: readonly Holder[]): string {
  const named = holders
    .slice(0, MAX_NAMED)
    .map(({ pid, command }) => (command === "" ? `${pid}` : `${pid} (${command})`));
  if (holders.length > MAX_NAMED) named.push(`${holders.length - MAX_NAMED} more`);
  return (
    `${holders.length} processes hold the client's end of this connection: ${named.join(", ")}. ` +
    "A connection inherited through fork: when a second one of them writes, their frames mix. Connect after the fork."
  );
}
