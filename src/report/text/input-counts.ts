/** What belongs to each input of a report, counted in one pass over it. */

import type { Incident } from "../incidents/incident.ts";
import type { Report } from "../report.ts";
import { day } from "./wording.ts";

export interface InputCounts {
  /** AMQP connections; encrypted ones are counted separately. */
  connections: number;
  /** TLS connections with records only. */
  encrypted: number;
  /** AMQP connections that were decrypted. */
  decrypted: number;
  frames: number;
  /** Incidents that are errors. */
  errors: number;
  /** Incidents that are warnings. */
  warnings: number;
  notes: number;
  /** Connections that ended without a close. */
  unclosed: number;
  /** First and last day (UTC) on which anything was seen; null if nothing was. */
  firstDay: string | null;
  lastDay: string | null;
}

export function countInputs(report: Report, incidents: readonly Incident[]): InputCounts[] {
  const inputCounts = report.inputs.map(
    (): InputCounts => ({
      connections: 0,
      encrypted: 0,
      decrypted: 0,
      frames: 0,
      errors: 0,
      warnings: 0,
      notes: 0,
      unclosed: 0,
      firstDay: null,
      lastDay: null,
    }),
  );
  const dated = (counts: InputCounts, time: string) => {
    const date = day(time);
    if (date === null) return;
    if (counts.firstDay === null || date < counts.firstDay) counts.firstDay = date;
    if (counts.lastDay === null || date > counts.lastDay) counts.lastDay = date;
  };
  for (const { input, frames, start, end, tls } of report.connections) {
    const counts = inputCounts[input];
    if (!counts) continue;
    if (tls?.decrypted === false) counts.encrypted++;
    else counts.connections++;
    if (tls?.decrypted === true) counts.decrypted++;
    counts.frames += frames.clientToServer + frames.serverToClient;
    dated(counts, start);
    dated(counts, end);
  }
  for (const { input, rule, severity, time } of report.findings) {
    const counts = inputCounts[input];
    if (!counts) continue;
    if (severity === "note") counts.notes++;
    if (rule === "ended-abruptly" || rule === "heartbeat-missed") counts.unclosed++;
    if (time !== null) dated(counts, time);
  }
  for (const { finding } of incidents) {
    const counts = inputCounts[finding.input];
    if (counts) counts[finding.severity === "error" ? "errors" : "warnings"]++;
  }
  return inputCounts;
}
