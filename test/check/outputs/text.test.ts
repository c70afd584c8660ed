import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { columns } from "../../../src/bytes/printable.ts";
import type { CheckResult } from "../../../src/check/check-result.ts";
import { text } from "../../../src/check/outputs/text.ts";
import { capture, checkSamples, fiveHundred, gone, hostileResult, result } from "../../support/check-samples.ts";
import { expectGolden } from "../../support/golden.ts";
import { connection, finding, input, report } from "../../support/report-samples.ts";

const samples = await checkSamples();
const ESC = "\x1b";
const COLOURS = new RegExp(`${ESC}\\[\\d+m`, "g");
const OPTIONS = { columns: 80, colour: false, all: false };
const printed = (sample: CheckResult, all = false) => text(sample, { ...OPTIONS, all });

describe.each(Object.entries(samples))("%s", (name, sample) => {
  it("is the golden text", () => {
    expectGolden(fileURLToPath(new URL(`golden/${name}.txt`, import.meta.url)), printed(sample));
  });

  it.each([40, 80, 120])("fits %i columns, in colour or without", width => {
    for (const all of [false, true]) {
      const plain = text(sample, { columns: width, colour: false, all });
      expect(plain.split("\n").filter(line => columns(line) > width)).toEqual([]);
      expect(plain).not.toMatch(/ $/m);
      expect(plain).not.toContain("\n\n\n");
      const coloured = text(sample, { columns: width, colour: true, all });
      expect(coloured).toContain(`${ESC}[`);
      expect(coloured.replace(COLOURS, "")).toBe(plain);
    }
  });

  it("ends with the outcome", () => {
    const { passed, summary } = sample;
    const last = printed(sample).trimEnd().split("\n").at(-1);
    expect(last).toMatch(new RegExp(`^${passed ? "PASSED" : "FAILED"}: ${summary.failing} failing`));
  });
});

it("tells what fails in full, and counts what does not", () => {
  const shown = printed(samples.failing!);
  expect(shown).toContain("ERROR  frame-end  f1 · AMQP 0-9-1 §4.2.3 · docs/rules.md#frame-end\n");
  expect(shown).toContain("A (ch 2) torn by B (ch 1)");
  expect(shown).not.toContain("WARNING  shared-channel");
  expect(shown).not.toContain("heartbeat-*.pcap");
  const all = printed(samples.failing!, true);
  expect(all).toContain("WARNING  shared-channel");
  expect(all).toContain("  expects    rules/heartbeat-*.pcap\n");
  expect(all).toContain("  accepted   1 broker-close, 1 frame-end\n");
});

it("tells a note in full where notes fail", () => {
  expect(printed(samples["note-that-fails"]!)).toContain(
    "NOTE  capture-gap  f1 · docs/rules.md#capture-gap\n  1,298 octets of this direction are missing",
  );
});

it("gives findings the level of the policy", () => {
  const one = capture(
    report({ inputs: [input({ path: "a.pcap" })], connections: [connection()], findings: [finding()] }),
    "failing",
  );
  const [checked] = one.findings;
  checked!.level = "warning";
  expect(printed(result({ captures: [one] }))).toContain("WARNING  frame-end  f1");
});

it("tells a consequence by itself where its cause is accepted", () => {
  const findings = [finding(), finding({ id: "f2", rule: "broker-close", cause: "f1" })];
  const one = capture(
    report({ inputs: [input({ path: "a.pcap" })], connections: [connection()], findings }),
    "failing",
  );
  expect(printed(result({ captures: [one] })).match(/^ERROR/gm)).toHaveLength(1);
  one.findings[0]!.state = "accepted";
  expect(printed(result({ captures: [one] }))).toContain("ERROR  broker-close  f2");
});

it("stays short", () => {
  const shown = printed(fiveHundred(5_000));
  expect(shown.split("\n").length).toBeLessThan(200);
  expect(shown).toContain("The same, 4,998 times more: f2 (c1), ");
  expect(shown).toContain("ERROR  stalled-frame  f5000");
  expect(shown).toContain("200 more captures passed: --all lists them.\n");
  expect(printed(fiveHundred(50), true).match(/^clean-\d+\.pcap · /gm)).toHaveLength(200);
});

it("tells of a capture that passed which rules were told, and what the reader said of it", () => {
  const made = input({ path: "a.pcap", notes: ["1 TLS connection was left alone."] });
  const findings = (["snap-length", "snap-length", "mid-stream"] as const).map(rule => finding({ rule }));
  const shown = printed(result({ captures: [capture(report({ inputs: [made], findings }), "told")] }));
  expect(shown).toMatch(
    /^passed {2}a\.pcap · 3 told: snap-length, mid-stream\n {2}note {7}1 TLS connection was left alone\.$/m,
  );
});

it("cuts a long path in front, where paths do not differ", () => {
  const captures = ["one", "two"].map(name =>
    capture(report({ inputs: [input({ path: `${"long/".repeat(30)}${name}.pcap` })] })),
  );
  expect(printed(result({ captures })).match(/^passed {2}….*\/(?:one|two)\.pcap · /gm)).toHaveLength(2);
});

it("names the config, changed levels, captures without AMQP, and what was left out", () => {
  const empty = ["c.pcap", "d.pcap"].map(path => capture(report({ inputs: [input({ path })] })));
  const shown = printed(
    result({
      captures: [capture(report({ inputs: [input({ path: "b.pcap" })] }), "told", { frames: 1, off: 2 }), ...empty],
      config: "../ghostframe.config.json",
      expectedElsewhere: ["x/**"],
      policy: { failOn: "error", rules: { heartbeat: "off" }, limits: { maxGaps: null, minFrames: 1, maxUnread: 0 } },
    }),
  );
  expect(shown.split("\n").slice(-6, -1)).toEqual([
    "config ../ghostframe.config.json; heartbeat is off",
    "2 findings of rules that are off",
    "2 captures without an AMQP frame: c.pcap, d.pcap",
    "1 expectation concerns no capture of this call: x/**",
    "PASSED: 0 failing",
  ]);
});

it("says whose TLS was not decrypted", () => {
  const encrypted = { ...capture(report({ inputs: [input({ path: "t.pcap" })] })), tlsRecords: 9 };
  expect(printed(result({ captures: [encrypted] })).replaceAll("\n", " ")).toContain(
    "1 capture whose TLS was not decrypted: nothing of its AMQP was checked (--tls-keys): t.pcap",
  );
});

it("counts the captures beyond those it tells", () => {
  const captures = Array.from({ length: 60 }, (_, at) =>
    capture(
      report({ inputs: [input({ path: `run-${at}.pcap` })], findings: [finding({ connection: null })] }),
      "failing",
    ),
  );
  const shown = printed(result({ captures }));
  expect(shown.match(/^ERROR/gm)).toHaveLength(20);
  expect(shown.match(/^FAILED {2}run-\d+\.pcap · 1 failing$/gm)).toHaveLength(20);
  expect(shown).toContain("20 more captures, 20 of them failing: --all lists them.");
});

it("lists what can be taken out of the baseline, and counts the rest", () => {
  const shown = printed(samples["accepted-and-gone"]!);
  expect(shown).toContain("BASELINE ci/baseline.json\n  accepts 2 findings; 60 entries have no finding any more");
  expect(shown.match(/^ {2}gone /gm)).toHaveLength(20);
  expect(shown).toContain("and 40 more: --all lists them.");
  expect(printed(samples["accepted-and-gone"]!, true).match(/^ {2}gone /gm)).toHaveLength(60);
  const one = result({ baseline: { path: "b.json", accepted: 0, gone: [gone()], notChecked: 0 } });
  expect(printed(one)).toContain("accepts 0 findings; 1 entry has no finding any more");
});

it("is no workflow command, whatever the wire said", () => {
  for (const strange of ["::error::pwned", "x ::add-mask::y", "##[add-mask]x", "##vso[task.complete]", " ::group::"]) {
    for (const width of [40, 41, 47, 60, 80]) {
      for (const colour of [false, true]) {
        const shown = text(hostileResult(strange, strange.repeat(9)), { columns: width, colour, all: true });
        expect(shown.replace(COLOURS, "")).not.toMatch(/^\s*::/m);
        expect(shown.replace(COLOURS, "")).not.toMatch(/##[\w.]*\[/);
        const widths = shown.replace(COLOURS, "").split("\n").map(columns);
        expect(Math.max(...widths)).toBeLessThanOrEqual(width);
      }
    }
  }
});
