import type { ConnectionEvent, LiveEvent } from "../report/live-event.ts";
import type { Endpoint, Severity } from "../report/report.ts";

/**
 * An event of a connection as the inspector's thread sends it to the relay's. An incident may be large and take long to
 * write as text: so the inspector does that, and sends the text.
 */
export interface EventMessage {
  event: ConnectionEvent["event"];
  /** The connection's. */
  number: number;
  client: Endpoint;
  /** The event as text, whole lines; "" if it is not written. */
  text: string;
  /** For trouble: its kind. */
  trouble: string | null;
  /** For a finding. */
  finding: FindingMessage | null;
}

/** A count of events that are not written one by one. */
export type CountMessage = { event: "repeated"; text: string } | { event: "limited"; text: string };

export interface FindingMessage {
  id: string;
  fingerprint: string;
  severity: Severity;
  final: boolean;
  /** One sentence: what broke, or if possible why. */
  reason: string;
  /** For an error or a warning with a new fingerprint, if it is asked for: the event as a line of JSON. */
  line?: string;
}

/** `write` makes the text, or "". */
export function eventMessage(event: ConnectionEvent, write: (event: LiveEvent) => string): EventMessage {
  const { id, client } = event.connection;
  return {
    event: event.event,
    number: Number(id.slice(1)),
    client,
    text: write(event),
    trouble: event.event === "trouble" ? event.kind : null,
    finding: event.event === "finding" ? findingMessage(event) : null,
  };
}

function findingMessage({ finding, final, fingerprint = "" }: ConnectionEvent & { event: "finding" }): FindingMessage {
  const { id, severity, message, diagnosis } = finding;
  // If nothing explains the octets, the fault's own sentence is better.
  const explained = diagnosis !== undefined && diagnosis.kind !== "unexplained";
  return { id, fingerprint, severity, final, reason: explained ? diagnosis.summary : message };
}
