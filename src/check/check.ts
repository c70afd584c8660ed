/**
 * Judges reports by a policy. Where they come from is not asked: captures read by `inspect`, or a live connection. The
 * result depends on their paths and contents, and not on their order.
 */
import { grouped } from "../bytes/grouped.ts";
import type { Connection, Input, PerDirection, Report } from "../report/report.ts";
import { VERSION } from "../version.ts";
import { applyBaseline, type Baseline, entriesFor, type PlacedCapture } from "./baseline.ts";
import {
  type BaselineEntry,
  CHECK_SCHEMA,
  type CheckedCapture,
  type CheckedFinding,
  type CheckResult,
  type CheckSummary,
  type Limits,
  type Policy,
  type Violation,
} from "./check-result.ts";
import { brokenExpectations, type Expectation, ExpectationTable, type Expected } from "./expectations.ts";
import { fingerprint } from "./fingerprint.ts";
import { levelOf, reaches } from "./policy.ts";

/** One capture, inspected on its own. */
export interface CaptureReport {
  /** As it was named, with slashes. */
  path: string;
  /**
   * By what the config's globs and the baseline know it: its path relative to the config's folder, with slashes. The
   * same as `path` where nothing is said.
   */
  place?: string;
  report: Report;
}

export interface CheckRules {
  policy: Policy;
  expectations: readonly Expectation[];
}

/** What the reports are worth under these rules. */
export function check(reports: readonly CaptureReport[], rules: CheckRules, baseline: Baseline | null): CheckResult {
  const judged = judgedAll(reports, rules);
  const state = baseline === null ? null : applyBaseline(judged, baseline);
  return resultOf(judged, rules.policy, state);
}

/** The entries of a baseline that accepts all that fails now; `before` is the one it takes the place of. */
export function newBaseline(
  reports: readonly CaptureReport[],
  rules: CheckRules,
  before: readonly BaselineEntry[],
): BaselineEntry[] {
  return entriesFor(judgedAll(reports, rules), before);
}

function judgedAll(reports: readonly CaptureReport[], { policy, expectations }: CheckRules): PlacedCapture[] {
  const table = new ExpectationTable(expectations);
  const judged = reports.map(({ path, place = path, report }) => ({
    place,
    capture: judge(path, report, policy, table.of(place)),
  }));
  return judged.sort((a, b) => (a.capture.path < b.capture.path ? -1 : a.capture.path > b.capture.path ? 1 : 0));
}

/** A capture under the policy, before a baseline has accepted anything. Whether it passed is not told yet. */
function judge(path: string, report: Report, policy: Policy, expected: Expected): CheckedCapture {
  const { connections } = report;
  const input = report.inputs[0] ?? { path, format: "unknown", packets: 0, octets: 0, notes: [] };
  const findings = checkedFindings(report, policy, expected);
  const gaps = total(connections, connection => connection.gaps);
  const found = findings.map(({ finding: { rule }, level }) => ({ rule, level }));
  const violations: Violation[] = [
    ...unreadable(input),
    ...brokenExpectations(expected, found, policy.failOn),
    ...tooManyGaps(gaps, policy.limits),
  ];
  return {
    path,
    passed: false,
    input,
    connections,
    findings,
    violations,
    expectations: expected.globs,
    frames: total(connections, connection => connection.frames),
    gaps,
  };
}

function checkedFindings(report: Report, policy: Policy, expected: Expected): CheckedFinding[] {
  return report.findings.flatMap(finding => {
    const level = levelOf(finding.rule, finding.severity, policy);
    if (level === null) return [];
    const fails = reaches(level, policy.failOn);
    const state = expected.rules.has(finding.rule) ? "expected" : fails ? "failing" : "told";
    return [{ finding, level, fingerprint: fingerprint(finding), state }];
  });
}

function unreadable({ error, packets }: Input): Violation[] {
  if (error === undefined) return [];
  const how = packets === 0 ? "cannot be read" : `cannot be read beyond packet ${grouped(packets)}`;
  return [{ kind: "unreadable", message: `The capture ${how}: ${error}.` }];
}

function tooManyGaps(gaps: number, { maxGaps }: Limits): Violation[] {
  if (maxGaps === null || gaps <= maxGaps) return [];
  const message = `The capture has ${grouped(gaps)} gap${gaps === 1 ? "" : "s"}, and may have ${grouped(maxGaps)}.`;
  return [{ kind: "max-gaps", message }];
}

function resultOf(judged: readonly PlacedCapture[], policy: Policy, baseline: CheckResult["baseline"]): CheckResult {
  const captures = judged.map(({ capture }) => capture);
  for (const capture of captures) {
    capture.passed = capture.violations.length === 0 && capture.findings.every(({ state }) => state !== "failing");
  }
  const violations = violationsOfAll(captures, policy.limits);
  return {
    schema: CHECK_SCHEMA,
    tool: { name: "ghostframe", version: VERSION },
    passed: violations.length === 0 && captures.every(({ passed }) => passed),
    policy,
    captures,
    violations,
    baseline,
    summary: summaryOf(captures, violations),
  };
}

function violationsOfAll(captures: readonly CheckedCapture[], { minFrames }: Limits): Violation[] {
  if (captures.length === 0) {
    const message = "There is no capture to check. In a folder, *.pcap, *.pcapng, *.cap and .gz of them are captures.";
    return [{ kind: "no-capture", message }];
  }
  const frames = sum(captures, capture => capture.frames);
  if (frames >= minFrames) return [];
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
    violations: violations.length + sum(captures, capture => capture.violations.length),
  };
}

/** Both directions of all connections. */
function total(connections: readonly Connection[], counts: (connection: Connection) => PerDirection): number {
  return sum(connections, connection => {
    const { clientToServer, serverToClient } = counts(connection);
    return clientToServer + serverToClient;
  });
}

function sum<Each>(list: readonly Each[], value: (each: Each) => number): number {
  return list.reduce((result, each) => result + value(each), 0);
}
