/**
 * Which connections count as shared between processes. Between fork and exec, or until it closes what it does not need, a
 * child holds its parent's sockets for a moment: only what two scans in a row agree on counts.
 */
import type { Holder } from "./socket-holders.ts";

export interface SharedSocket {
  /** The connection's. */
  number: number;
  /** Two at least. */
  holders: Holder[];
}

const MAX_NAMED = 8;
/** Scans in a row when there is a new connection, and of how many one is made when there is none. */
const SCANS_OF_NEW = 2;
const SCANS_OF_OLD = 10;

/** A scan looks at every open file of the host: processes fork soon after they connect, later it is done less often. */
export class ScanPace {
  #newest = 0;
  #ofNew = 0;
  #passed = 0;

  /** Asked every few seconds. `newest` is the number of the connection opened last, 0 where none is open. */
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
  #told = new Set<number>();

  /** Whether the last scan found a connection that another one may prove to be shared. */
  get suspects(): boolean {
    return [...this.#previous].some(([number, holders]) => holders.length > 1 && !this.#told.has(number));
  }

  /**
   * Takes a scan's answer, and returns the connections that newly count as shared. Each is told once. The same answer
   * again is no second scan.
   */
  scanned(found: ReadonlyMap<number, readonly Holder[]>): SharedSocket[] {
    if (found === this.#previous) return [];
    for (const number of this.#told) if (!found.has(number)) this.#told.delete(number);
    const shared: SharedSocket[] = [];
    for (const [number, holders] of found) {
      if (this.#told.has(number)) continue;
      const before = new Set(this.#previous.get(number)?.map(({ pid }) => pid));
      const still = holders.filter(({ pid }) => before.has(pid));
      if (still.length < 2) continue;
      this.#told.add(number);
      shared.push({ number, holders: still });
    }
    this.#previous = found;
    return shared;
  }
}

/** What a finding says. */
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
