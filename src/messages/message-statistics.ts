import { HeatMap } from "./heat-map.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import type { CallFacts } from "./ledger-sink.ts";
import type { Message, Outcome } from "./message.ts";

/** Names of one kind that are distinguished; the messages of others are counted together. */
const MAX_NAMES = 500;
export const OTHER_NAMES = "(others)";

/** Time until the answer of the broker or the client: a confirm or return, an acknowledgment. */
export type MessageKind = "publish" | "deliver";
/**
 * Also: how long a message was in the broker, from its publish to its delivery; how long a request waited for its
 * reply; how long the broker took to answer a synchronous method; and how long each step of connecting took.
 */
export type LatencyKind = MessageKind | "broker" | "reply" | "call" | "connect";
export type Grouping = "exchange" | "queue" | "connection" | "method" | "phase";

/** Rates, outcomes and latencies of messages, in bounded tables. */
export class MessageStatistics {
  /** How many publishes, and deliveries, had each outcome. */
  readonly outcomes: Readonly<Record<MessageKind, Map<Outcome, number>>> = { publish: new Map(), deliver: new Map() };
  /** Octets of bodies. */
  readonly octets: Record<MessageKind, number> = { publish: 0, deliver: 0 };
  readonly latencies = new Map<string, Map<string, LatencyHistogram>>();
  readonly heat: Readonly<Record<MessageKind, HeatMap>> = { publish: new HeatMap(), deliver: new HeatMap() };
  /** Times of the first and the last message, in seconds since the epoch. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;

  add(message: Message): void {
    const kind: MessageKind = message.operation === "publish" ? "publish" : "deliver";
    const { outcome, latency, seconds, nanoseconds } = message;
    const counts = this.outcomes[kind];
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (message.size > 0) this.octets[kind] += message.size;
    const time = seconds + nanoseconds / 1e9;
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
    const { publish, request } = message;
    if (publish !== null && publish.seconds >= 0) {
      this.#histogram("broker", "queue", message.queue ?? "").add(publish.seconds);
    }
    if (request !== null) this.#histogram("reply", "exchange", request.exchange).add(request.seconds);
    if (latency < 0) return;
    this.heat[kind].add(time, latency);
    this.#histogram(kind, "exchange", message.exchange).add(latency);
    if (kind === "deliver") this.#histogram(kind, "queue", message.queue ?? "").add(latency);
    this.#histogram(kind, "connection", `c${message.connection.number}`).add(latency);
  }

  addCall({ method, latency }: Pick<CallFacts, "method" | "latency">): void {
    this.#histogram("call", "method", method).add(latency);
  }

  /** A step of connecting, with the seconds since the one before. */
  addPhase(phase: string, latency: number): void {
    this.#histogram("connect", "phase", phase).add(latency);
  }

  /** By name, those with the most messages first. */
  by(kind: LatencyKind, grouping: Grouping): [name: string, histogram: LatencyHistogram][] {
    const all = [...(this.latencies.get(`${kind} ${grouping}`) ?? [])];
    return all.sort(([, a], [, b]) => b.count - a.count);
  }

  #histogram(kind: LatencyKind, grouping: Grouping, name: string): LatencyHistogram {
    const key = `${kind} ${grouping}`;
    let names = this.latencies.get(key);
    if (names === undefined) {
      names = new Map();
      this.latencies.set(key, names);
    }
    const known = names.get(name);
    if (known !== undefined) return known;
    const shown = names.size < MAX_NAMES ? name : OTHER_NAMES;
    const histogram = names.get(shown) ?? new LatencyHistogram();
    names.set(shown, histogram);
    return histogram;
  }
}
