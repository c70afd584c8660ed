import type { Diagnosis, Message as ExplainedMessage } from "../forensics/diagnosis.ts";
import { Moment } from "../net/connection-observer.ts";
import { Message, type MessageConnection, type Outcome } from "./message.ts";
import { readTraceHeaders } from "./trace-context.ts";

/** What broke in the client's direction. */
export interface ClientIncident {
  /** As in FindingMade. */
  readonly identity: string;
  readonly streamOffset: number;
  /** A frame is broken; else whole frames stand where they must not. */
  readonly breaksFrame: boolean;
  /** Null where its octets are not explained. */
  readonly diagnosis: Diagnosis | null;
}

/** Lost messages of a connection that are kept for its findings. */
const MAX_LOST = 1000;
const LOST: ReadonlySet<Outcome> = new Set<Outcome>(["refused", "torn", "swallowed", "unread", "unconfirmed"]);

/**
 * The messages that the incidents of a connection cost. Diagnoses tell those whose frames were not read in their place, by
 * where they begin; what was read of the same messages is not told again.
 */
export class IncidentLosses {
  /** Messages that were under way when the client's frames broke. */
  readonly cut: Message[] = [];
  readonly incidents: ClientIncident[] = [];
  /** Messages that are lost, as far as they are kept. */
  readonly kept: Message[] = [];
  /** How many are lost. */
  count = 0;
  /** Where messages begin that diagnoses tell. */
  readonly #explained = new Set<number>();

  /** What did not come to its end. `stoppedAt`: where the broker stopped reading, −1 where it did not. */
  messages(connection: MessageConnection, stoppedAt: number): Message[] {
    const explained = this.incidents.flatMap(incident => incidentMessages(connection, incident, stoppedAt));
    const told: Message[] = [];
    for (const message of explained) {
      if (this.#explained.has(message.streamOffset)) continue;
      this.#explained.add(message.streamOffset);
      message.size = this.cut.find(({ streamOffset }) => streamOffset === message.streamOffset)?.size ?? -1;
      told.push(message);
    }
    for (const message of this.cut) message.settle("torn", null);
    return [...told, ...this.cut];
  }

  /** A message whose outcome was not known when the frames broke; false where a diagnosis has told it. */
  take(message: Message): boolean {
    if (message.operation !== "publish") return true;
    if (message.incident === null && this.#explained.has(message.streamOffset)) return false;
    if (!LOST.has(message.outcome)) return true;
    // Behind the first incident the broker reads nothing.
    message.incident ??= this.incidents[0]?.identity ?? null;
    this.count++;
    if (message.incident !== null && this.kept.length < MAX_LOST) this.kept.push(message);
    return true;
  }
}

/** Messages of an incident that did not reach the broker; `stoppedAt`: where that stopped reading, −1 where it did not. */
function incidentMessages(connection: MessageConnection, incident: ClientIncident, stoppedAt: number): Message[] {
  const { identity, diagnosis } = incident;
  if (diagnosis === null) return [];
  return diagnosis.writers.flatMap(({ channels, messages }) =>
    messages
      .filter(({ fate }) => fate !== "delivered")
      .map(explained => {
        const message = messageOf(connection, channels[0] ?? 0, explained);
        message.incident = identity;
        message.explained = { spans: explained.spans, confidence: diagnosis.confidence };
        message.settle(outcomeOf(explained, incident, stoppedAt), null);
        return message;
      }),
  );
}

function outcomeOf({ fate, spans }: ExplainedMessage, incident: ClientIncident, stoppedAt: number): Outcome {
  if (fate === "torn") return "torn";
  const begin = spans[0]![0];
  if (begin >= stoppedAt) return "unread";
  // The broker took these octets for another frame's; or it read the message, and stopped over it.
  return incident.breaksFrame && begin > incident.streamOffset ? "swallowed" : "refused";
}

function messageOf(connection: MessageConnection, channel: number, explained: ExplainedMessage): Message {
  const { spans, at, exchange, routingKey, messageId, correlationId, appId, traceparent, headers } = explained;
  const place = at?.[0]?.from;
  const message = new Message("publish", {
    connection,
    channel,
    streamOffset: spans[0]![0],
    moment: momentOf(place?.time ?? null, place?.input ?? 0, place?.packet ?? 0),
  });
  message.lastPacket = at?.at(-1)?.to.packet ?? message.packet;
  message.size = -1;
  message.exchange = exchange;
  message.routingKey = routingKey;
  message.messageId = messageId ?? null;
  message.correlationId = correlationId ?? null;
  message.appId = appId ?? null;
  readTraceHeaders({ ...headers, ...(traceparent === undefined ? {} : { traceparent }) }, message);
  return message;
}

/** A time as places have it (ISO 8601, UTC). */
function momentOf(time: string | null, input: number, packet: number): Moment {
  const moment = new Moment();
  moment.input = input;
  moment.packet = packet;
  const [, whole = "", fraction = ""] = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(time ?? "") ?? [];
  if (whole === "") return moment;
  moment.seconds = Date.parse(`${whole}Z`) / 1000;
  moment.nanoseconds = Number(fraction.padEnd(9, "0"));
  moment.timeDigits = fraction.length;
  return moment;
}
