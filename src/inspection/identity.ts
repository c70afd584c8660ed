import type { Incident } from "../connection/incident.ts";
import type { RuleId } from "../connection/rules.ts";
import type { Side } from "../net/connection-observer.ts";

/** An incident, and its identity when it is reported again. */
export interface IdentifiedIncident {
  incident: Incident;
  identity: string;
}

/** The same for an incident that comes again, and for no other incident of its connection. */
export function identityOf({ rule, side, streamOffset, message }: Incident): string {
  // An incident of the whole connection has no place: its message distinguishes it from others.
  return side === null ? `${rule} ${message}` : identityAt(rule, side, streamOffset);
}

/** Identity of the incident of this rule that begins there. */
export function identityAt(rule: RuleId, side: Side, streamOffset: number): string {
  return `${rule} ${side} ${streamOffset}`;
}

/**
 * Identity of the cause of an incident, or null. Only a close has a cause: the one it names, or the first error of the
 * other direction, if that begins before the close was sent. `reported` are the incidents reported before it.
 */
export function causeOf(incident: Incident, reported: readonly IdentifiedIncident[]): string | null {
  const { rule, severity, side, from, follows } = incident;
  if (follows !== null) return reported.find(({ incident: other }) => other.rule === follows)?.identity ?? null;
  if (rule !== "broker-close" || severity !== "error") return null;
  const cause = reported.find(
    ({ incident: other }) =>
      other.severity === "error" &&
      other.rule !== "broker-close" &&
      other.side !== side &&
      (other.from.input < from.input || (other.from.input === from.input && other.from.packet <= from.packet)),
  );
  return cause?.identity ?? null;
}
