import type { Socket } from "node:net";
import type { UpstreamAddress } from "./address.ts";

/** Milliseconds for which an answer holds: a probe a second costs the broker no connection a second. */
const HOLDS = 30_000;
/** Milliseconds that the broker has to accept. */
const WITHIN = 3000;

type Connect = (port: number, host: string) => Socket;

/** Whether the brokers can be reached: shown by the clients' connections, or sometimes by one of its own. */
export class UpstreamReachability {
  readonly #upstreams: readonly UpstreamAddress[];
  readonly #connect: Connect;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #found: Promise<string | null> = Promise.resolve(null);

  constructor(upstreams: readonly UpstreamAddress[], connect: Connect) {
    this.#upstreams = upstreams;
    this.#connect = connect;
  }

  /** null if all can be reached. `byClients`: as the latest client found; null before the first. `now`: ms. */
  problem(byClients: boolean | null, now: number): Promise<string | null> {
    if (byClients === true) return Promise.resolve(null);
    if (now - this.#checkedAt >= HOLDS) {
      this.#checkedAt = now;
      this.#found = this.#check();
    }
    return this.#found;
  }

  async #check(): Promise<string | null> {
    const found = await Promise.all(this.#upstreams.map(upstream => this.#reaches(upstream)));
    const missing = this.#upstreams.filter((_, i) => found[i] !== true).map(({ shown }) => shown);
    return missing.length === 0 ? null : `${missing.join(", ")} cannot be reached`;
  }

  #reaches({ host, port }: UpstreamAddress): Promise<boolean> {
    return new Promise(resolve => {
      const socket = this.#connect(port, host);
      const done = (reached: boolean) => (): void => {
        socket.destroy();
        resolve(reached);
      };
      socket.setTimeout(WITHIN, done(false));
      socket.on("error", done(false));
      socket.on("connect", done(true));
    });
  }
}
