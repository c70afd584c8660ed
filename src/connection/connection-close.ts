import { textOf } from "../amqp/field-table.ts";
import type { FrameScanner } from "../amqp/frame-scanner.ts";
import { BASIC_ACK, BASIC_NACK, BASIC_REJECT, EXCHANGE_DECLARE, keyOf, QUEUE_DECLARE } from "../amqp/method-keys.ts";
import type { Values } from "../amqp/payload.ts";
import { REPLY_CODES } from "../amqp/spec/constants.ts";
import { grouped } from "../bytes/grouped.ts";
import type { Side } from "../net/connection-observer.ts";
import { withoutCredentials } from "./credentials.ts";
import { Incident } from "./incident.ts";
import { ownCloser } from "./own-close.ts";
import type { Severity } from "./rules.ts";

/** A connection.close as it was sent. */
export interface Close {
  sender: Side;
  code: number;
  text: string;
  classId: number;
  methodId: number;
}

/** The arguments of connection.close or channel.close. */
export function readClose(sender: Side, values: Values): Close {
  return {
    sender,
    code: Number(values.get("reply-code")),
    text: withoutCredentials(textOf(values.get("reply-text"))),
    classId: Number(values.get("class-id")),
    methodId: Number(values.get("method-id")),
  };
}

/**
 * An error code in a close is a finding, as severe as the code means it: hard, soft, or an operator's wish. `channel`
 * was closed, or with null the connection; `scanner` is at the closing frame.
 */
export function closeIncident(close: Close, channel: number | null, client: Side, scanner: FrameScanner): Incident {
  const code = REPLY_CODES[close.code];
  const who = ownCloser(close) ?? (close.sender === client ? "client" : "broker");
  const what = channel === null ? "the connection" : `channel ${channel}`;
  const message = `The ${who} closed ${what}: ${close.code} ${close.text || (code?.name ?? "")}`;
  const severity = severityOf(close, channel);
  const at = { side: close.sender, streamOffset: scanner.frameOffset, moment: scanner.frameMoment() };
  const incident = new Incident("broker-close", severity, at, message);
  if (refusesAcknowledgment(close)) incident.follows = "delivery-tag";
  return incident;
}

/** RabbitMQ closes a channel with 406 for an acknowledgment of an unknown delivery tag. */
function refusesAcknowledgment({ code, classId, methodId }: Close): boolean {
  const key = keyOf(classId, methodId);
  return code === 406 && (key === BASIC_ACK || key === BASIC_NACK || key === BASIC_REJECT);
}

/** A channel closed for a soft error (§1.1) is the application's business: nothing is wrong with its frames. */
function severityOf({ code }: Close, channel: number | null): Severity {
  if (REPLY_CODES[code]?.soft === true) return channel === null ? "warning" : "note";
  return code === 320 ? "note" : "error";
}

/** Kinds of soft closes that are gathered in one connection; others are reported one by one. */
const MAX_KINDS = 32;

/** Closes with an error code that are reported for one connection. */
const MAX_CLOSES = 256;

interface ClosedConnection {
  readonly client: Side;
  readonly directions: readonly [PublishingDirection, PublishingDirection];
}

interface PublishingDirection {
  /** How many messages it has begun. */
  readonly warnings: { readonly splits: { readonly publishes: number } };
}

/** Closes with an error code. Soft ones of channels are reported once a kind (sender, code, method), with a count. */
export class Closes {
  /**
   * Stream offset up to which the broker has read the client's octets without an objection: its close-ok answers the
   * client's connection.close, and its own close would have come before. −1 if that is not known.
   */
  readUpTo = -1;
  #clientClosedAt = -1;
  #brokerClosed = false;
  #reported = 0;
  readonly #kinds = new Map<string, { incident: Incident; sentence: string }>();

  /**
   * What to report about a close now; null for no error, or if it is counted with others. `channel`: closeIncident's.
   */
  take(close: Close, channel: number | null, connection: ClosedConnection, scanner: FrameScanner): Incident | null {
    const { client } = connection;
    if (channel === null && close.sender !== client) this.#brokerClosed = true;
    else if (channel === null && this.#clientClosedAt < 0) this.#clientClosedAt = scanner.frameOffset;
    // A proxy's shutdown shows nothing about client and broker.
    if (close.code === 200 || close.code === 0 || ownCloser(close) === "proxy") return null;
    const costs = close.sender !== client && connection.directions[client].warnings.splits.publishes > 0;
    const counted = channel === null ? null : this.#countSoft(close, channel, client, scanner);
    const incident = counted ?? (this.#reported++ < MAX_CLOSES ? closeIncident(close, channel, client, scanner) : null);
    if (costs && incident !== null) incident.mayCostMessages = true;
    return counted === null ? incident : null;
  }

  /** The broker has sent connection.close-ok. */
  answered(): void {
    if (!this.#brokerClosed) this.readUpTo = this.#clientClosedAt;
  }

  /** Takes a channel.close with a soft code. Returns the incident that will report it later; null for others. */
  #countSoft(close: Close, channel: number, client: Side, scanner: FrameScanner): Incident | null {
    if (REPLY_CODES[close.code]?.soft !== true) return null;
    const kind = kindOf(close);
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.incident.faults++;
      known.incident.to.set(scanner.frameMoment());
      return known.incident;
    }
    if (this.#kinds.size >= MAX_KINDS) return null;
    const incident = closeIncident(close, channel, client, scanner);
    if (answersPassiveDeclare(close)) incident.message += " (a passive declare asks whether it is there)";
    this.#kinds.set(kind, { incident, sentence: incident.message });
    return incident;
  }

  /** Stream offset of the close in which this kind is reported; −1 if it is reported by itself. */
  reportedAt(close: Close): number {
    return this.#kinds.get(kindOf(close))?.incident.streamOffset ?? -1;
  }

  /** What was seen so far. */
  incidents(): Incident[] {
    return [...this.#kinds.values()].map(({ incident, sentence }) => {
      const { faults } = incident;
      incident.message = faults === 1 ? sentence : `${sentence}; ${grouped(faults)} such closes in all`;
      return incident;
    });
  }
}

function kindOf({ sender, code, classId, methodId }: Close): string {
  return `${sender} ${code} ${classId} ${methodId}`;
}

/** 404 answers a declare only if it is passive. */
function answersPassiveDeclare({ code, classId, methodId }: Close): boolean {
  const key = keyOf(classId, methodId);
  return code === 404 && (key === QUEUE_DECLARE || key === EXCHANGE_DECLARE);
}
