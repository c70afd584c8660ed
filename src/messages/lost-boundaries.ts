import type { InspectedConnection } from "../inspection/inspected-connection.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import { isAfter } from "../net/moment-order.ts";
import type { Message } from "./message.ts";

/**
 * Where a direction was not read: octets were missed, and no frame came since. What the other direction sent until then
 * may have been answered unseen.
 */
export class LostBoundaries {
  /** At present. */
  client = false;
  server = false;
  /** When the latest frame came behind missed octets; null for none. */
  #clientUntil: Moment | null = null;
  #serverUntil: Moment | null = null;

  /** Octets of a direction were missed. */
  lose(isClient: boolean): void {
    if (isClient) this.client = true;
    else this.server = true;
  }

  /** A frame of a direction was read, of this moment. */
  find(isClient: boolean, at: Moment): void {
    if (!(isClient ? this.client : this.server)) return;
    if (isClient) {
      this.client = false;
      this.#clientUntil ??= new Moment();
      this.#clientUntil.set(at);
    } else {
      this.server = false;
      this.#serverUntil ??= new Moment();
      this.#serverUntil.set(at);
    }
  }

  /** Whether the answer to a message may have been missed; `byClient`: the client answers it. */
  mayHide(message: Message, byClient: boolean): boolean {
    if (byClient ? this.client : this.server) return true;
    const until = byClient ? this.#clientUntil : this.#serverUntil;
    return until !== null && (isAfter(until, message) || (!isAfter(message, until) && message.packet <= until.packet));
  }
}

/** Whether octets of a direction wait for others that are missing in front of them. */
export function isHeld({ carrier, amqp }: InspectedConnection, isClient: boolean): boolean {
  return carrier.holdsBack?.((isClient ? amqp.client : 1 - amqp.client) as Side) === true;
}
