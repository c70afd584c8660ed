/** `--format html`: the contents of a check's page: every capture, and how the policy judged it. */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { JudgedCapture, Outcome, PageData } from "../../report/html/page-data.ts";
import { joinedReport } from "../../report/joined-reports.ts";
import { counted } from "../../report/text/wording.ts";
import type { CheckedCapture, CheckedFinding, CheckResult, Limits, Violation } from "../check-result.ts";
import {
  basis,
  captureSummary,
  elsewhere,
  goneSentence,
  notChecked,
  notDecrypted,
  outcome,
  path,
  reportOn,
  violationSentence,
  withoutFrames,
} from "./result-wording.ts";

/** Captures with a row, violations, and entries of the baseline; failing captures all have one. */
const MAX_CAPTURES = 1_000;
const MAX_VIOLATIONS = 100;
const MAX_GONE = 100;
const MAX_NAMES = 20;

const STANDING: Readonly<Record<CheckedFinding["state"], string>> = {
  failing: "",
  told: "no: it is only reported, as the policy says, or follows from another",
  accepted: "no: the baseline accepts it",
  expected: "no: the config expects it of this capture",
};

/** `command`: for `run`, the command and how it ended. Severities are the policy's. */
export function checkPage(result: CheckResult, command?: string): PageData {
  const { captures, tool } = result;
  const report = joinedReport(
    captures.map(capture => reportOn(capture, capture.findings, tool)),
    tool,
  );
  const states = captures.flatMap(({ findings }) => findings.map(({ state }) => STANDING[state]));
  const standing = report.findings.flatMap(({ id }, at): [string, string][] =>
    (states[at] ?? "") === "" ? [] : [[id, states[at]!]],
  );
  return { report, outcome: { ...outcomeOf(result, command), standing: Object.fromEntries(standing) } };
}

function outcomeOf(result: CheckResult, command: string | undefined): Omit<Outcome, "standing"> {
  const { passed, policy, captures, violations, baseline } = result;
  const all: [Violation, CheckedCapture | null][] = [
    ...violations.map((violation): [Violation, null] => [violation, null]),
    ...captures.flatMap(capture =>
      capture.violations.map((violation): [Violation, CheckedCapture] => [violation, capture]),
    ),
  ];
  const { failOn, limits } = policy;
  const threshold = failOn === "note" ? "any finding fails" : `findings fail from ${failOn} on`;
  const asides = [
    withoutFrames(result, MAX_NAMES),
    notDecrypted(result, MAX_NAMES),
    elsewhere(result, MAX_NAMES),
  ].filter(line => line !== "");
  return {
    passed,
    words: outcome(result),
    ...(command === undefined ? {} : { command: printable(command, 400) }),
    violations: atMost(all, MAX_VIOLATIONS, "violation", ([violation, capture]) => violationLine(violation, capture)),
    policy: [...basis(result), `${threshold}; ${limitWords(limits)}`, ...asides],
    baseline: baseline === null ? [] : baselineLines(baseline),
    captures: judged(captures),
  };
}

function violationLine(violation: Violation, capture: CheckedCapture | null): string {
  const where = capture === null ? "" : `${path(capture.path)}: `;
  return `${violation.kind}: ${where}${violationSentence(violation)}`;
}

function limitWords({ maxGaps, minFrames, maxUnread }: Limits): string {
  return [
    `at least ${counted(minFrames, "frame")} in all`,
    maxGaps === null ? "" : `at most ${counted(maxGaps, "gap")} in a capture`,
    maxUnread === null
      ? "packets that may hold AMQP may be left unread"
      : `at most ${counted(maxUnread, "packet")} of a capture that may hold AMQP may be left unread`,
  ]
    .filter(words => words !== "")
    .join("; ");
}

function baselineLines(baseline: NonNullable<CheckResult["baseline"]>): string[] {
  const { accepted, gone } = baseline;
  return [
    `${path(baseline.path)} accepts ${counted(accepted, "finding")}`,
    ...[notChecked(baseline)].filter(line => line !== ""),
    ...atMost(gone, MAX_GONE, "entry without a finding", entry => `gone: ${goneSentence(entry)}`),
  ];
}

function atMost<T>(each: readonly T[], most: number, what: string, line: (one: T) => string): string[] {
  const rest = each.length - most;
  return [...each.slice(0, most).map(line), ...(rest > 0 ? [`and ${grouped(rest)} more: ${what}`] : [])];
}

function judged(captures: readonly CheckedCapture[]): Outcome["captures"] {
  const failed = captures.filter(({ passed }) => !passed);
  const room = Math.max(0, MAX_CAPTURES - failed.length);
  const list = [...failed, ...captures.filter(({ passed }) => passed).slice(0, room)].map(rowOf);
  return { list, rest: captures.length - list.length };
}

function rowOf(capture: CheckedCapture): JudgedCapture {
  const { connections, frames, ...summary } = captureSummary(capture);
  const counts = (["failing", "violations", "told", "accepted", "expected"] as const)
    .filter(state => summary[state] > 0)
    .map(state => `${grouped(summary[state])} ${state}`);
  const word = capture.passed ? "passed" : "failed";
  return {
    path: path(capture.path),
    passed: capture.passed,
    words: counts.length === 0 ? word : `${word}: ${counts.join(", ")}`,
    connections,
    frames,
  };
}
