import type { Diagnosis, Message as ExplainedMessage } from "../forensics/diagnosis.ts";
import { SpanIndex } from "../forensics/span-index.ts";
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
  /** Null if its octets are not explained. */
  readonly diagnosis: Diagnosis | null;
}

/** Lost messages of a connection that are kept for its findings. */
const MAX_LOST = 1000;
const BEHIND: ReadonlySet<Outcome> = new Set<Outcome>(["unread", "unconfirmed"]);
/** Lost messages of a connection that no diagnosis reports again. */
const MAX_REPORTED = 65_536;
const LOST: ReadonlySet<Outcome> = new Set<Outcome>(["refused", "torn", "swallowed", "unread", "unconfirmed"]);

/** Possible outcomes of messages that a close cost. */
const OF_CLOSE: ReadonlySet<Outcome> = new Set<Outcome>(["refused", "unread", "unconfirmed"]);

/**
 * The messages that the incidents of a connection cost. Diagnoses report those whose frames were not read in their
 * place, by where they begin; what was read of the same messages is not reported again.
 */
export class IncidentLosses {
  /** Messages that were under way when the client's frames broke. */
  readonly cut: Message[] = [];
  readonly #incidents: ClientIncident[] = [];
  /** Those that are lost, by incident. */
  readonly lost = new LostMessages();
  /** The incident that was opened or reported before all others. */
  #first: string | null = null;
  /** Where messages begin that diagnoses report. */
  readonly #explained = new Set<number>();
  /** The octets of all messages in diagnoses. */
  readonly #octets = new SpanIndex();
  /** Where lost messages begin that were reported. */
  readonly #reported = new Set<number>();
  /** Where the broker stopped reading; −1 if it did not, or that is not known yet. */
  #stoppedAt = -1;

  /** An incident is over. */
  add(incident: ClientIncident): void {
    this.#incidents.push(incident);
    this.#first ??= incident.identity;
    for (const { spans } of explainedMessages(incident)) this.#explained.add(spans[0]![0]);
    for (const { messages } of incident.diagnosis?.writers ?? []) {
      for (const { spans } of messages) this.#octets.add(spans);
    }
  }

  /** Messages that were not completed. `stoppedAt`: where the broker stopped reading, −1 if it did not. */
  messages(connection: MessageConnection, stoppedAt: number): Message[] {
    this.#stoppedAt = stoppedAt;
    const explained = this.#incidents.flatMap(incident => incidentMessages(connection, incident, stoppedAt));
    const lost: Message[] = [];
    for (const message of explained) {
      if (this.#reported.has(message.streamOffset)) continue;
      this.#reported.add(message.streamOffset);
      const cut = this.cut.find(({ streamOffset }) => streamOffset === message.streamOffset);
      if (message.size < 0 && cut !== undefined) message.size = cut.size;
      lost.push(message);
    }
    const cut = this.cut.filter(message => !this.#liesInBody(message));
    for (const message of cut) message.settle("torn", null);
    return [...lost, ...cut];
  }

  /** Something broke in the client's direction. */
  opened(identity: string): void {
    this.#first ??= identity;
  }

  /**
   * For a connection whose frames are whole: a message that a close cost is lost by the finding that reports the close;
   * `closeFinding` if the broker closed the connection.
   */
  takeBehindClose(message: Message, closeFinding: string | null): void {
    const { operation, outcome, streamOffset } = message;
    if (operation !== "publish" || !OF_CLOSE.has(outcome)) return;
    if (outcome !== "unconfirmed" && message.incident === null) {
      const before = this.#incidents.filter(each => each.streamOffset <= streamOffset);
      message.incident = before.at(-1)?.identity ?? closeFinding;
    }
    this.lost.add(message);
  }

  /** A message whose outcome was not known when the frames broke; false if a diagnosis has reported it. */
  take(message: Message): boolean {
    if (message.operation !== "publish") return true;
    if (message.incident === null && this.#explained.has(message.streamOffset)) return false;
    if (message.outcome === "unknown") this.#swallow(message);
    if (!LOST.has(message.outcome)) return true;
    if (this.#liesInBody(message)) return false;
    // Behind the first incident the broker reads nothing.
    if (this.#reported.size < MAX_REPORTED) this.#reported.add(message.streamOffset);
    message.incident ??= this.#first;
    this.lost.add(message);
    return true;
  }

  /**
   * Whole frames behind a broken one that is explained: the broker read them as octets of that frame if they begin
   * before it stopped.
   */
  #swallow(message: Message): void {
    const { streamOffset } = message;
    const broken = this.#incidents.find(each => each.breaksFrame && each.streamOffset < streamOffset);
    if (broken === undefined || broken.diagnosis === null || streamOffset >= this.#stoppedAt) return;
    if (this.#liesInBody(message)) return;
    message.settle("swallowed", null);
    message.incident = broken.identity;
  }

  /** It looks like a message, but is a part of another's body: of an archive of messages, a dead letter. */
  #liesInBody({ streamOffset, endOffset }: Message): boolean {
    return this.#octets.encloses(streamOffset, Math.max(endOffset, streamOffset + 1));
  }
}

/** The messages that the incidents of one connection cost: some themselves, and the number of all. */
export class LostMessages {
  /** The first ones; those whose frames an incident touched before those that are only behind it. */
  readonly listed: Message[] = [];
  /** By incident and outcome; including those that are listed. */
  readonly #counts = new Map<string, Map<Outcome, number>>();

  /** A message that no incident cost is not taken. */
  add(message: Message): void {
    const { incident, outcome } = message;
    if (incident === null) return;
    const counts = this.#counts.get(incident) ?? new Map<Outcome, number>();
    this.#counts.set(incident, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    if (this.listed.length >= MAX_LOST) {
      const lesser = BEHIND.has(outcome) ? -1 : this.listed.findLastIndex(each => BEHIND.has(each.outcome));
      if (lesser < 0) return;
      this.listed.splice(lesser, 1);
    }
    this.listed.push(message);
  }

  /** There are none. */
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Those of one incident by outcome. */
  of(incident: string): ReadonlyMap<Outcome, number> {
    return this.#counts.get(incident) ?? new Map();
  }
}

/** Messages of an incident that did not reach the broker; `stoppedAt`: where it stopped reading, −1 if it did not. */
function incidentMessages(connection: MessageConnection, incident: ClientIncident, stoppedAt: number): Message[] {
  const { identity, diagnosis } = incident;
  return explainedMessages(incident).map(explained => {
    const message = messageOf(connection, explained.channel, explained);
    message.incident = identity;
    message.explained = { spans: explained.spans, confidence: diagnosis!.confidence };
    message.settle(outcomeOf(explained, incident, stoppedAt), null);
    return message;
  });
}

/**
 * The messages of a diagnosis that did not arrive, with the channel of their writer. What a second copy of a TLS
 * session wrote has no place in the stream.
 */
function explainedMessages({ diagnosis }: ClientIncident): (ExplainedMessage & { channel: number })[] {
  return (diagnosis?.writers ?? []).flatMap(({ channels, messages }) =>
    messages
      .filter(({ fate, spans }) => fate !== "delivered" && spans.length > 0)
      .map(each => ({ ...each, channel: channels[0] ?? 0 })),
  );
}

function outcomeOf({ fate, spans }: ExplainedMessage, incident: ClientIncident, stoppedAt: number): Outcome {
  if (fate === "torn") return "torn";
  const begin = spans[0]![0];
  if (begin >= stoppedAt) return "unread";
  // The broker read these octets as another frame's; or it read the message, and stopped because of it.
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
  const end = at?.at(-1)?.to;
  if (end !== undefined) message.complete(momentOf(end.time, end.input, end.packet ?? message.packet));
  message.size = explained.size ?? -1;
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
