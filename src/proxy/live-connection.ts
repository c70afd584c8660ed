import { Moment, type Side } from "../net/connection-observer.ts";
import type { RelayedCarrier, UpstreamSteps } from "../report/live-event-sink.ts";
import type { Endpoint } from "../report/report.ts";
import type { RelayedConnection } from "./connection-tap.ts";

/** What is known of a relayed connection besides its AMQP: its ends, its octets, how it ended. */
export class LiveConnection implements RelayedCarrier {
  readonly number: number;
  readonly first = new Moment();
  readonly last = new Moment();
  /** The broker's address, as far as it is known. */
  upstream: Endpoint;
  steps: UpstreamSteps | null = null;
  clientTlsVersion: string | null = null;
  wasEmitted = false;
  /** Both sides are connected, and that was not emitted yet: no octet has come. */
  awaitsOctets = false;
  guarded = false;
  /** The proxy itself ends the connection: the end of its streams shows nothing about client and broker. */
  cut = false;
  /** The guard ends the connection of the client that it stopped: nothing that follows is read. */
  concluded = false;
  readonly #ends: readonly [Endpoint, Endpoint];
  readonly #octets = [0, 0];
  readonly #ended: ("fin" | "rst" | null)[] = [null, null];

  constructor({ number, client, listener, upstream }: RelayedConnection, moment: Moment) {
    this.number = number;
    this.upstream = upstream;
    this.#ends = [client, listener];
    this.first.set(moment);
    this.last.set(moment);
  }

  get id(): string {
    return `c${this.number}`;
  }

  get client(): Endpoint {
    return this.#ends[0];
  }

  /** Where the client connected to. */
  get listener(): Endpoint {
    return this.#ends[1];
  }

  get ended(): "fin" | "rst" | "open" {
    if (this.#ended.includes("rst")) return "rst";
    return this.#ended.includes("fin") ? "fin" : "open";
  }

  tunnels(): string[] {
    return [];
  }

  address(side: Side): string {
    return this.#ends[side].address;
  }

  port(side: Side): number {
    return this.#ends[side].port;
  }

  octets(side: Side): number {
    return this.#octets[side]!;
  }

  carried(side: Side, octets: number, moment: Moment): void {
    this.#octets[side]! += octets;
    this.last.set(moment);
  }

  /** A side has ended its stream in order. */
  get wasFinished(): boolean {
    return this.#ended.includes("fin");
  }

  /** Whether a side's stream is over. */
  hasEnded(side: Side): boolean {
    return this.#ended[side] !== null;
  }

  end(side: Side, reason: "fin" | "rst", moment: Moment): void {
    this.#ended[side] = reason;
    this.last.set(moment);
  }
}
