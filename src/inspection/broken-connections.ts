import type { Incident } from "../connection/incident.ts";
import { DEFAULT_FRAGMENT_LIMITS } from "../net/ip-fragments.ts";
import type { TcpConnection } from "../net/tcp-connection.ts";
import type { InspectedConnection } from "./inspected-connection.ts";
import { closedBehindGuess } from "./verdict.ts";

/** Broken connections of one kind that the second reading explains even without room for more. */
const EXPLAINED_OF_KIND = 16;
/** Kinds that have such connections. */
const MAX_KINDS = 32;

interface Place {
  input: number;
  packet: number | null;
}

/** Packets of one input that must be read again: those with a number from `from` to `to`. */
export interface PacketRange {
  from: number;
  to: number;
}

/** The connections of a first reading that must be read again: those with an error, until they are explained. */
export class BrokenConnections {
  /** By the place where it begins: whether it is one of the first of its kind. */
  readonly #waiting = new Map<string, boolean>();
  readonly #kinds = new Map<string, number>();
  /** All in which an error was found. */
  readonly #found = new Set<string>();
  /** By the place where it begins: its number in the first reading. */
  readonly #numbers = new Map<string, number>();
  readonly #closed = new Set<string>();
  /**
   * Connections whose messages the first reading did not report completely, by the place where they begin: whether the
   * rest is reported by now.
   */
  readonly #suspended = new Map<string, boolean>();
  /** Those that are over, and their first and last packet; `isPlain` as long as all begin with SYN, outside of tunnels. */
  readonly #over = { count: 0, first: END, last: BEGINNING, isPlain: true };
  /** The present reading takes some of them. */
  #isUseful = true;

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether a further reading explains more of them. */
  get remain(): boolean {
    return this.waiting > 0 && this.#isUseful;
  }

  /** Takes note of what was found in a connection, if its octets could show more, or which messages it cost. */
  take(connection: InspectedConnection<TcpConnection>, incident: Incident): void {
    const { carrier, amqp } = connection;
    if (!isBreak(incident)) {
      // The broker closed it for its frames, and what is wrong with them may stand behind a guessed boundary.
      if (closedBehindGuess(connection)) this.#closed.add(placeOf(carrier.first));
      else if (!incident.isRefutedGuess) return;
    }
    this.#add(carrier, amqp.number, incident);
  }

  #add({ first }: TcpConnection, number: number, { rule, side, frame }: Incident): void {
    const place = placeOf(first);
    if (this.#found.has(place)) return;
    this.#found.add(place);
    this.#numbers.set(place, number);
    const kind = `${rule} ${side} ${frame?.type}`;
    const count = this.#kinds.get(kind) ?? 0;
    const isFirst = count < EXPLAINED_OF_KIND && (count > 0 || this.#kinds.size < MAX_KINDS);
    if (isFirst) this.#kinds.set(kind, count + 1);
    this.#waiting.set(place, isFirst);
  }

  /** No more packets of a connection come. */
  over(tcp: TcpConnection): void {
    const { first, last } = tcp;
    if (!this.#found.has(placeOf(first))) return;
    const over = this.#over;
    over.count++;
    if (isBefore(first, over.first)) over.first = { input: first.input, packet: first.packet };
    if (isBefore(over.last, last)) over.last = { input: last.input, packet: last.packet };
    over.isPlain &&= tcp.sawSyn && tcp.tunnels().length === 0;
  }

  /** What of inputs with so many packets must be read to explain all that the first reading, which is over, found. */
  ranges(packets: readonly number[]): PacketRange[] {
    const { count, first, last, isPlain } = this.#over;
    if (count !== this.#found.size) return packets.map(to => ({ from: 0, to }));
    return packets.map((all, input) => {
      const to = input > last.input ? 0 : input === last.input ? Math.min(last.packet, all) : all;
      // An earlier input decides whether a later one goes on with its connections. The first packet may have fragments.
      const from = isPlain && packets.length === 1 ? first.packet - DEFAULT_FRAGMENT_LIMITS.fragmentAge : 0;
      return { from, to };
    });
  }

  wasClosed({ first }: TcpConnection): boolean {
    return this.#closed.has(placeOf(first));
  }

  /** A connection's number; undefined if the first reading has found nothing wrong with it so far. */
  number({ first }: TcpConnection): number | undefined {
    return this.#numbers.get(placeOf(first));
  }

  /** The first reading does not report the rest of its messages. */
  suspend(first: Place, number: number): void {
    const place = placeOf(first);
    this.#suspended.set(place, false);
    this.#numbers.set(place, number);
  }

  /** Whether the first reading did not report all messages of a connection that begins there. */
  wasSuspended(first: Place): boolean {
    return this.#suspended.has(placeOf(first));
  }

  /** Whether the rest of them must still be reported. */
  isSuspended(first: Place): boolean {
    return this.#suspended.get(placeOf(first)) === false;
  }

  get someSuspended(): boolean {
    return [...this.#suspended.values()].includes(false);
  }

  beginReading(): void {
    this.#isUseful = false;
  }

  /** The next reading reads more than the present one. */
  lookAgain(): void {
    this.#isUseful = true;
  }

  /** Whether a connection must be explained now. */
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

const BEGINNING = { input: -1, packet: 0 };
const END = { input: Number.POSITIVE_INFINITY, packet: 0 };

function isBefore(one: typeof END, other: typeof END): boolean {
  return one.input < other.input || (one.input === other.input && one.packet < other.packet);
}

/** The same connection in two readings of the same captures begins with the same packet. */
function placeOf({ input, packet }: Place): string {
  return `${input}:${packet}`;
}

function isBreak({ severity, side, rule, mayCostMessages }: Incident): boolean {
  if (mayCostMessages) return true;
  return side !== null && (rule === "channel-state" || (severity === "error" && rule !== "broker-close"));
}
