/** An incident with all that is known of it: the unit in which every output reports what is wrong, each once. */
import { fingerprint } from "../fingerprint.ts";
import type { Connection, Finding, LostCounts, Report } from "../report.ts";
import { type CauseAndRemedy, causeOf } from "./likely-cause.ts";
import { lostBy } from "./lost.ts";
import { originsOf } from "./origins.ts";

export interface Incident {
  finding: Finding;
  connection: Connection | null;
  /** Findings it led to: the broker's close, and the like. */
  consequences: readonly Finding[];
  cause: CauseAndRemedy;
  lost: LostCounts;
  /** The broker had stopped reading before it. */
  afterStop: boolean;
  /** The finding's fingerprint: the same for the same mistake. */
  group: string;
}

/** Errors and then warnings, each in the report's order; notes behind them if a policy makes them count. */
export function incidentsOf(report: Pick<Report, "connections" | "findings">, withNotes = false): Incident[] {
  const connections = new Map(report.connections.map(connection => [connection.id, connection]));
  const findings = new Map(report.findings.map(finding => [finding.id, finding]));
  const { incidents, consequences } = originsOf(report.findings);
  const notes = withNotes ? report.findings.filter(({ severity }) => severity === "note") : [];
  return [...incidents, ...notes].map(finding => {
    const connection = (finding.connection === null ? undefined : connections.get(finding.connection)) ?? null;
    // Of many alike, the first has what explains the others.
    const explained = finding.diagnosis ? finding : (findings.get(finding.sameAs ?? "") ?? finding);
    return {
      finding,
      connection,
      consequences: consequences.get(finding.id) ?? [],
      cause: knownCause(finding) ?? causeOf(explained, connection),
      lost: lostBy(finding, connection),
      afterStop: isAfterStop(finding, connection),
      group: finding.group ?? fingerprint(finding, findings.get(finding.cause ?? "")),
    };
  });
}

/** As a report has it already. The report may be narrowed to findings without the one that has the details. */
function knownCause({ likelyCause, do: todo }: Finding): CauseAndRemedy | null {
  return likelyCause === undefined || todo === undefined ? null : { ...likelyCause, todo };
}

/** The client's octets lie behind the last one that the broker read. */
function isAfterStop({ direction, streamOffset }: Finding, connection: Connection | null): boolean {
  const stop = connection?.verdict.predicted?.streamOffset;
  return direction === "client-to-server" && streamOffset !== null && stop !== undefined && streamOffset >= stop;
}
