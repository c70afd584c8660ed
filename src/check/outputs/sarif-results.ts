/** Findings and violations as results of a run. */

import { fnv1a64 } from "../../report/fnv.ts";
import { clientName, displayFilter, endpoint } from "../../report/text/wording.ts";
import type { CheckedFinding, CheckResult } from "../check-result.ts";
import { connectionOf, path, proof, remedy, sentence, violationSentence } from "./result-wording.ts";
import { artifactLocation, type CaptureArtifact, callArtifact, FIRST_LINE, location } from "./sarif-locations.ts";
import { message } from "./sarif-message.ts";
import { indexOf } from "./sarif-rules.ts";

/** `occurrence`: 1 for the first result of this capture with this rule and fingerprint, 2 for the second. */
export function resultOf(
  checked: CheckedFinding,
  place: CaptureArtifact,
  occurrence: number,
  result: CheckResult,
): object {
  const { finding, level, fingerprint, state } = checked;
  const advice = remedy(finding);
  const parts = [sentence(finding), proof(finding), advice === "" ? "" : `Remedy: ${advice}`];
  return {
    ruleId: finding.rule,
    ...indexOf("ruleIndex", finding.rule),
    level,
    message: message(parts.filter(part => part !== "").join("\n\n")),
    locations: [location(finding, place)],
    partialFingerprints: fingerprints(fingerprint, occurrence),
    ...(result.baseline === null ? {} : { baselineState: state === "accepted" ? "unchanged" : "new" }),
    suppressions: suppressions(checked, result),
    properties: properties(checked, place),
  };
}

export function violationResults(result: CheckResult): object[] {
  const { captures, violations, baseline } = result;
  const placed = [
    ...violations.map(violation => ({ violation, index: captures.length, at: callArtifact(result).location })),
    ...captures.flatMap((capture, index) =>
      capture.violations.map(violation => ({ violation, index, at: artifactLocation({ capture, index }) })),
    ),
  ];
  const occurrences = new Map<string, number>();
  return placed.map(({ violation, index, at }) => {
    const { kind, rule } = violation;
    const fingerprint = fnv1a64(JSON.stringify(["violation", kind, rule ?? ""]));
    const key = `${index} ${fingerprint}`;
    const occurrence = (occurrences.get(key) ?? 0) + 1;
    occurrences.set(key, occurrence);
    return {
      ruleId: kind,
      ...indexOf("ruleIndex", kind),
      level: "error",
      message: message(violationSentence(violation)),
      locations: [{ physicalLocation: { artifactLocation: at, region: FIRST_LINE } }],
      partialFingerprints: fingerprints(fingerprint, occurrence),
      ...(baseline === null ? {} : { baselineState: "new" }),
      suppressions: [],
      properties: { state: "violation" },
    };
  });
}

function fingerprints(fingerprint: string, occurrence: number): object {
  return {
    "ghostframeFingerprint/v1": fingerprint,
    // As CodeQL writes it: a hash, and a number among those with the same hash.
    primaryLocationLineHash: `${fingerprint}:${occurrence}`,
  };
}

/**
 * Empty if nothing is suppressed: all results of a run have them or none (section 3.27.23). Without a status they are
 * accepted, both in the standard and in those of its drafts that are still in use.
 */
function suppressions({ state }: CheckedFinding, { baseline }: CheckResult): object[] {
  if (state === "accepted") {
    const by = baseline === null ? "" : ` ${path(baseline.path)}`;
    return [{ kind: "external", justification: `Accepted by the baseline${by}.` }];
  }
  if (state !== "expected") return [];
  return [{ kind: "external", justification: "Expected of this capture by the configuration." }];
}

/** Properties to look it up by; unknown ones are left out. */
function properties({ finding, state }: CheckedFinding, { capture }: CaptureArtifact): object {
  const { id, spec, direction, streamOffset, length, packets, time, frame, faults, diagnosis } = finding;
  const connection = connectionOf(capture, finding);
  const known = {
    id,
    state,
    spec: spec === "" ? null : spec,
    connection: finding.connection,
    client: connection ? endpoint(connection.client) : null,
    clientName: connection ? clientName(connection) || null : null,
    server: connection ? endpoint(connection.server) : null,
    direction,
    streamOffset,
    length,
    packets: packets.length === 0 ? null : packets,
    displayFilter: packets.length === 0 ? null : displayFilter(packets, connection),
    time,
    frame,
    faults,
    diagnosis: diagnosis ? { kind: diagnosis.kind, confidence: diagnosis.confidence } : null,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null));
}
