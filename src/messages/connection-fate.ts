import { CONNECTION_CLOSE, CONNECTION_CLOSE_OK } from "../amqp/method-keys.ts";
import type { ObservedDirection } from "../connection/observers.ts";
import { identityAt } from "../inspection/identity.ts";
import { Moment, type StreamEnd } from "../net/connection-observer.ts";

/** What was seen of a connection's end. */
export class ConnectionFate {
  /** The client sent connection.close, and the broker answered it. */
  closedByClient = false;
  answered = false;
  /** Stream offset of the client's first connection.close or close-ok: what it sends behind that is not read. −1: none. */
  clientClosedAt = -1;
  /** When the broker sent connection.close. */
  closedByServer: Moment | null = null;
  /** Identity of the finding that reports this close. */
  closeFinding: string | null = null;
  /** How the streams ended; of two reasons the more specific one. */
  ended: StreamEnd | null = null;
  /** Stream offset up to which the broker is known to have accepted what the client sent. */
  handled = 0;
  #endings = 0;

  /** Both streams are over. */
  get isOver(): boolean {
    return this.#endings === 2;
  }

  method({ side, isClient, scanner }: ObservedDirection, key: number): void {
    if (isClient && this.clientClosedAt < 0 && (key === CONNECTION_CLOSE || key === CONNECTION_CLOSE_OK)) {
      this.clientClosedAt = scanner.frameOffset;
    }
    if (key === CONNECTION_CLOSE_OK) this.answered ||= !isClient;
    else if (key !== CONNECTION_CLOSE) return;
    else if (isClient) this.closedByClient = true;
    else if (this.closedByServer === null) {
      this.closedByServer = new Moment();
      this.closedByServer.set(scanner.frameMoment());
      this.closeFinding = identityAt("broker-close", side, scanner.frameOffset);
    }
  }

  end(reason: StreamEnd): void {
    this.#endings++;
    if (this.ended === "rst" || (reason === "capture-ended" && this.ended !== null)) return;
    this.ended = reason;
  }
}
