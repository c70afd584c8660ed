import { endpointText } from "./address.ts";
import type { RelayedConnection } from "./connection-tap.ts";

export interface AdmissionLimits {
  /** Connections that may be open at a time; infinite for no limit. */
  connections: number;
  /** The same for one client's address. */
  perAddress: number;
}

/** Decides which clients may connect, and counts them. */
export class Admission {
  accepted = 0;
  refused = 0;
  /** Connections that came and went without an octet. */
  probes = 0;
  readonly #limits: AdmissionLimits;
  /** Open connections by the client's address. */
  readonly #ofAddress = new Map<string, number>();
  #ended = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.accepted - this.#ended;
  }

  /** Admits a client, or returns why it is refused, in one sentence without a full stop. */
  admit({ client: { address, port } }: RelayedConnection): string | null {
    const { connections, perAddress } = this.#limits;
    const open = this.#ofAddress.get(address) ?? 0;
    const isFull = this.open >= connections;
    if (isFull || open >= perAddress) {
      this.refused++;
      const many = isFull ? `${connections} connections are open` : `${perAddress} of its connections are open`;
      return `${endpointText(address, port)} was refused: ${many}, as many as allowed`;
    }
    this.accepted++;
    this.#ofAddress.set(address, open + 1);
    return null;
  }

  /** A connection came and went before its client was known. */
  probed(): void {
    this.accepted++;
    this.probes++;
    this.#ended++;
  }

  /** A client that was admitted is gone. */
  left({ client: { address } }: RelayedConnection, wasProbe: boolean): void {
    this.#ended++;
    if (wasProbe) this.probes++;
    const open = (this.#ofAddress.get(address) ?? 1) - 1;
    if (open > 0) this.#ofAddress.set(address, open);
    else this.#ofAddress.delete(address);
  }
}
