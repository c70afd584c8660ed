import type { ConnectionEvent, LiveEvent } from "../report/live-event.ts";
import type { Endpoint, Severity } from "../report/report.ts";

/**
 * An event of a connection as the relay's thread needs it. An incident may be large, and takes its time to be written
 * down: the inspector does that, and hands over the text.
 */
export interface ToldEvent {
  event: ConnectionEvent["event"];
  /** The connection's. */
  number: number;
  client: Endpoint;
  /** As it was asked for, whole lines; "" where there is nothing to say. */
  text: string;
  /** Of trouble: its kind. */
  trouble: string | null;
  /** Of a finding. */
  finding: ToldFinding | null;
}

export interface ToldFinding {
  id: string;
  severity: Severity;
  final: boolean;
  /** One sentence: what broke, or better why. */
  reason: string;
}

/** `write` makes the text. */
export function toldEvent(event: ConnectionEvent, write: (event: LiveEvent) => string): ToldEvent {
  const { id, client } = event.connection;
  return {
    event: event.event,
    number: Number(id.slice(1)),
    client,
    text: write(event),
    trouble: event.event === "trouble" ? event.kind : null,
    finding: event.event === "finding" ? toldFinding(event) : null,
  };
}

function toldFinding({ finding, final }: ConnectionEvent & { event: "finding" }): ToldFinding {
  const { id, severity, message, diagnosis } = finding;
  // Octets that nothing explains say less than what is wrong with them.
  const explained = diagnosis !== undefined && diagnosis.kind !== "unexplained";
  return { id, severity, final, reason: explained ? diagnosis.summary : message };
}
