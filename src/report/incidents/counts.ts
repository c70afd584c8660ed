/** The figures of a report: how many connections are sick, and what that cost. Every output has the same ones. */
import type { LostCounts, Report } from "../report.ts";
import type { Incident } from "./incident.ts";
import { addLost, lostBy, noneLost } from "./lost.ts";

export interface IncidentCounts {
  connections: number;
  /** Connections with an incident that is an error. */
  sick: number;
  /** Connections with warnings only. */
  atRisk: number;
  /** Incidents that are errors, each once: a close that a finding led to is part of it. */
  incidents: number;
  lost: LostCounts;
}

export function countsOf(report: Report, incidents: readonly Incident[]): IncidentCounts {
  const errors = incidents.filter(({ finding }) => finding.severity === "error");
  const sick = new Set(errors.map(({ finding }) => finding.connection).filter(id => id !== null));
  const warned = new Set(incidents.map(({ finding }) => finding.connection).filter(id => id !== null));
  const lost = noneLost();
  for (const incident of incidents) addLost(lost, incident.lost);
  // A close that does not concern its frames also costs messages.
  const ofIncidents = new Set(incidents.map(({ finding }) => finding));
  for (const finding of report.findings) {
    if (finding.severity === "note" && finding.lost !== undefined && !ofIncidents.has(finding))
      addLost(lost, lostBy(finding, null));
  }
  return {
    connections: report.connections.length,
    sick: sick.size,
    atRisk: [...warned].filter(id => !sick.has(id)).length,
    incidents: errors.length,
    lost,
  };
}
