/**
 * `--format sarif`: a check as a log of SARIF 2.1.0, for GitHub's code scanning and other viewers. It has one run.
 * Findings and violations are its results. Violations, and entries gone from the baseline, are its notifications as
 * well: code scanning shows results only, other viewers show by notifications that a run is not to be trusted.
 *
 * Some things follow GitHub's needs, not the standard's meaning:
 * - Every result has the region of line 1: without a region GitHub does not show it, although a capture has no lines.
 * - There are no byte offsets: ours count the octets of a stream, SARIF's those of the file. They are in the properties
 *   and in the logical location.
 * - The key primaryLocationLineHash stands beside our own fingerprint: it is the only one that GitHub compares.
 * - GitHub refuses a run of more than 25,000 results: the least important ones are left out.
 * - GitHub ignores suppressions: there, results that the baseline accepts have to be dismissed once.
 */
import { grouped } from "../../bytes/grouped.ts";
import { json } from "../../report/json.ts";
import type { CheckedCapture, CheckedFinding, CheckResult, Violation } from "../check-result.ts";
import { goneSentence, notChecked as notCheckedEntries, path, violationSentence } from "./result-wording.ts";
import { artifactLocation, BASE_IDS, type CaptureArtifact, callArtifact, hasCallArtifact } from "./sarif-locations.ts";
import { message } from "./sarif-message.ts";
import { resultOf, violationResults } from "./sarif-results.ts";
import {
  indexOf,
  notificationDescriptors,
  notificationReference,
  ruleDescriptors,
  ruleOverrides,
} from "./sarif-rules.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const MAX_RESULTS = 25_000;
/** Findings by their state: the last are left out first. */
const IMPORTANCE: readonly CheckedFinding["state"][] = ["failing", "told", "expected", "accepted"];

export function sarif(result: CheckResult): string {
  const found = result.captures.flatMap((capture, index) =>
    capture.findings.map(checked => ({ checked, place: { capture, index } })),
  );
  const broken = violationResults(result);
  const shown = mostImportant(found, Math.max(0, MAX_RESULTS - broken.length));
  const occurrences = new Map<string, number>();
  const results = shown.map(({ checked, place }) => {
    const key = `${place.index} ${checked.finding.rule} ${checked.fingerprint}`;
    const occurrence = (occurrences.get(key) ?? 0) + 1;
    occurrences.set(key, occurrence);
    return resultOf(checked, place, occurrence, result);
  });
  const all = [...results, ...broken].slice(0, MAX_RESULTS);
  return json({
    $schema: SCHEMA,
    version: "2.1.0",
    runs: [
      {
        tool: { driver: driver(result) },
        invocations: [invocation(result, found.length + broken.length - all.length)],
        originalUriBaseIds: BASE_IDS,
        artifacts: [...result.captures.map(artifact), ...(hasCallArtifact(result) ? [callArtifact(result)] : [])],
        results: all,
        columnKind: "utf16CodeUnits",
        properties: runProperties(result),
      },
    ],
  });
}

function mostImportant<T extends { checked: CheckedFinding }>(found: readonly T[], most: number): readonly T[] {
  if (found.length <= most) return found;
  const ordered = IMPORTANCE.flatMap(state => found.filter(({ checked }) => checked.state === state));
  const kept = new Set(ordered.slice(0, most));
  return found.filter(each => kept.has(each));
}

function driver({ tool }: CheckResult): object {
  const { name, version } = tool;
  return { name, version, rules: ruleDescriptors(), notifications: notificationDescriptors() };
}

function runProperties({ passed, policy, summary }: CheckResult): object {
  return { passed, failOn: policy.failOn, limits: policy.limits, summary };
}

function invocation(result: CheckResult, omitted: number): object {
  const { captures, violations, baseline, policy } = result;
  const broken = [
    ...violations.map(violation => notification(violation, null)),
    ...captures.flatMap((capture, index) => capture.violations.map(each => notification(each, { capture, index }))),
  ];
  const kinds = [...violations, ...captures.flatMap(capture => capture.violations)].map(({ kind }) => kind);
  const gone = baseline?.gone ?? [];
  const notes = gone.map(entry => ({
    level: "note",
    descriptor: notificationReference("baseline-entry-gone"),
    message: message(goneSentence(entry)),
  }));
  const notChecked = baseline === null ? "" : notCheckedEntries(baseline);
  if (notChecked !== "") {
    const descriptor = notificationReference("baseline-entries-not-checked");
    notes.push({ level: "note", descriptor, message: message(notChecked) });
  }
  for (const glob of result.expectedElsewhere) {
    const descriptor = notificationReference("expectation-elsewhere");
    notes.push({ level: "note", descriptor, message: message(`No capture of this call matches ${path(glob)}.`) });
  }
  if (omitted > 0) {
    const text = `${grouped(omitted)} results are left out, accepted ones first.`;
    broken.push({ level: "warning", descriptor: notificationReference("results-omitted"), message: message(text) });
  }
  return {
    // The run succeeded even with findings. It failed if it could read nothing.
    executionSuccessful: !kinds.some(kind => kind === "unreadable" || kind === "no-capture"),
    ruleConfigurationOverrides: ruleOverrides(policy),
    toolExecutionNotifications: broken,
    toolConfigurationNotifications: notes,
  };
}

function notification(violation: Violation, place: CaptureArtifact | null): object {
  const { kind, rule } = violation;
  return {
    level: "error",
    descriptor: notificationReference(kind),
    message: message(violationSentence(violation)),
    ...(place === null ? {} : { locations: [{ physicalLocation: { artifactLocation: artifactLocation(place) } }] }),
    ...(rule === undefined ? {} : { associatedRule: { id: rule, ...indexOf("index", rule) } }),
  };
}

function artifact(capture: CheckedCapture, index: number): object {
  const { input, frames, gaps, expectations, passed } = capture;
  const { format, packets, octets } = input;
  return {
    location: artifactLocation({ capture, index }),
    roles: ["analysisTarget"],
    properties: { passed, format, packets, octets, frames, gaps, expectations },
  };
}
