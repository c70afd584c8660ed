/** What the page of a check carries: every capture, how it was judged, and reports joined under ids of their own. */
import { describe, expect, it } from "vitest";
import type { CheckResult } from "../../../src/check/check-result.ts";
import { checkPage } from "../../../src/check/outputs/page.ts";
import { path as shownPath } from "../../../src/check/outputs/result-wording.ts";
import type { Outcome } from "../../../src/report/html/page-data.ts";
import { checkSamples, hostileResult } from "../../support/check-samples.ts";

const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/u;
const samples = await checkSamples();

function outcomeOf(result: CheckResult): Outcome {
  return checkPage(result).outcome!;
}

describe.each(Object.entries(samples))("%s", (_, result) => {
  const { report, outcome } = checkPage(result);

  it("has every capture, and as many connections and findings as the result", () => {
    const { captures } = result;
    expect(report.inputs.map(({ path }) => path)).toEqual(captures.map(({ path }) => path));
    expect(report.connections).toHaveLength(captures.flatMap(({ connections }) => connections).length);
    expect(report.findings).toHaveLength(captures.flatMap(({ findings }) => findings).length);
    expect(outcome!.captures.list.length + outcome!.captures.rest).toBe(captures.length);
    const failed = captures.filter(({ passed }) => !passed).map(({ path }) => shownPath(path));
    expect(outcome!.captures.list.filter(({ passed }) => !passed).map(({ path }) => path)).toEqual(failed);
    expect(outcome!.passed).toBe(result.passed);
  });

  it("gives each connection and finding an id of its own, and refers to nothing that is not there", () => {
    const connections = new Set(report.connections.map(({ id }) => id));
    const findings = new Set(report.findings.map(({ id }) => id));
    expect(connections.size).toBe(report.connections.length);
    expect(findings.size).toBe(report.findings.length);
    for (const { connection, cause, sameAs, input, at } of report.findings) {
      if (connection !== null) expect(connections).toContain(connection);
      for (const id of [cause, sameAs]) if (id !== undefined) expect(findings).toContain(id);
      expect(report.inputs[input]).toBeDefined();
      if (at !== undefined) expect(at.from.input).toBe(input);
      const owner = report.connections.find(({ id }) => id === connection);
      if (owner !== undefined) expect(owner.input).toBe(input);
    }
    expect(Object.keys(outcome!.standing).filter(id => !findings.has(id))).toEqual([]);
  });
});

it("says of a finding that does not count why", () => {
  const { report, outcome } = checkPage(samples["accepted-and-gone"]!);
  expect(report.findings.map(({ id }) => outcome!.standing[id])).toContain("no: the baseline accepts it");
  const counting = Object.values(outcomeOf(samples.failing!).standing).length;
  const { failing, told, accepted, expected } = samples.failing!.summary;
  expect(counting).toBe(told + accepted + expected);
  expect(failing).toBeGreaterThan(0);
});

it("tells violations of the call and of captures, the policy, and the baseline with what is gone of it", () => {
  const kinds = outcomeOf(samples.violations!).violations.map(line => line.split(":")[0]);
  const { violations, captures } = samples.violations!;
  expect(kinds).toEqual([...violations, ...captures.flatMap(each => each.violations)].map(({ kind }) => kind));
  const { policy, baseline } = outcomeOf(samples.failing!);
  expect(policy.join("\n")).toContain("shared-channel counts as note");
  expect(policy.join("\n")).toContain("findings fail from warning on; at least 1 frame in all");
  expect(baseline[0]).toBe("ghostframe-baseline.json accepts 2 findings");
  expect(baseline.filter(line => line.startsWith("gone: "))).toHaveLength(2);
});

it("counts the severities as the policy has them", () => {
  const { captures, policy } = samples.failing!;
  const levels = captures.flatMap(({ findings }) => findings.map(({ level }) => level));
  const { report } = checkPage(samples.failing!);
  expect(report.summary.errors).toBe(levels.filter(level => level === "error").length);
  expect(report.findings.map(({ severity }) => severity)).toEqual(levels);
  expect(policy.rules).not.toEqual({});
});

it("says how the command ended, and nothing that a terminal or a page would act on", () => {
  const evil = "\u001b[31m\u202e\u0000</script>";
  const { outcome } = checkPage(hostileResult(evil, evil), `${evil} ended`);
  const texts = [outcome!.words, outcome!.command!, ...outcome!.violations, ...outcome!.policy, ...outcome!.baseline];
  for (const text of [...texts, ...outcome!.captures.list.flatMap(({ path, words }) => [path, words])]) {
    expect(text).not.toMatch(UNSAFE);
  }
});
