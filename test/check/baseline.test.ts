/** A baseline accepts what was there, and nothing more. */
import { describe, expect, it } from "vitest";
import { type Baseline, BaselineError, baselineText, readBaseline } from "../../src/check/baseline.ts";
import { type CaptureReport, type CheckRules, check, newBaseline } from "../../src/check/check.ts";
import type { BaselineEntry, CheckedFinding } from "../../src/check/check-result.ts";
import { type PolicyWishes, policyOf } from "../../src/check/policy.ts";
import { RULES, type RuleId } from "../../src/connection/rules.ts";
import { FINGERPRINT_VERSION } from "../../src/report/fingerprint.ts";
import { connection, finding, input, report } from "../support/report-samples.ts";
import { type Circumstances, type Corruption, inspectOctets, recording } from "./recordings.ts";

const RULES_OF_CHECK: CheckRules = { policy: policyOf(), expectations: [] };

function rulesWith(wishes: PolicyWishes): CheckRules {
  return { policy: policyOf(wishes), expectations: [] };
}

function recorded(path: string, corruption: Corruption = {}, circumstances: Circumstances = {}): CaptureReport {
  return { path, report: inspectOctets(recording(corruption, circumstances), path) };
}

function capture(path: string, ...rules: RuleId[]): CaptureReport {
  const findings = rules.map((rule, i) =>
    finding({ id: `f${i}`, rule, severity: RULES[rule].severity, message: `${rule} ${i}` }),
  );
  return { path, report: report({ inputs: [input({ path })], connections: [connection()], findings }) };
}

function baselineOf(...captures: CaptureReport[]): Baseline {
  return { path: "baseline.json", entries: newBaseline(captures, RULES_OF_CHECK, EMPTY), missing: new Set() };
}

const EMPTY: Baseline = { path: "baseline.json", entries: [], missing: new Set() };
/** All that is not there is deleted. */
const GONE: ReadonlySet<string> = new Set(["a", "b"]);

function states(captures: CaptureReport[], baseline: Baseline): CheckedFinding["state"][][] {
  const result = check(captures, RULES_OF_CHECK, baseline);
  return result.captures.map(({ findings }) => findings.map(({ state }) => state));
}

const TORN_BODY: Corruption = {};
const TORN_HEADER: Corruption = { tornAfter: 30 };

describe("over a second recording", () => {
  const again: Circumstances = { clientPort: 50_000, seconds: 1_900_000_000, before: 5, bodySize: 1200, channel: 3 };
  const round = (baseline: Baseline): Baseline => {
    return { ...baseline, entries: readBaseline(baselineText(baseline.entries)) };
  };

  it("of the same corruption it passes", () => {
    const baseline = round(baselineOf(recorded("a.pcap", TORN_BODY)));
    const result = check([recorded("a.pcap", TORN_BODY, again)], RULES_OF_CHECK, baseline);
    expect(result.passed).toBe(true);
    expect(result.summary).toMatchObject({ failing: 0, accepted: 1, told: 1 });
    expect(result.baseline).toEqual({ path: "baseline.json", accepted: 1, gone: [], notChecked: 0 });
  });

  it("of another corruption it fails, and what it accepted is gone", () => {
    const baseline = round(baselineOf(recorded("a.pcap", TORN_BODY)));
    const result = check([recorded("a.pcap", TORN_HEADER, again)], RULES_OF_CHECK, baseline);
    expect(result.passed).toBe(false);
    expect(result.captures[0]!.findings.map(({ finding: { rule }, state }) => [rule, state])).toEqual([
      ["frame-end", "failing"],
      // What follows from a finding counts with it.
      ["broker-close", "told"],
    ]);
    expect(result.baseline!.gone).toEqual(baseline.entries);
  });

  it("without corruption it passes, and all is gone", () => {
    const baseline = round(baselineOf(recorded("a.pcap", TORN_BODY)));
    const result = check([recorded("a.pcap", { tornAfter: Number.POSITIVE_INFINITY })], RULES_OF_CHECK, baseline);
    expect(result.passed).toBe(true);
    expect(result.baseline).toMatchObject({ accepted: 0 });
    expect(result.baseline!.gone.map(({ rule }) => rule)).toEqual(["frame-end"]);
  });

  it("written anew it stays as it is, sentences with their offsets included", () => {
    const { entries } = baselineOf(recorded("a.pcap", TORN_BODY));
    const anew = newBaseline([recorded("a.pcap", TORN_BODY, again)], RULES_OF_CHECK, { ...EMPTY, entries });
    expect(baselineText(anew)).toBe(baselineText(entries));
    const fresh = newBaseline([recorded("a.pcap", TORN_BODY, again)], RULES_OF_CHECK, EMPTY);
    expect(baselineText(fresh)).not.toBe(baselineText(entries));
  });
});

describe("counts", () => {
  const all = baselineOf(capture("a", "frame-end", "frame-end"), capture("b", "heartbeat"));
  const two = { ...all, missing: GONE };

  it.each<[what: string, captures: CaptureReport[], expected: CheckedFinding["state"][][]]>([
    ["as many", [capture("a", "frame-end", "frame-end")], [["accepted", "accepted"]]],
    ["fewer", [capture("a", "frame-end")], [["accepted"]]],
    [
      "more: the surplus fails",
      [capture("a", "frame-end", "frame-end", "frame-end")],
      [["accepted", "accepted", "failing"]],
    ],
    ["of another rule", [capture("a", "frame-type")], [["failing"]]],
    [
      "another capture's are not its own",
      [capture("a", "heartbeat"), capture("b", "heartbeat")],
      [["failing"], ["accepted"]],
    ],
    [
      "another capture's are not its own, though that one is not there",
      [capture("a", "heartbeat", "frame-end")],
      [["failing", "accepted"]],
    ],
    [
      "a new recording has what those not there any more had",
      [capture("new", "heartbeat", "frame-end", "frame-end", "frame-end")],
      [["accepted", "accepted", "accepted", "failing"]],
    ],
    [
      "two new recordings share it, the first one first",
      [capture("y", "frame-end", "frame-end"), capture("x", "frame-end")],
      [["accepted"], ["accepted", "failing"]],
    ],
    [
      "a new recording has nothing of those still there",
      [capture("a"), capture("b"), capture("new", "heartbeat", "frame-end")],
      [[], [], ["failing", "failing"]],
    ],
  ])("%s", (_, captures, expected) => expect(states(captures, two)).toEqual(expected));

  it("a new recording has nothing of those that are there and were not checked", () => {
    const result = check([capture("new", "heartbeat", "frame-end")], RULES_OF_CHECK, { ...all, missing: new Set("b") });
    expect(result.captures[0]!.findings.map(({ state }) => state)).toEqual(["accepted", "failing"]);
    expect(result.baseline).toMatchObject({ accepted: 1, gone: [], notChecked: 1 });
  });

  it("a check of some of the captures takes no entry of the others for gone, and keeps them", () => {
    const result = check([capture("b")], RULES_OF_CHECK, all);
    expect(result.baseline!.gone.map(({ capture: place }) => place)).toEqual(["b"]);
    expect(result.baseline!.notChecked).toBe(1);
    const places = (missing: ReadonlySet<string>) =>
      newBaseline([capture("b", "frame-type")], RULES_OF_CHECK, { ...all, missing }).map(
        ({ capture: place, rule }) => `${place} ${rule}`,
      );
    expect(places(new Set())).toEqual(["a frame-end", "b frame-type"]);
    expect(places(GONE)).toEqual(["b frame-type"]);
  });

  it("an entry is gone when no finding has it, however many it accepted", () => {
    const gone = (...captures: CaptureReport[]) => {
      const result = check(captures, RULES_OF_CHECK, two);
      return result.baseline!.gone.map(entry => `${entry.capture} ${entry.rule} ${entry.count}`);
    };
    expect(gone(capture("a", "frame-end"), capture("b", "heartbeat"))).toEqual([]);
    expect(gone(capture("a"), capture("b", "heartbeat"))).toEqual(["a frame-end 2"]);
    expect(gone(capture("b"))).toEqual(["a frame-end 2", "b heartbeat 1"]);
    expect(gone(capture("c", "frame-end"))).toEqual(["b heartbeat 1"]);
  });
});

describe("what is accepted", () => {
  it("is what fails, and not what is told, off or expected", () => {
    const rules: CheckRules = {
      policy: policyOf({ rules: { heartbeat: "off", "frame-type": "note" } }),
      expectations: [{ captures: "a", clean: null, findings: ["handshake"] }],
    };
    const all = capture("a", "frame-end", "heartbeat", "frame-type", "handshake", "mid-stream", "shared-channel");
    expect(newBaseline([all], rules, EMPTY).map(({ rule }) => rule)).toEqual(["frame-end", "shared-channel"]);
  });

  it("stays accepted where it only is told now: nothing is gone", () => {
    const baseline = baselineOf(capture("a", "shared-channel"));
    const result = check([capture("a", "shared-channel")], rulesWith({ failOn: "error" }), baseline);
    expect(result.baseline).toMatchObject({ accepted: 1, gone: [] });
  });

  it("does not make a capture clean that must be", () => {
    const rules = { ...RULES_OF_CHECK, expectations: [{ captures: "a", clean: true as const, findings: [] }] };
    const result = check([capture("a", "heartbeat")], rules, baselineOf(capture("a", "heartbeat")));
    expect(result.captures[0]!.findings[0]!.state).toBe("accepted");
    expect(result.captures[0]!.violations.map(({ kind }) => kind)).toEqual(["expected-clean"]);
  });

  it("is known by where the capture is, not by how it was named", () => {
    const from = (path: string): CaptureReport => ({ ...capture(path, "heartbeat"), place: "captures/a" });
    const entries = newBaseline([from("captures/a")], RULES_OF_CHECK, EMPTY);
    expect(entries[0]!.capture).toBe("captures/a");
    expect(states([from("../captures/a")], { ...EMPTY, entries })).toEqual([["accepted"]]);
  });
});

describe("the file", () => {
  const entry = (parts: Partial<BaselineEntry>): BaselineEntry => {
    return { fingerprint: "0123456789abcdef", rule: "frame-end", capture: "a", count: 1, message: "m", ...parts };
  };

  it("is sorted, an entry a line, whatever the order", () => {
    const entries = [
      entry({ capture: "b" }),
      entry({ rule: "heartbeat" }),
      entry({ fingerprint: "f".repeat(16) }),
      entry({}),
    ];
    const text = baselineText(entries);
    expect(text).toBe(baselineText(entries.toReversed()));
    expect(text).toBe(`{
  "schema": "ghostframe.baseline/1",
  "fingerprints": ${FINGERPRINT_VERSION},
  "accepted": [
    {"capture":"a","rule":"frame-end","fingerprint":"0123456789abcdef","count":1,"message":"m"},
    {"capture":"a","rule":"frame-end","fingerprint":"ffffffffffffffff","count":1,"message":"m"},
    {"capture":"a","rule":"heartbeat","fingerprint":"0123456789abcdef","count":1,"message":"m"},
    {"capture":"b","rule":"frame-end","fingerprint":"0123456789abcdef","count":1,"message":"m"}
  ]
}
`);
    expect(baselineText(readBaseline(text))).toBe(text);
  });

  it("may accept nothing", () => expect(readBaseline(baselineText([]))).toEqual([]));

  it("takes a line an entry, whatever the wire said", () => {
    const hostile = entry({ message: 'a\n"b" \u001b[31m \u202e \u2028', capture: "x\ny" });
    const text = baselineText([hostile]);
    expect(text.split("\n")).toHaveLength(8);
    for (const unsafe of "\u001b\u202e\u2028") expect(text).not.toContain(unsafe);
    expect(readBaseline(text)).toEqual([hostile]);
  });

  const whole = (accepted: unknown, rest: object = {}) => {
    return JSON.stringify({ schema: "ghostframe.baseline/1", fingerprints: FINGERPRINT_VERSION, accepted, ...rest });
  };
  it.each<[what: string, text: string, message: string, outdated?: boolean]>([
    ["nothing", "", "is no JSON: line 1, column 1: expected a value, found the end"],
    ["a merge conflict", `<<<<<<< ours\n${whole([])}`, 'is no JSON: line 1, column 1: expected a value, found "<"'],
    ["another file", '{"name":"x"}', 'is no baseline: expected "schema": "ghostframe.baseline/1"'],
    ["a list", "[]", 'is no baseline: expected "schema": "ghostframe.baseline/1"'],
    [
      "another version",
      whole([], { schema: "ghostframe.baseline/2" }),
      "was written by another ghostframe (ghostframe.baseline/2): write it anew with --update-baseline",
      true,
    ],
    [
      "other fingerprints",
      whole([], { fingerprints: 0 }),
      "was written by another ghostframe (fingerprints of version 0): write it anew with --update-baseline",
      true,
    ],
    ["no list", whole({}), 'is no baseline: expected a list "accepted"'],
    ["a short fingerprint", whole([entry({}), entry({ fingerprint: "12" })]), "accepted[1] is no entry of a baseline"],
    ["a rule unheard of", whole([{ ...entry({}), rule: "toString" }]), "accepted[0] is no entry of a baseline"],
    ["a count of none", whole([entry({ count: 0 })]), "accepted[0] is no entry of a baseline"],
    ["no message", whole([{ ...entry({}), message: null }]), "accepted[0] is no entry of a baseline"],
    ["no entry", whole([null]), "accepted[0] is no entry of a baseline"],
  ])("%s is refused", (_, text, message, outdated = false) => {
    let error: unknown;
    try {
      readBaseline(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BaselineError);
    expect(error).toMatchObject({ message, outdated });
  });
});
