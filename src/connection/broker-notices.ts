/**
 * What the broker does to its clients without a request: it cancels consumers (basic.cancel) and blocks publishers
 * (connection.blocked). Both are RabbitMQ's additions to the specification, reported as notes, once for a connection.
 */
import { textOf } from "../amqp/field-table.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import { BASIC_CANCEL, CONNECTION_BLOCKED } from "../amqp/method-keys.ts";
import type { Method } from "../amqp/method-registry.ts";
import type { Values } from "../amqp/payload.ts";
import { grouped } from "../bytes/grouped.ts";
import { Moment, type Side } from "../net/connection-observer.ts";
import { withoutCredentials } from "./credentials.ts";
import { Incident } from "./incident.ts";
import type { RuleId } from "./rules.ts";

interface BrokerDirection {
  readonly side: Side;
  readonly scanner: FrameScanner;
}

export class BrokerNotices {
  #cancelled: Incident | null = null;
  #blocked: Incident | null = null;
  /** When it was blocked last; null if it is not blocked. */
  #since: Moment | null = null;
  #blockedSeconds = 0;

  /** The broker's basic.cancel, connection.blocked or connection.unblocked; its scanner stands at the frame. */
  take({ key }: Method, channel: number, values: Values, { side, scanner }: BrokerDirection): void {
    if (key === BASIC_CANCEL) this.#cancel(channel, values, side, scanner);
    else if (key === CONNECTION_BLOCKED) this.#block(values, side, scanner);
    else this.#unblock(scanner);
  }

  #cancel(channel: number, values: Values, side: Side, scanner: FrameScanner): void {
    if (this.#cancelled === null) {
      const tag = quoted(values, "consumer-tag");
      const message = `The broker cancelled consumer ${tag} on channel ${channel}: its queue was deleted, or is not available`;
      this.#cancelled = noteAt("consumer-cancelled", side, scanner, message);
    } else again(this.#cancelled, scanner);
  }

  #block(values: Values, side: Side, scanner: FrameScanner): void {
    const reason = quoted(values, "reason");
    if (this.#blocked === null) {
      this.#blocked = noteAt("connection-blocked", side, scanner, `The broker blocked the connection (${reason})`);
    } else again(this.#blocked, scanner);
    if (this.#since !== null) return;
    this.#since = new Moment();
    this.#since.set(scanner.frameMoment());
  }

  #unblock(scanner: FrameScanner): void {
    if (this.#since === null || this.#blocked === null) return;
    const now = scanner.frameMoment();
    this.#blockedSeconds += now.seconds - this.#since.seconds + (now.nanoseconds - this.#since.nanoseconds) / 1e9;
    this.#blocked.to.set(now);
    this.#since = null;
  }

  /** What was seen, now that no more comes. */
  incidents(): Incident[] {
    const notes: Incident[] = [];
    if (this.#cancelled !== null) {
      const { faults } = this.#cancelled;
      this.#cancelled.message += faults === 1 ? "." : `; ${grouped(faults)} consumers in all.`;
      notes.push(this.#cancelled);
    }
    if (this.#blocked !== null) {
      const { faults } = this.#blocked;
      const seconds = `${this.#blockedSeconds.toFixed(1)} s`;
      const times = faults === 1 ? "" : `, ${grouped(faults)} times`;
      const ended = this.#since === null ? `${times}, for ${seconds}` : `${times}, and it was blocked still at the end`;
      this.#blocked.message += `${ended}.`;
      notes.push(this.#blocked);
    }
    return notes;
  }
}

function noteAt(rule: RuleId, side: Side, scanner: FrameScanner, message: string): Incident {
  const incident = new Incident(
    rule,
    "note",
    { side, streamOffset: scanner.frameOffset, moment: scanner.frameMoment() },
    message,
  );
  incident.to.set(scanner.frameMoment());
  return incident;
}

function again(incident: Incident, scanner: FrameScanner): void {
  incident.faults++;
  incident.to.set(scanner.frameMoment());
}

function quoted(values: Values, argument: string): string {
  return JSON.stringify(withoutCredentials(textOf(values.get(argument))));
}
