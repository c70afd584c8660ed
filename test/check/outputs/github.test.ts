import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { github } from "../../../src/check/outputs/github.ts";
import { capture, checkSamples, fiveHundred, result } from "../../support/check-samples.ts";
import { expectGolden } from "../../support/golden.ts";
import { finding, input, report } from "../../support/report-samples.ts";

const samples = await checkSamples();
/** As the runner reads it: a command, properties with a colon or comma only where they are separated, and data. */
const COMMAND = /^::(error|warning|notice) ((?:file|title)=[^:,]*(?:,(?:file|title)=[^:,]*)*)::(.+)$/;

describe.each(Object.entries(samples))("%s", (name, sample) => {
  it("is the golden text", () => {
    expectGolden(fileURLToPath(new URL(`golden/${name}.github.txt`, import.meta.url)), github(sample));
  });

  it("is a command a line, ten of a level at most, and the outcome last", () => {
    const lines = github(sample).trimEnd().split("\n");
    const levels = lines.map(line => COMMAND.exec(line)?.[1]);
    expect(levels).not.toContain(undefined);
    for (const level of ["error", "warning", "notice"]) {
      expect(levels.filter(each => each === level).length).toBeLessThanOrEqual(10);
    }
    const outcome = sample.passed ? "notice title=ghostframe check::PASSED" : "error title=ghostframe check::FAILED";
    expect(lines.at(-1)).toContain(`::${outcome}: ${sample.summary.failing} failing`);
  });
});

it("annotates nothing that is accepted or expected", () => {
  expect(github(samples["accepted-and-gone"]!).trimEnd().split("\n")).toHaveLength(1);
  expect(github(samples.failing!)).not.toContain("rules/heartbeat-on-a-channel.pcap");
  expect(github(samples.failing!)).toContain(
    "::warning file=near-misses/two-threads-take-turns.pcap,title=shared-channel ",
  );
});

it("gives each rule its turn, and says how many it does not show", () => {
  const lines = github(fiveHundred()).trimEnd().split("\n");
  expect(lines).toHaveLength(10);
  expect(lines.filter(line => line.includes("title=stalled-frame"))).toHaveLength(1);
  expect(lines.at(-1)).toBe("::error title=ghostframe check::FAILED: 500 failing; 491 not shown here");
});

it("puts what fails before what is told at the same level", () => {
  const findings = Array.from({ length: 30 }, (_, at) =>
    finding({ id: `f${at}`, severity: "warning", connection: null }),
  );
  const reported = capture(report({ inputs: [input({ path: "a.pcap" })], findings }), "told");
  const failing = capture(report({ inputs: [input({ path: "b.pcap" })], findings: findings.slice(0, 3) }), "failing");
  const lines = github(result({ captures: [reported, failing] }))
    .trimEnd()
    .split("\n");
  expect(lines.slice(0, 3).every(line => line.startsWith("::warning file=b.pcap,"))).toBe(true);
  expect(lines.filter(line => line.startsWith("::warning file=a.pcap,"))).toHaveLength(7);
});

it("escapes the path of a capture", () => {
  const one = capture(report({ inputs: [input({ path: "a,b:c%.pcap" })], findings: [finding()] }), "failing");
  expect(github(result({ captures: [one] }))).toContain("::error file=a%2Cb%3Ac%25.pcap,title=frame-end");
});
