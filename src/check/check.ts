/**
 * Judges reports by a policy. They may come from captures or from a live connection. The result depends on their paths
 * and contents, not on their order.
 */
import { byCodeUnit } from "../bytes/code-unit-order.ts";
import { grouped } from "../bytes/grouped.ts";
import { fingerprint } from "../report/fingerprint.ts";
import type { Connection, Input, PerDirection, Report } from "../report/report.ts";
import { VERSION } from "../version.ts";
import { applyBaseline, type Baseline, entriesFor, type PlacedCapture } from "./baseline.ts";
import {
  type BaselineEntry,
  type BaselineState,
  CHECK_SCHEMA,
  type CheckedCapture,
  type CheckedFinding,
  type CheckResult,
  type CheckSummary,
  type Limits,
  type Policy,
  type Violation,
} from "./check-result.ts";
import {
  brokenExpectations,
  type Expectation,
  ExpectationTable,
  type Expected,
  type Unmatched,
} from "./expectations.ts";
import { levelOf, reaches } from "./policy.ts";

/** One capture, inspected by itself. */
export interface CaptureReport {
  /** As it was named, with slashes. */
  path: string;
  /**
   * Its path relative to the config's folder, with slashes: the config's globs and the baseline use it. Default:
   * `path`.
   */
  place?: string;
  /** Whether it was named by itself, and not found in a folder. */
  isNamed?: boolean;
  report: Report;
}

export interface CheckRules {
  policy: Policy;
  expectations: readonly Expectation[];
}

/** What else is known of the call, besides captures and rules. */
export interface CheckCall {
  /** The config's path, for readers of the result; null if there is none. */
  config: string | null;
  /** Folders that were searched, relative as `place` is: "" is the config's own. */
  folders: readonly string[];
}

/** Judges the reports by these rules. */
export function check(
  reports: readonly CaptureReport[],
  rules: CheckRules,
  baseline: Baseline | null,
  call: CheckCall = { config: null, folders: [] },
): CheckResult {
  const judged = judgedAll(reports, rules);
  const state = baseline === null ? null : applyBaseline(judged, baseline);
  const unmatched = new ExpectationTable(rules.expectations).unmatched(
    judged.map(({ place }) => place),
    call.folders,
  );
  return resultOf(judged, rules.policy, state, unmatched, call.config);
}

/** The entries of a baseline that accepts all that fails now. `before` is the baseline that it replaces. */
export function newBaseline(
  reports: readonly CaptureReport[],
  rules: CheckRules,
  before: Pick<Baseline, "entries" | "missing">,
): BaselineEntry[] {
  return entriesFor(judgedAll(reports, rules), before);
}

function judgedAll(reports: readonly CaptureReport[], { policy, expectations }: CheckRules): PlacedCapture[] {
  const table = new ExpectationTable(expectations);
  const judged = reports.map(({ path, place = path, isNamed = false, report }) => ({
    place,
    isNamed,
    capture: judge(path, report, policy, table.of(place)),
  }));
  // If no capture has a frame, the call fails for that, once.
  if (policy.limits.minFrames > 0 && judged.some(({ capture }) => looked(capture) > 0)) {
    for (const { capture, isNamed } of judged) if (isNamed && showsNothing(capture)) capture.violations.push(NO_FRAME);
  }
  return judged.sort((a, b) => byCodeUnit(a.capture.path, b.capture.path));
}

const NO_FRAME: Violation = {
  kind: "min-frames",
  message: "There is no AMQP frame in this capture, which was named by itself.",
};

/** Frames, and records of TLS that was not decrypted: all that there was to check. */
function looked({ frames, tlsRecords = 0 }: Pick<CheckedCapture, "frames" | "tlsRecords">): number {
  return frames + tlsRecords;
}

/** Nothing in it was checked. A broken handshake is found without a frame. */
function showsNothing(capture: CheckedCapture): boolean {
  const { findings, input } = capture;
  return (
    looked(capture) === 0 && input.error === undefined && findings.every(({ finding }) => finding.severity === "note")
  );
}

/** A capture judged by the policy, before the baseline. `passed` is not final yet. */
function judge(path: string, report: Report, policy: Policy, expected: Expected): CheckedCapture {
  const { connections } = report;
  const input = report.inputs[0] ?? { path, format: "unknown", packets: 0, octets: 0, notes: [] };
  const findings = checkedFindings(report, policy, expected);
  const gaps = total(connections, connection => connection.gaps);
  const frames = total(connections, connection => connection.frames);
  const tlsRecords = total(connections, ({ tls }) => (tls?.decrypted === false ? tls.records : NONE));
  const violations: Violation[] = [
    ...unreadable(input),
    ...uninspected(report),
    ...brokenExpectations(expected, { findings, frames }, policy.failOn),
    ...tooManyGaps(gaps, policy.limits),
    ...tooMuchUnread(input, policy.limits),
  ];
  return {
    path,
    passed: false,
    input,
    connections,
    findings,
    violations,
    expectations: expected.globs,
    frames,
    ...(tlsRecords === 0 ? {} : { tlsRecords }),
    gaps,
    off: report.findings.length - findings.length,
  };
}

function checkedFindings(report: Report, policy: Policy, expected: Expected): CheckedFinding[] {
  const byId = new Map(report.findings.map(finding => [finding.id, finding]));
  const checked = report.findings.flatMap((finding): CheckedFinding[] => {
    const level = levelOf(finding.rule, finding.severity, policy);
    if (level === null) return [];
    const fails = reaches(level, policy.failOn);
    const state = expected.rules.has(finding.rule) ? "expected" : fails ? "failing" : "told";
    return [
      { finding, level, fingerprint: finding.group ?? fingerprint(finding, byId.get(finding.cause ?? "")), state },
    ];
  });
  return withoutConsequences(checked);
}

/** What follows from a finding that fails, or that is expected, is reported with it and not counted again. */
function withoutConsequences(findings: readonly CheckedFinding[]): CheckedFinding[] {
  const counted = new Set(findings.filter(({ state }) => state !== "told").map(({ finding }) => finding.id));
  const follows = ({ state, finding }: CheckedFinding) => state === "failing" && counted.has(finding.cause ?? "");
  return findings.map(each => (follows(each) ? { ...each, state: "told" } : each));
}

function unreadable({ error, packets }: Input): Violation[] {
  if (error === undefined) return [];
  const how = packets === 0 ? "cannot be read" : `cannot be read beyond packet ${grouped(packets)}`;
  return [{ kind: "unreadable", message: `The capture ${how}: ${error}.` }];
}

/** What was not inspected because of an error of ghostframe's own: no level of its rule makes that pass. */
function uninspected({ findings }: Report): Violation[] {
  const failures = findings.filter(({ rule }) => rule === "internal-error");
  return failures.map(({ connection, message }) => {
    return { kind: "unreadable", message: connection === null ? message : `${connection}: ${message}` };
  });
}

function tooManyGaps(gaps: number, { maxGaps }: Limits): Violation[] {
  if (maxGaps === null || gaps <= maxGaps) return [];
  const message = `The capture has ${grouped(gaps)} gap${gaps === 1 ? "" : "s"}; ${grouped(maxGaps)} are allowed.`;
  return [{ kind: "max-gaps", message }];
}

function tooMuchUnread({ unread = [] }: Input, { maxUnread }: Limits): Violation[] {
  const closed = unread.filter(({ mayHoldAmqp }) => mayHoldAmqp);
  const count = sum(closed, ({ packets = 0, connections = 0 }) => packets + connections);
  if (maxUnread === null || count <= maxUnread) return [];
  const allowed = maxUnread === 0 ? "" : ` (${grouped(maxUnread)} may be)`;
  const kinds = closed.map(({ message }) => message).join(" ");
  return [{ kind: "max-unread", message: `What may hold AMQP was not read${allowed}: ${kinds}` }];
}

function resultOf(
  judged: readonly PlacedCapture[],
  policy: Policy,
  baseline: BaselineState | null,
  { violations: unmatched, elsewhere }: Unmatched,
  config: string | null,
): CheckResult {
  const captures = judged.map(({ capture }) => capture);
  for (const capture of captures) {
    capture.passed = capture.violations.length === 0 && capture.findings.every(({ state }) => state !== "failing");
  }
  const violations = [...violationsOfAll(captures, policy.limits), ...unmatched];
  return {
    schema: CHECK_SCHEMA,
    tool: { name: "ghostframe", version: VERSION },
    passed: violations.length === 0 && captures.every(({ passed }) => passed),
    config,
    policy,
    captures,
    violations,
    expectedElsewhere: elsewhere,
    baseline,
    summary: summaryOf(captures, violations),
  };
}

function violationsOfAll(captures: readonly CheckedCapture[], { minFrames }: Limits): Violation[] {
  if (captures.length === 0) {
    const message =
      "There is no capture to check. In a folder, *.pcap, *.pcapng and *.cap are captures; digits or .gz may follow.";
    return [{ kind: "no-capture", message }];
  }
  const frames = sum(captures, capture => capture.frames);
  // The number of frames in unreadable captures is not known: that fails by itself.
  if (captures.every(({ input }) => input.error !== undefined && input.packets === 0)) return [];
  // Records count if one frame is enough; a higher minimum needs decrypted frames.
  if (frames >= minFrames || (minFrames === 1 && sum(captures, looked) > 0)) return [];
  const where = captures.length === 1 ? "the capture" : `the ${grouped(captures.length)} captures`;
  const seen =
    frames === 0 ? "No AMQP frame is" : frames === 1 ? "1 AMQP frame is" : `${grouped(frames)} AMQP frames are`;
  const message = `${seen} in ${where}, where there must be at least ${grouped(minFrames)}.`;
  return [{ kind: "min-frames", message }];
}

function summaryOf(captures: readonly CheckedCapture[], violations: readonly Violation[]): CheckSummary {
  const count = (state: CheckedFinding["state"]) =>
    sum(captures, ({ findings }) => findings.filter(finding => finding.state === state).length);
  return {
    captures: captures.length,
    connections: sum(captures, ({ connections }) => connections.length),
    frames: sum(captures, ({ frames }) => frames),
    failing: count("failing"),
    told: count("told"),
    accepted: count("accepted"),
    expected: count("expected"),
    off: sum(captures, ({ off }) => off),
    violations: violations.length + sum(captures, capture => capture.violations.length),
  };
}

/** Both directions of all connections. */
const NONE: PerDirection = { clientToServer: 0, serverToClient: 0 };

function total(connections: readonly Connection[], counts: (connection: Connection) => PerDirection): number {
  return sum(connections, connection => {
    const { clientToServer, serverToClient } = counts(connection);
    return clientToServer + serverToClient;
  });
}

function sum<Each>(list: readonly Each[], value: (each: Each) => number): number {
  return list.reduce((result, each) => result + value(each), 0);
}
