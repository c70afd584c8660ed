import type { Values } from "../amqp/payload.ts";
import type { Side } from "../net/connection-observer.ts";
import { readLimits } from "./client-properties.ts";
import type { FrameLimits } from "./frame-limits.ts";

export interface Negotiated {
  frameMax: number;
  channelMax: number;
  heartbeat: number;
}

/** What the ends of a connection agree on (§4.2.3), and how long the frames of each end may be until then. */
export class AgreedLimits {
  #isAgreed = false;
  /** Octets of the handshake were missed, and the agreement with them. */
  #isUnknown = false;
  readonly #directions: readonly { readonly limits: FrameLimits }[];

  /** `directions`: of both sides. */
  constructor(directions: readonly { readonly limits: FrameLimits }[]) {
    this.#directions = directions;
  }

  get #isOpen(): boolean {
    return !this.#isAgreed && !this.#isUnknown;
  }

  /** It is known what payload the broker accepts from the client before tune-ok, in octets. */
  beforeTune(client: Side, payload: number): void {
    if (this.#isOpen) this.#directions[client]!.limits.beforeTune(payload);
  }

  /** The server's offer: no tune-ok allows more. If the client's octets are not captured, its tune-ok is not seen. */
  offered(server: Side, frameMax: number): void {
    if (this.#isOpen) this.#directions[server]!.limits.negotiated(frameMax);
  }

  /** Takes the arguments of tune-ok. */
  agree(values: Values): Negotiated {
    this.#isAgreed = true;
    const { frameMax, channelMax } = readLimits(values);
    for (const { limits } of this.#directions) limits.negotiated(frameMax);
    return { frameMax, channelMax, heartbeat: Number(values.get("heartbeat")) };
  }

  /** Octets were missed before anything was agreed on. */
  missed(): void {
    if (!this.#isOpen) return;
    this.#isUnknown = true;
    for (const { limits } of this.#directions) limits.unknown();
  }

  /** The connection's beginning was not seen. */
  beginUnknown(): void {
    this.#isUnknown = true;
  }
}
