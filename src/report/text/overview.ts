/**
 * The report in a reader's order: which findings are incidents, which are only consequences of one, and the worst
 * finding of each connection.
 */
import { countsOf, type IncidentCounts } from "../incidents/counts.ts";
import { groupsOf, type IncidentGroup } from "../incidents/groups.ts";
import { type Incident, incidentsOf } from "../incidents/incident.ts";
import type { Finding, Report, Severity } from "../report.ts";
import { countInputs, type InputCounts } from "./input-counts.ts";

export interface Overview {
  report: Report;
  /** One per input. */
  inputCounts: readonly InputCounts[];
  /** Errors and then warnings, each in the report's order, without those that are consequences. */
  incidents: readonly Incident[];
  /** The same, by client and cause, the gravest first. */
  groups: readonly IncidentGroup[];
  counts: IncidentCounts;
  notes: readonly Finding[];
  /** By connection id: the first of its gravest findings. */
  worst: ReadonlyMap<string, Finding>;
}

const GRAVITY: Record<Severity, number> = { error: 4, warning: 3, note: 0 };

/** How a connection ended without a close, and what the broker did to it without a request. */
const ENDS: ReadonlySet<string> = new Set([
  "ended-abruptly",
  "heartbeat-missed",
  "consumer-cancelled",
  "connection-blocked",
]);
/** The limits of what could be seen, or understood. */
const LIMITS: ReadonlySet<string> = new Set([
  "capture-gap",
  "snap-length",
  "mid-stream",
  "unread",
  "file-truncated",
  "internal-error",
  "verdict-mismatch",
]);

export function isAboutEnd({ rule }: { rule: string }): boolean {
  return ENDS.has(rule);
}

export function isAboutLimit({ rule }: { rule: string }): boolean {
  return LIMITS.has(rule);
}

/** Among notes an end comes first, then the limits of what could be seen. */
function gravity(finding: Finding): number {
  return GRAVITY[finding.severity] + (isAboutEnd(finding) ? 2 : isAboutLimit(finding) ? 1 : 0);
}

/** `withNotes`: notes are shown like incidents if a policy makes them fail. */
export function overview(report: Report, withNotes = false): Overview {
  const worst = new Map<string, Finding>();
  for (const finding of report.findings) {
    if (finding.connection === null) continue;
    const before = worst.get(finding.connection);
    if (!before || gravity(finding) > gravity(before)) worst.set(finding.connection, finding);
  }
  const incidents = incidentsOf(report, withNotes);
  return {
    report,
    inputCounts: countInputs(report, incidents),
    incidents,
    groups: groupsOf(incidents),
    counts: countsOf(report, incidents),
    notes: report.findings.filter(({ severity }) => severity === "note"),
    worst,
  };
}

/**
 * At most `most` findings, or other things with a rule, in their order. Every rule has its turn before one has its
 * second, so that a thousand alike do not hide the one that differs.
 */
export function fairShare<T extends { rule: string }>(findings: readonly T[], most: number): readonly T[] {
  if (findings.length <= most) return findings;
  const seen = new Map<string, number>();
  const turns = findings.map((finding, index) => {
    const turn = seen.get(finding.rule) ?? 0;
    seen.set(finding.rule, turn + 1);
    return { finding, index, turn };
  });
  return turns
    .sort((a, b) => a.turn - b.turn || a.index - b.index)
    .slice(0, most)
    .sort((a, b) => a.index - b.index)
    .map(({ finding }) => finding);
}
