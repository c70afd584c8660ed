/**
 * `--format sarif`: a check as a log of SARIF 2.1.0, for GitHub's code scanning and other viewers. One run; findings and
 * violations are its results, violations and what is gone from the baseline its notifications: code scanning shows results
 * only, other viewers say by notifications that a run is not to be trusted.
 *
 * Three things are as GitHub needs them, against the letter or beyond it. Every result has the region of line 1, which
 * it does not show a result without, although a capture has no lines; there are no byte offsets, because ours count the
 * octets of a stream and SARIF's those of the file: they are in the properties, and in the logical location. The key
 * primaryLocationLineHash is the only fingerprint it compares, and stands beside our own. And it refuses a run of more
 * than 25,000 results, so that the least important are left out. It passes over suppressions: there, results that the
 * baseline accepts have to be dismissed once.
 */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import { json } from "../../report/json.ts";
import type { Finding } from "../../report/report.ts";
import { clientName, displayFilter, endpoint } from "../../report/text/wording.ts";
import {
  type CheckedCapture,
  type CheckedFinding,
  type CheckResult,
  CONFIG_FILE,
  type Violation,
} from "../check-result.ts";
import { fnv1a64 } from "../fnv.ts";
import {
  connectionOf,
  goneSentence,
  notChecked as notCheckedEntries,
  path,
  proof,
  remedy,
  route,
  sentence,
  violationSentence,
} from "./result-wording.ts";
import {
  notificationDescriptors,
  notificationReference,
  RULE_INDEX,
  ruleDescriptors,
  ruleOverrides,
} from "./sarif-rules.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const BASE = "%SRCROOT%";
const MAX_RESULTS = 25_000;
const FIRST_LINE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
/** Findings by what is to become of them: the last are left out first. */
const IMPORTANCE: readonly CheckedFinding["state"][] = ["failing", "told", "expected", "accepted"];

interface Place {
  capture: CheckedCapture;
  /** Index of the capture's artifact. */
  index: number;
}

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
        originalUriBaseIds: { [BASE]: { description: { text: "The folder that captures are named from." } } },
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
    // Findings are what it was run for. It did not do its job where there was nothing it could read.
    executionSuccessful: !kinds.some(kind => kind === "unreadable" || kind === "no-capture"),
    ruleConfigurationOverrides: ruleOverrides(policy),
    toolExecutionNotifications: broken,
    toolConfigurationNotifications: notes,
  };
}

/** Violations of the call stand where the config is, or would be. */
function hasCallArtifact({ violations }: CheckResult): boolean {
  return violations.length > 0;
}

function callArtifact({ config, captures }: CheckResult): { location: object } {
  return { location: locationOf(config ?? CONFIG_FILE, captures.length) };
}

function violationResults(result: CheckResult): object[] {
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
    // As CodeQL makes it: a hash, and which of those with the same hash.
    primaryLocationLineHash: `${fingerprint}:${occurrence}`,
  };
}

function notification(violation: Violation, place: Place | null): object {
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

function artifactLocation({ capture, index }: Place): object {
  return locationOf(capture.path, index);
}

function locationOf(name: string, index: number): object {
  const uri = uriOf(name);
  return uri.startsWith("file:") ? { uri, index } : { uri, uriBaseId: BASE, index };
}

/** `captures/a%20b.pcap`, or file:///… of a path that begins at the root. */
export function uriOf(name: string): string {
  const segments = name
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .split("/")
    .filter(segment => segment !== ".")
    .map(encodeURIComponent);
  // A drive's colon has to stay: C:/captures/a.pcap.
  if (/^[A-Za-z]:\//.test(name)) return `file:///${[name.slice(0, 2), ...segments.slice(1)].join("/")}`;
  return name.startsWith("/") ? `file://${segments.join("/")}` : segments.join("/");
}

function resultOf(checked: CheckedFinding, place: Place, occurrence: number, result: CheckResult): object {
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

/**
 * Empty where nothing is suppressed: all results of a run have them or none (section 3.27.23). Without a status they are
 * accepted, as far as both the standard and the drafts of it that are still about are concerned.
 */
function suppressions({ state }: CheckedFinding, { baseline }: CheckResult): object[] {
  if (state === "accepted") {
    const by = baseline === null ? "" : ` ${path(baseline.path)}`;
    return [{ kind: "external", justification: `Accepted by the baseline${by}.` }];
  }
  if (state !== "expected") return [];
  return [{ kind: "external", justification: "Expected of this capture by the configuration." }];
}

function location(finding: Finding, place: Place): object {
  const connection = connectionOf(place.capture, finding);
  const logical =
    connection === undefined
      ? []
      : [
          {
            name: printable(connection.id, 12),
            fullyQualifiedName: [route(connection), finding.direction ?? "", at(finding)]
              .filter(part => part !== "")
              .join(" "),
            kind: "connection",
          },
        ];
  return {
    physicalLocation: {
      artifactLocation: artifactLocation(place),
      region: FIRST_LINE,
    },
    ...(logical.length === 0 ? {} : { logicalLocations: logical }),
  };
}

function at({ streamOffset }: Finding): string {
  return streamOffset === null ? "" : `@${streamOffset}`;
}

/** What there is to look it up by; what is not known is left out. */
function properties({ finding, state }: CheckedFinding, { capture }: Place): object {
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

/** A rule that the registry does not have is named without a place in it. */
function indexOf(key: "index" | "ruleIndex", rule: string): object {
  const index = RULE_INDEX.get(rule);
  return index === undefined ? {} : { [key]: index };
}

/**
 * Plain text as a message. Braces are doubled because single ones hold placeholders (section 3.11.5), and where text
 * from the wire would make a link, its brackets are escaped (section 3.11.6).
 */
export function message(text: string): object {
  const plain = text.replace(/[{}]/g, "$&$&");
  return { text: plain.includes("](") ? plain.replace(/[[\]\\]/g, "\\$&") : plain };
}
