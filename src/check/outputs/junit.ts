/**
 * `--format junit`: a check as the test reports that GitLab, Jenkins and most other CI servers read.
 *
 * A capture is a test suite, and each rule is a test case in it. So a server that compares two runs shows which rule
 * began to fail for which capture. Each violation is a test case, too; violations of the call as a whole have their own
 * suite. Names are unique in a suite, because GitLab groups by classname and drops a second case of the same name. A
 * capture that could not be read at all has no rules: none was tried. In a capture without AMQP they are skipped.
 */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { RuleId } from "../../connection/rules.ts";
import type { Severity } from "../../report/report.ts";
import type { CheckedCapture, CheckedFinding, CheckResult, Violation } from "../check-result.ts";
import { RULE_IDS } from "../policy.ts";
import {
  captureSummary,
  elsewhere,
  goneSentence,
  notChecked,
  outcome,
  particulars,
  path,
  sentence,
  violationSentence,
} from "./result-wording.ts";
import { type Element, element, xmlDocument } from "./xml.ts";

const CALL = "ghostframe check";

export function junit(result: CheckResult): string {
  const suites = result.captures.map(capture => captureSuite(capture, result));
  const call = [...violationCases(result.violations, CALL), ...expectationCases(result), ...baselineCases(result)];
  if (call.length > 0) suites.push(suite(CALL, call, outcome(result)));
  const sum = (key: "tests" | "failures" | "errors" | "skipped") =>
    suites.reduce((total, { attributes }) => total + Number(attributes[key]), 0);
  return xmlDocument(
    // No dialect has `skipped` as an attribute of this element.
    element(
      "testsuites",
      { name: CALL, tests: sum("tests"), failures: sum("failures"), errors: sum("errors") },
      suites,
    ),
  );
}

function captureSuite(capture: CheckedCapture, { policy }: CheckResult): Element {
  const name = path(capture.path);
  const byRule = new Map<RuleId, CheckedFinding[]>();
  for (const each of capture.findings) {
    const others = byRule.get(each.finding.rule);
    if (others) others.push(each);
    else byRule.set(each.finding.rule, [each]);
  }
  const wasRead = capture.input.error === undefined || capture.input.packets > 0;
  const cases = (wasRead ? RULE_IDS : []).map(rule => {
    const findings = byRule.get(rule);
    if (findings !== undefined) return ruleCase(capture, name, rule, findings);
    if (policy.rules[rule] === "off") return skipped(name, rule, "off by the policy");
    return capture.frames === 0 ? skipped(name, rule, "no AMQP") : ruleCase(capture, name, rule, []);
  });
  const about = [outcome({ passed: capture.passed, summary: captureSummary(capture) }), ...capture.input.notes];
  return suite(
    name,
    [...cases, ...violationCases(capture.violations, name)],
    about.map(line => printable(line)).join("\n"),
  );
}

function suite(name: string, cases: readonly Element[], said: string): Element {
  const having = (child: string) =>
    cases.filter(({ content }) => typeof content !== "string" && content.some(each => each.name === child)).length;
  const counts = {
    tests: cases.length,
    failures: having("failure"),
    errors: having("error"),
    skipped: having("skipped"),
  };
  return element("testsuite", { name, ...counts }, [...cases, element("system-out", {}, said)]);
}

function testcase(classname: string, name: string, children: readonly Element[]): Element {
  const file = classname === CALL ? {} : { file: classname };
  return element("testcase", { classname, name, ...file }, children);
}

function skipped(classname: string, rule: RuleId, why: string): Element {
  return testcase(classname, rule, [element("skipped", { message: why })]);
}

/** Fails with all failing findings of the rule. The others are listed as well. */
function ruleCase(capture: CheckedCapture, name: string, rule: RuleId, findings: readonly CheckedFinding[]): Element {
  const failing = findings.filter(({ state }) => state === "failing");
  const others = findings.filter(({ state }) => state !== "failing");
  const children: Element[] = [];
  const [first] = failing;
  if (first) {
    const more = failing.length === 1 ? "" : ` (and ${grouped(failing.length - 1)} more)`;
    const attributes = { type: gravest(failing), message: sentence(first.finding) + more };
    children.push(element("failure", attributes, failing.map(each => story(capture, each)).join("\n\n")));
  }
  if (others.length > 0) {
    const lines = others.map(({ state, finding }) => `${state}: ${sentence(finding)}`);
    children.push(element("system-out", {}, lines.join("\n")));
  }
  return testcase(name, rule, children);
}

function gravest(findings: readonly CheckedFinding[]): Severity {
  const levels = new Set(findings.map(({ level }) => level));
  return levels.has("error") ? "error" : levels.has("warning") ? "warning" : "note";
}

function story(capture: CheckedCapture, { finding, level, fingerprint }: CheckedFinding): string {
  return [
    `${printable(finding.id, 12)} · ${level} · fingerprint ${printable(fingerprint, 16)}`,
    sentence(finding),
    ...particulars(capture, finding).map(({ label, text }) => `${label}: ${text}`),
  ].join("\n");
}

/** A test case for each kind of violation, and for each expected rule without a finding. */
function violationCases(violations: readonly Violation[], classname: string): Element[] {
  const cases = new Map<string, { kind: Violation["kind"]; said: string[] }>();
  for (const violation of violations) {
    const { kind, rule } = violation;
    const name = rule === undefined ? kind : `${kind}: ${printable(rule, 30)}`;
    const said = cases.get(name)?.said ?? [];
    said.push(violationSentence(violation));
    cases.set(name, { kind, said });
  }
  return [...cases].map(([name, { kind, said }]) => {
    // An error, not a failure: the test could not be run.
    const verdict = kind === "unreadable" ? "error" : "failure";
    return testcase(classname, name, [element(verdict, { type: kind, message: said[0]! }, said.join("\n"))]);
  });
}

/** Passes: these expectations concern captures that were not part of the call. */
function expectationCases(result: CheckResult): Element[] {
  const said = elsewhere(result, Number.POSITIVE_INFINITY);
  return said === "" ? [] : [testcase(CALL, "expectations", [element("system-out", {}, said)])];
}

/** Passes: an entry that is gone from the baseline is good. */
function baselineCases({ baseline }: CheckResult): Element[] {
  if (baseline === null) return [];
  const accepted = `${path(baseline.path)} accepts ${grouped(baseline.accepted)} of the findings`;
  const lines = [accepted, notChecked(baseline), ...baseline.gone.map(entry => `gone: ${goneSentence(entry)}`)];
  const said = lines.filter(line => line !== "").join("\n");
  return [testcase(CALL, "baseline", [element("system-out", {}, said)])];
}
