import type { Incident } from "../connection/incident.ts";
import type { Diagnosis } from "../forensics/diagnosis.ts";
import type { DirectionForensics } from "../forensics/direction-forensics.ts";
import { merged } from "../forensics/explanation.ts";
import { remedyFor } from "../forensics/remedy.ts";

/** What an incident's octets are; null if nothing explains them. Several tears close together are one diagnosis. */
export function diagnosisOf(
  { streamOffset, endOffset }: Incident,
  { explanations }: DirectionForensics,
  clientProperties: ReadonlyMap<string, string>,
): Diagnosis | null {
  const findings = explanations
    .filter(({ faultOffset }) => faultOffset >= streamOffset && faultOffset <= endOffset)
    .toSorted((a, b) => a.faultOffset - b.faultOffset)
    .map(({ finding }) => finding);
  if (findings.length === 0) return null;
  const finding = merged(findings);
  const unexplainedAt = findings.flatMap(each => each.unexplainedAt ?? []);
  return {
    ...finding,
    remedy: remedyFor(clientProperties, finding.kind),
    ...(unexplainedAt.length === 0 ? {} : { unexplainedAt }),
  };
}
