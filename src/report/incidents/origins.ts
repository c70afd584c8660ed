/** Which findings are incidents, and which are only consequences of one: each is counted once. */
import type { Finding } from "../report.ts";

export interface Origins {
  /** Errors and then warnings, each in the report's order, without those that are consequences. */
  incidents: readonly Finding[];
  /** By the id of an incident: findings it led to that have no octets of their own to show. */
  consequences: ReadonlyMap<string, readonly Finding[]>;
}

export function originsOf(all: readonly Finding[]): Origins {
  const findings = new Map(all.map(finding => [finding.id, finding]));
  const consequences = new Map<string, Finding[]>();
  const incidents: Finding[] = [];
  for (const finding of all) {
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
    incidents: [
      ...incidents.filter(({ severity }) => severity === "error"),
      ...incidents.filter(({ severity }) => severity === "warning"),
    ],
    consequences,
  };
}

/** The incident under which a finding is shown: itself, or the one that its causes lead back to. */
function originOf(finding: Finding, findings: ReadonlyMap<string, Finding>): Finding {
  const seen = new Set<Finding>();
  let origin = finding;
  while (origin.cause !== undefined && origin.octets.length === 0) {
    seen.add(origin);
    const cause = findings.get(origin.cause);
    // If a cause is missing, no incident, or its own consequence, the finding stands for itself.
    if (!cause || cause.severity === "note" || seen.has(cause)) return finding;
    origin = cause;
  }
  return origin;
}
