/**
 * The report put in the order a reader wants it: which findings are incidents, which only tell what an incident led to,
 * and what is the worst that happened to each connection.
 */
import type { Connection, Finding, Report, Severity } from "../report.ts";
import { countInputs, type InputCounts } from "./input-counts.ts";

export interface Overview {
  report: Report;
  /** One per input. */
  inputCounts: readonly InputCounts[];
  connections: ReadonlyMap<string, Connection>;
  /** Errors and then warnings, each in the report's order, without those that are consequences. */
  incidents: readonly Finding[];
  /** By the id of an incident: findings it led to that have no octets of their own to show. */
  consequences: ReadonlyMap<string, readonly Finding[]>;
  notes: readonly Finding[];
  /** By connection id: the first of its gravest findings. */
  worst: ReadonlyMap<string, Finding>;
}

const GRAVITY: Record<Severity, number> = { error: 4, warning: 3, note: 0 };

/** How a connection ended that nobody closed. */
const ENDS: ReadonlySet<string> = new Set(["ended-abruptly", "heartbeat-missed"]);
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

export function tellsEnd({ rule }: { rule: string }): boolean {
  return ENDS.has(rule);
}

export function tellsLimit({ rule }: { rule: string }): boolean {
  return LIMITS.has(rule);
}

/** Of notes an end comes first, then the limits of what could be seen. */
function gravity(finding: Finding): number {
  return GRAVITY[finding.severity] + (tellsEnd(finding) ? 2 : tellsLimit(finding) ? 1 : 0);
}

export function overview(report: Report): Overview {
  const findings = new Map(report.findings.map(finding => [finding.id, finding]));
  const consequences = new Map<string, Finding[]>();
  const worst = new Map<string, Finding>();
  const incidents: Finding[] = [];
  for (const finding of report.findings) {
    if (finding.connection !== null) {
      const before = worst.get(finding.connection);
      if (!before || gravity(finding) > gravity(before)) worst.set(finding.connection, finding);
    }
    if (finding.severity === "note") continue;
    const origin = originOf(finding, findings);
    if (origin === finding) {
      incidents.push(finding);
      continue;
    }
    const siblings = consequences.get(origin.id);
    if (siblings) siblings.push(finding);
    else consequences.set(origin.id, [finding]);
  }
  return {
    report,
    inputCounts: countInputs(report),
    connections: new Map(report.connections.map(connection => [connection.id, connection])),
    incidents: [
      ...incidents.filter(({ severity }) => severity === "error"),
      ...incidents.filter(({ severity }) => severity === "warning"),
    ],
    consequences,
    notes: report.findings.filter(({ severity }) => severity === "note"),
    worst,
  };
}

/** The incident under which a finding is shown: itself, or the one that its causes lead back to. */
function originOf(finding: Finding, findings: ReadonlyMap<string, Finding>): Finding {
  const seen = new Set<Finding>();
  let origin = finding;
  while (origin.cause !== undefined && origin.octets.length === 0) {
    seen.add(origin);
    const cause = findings.get(origin.cause);
    // A cause that is missing, no incident, or its own consequence: the finding has to stand for itself.
    if (!cause || cause.severity === "note" || seen.has(cause)) return finding;
    origin = cause;
  }
  return origin;
}

/**
 * At most `most` findings, or what else has a rule, in their order. Every rule has its turn before one has its second,
 * so that a thousand alike do not hide the one that differs.
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
