import type { Connection, Diagnosis, Finding, Report, Writer } from "../report.ts";
import { countsOf } from "./counts.ts";
import { type Incident, incidentsOf } from "./incident.ts";
import { placesOf } from "./places.ts";
import { writerIdentity } from "./writer-identity.ts";

/** The same report, with details of its incidents: counts, cause, what to do, places, identities of the writers. */
export function withIncidents(report: Report): Report {
  const incidents = incidentsOf(report);
  const { connections: _, ...counts } = countsOf(report, incidents);
  const byFinding = new Map(incidents.map(incident => [incident.finding, incident]));
  return {
    ...report,
    findings: report.findings.map(finding => {
      const incident = byFinding.get(finding);
      return incident === undefined ? finding : withAnswer(finding, incident);
    }),
    summary: { ...report.summary, ...counts },
  };
}

/** A finding that is reported by itself, in the form that `withIncidents` gives it in a report. */
export function withIncident(finding: Finding, connection: Connection): Finding {
  const [incident] = incidentsOf({ connections: [connection], findings: [finding] });
  return incident === undefined ? finding : withAnswer(finding, incident);
}

function withAnswer(finding: Finding, { cause, afterStop, group }: Incident): Finding {
  const { kind, words, confidence, todo } = cause;
  const { diagnosis } = finding;
  const places = diagnosis === undefined ? [] : placesOf(diagnosis);
  return {
    ...finding,
    ...(diagnosis === undefined ? {} : { diagnosis: withWriters(diagnosis, finding.lost ?? []) }),
    group,
    likelyCause: { kind, words, confidence },
    do: todo,
    ...(afterStop ? { afterStop } : {}),
    ...(places.length === 0 ? {} : { places }),
  };
}

/** The identities of the writers; their messages get the fate from the list of lost messages, so that both agree. */
function withWriters(diagnosis: Diagnosis, lost: NonNullable<Finding["lost"]>): Diagnosis {
  const fates = new Map(lost.map(({ streamOffset, fate }) => [streamOffset, fate]));
  const writers = diagnosis.writers.map((writer): Writer => {
    const identity = writerIdentity(writer);
    const messages = writer.messages.map(message => ({
      ...message,
      fate: fates.get(message.spans[0]?.[0] ?? -1) ?? message.fate,
    }));
    return { ...writer, messages, ...(identity === null ? {} : { identity }) };
  });
  return { ...diagnosis, writers };
}
