/**
 * The brokers behind one listener. Clients go to the first that is up. One that cannot be reached is down, and the
 * client goes to the next; a broker that is down is tried every CHECK_EVERY until it accepts a connection. If all are
 * down, all are tried. Names are looked up anew for every connection.
 */
import { createConnection, type Socket } from "node:net";
import { endpointText, type UpstreamAddress } from "./address.ts";
import type { RelayTrouble } from "./connection-tap.ts";
import type { AttemptListener } from "./upstream.ts";

/** Milliseconds between two checks of a broker that is down, and that it has for an answer. */
const CHECK_EVERY = 2000;

/** Begins one attempt to connect. */
export type Attempting = (address: UpstreamAddress, listener: AttemptListener) => { abandon(): void };

export class Upstreams {
  readonly #addresses: readonly UpstreamAddress[];
  readonly #problem: (message: string) => void;
  readonly #down = new Set<UpstreamAddress>();
  #checking: NodeJS.Timeout | null = null;
  readonly #checkEvery: number;

  /** @param addresses one at least */
  constructor(addresses: readonly UpstreamAddress[], problem: (message: string) => void, checkEvery = CHECK_EVERY) {
    this.#addresses = addresses;
    this.#problem = problem;
    this.#checkEvery = checkEvery;
  }

  /** The one that is tried first. */
  get first(): UpstreamAddress {
    return this.#inOrder[0]!;
  }

  /** Connects to the first that can be reached. */
  connect(attempting: Attempting, listener: AttemptListener): { abandon(): void } {
    return new Failover(this.#inOrder, attempting, {
      reached: () => listener.reached(),
      connected: (broker, upstream, steps) => listener.connected(broker, upstream, steps),
      failed: trouble => listener.failed(trouble),
      down: (address, trouble) => this.#isDown(address, trouble),
    });
  }

  close(): void {
    if (this.#checking !== null) clearInterval(this.#checking);
    this.#checking = null;
  }

  get #inOrder(): readonly UpstreamAddress[] {
    const up = this.#addresses.filter(address => !this.#down.has(address));
    return up.length === 0 ? this.#addresses : [...up, ...this.#addresses.filter(address => this.#down.has(address))];
  }

  #isDown(address: UpstreamAddress, { message }: RelayTrouble): void {
    // If it is the only one, every client tries it anyway.
    if (this.#addresses.length === 1 || this.#down.has(address)) return;
    this.#down.add(address);
    const next = this.first;
    const where = this.#down.has(next) ? "all brokers are down" : `clients go to ${next.shown}`;
    this.#problem(`${message}: ${where}`);
    this.#checking ??= setInterval(() => this.#check(), this.#checkEvery).unref();
  }

  #check(): void {
    for (const address of this.#down) {
      const { host, port } = address;
      const socket: Socket = createConnection({ host, port, timeout: this.#checkEvery });
      socket.on("error", () => {}).on("timeout", () => socket.destroy());
      socket.on("connect", () => {
        socket.destroy();
        if (!this.#down.delete(address)) return;
        this.#problem(`the broker at ${endpointText(host, port)} is back`);
        if (this.#down.size === 0) this.close();
      });
    }
  }
}

interface FailoverListener extends AttemptListener {
  down(address: UpstreamAddress, trouble: RelayTrouble): void;
}

/** One client's attempts, one after the other. */
class Failover {
  readonly #attempting: Attempting;
  readonly #listener: FailoverListener;
  readonly #left: UpstreamAddress[];
  #attempt: { abandon(): void } | null = null;
  #isAbandoned = false;

  constructor(addresses: readonly UpstreamAddress[], attempting: Attempting, listener: FailoverListener) {
    this.#left = [...addresses];
    this.#attempting = attempting;
    this.#listener = listener;
    this.#next();
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#attempt?.abandon();
  }

  #next(): void {
    const address = this.#left.shift()!;
    const listener = this.#listener;
    this.#attempt = this.#attempting(address, {
      reached: () => listener.reached(),
      connected: (broker, upstream, steps) => listener.connected(broker, upstream, steps),
      failed: trouble => {
        if (this.#isAbandoned) return;
        listener.down(address, trouble);
        if (this.#left.length === 0) listener.failed(trouble);
        else this.#next();
      },
    });
  }
}
