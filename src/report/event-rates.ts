/** At most this many events of one kind and one client's address are emitted in a minute; the others are counted. */
import { EVENT_SCHEMA, type LimitedEvent } from "./live-event.ts";

/** Seconds of a window. */
const WINDOW = 60;
/** Kinds and addresses that are distinguished in one window; those beyond count as one address. */
const MAX_KEYS = 10_000;

export class EventRates {
  readonly #perMinute: number;
  #begunAt = Number.NEGATIVE_INFINITY;
  #begun = "";
  /** Events in this window, by kind and address. */
  #counts = new Map<string, number>();
  /** Those left out, by kind: how many, and from which addresses. */
  #left = new Map<string, { count: number; addresses: Set<string> }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** Whether one more event of this kind and address must be emitted. */
  admits(kind: string, address: string): boolean {
    const own = `${kind} ${address}`;
    const key = this.#counts.size < MAX_KEYS || this.#counts.has(own) ? own : kind;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    if (count <= this.#perMinute) return true;
    let left = this.#left.get(kind);
    if (left === undefined) {
      left = { count: 0, addresses: new Set() };
      this.#left.set(kind, left);
    }
    left.count++;
    if (left.addresses.size < MAX_KEYS) left.addresses.add(address);
    return false;
  }

  /** What was left out, when the window is over. `at` in seconds; `time`: ISO 8601, UTC. */
  due(at: number, time: string, all = false): LimitedEvent[] {
    if (!all && at - this.#begunAt < WINDOW) return [];
    const events = Array.from(this.#left, ([kind, { count, addresses }]): LimitedEvent => {
      const since = this.#begun === "" ? time : this.#begun;
      return { schema: EVENT_SCHEMA, time, event: "limited", kind, count, addresses: addresses.size, since };
    });
    this.#begunAt = at;
    this.#begun = time;
    this.#counts = new Map();
    this.#left = new Map();
    return events;
  }
}
