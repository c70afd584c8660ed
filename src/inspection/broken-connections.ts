import type { Incident } from "../connection/incident.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";

/** Broken connections of one kind that the second reading explains, whether there is room for more or not. */
const EXPLAINED_OF_KIND = 16;
/** Kinds of which so many are. */
const MAX_KINDS = 32;

interface Place {
  input: number;
  packet: number | null;
}

/** The connections of a first reading that are to be read again: those with an error, as long as they are not explained. */
export class BrokenConnections {
  /** By where it begins: whether it is one of the first of its kind. */
  readonly #waiting = new Map<string, boolean>();
  readonly #kinds = new Map<string, number>();
  /** All in which an error was found. */
  readonly #told = new Set<string>();
  /** By where it begins: what the first reading calls it. */
  readonly #numbers = new Map<string, number>();
  readonly #closed = new Set<string>();
  /** Those of whose messages the first reading did not tell all, by where they begin: whether the rest is told by now. */
  readonly #suspended = new Map<string, boolean>();
  /** The present reading takes some of them. */
  #isUseful = true;

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a further reading explains more of them. */
  get remain(): boolean {
    return this.waiting > 0 && this.#isUseful;
  }

  add({ first }: TcpConnection, number: number, { rule, side, frame }: Incident): void {
    const place = placeOf(first);
    if (this.#told.has(place)) return;
    this.#told.add(place);
    this.#numbers.set(place, number);
    const kind = `${rule} ${side} ${frame?.type}`;
    const count = this.#kinds.get(kind) ?? 0;
    const isFirst = count < EXPLAINED_OF_KIND && (count > 0 || this.#kinds.size < MAX_KINDS);
    if (isFirst) this.#kinds.set(kind, count + 1);
    this.#waiting.set(place, isFirst);
  }

  /** The broker closed it for its frames, and what is wrong with them may stand behind a boundary that was a guess. */
  addClosed(tcp: TcpConnection, number: number, incident: Incident): void {
    this.#closed.add(placeOf(tcp.first));
    this.add(tcp, number, incident);
  }

  wasClosed({ first }: TcpConnection): boolean {
    return this.#closed.has(placeOf(first));
  }

  /** What a connection is called; undefined where the first reading found nothing wrong with it by now. */
  number({ first }: TcpConnection): number | undefined {
    return this.#numbers.get(placeOf(first));
  }

  /** The first reading does not tell the rest of its messages. */
  suspend(first: Place, number: number): void {
    const place = placeOf(first);
    this.#suspended.set(place, false);
    this.#numbers.set(place, number);
  }

  /** Whether the first reading did not tell all messages of a connection that begins there. */
  wasSuspended(first: Place): boolean {
    return this.#suspended.has(placeOf(first));
  }

  /** Whether the rest of them is still to be told. */
  isSuspended(first: Place): boolean {
    return this.#suspended.get(placeOf(first)) === false;
  }

  get someSuspended(): boolean {
    return [...this.#suspended.values()].includes(false);
  }

  beginReading(): void {
    this.#isUseful = false;
  }

  /** Whether a connection is to be explained now. */
  wants({ first }: TcpConnection, hasRoom: boolean): boolean {
    const place = placeOf(first);
    const isFirst = this.#waiting.get(place);
    if (isFirst === undefined || !(hasRoom || isFirst)) return false;
    this.#waiting.delete(place);
    if (this.#suspended.has(place)) this.#suspended.set(place, true);
    this.#isUseful = true;
    return true;
  }

  /** Whether a connection that begins there still waits. */
  holds(first: Place): boolean {
    return this.#waiting.has(placeOf(first));
  }
}

/** The same connection in two readings of the same captures begins with the same packet. */
function placeOf({ input, packet }: Place): string {
  return `${input}:${packet}`;
}
