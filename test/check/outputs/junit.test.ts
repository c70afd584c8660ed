import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { junit } from "../../../src/check/outputs/junit.ts";
import { RULES } from "../../../src/connection/rules.ts";
import { capture, checkSamples, hostileResult, result } from "../../support/check-samples.ts";
import { expectGolden } from "../../support/golden.ts";
import { finding, input, report } from "../../support/report-samples.ts";
import { elementsNamed, hasXmlParser, type ParsedElement, parseXml } from "../../support/xml-oracle.ts";

const samples = await checkSamples();
const BRIEF = ["failing", "violations", "no-capture", "hostile"];

it("is no workflow command, whatever the wire said", () => {
  const strange = "::error::pwned\n ::stop-commands::x\n##[add-mask]x ##vso[task]";
  const written = junit(hostileResult(strange, strange));
  expect(written).not.toMatch(/##[\w.]*\[/);
  expect(written).not.toMatch(/^\s*::/m);
});

it.each(BRIEF)("%s is the golden report, apart from the rules that found nothing", name => {
  const report = junit(samples[name]!)
    .replaceAll(/^ *<testcase [^>]*\/>\n/gm, "")
    .replaceAll(/ tests="\d+"/g, "");
  expectGolden(fileURLToPath(new URL(`golden/${name}.junit.xml`, import.meta.url)), report);
});

describe.skipIf(!hasXmlParser())("read by an XML parser", () => {
  describe.each(Object.entries(samples))("%s", (_, sample) => {
    const root = parseXml(junit(sample));

    it("counts right", () => {
      const suites = elementsNamed(root, "testsuite");
      for (const suite of suites) {
        expect(counts(suite)).toEqual(counted(suite));
        expect(Number(suite.attributes.skipped)).toBe(elementsNamed(suite, "skipped").length);
      }
      expect(counts(root)).toEqual(counted(root));
      const { violations, baseline, expectedElsewhere } = sample;
      const hasCall = violations.length > 0 || baseline !== null || expectedElsewhere.length > 0;
      expect(suites).toHaveLength(sample.captures.length + (hasCall ? 1 : 0));
    });

    it("fails where and only where the check fails", () => {
      const broken = elementsNamed(root, "failure").length + elementsNamed(root, "error").length;
      expect(broken > 0).toBe(!sample.passed);
    });

    it("names no test case twice in a suite, and each after its suite", () => {
      for (const suite of elementsNamed(root, "testsuite")) {
        const cases = elementsNamed(suite, "testcase");
        expect(new Set(cases.map(({ attributes }) => attributes.name)).size).toBe(cases.length);
        for (const { attributes } of cases) expect(attributes.classname).toBe(suite.attributes.name);
      }
    });
  });

  it("has a test case for each rule, of which those fail that have failing findings", () => {
    const [suite] = elementsNamed(parseXml(junit(samples.failing!)), "testsuite");
    const cases = elementsNamed(suite!, "testcase");
    expect(cases.map(({ attributes }) => attributes.name)).toEqual(Object.keys(RULES));
    const failing = cases.filter(each => elementsNamed(each, "failure").length > 0);
    expect(failing.map(({ attributes }) => attributes.name)).toEqual(["frame-end", "broker-close"]);
    const [failure] = elementsNamed(failing[0]!, "failure");
    expect(failure?.attributes.type).toBe("error");
    expect(failure?.text).toContain("Wireshark: frame.number in {31..43} && tcp.port==59768");
    const skipped = cases.filter(each => elementsNamed(each, "skipped").length > 0);
    expect(skipped.map(({ attributes }) => attributes.name)).toEqual(["snap-length"]);
  });

  it("tells all findings of a rule, and how many in the message", () => {
    const five = parseXml(junit(samples["five-hundred"]!));
    const failures = elementsNamed(five, "failure");
    expect(failures).toHaveLength(2);
    expect(failures[0]?.attributes.message).toMatch(/\(and 498 more\)$/);
    expect(failures[0]?.text.match(/^where: /gm)).toHaveLength(499);
  });

  it("is as grave as the gravest finding", () => {
    const findings = (["note", "error", "warning"] as const).map(severity => finding({ severity }));
    const one = capture(report({ inputs: [input()], findings }), "failing");
    expect(elementsNamed(parseXml(junit(result({ captures: [one] }))), "failure")[0]?.attributes.type).toBe("error");
    one.findings.splice(1, 1);
    expect(elementsNamed(parseXml(junit(result({ captures: [one] }))), "failure")[0]?.attributes.type).toBe("warning");
  });

  it("does not let rules pass in a capture that could not be read, and has an error there", () => {
    const [suite] = elementsNamed(parseXml(junit(samples.violations!)), "testsuite");
    expect(elementsNamed(suite!, "testcase").map(({ attributes }) => attributes.name)).toEqual(["unreadable"]);
    expect(elementsNamed(suite!, "error")[0]?.attributes.type).toBe("unreadable");
  });

  it("skips the rules that had nothing to try, in a capture without AMQP", () => {
    const findings = [finding({ rule: "handshake" })];
    const one = capture(report({ inputs: [input()], findings }), "failing");
    const [suite] = elementsNamed(parseXml(junit(result({ captures: [one] }))), "testsuite");
    const skipped = elementsNamed(suite!, "skipped");
    expect(skipped).toHaveLength(Object.keys(RULES).length - 1);
    expect(new Set(skipped.map(({ attributes }) => attributes.message))).toEqual(new Set(["no AMQP"]));
    one.frames = 1;
    expect(elementsNamed(parseXml(junit(result({ captures: [one] }))), "skipped")).toEqual([]);
  });

  it("joins violations of one kind, and tells those of a rule apart", () => {
    const [, suite] = elementsNamed(parseXml(junit(samples.violations!)), "testsuite");
    const names = elementsNamed(suite!, "testcase").map(({ attributes }) => attributes.name);
    expect(names.slice(-4)).toEqual([
      "expected-clean",
      "expected-finding: heartbeat",
      "expected-finding: frame-end",
      "max-gaps",
    ]);
    const twice = { kind: "unreadable", message: "Twice." } as const;
    const joined = parseXml(junit(result({ violations: [twice, twice] })));
    expect(elementsNamed(joined, "error").map(({ text }) => text)).toEqual(["Twice.\nTwice."]);
  });

  it("tells what does not fail as output of the test case, and notes as output of the suite", () => {
    const root = parseXml(junit(samples.failing!));
    const outputs = elementsNamed(root, "system-out").map(({ text }) => text);
    expect(outputs).toContainEqual(expect.stringMatching(/^told: 2 threads take turns/));
    expect(outputs).toContainEqual(expect.stringMatching(/^accepted: /));
    expect(outputs).toContainEqual(expect.stringMatching(/^expected: /));
    expect(outputs.at(-2)).toContain("gone: frame-end in traces/before.pcapng (3 times)");
    const noted = capture(report({ inputs: [input({ notes: ["3 connections were left alone."] })] }));
    const [suite] = elementsNamed(parseXml(junit(result({ captures: [noted] }))), "testsuite");
    expect(suite?.children.at(-1)?.text).toBe("PASSED: 0 failing\n3 connections were left alone.");
  });
});

function counts({ attributes: { tests, failures, errors } }: ParsedElement): number[] {
  return [tests, failures, errors].map(Number);
}

function counted(parent: ParsedElement): number[] {
  return ["testcase", "failure", "error"].map(name => elementsNamed(parent, name).length);
}
