/** Reports under a policy: what fails, what is told, what is expected, what is too little. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CaptureReport, type CheckRules, check, newBaseline } from "../../src/check/check.ts";
import type { CheckedFinding, CheckResult, Policy } from "../../src/check/check-result.ts";
import type { Expectation } from "../../src/check/expectations.ts";
import { type PolicyWishes, policyOf } from "../../src/check/policy.ts";
import { RULES, type RuleId } from "../../src/connection/rules.ts";
import { json } from "../../src/report/json.ts";
import type { Connection, Input } from "../../src/report/report.ts";
import { connection, finding, input, report } from "../support/report-samples.ts";

const PROPERTY = { seed: Number(process.env.FC_SEED ?? 20_261_121) };

interface CaptureParts {
  path?: string;
  rules?: RuleId[];
  connections?: Partial<Connection>[];
  input?: Partial<Input>;
}

/** A capture with a connection of some frames, and a finding of each of these rules. */
function capture({ path = "a.pcap", rules = [], connections = [{}], input: parts = {} }: CaptureParts = {}) {
  const findings = rules.map((rule, i) => finding({ id: `f${i + 1}`, rule, severity: RULES[rule].severity }));
  const all = connections.map(each => connection({ frames: { clientToServer: 5, serverToClient: 4 }, ...each }));
  return { path, report: report({ inputs: [input({ path, ...parts })], connections: all, findings }) };
}

function rules(wishes: PolicyWishes = {}, expectations: Expectation[] = []): CheckRules {
  return { policy: policyOf(wishes), expectations };
}

function states({ captures }: CheckResult): CheckedFinding["state"][] {
  return captures.flatMap(({ findings }) => findings.map(({ state }) => state));
}

const ALL_LEVELS: RuleId[] = ["frame-end", "shared-channel", "mid-stream"];

describe("the policy", () => {
  it.each<[what: string, wishes: PolicyWishes, states: CheckedFinding["state"][]]>([
    ["nothing said: errors and warnings fail", {}, ["failing", "failing", "told"]],
    ["only errors", { failOn: "error" }, ["failing", "told", "told"]],
    ["notes, too", { failOn: "note" }, ["failing", "failing", "failing"]],
    ["a rule made milder", { rules: { "frame-end": "note" } }, ["told", "failing", "told"]],
    ["a rule made stricter", { failOn: "error", rules: { "mid-stream": "error" } }, ["failing", "told", "failing"]],
    ["a rule off", { rules: { "shared-channel": "off" } }, ["failing", "told"]],
    ["all off", { rules: { "frame-end": "off", "shared-channel": "off", "mid-stream": "off" } }, []],
  ])("%s", (_, wishes, expected) => {
    const result = check([capture({ rules: ALL_LEVELS })], rules(wishes), null);
    expect(states(result)).toEqual(expected);
    expect(result.passed).toBe(!expected.includes("failing"));
    expect(result.captures[0]!.passed).toBe(result.passed);
    const count = (state: string) => expected.filter(each => each === state).length;
    expect(result.summary).toMatchObject({ failing: count("failing"), told: count("told"), accepted: 0, expected: 0 });
    expect(result.summary.off).toBe(ALL_LEVELS.length - expected.length);
  });

  it("a level is the finding's own where no rule is named: a close is as severe as its code", () => {
    const severe = capture({ rules: ["broker-close"] });
    severe.report.findings[0]!.severity = "note";
    expect(check([severe], rules(), null).captures[0]!.findings[0]!.level).toBe("note");
    const strict = rules({ rules: { "broker-close": "error" } });
    expect(check([severe], strict, null).captures[0]!.findings[0]!.level).toBe("error");
  });

  it("the command line comes before the config, key by key", () => {
    const config: PolicyWishes = {
      failOn: "note",
      rules: { heartbeat: "off", "frame-end": "note" },
      limits: { maxGaps: 3, minFrames: 7, maxUnread: 0 },
    };
    const options: PolicyWishes = { failOn: "error", rules: { "frame-end": "warning" }, limits: { maxGaps: 0 } };
    expect(policyOf(config, options)).toEqual<Policy>({
      failOn: "error",
      rules: { "frame-end": "warning", heartbeat: "off" },
      limits: { maxGaps: 0, minFrames: 7, maxUnread: 0 },
    });
    expect(Object.keys(policyOf(config, options).rules)).toEqual(["frame-end", "heartbeat"]);
    expect(policyOf()).toEqual({ failOn: "warning", rules: {}, limits: { maxGaps: null, minFrames: 1, maxUnread: 0 } });
  });
});

describe("limits", () => {
  const gaps = (clientToServer: number, serverToClient: number) => ({ gaps: { clientToServer, serverToClient } });
  it.each<[what: string, maxGaps: number | null, violation: string | null]>([
    ["any number", null, null],
    ["as many as there are", 6, null],
    ["one fewer", 5, "The capture has 6 gaps; 5 are allowed."],
    ["none", 0, "The capture has 6 gaps; 0 are allowed."],
  ])("gaps: %s", (_, maxGaps, message) => {
    const lossy = capture({ connections: [gaps(1, 2), gaps(3, 0)] });
    const result = check([lossy, capture({ path: "b.pcap" })], rules({ limits: { maxGaps } }), null);
    expect(result.captures[0]!.gaps).toBe(6);
    expect(result.captures[0]!.violations).toEqual(message === null ? [] : [{ kind: "max-gaps", message }]);
    expect(result.captures[1]!.violations).toEqual([]);
    expect(result.passed).toBe(message === null);
  });

  it.each<[what: string, captures: CaptureReport[], minFrames: number | undefined, message: string | null]>([
    ["some", [capture()], undefined, null],
    ["enough", [capture(), capture({ path: "b" })], 18, null],
    [
      "too few",
      [capture(), capture({ path: "b" })],
      1900,
      "18 AMQP frames are in the 2 captures, where there must be at least 1,900.",
    ],
    [
      "none",
      [capture({ connections: [] })],
      undefined,
      "No AMQP frame is in the capture, where there must be at least 1.",
    ],
    ["none, and none wanted", [capture({ connections: [] })], 0, null],
  ])("frames: %s", (_, captures, minFrames, message) => {
    const result = check(captures, rules({ limits: minFrames === undefined ? {} : { minFrames } }), null);
    expect(result.violations).toEqual(message === null ? [] : [{ kind: "min-frames", message }]);
    expect(result.passed).toBe(message === null);
  });

  it.each<[what: string, named: CaptureReport, minFrames: number, fails: boolean]>([
    ["without a frame", capture({ path: "b", connections: [] }), 1, true],
    ["without a frame, and none wanted", capture({ path: "b", connections: [] }), 0, false],
    ["with notes and no frame", capture({ path: "b", connections: [], rules: ["file-truncated"] }), 1, true],
    ["whose handshake says enough", capture({ path: "b", connections: [], rules: ["handshake"] }), 1, false],
    ["with frames", capture({ path: "b" }), 1, false],
  ])("a capture that was named by itself, %s", (_, named, minFrames, fails) => {
    const policy = rules({ limits: { minFrames } });
    const violations = (isNamed: boolean) =>
      check([capture(), { ...named, isNamed }], policy, null).captures[1]!.violations.map(({ message }) => message);
    expect(violations(true)).toEqual(
      fails ? ["There is no AMQP frame in this capture, which was named by itself."] : [],
    );
    expect(violations(false)).toEqual([]);
  });

  it("no capture at all does not pass, whatever the limit", () => {
    const result = check([], rules({ limits: { minFrames: 0 } }), null);
    expect(result.passed).toBe(false);
    expect(result.violations.map(({ kind }) => kind)).toEqual(["no-capture"]);
    expect(result.summary).toMatchObject({ captures: 0, violations: 1 });
  });
});

describe("a capture that could not be read", () => {
  it.each<[what: string, packets: number, message: string]>([
    ["at all", 0, "The capture cannot be read: no such file."],
    ["to its end", 1234, "The capture cannot be read beyond packet 1,234: no such file."],
  ])("%s", (_, packets, message) => {
    const unreadable = capture({ input: { packets, error: "no such file" } });
    const result = check([unreadable, capture({ path: "b.pcap" })], rules(), null);
    expect(result.captures.map(({ passed }) => passed)).toEqual([false, true]);
    expect(result.captures[0]!.violations).toEqual([{ kind: "unreadable", message }]);
    // How many frames it has nobody knows.
    if (packets === 0) expect(check([unreadable], rules(), null).violations).toEqual([]);
    expect(result.passed).toBe(false);
  });
});

describe("expectations", () => {
  const clean = (captures: string): Expectation => ({ captures, clean: true, findings: [] });
  const showing = (captures: string, ...findings: RuleId[]): Expectation => ({ captures, clean: null, findings });

  it.each<
    [
      what: string,
      found: RuleId[],
      expectations: Expectation[],
      states: CheckedFinding["state"][],
      violations: string[],
      wishes?: PolicyWishes,
    ]
  >([
    ["clean, and it is", [], [clean("a*")], [], []],
    ["clean but for notes", ["mid-stream"], [clean("a*")], ["told"], []],
    [
      "clean, and it is not",
      ["frame-end", "shared-channel"],
      [clean("a*")],
      ["failing", "failing"],
      ["The capture is expected to be clean, but has 2 findings (frame-end, shared-channel)."],
    ],
    [
      "clean: what does not fail elsewhere counts",
      ["shared-channel"],
      [clean("a*")],
      ["told"],
      ["The capture is expected to be clean, but has 1 finding (shared-channel)."],
      { failOn: "error" },
    ],
    [
      "clean, where notes fail",
      ["mid-stream"],
      [clean("a*")],
      ["failing"],
      ["The capture is expected to be clean, but has 1 finding (mid-stream)."],
      { failOn: "note" },
    ],
    [
      "clean: an error counts, even where the policy makes less of it",
      ["frame-end"],
      [clean("a*")],
      ["told"],
      ["The capture is expected to be clean, but has 1 finding (frame-end)."],
      { rules: { "frame-end": "note" } },
    ],
    ["clean, with a rule off", ["frame-end"], [clean("a*")], [], [], { rules: { "frame-end": "off" } }],
    ["known bad, and it is", ["frame-end", "frame-end"], [showing("a*", "frame-end")], ["expected", "expected"], []],
    [
      "known bad, and it is not any more",
      [],
      [showing("a*", "frame-end", "broker-close")],
      [],
      [
        "The capture is expected to show frame-end, but does not.",
        "The capture is expected to show broker-close, but does not.",
      ],
    ],
    ["known bad, and worse", ["frame-end", "heartbeat"], [showing("a*", "frame-end")], ["expected", "failing"], []],
    [
      "clean, but for what another expectation wants",
      ["frame-end"],
      [clean("**"), showing("a.pcap", "frame-end")],
      ["expected"],
      [],
    ],
    ["of another capture", ["frame-end"], [clean("b*"), showing("b*", "frame-end")], ["failing"], []],
  ])("%s", (_, found, expectations, expected, violations, wishes = {}) => {
    const result = check([capture({ rules: found })], rules(wishes, expectations), null);
    expect(states(result)).toEqual(expected);
    expect(result.captures[0]!.violations.map(({ message }) => message)).toEqual(violations);
    expect(result.passed).toBe(violations.length === 0 && !expected.includes("failing"));
    const globs = expectations.map(({ captures }) => captures).filter(glob => !glob.startsWith("b"));
    expect(result.captures[0]!.expectations).toEqual(globs);
  });

  it("a clean capture has frames in it", () => {
    const result = check([capture({ connections: [] })], rules({ limits: { minFrames: 0 } }, [clean("*")]), null);
    expect(result.captures[0]!.violations).toEqual([
      { kind: "expected-clean", message: "The capture is expected to be clean, but has no AMQP frame." },
    ]);
  });

  it.each<[what: string, glob: string, folders: string[], fails: boolean]>([
    ["the folder it names was looked through", "captures/clean/**", ["captures"], true],
    ["that folder itself was", "captures/clean/*.pcap", ["captures/clean"], true],
    ["the file's folder was", "captures/b.pcap", ["captures"], true],
    ["the config's folder was, and it names none", "**/*.gz", [""], true],
    ["a folder above was", "captures/{b,c}.pcap", [".."], true],
    ["two above were", "../other/*.pcap", ["../.."], true],
    ["one of several was", "b/*", ["c", "b"], true],
    ["files were named", "captures/*.gz", [], false],
    ["a folder below was", "captures/**/*.gz", ["captures/clean"], false],
    ["a folder beside was", "captures/clean/*", ["captures/cleaner"], false],
    ["only the config's was, and it leads out", "../other/*.pcap", [""], false],
    ["another folder above was", "captures/*.gz", ["../other"], false],
  ])("that match nothing: %s", (_, glob, folders, fails) => {
    const captures = [capture(), capture({ path: "a2.pcap" })];
    const result = check(captures, rules({}, [clean("a.pcap"), clean(glob)]), null, { config: "c.json", folders });
    const message = `No capture matches ${glob}, an expectation of the config.`;
    expect(result.violations).toEqual(fails ? [{ kind: "expectation-unmatched", message }] : []);
    expect(result.expectedElsewhere).toEqual(fails ? [] : [glob]);
    expect(result.passed).toBe(!fails);
    expect(result.config).toBe("c.json");
  });

  it("the rule that is missing is named", () => {
    const result = check([capture()], rules({}, [showing("*", "frame-end")]), null);
    expect(result.captures[0]!.violations).toMatchObject([{ kind: "expected-finding", rule: "frame-end" }]);
  });

  it("globs see where a capture is for the config, not how it was named", () => {
    const named = { ...capture({ path: "../x/a.pcap" }), place: "fixtures/bad/a.pcap" };
    const result = check([named], rules({}, [showing("fixtures/bad/**", "frame-end")]), null);
    expect(result.captures[0]!.path).toBe("../x/a.pcap");
    expect(result.captures[0]!.expectations).toEqual(["fixtures/bad/**"]);
  });
});

describe("a live report", () => {
  it("needs no input", () => {
    const live = report({ inputs: [], connections: [connection()], findings: [finding({ rule: "frame-end" })] });
    const result = check([{ path: "npm test", report: live }], rules({ limits: { minFrames: 0 } }), null);
    expect(result.captures[0]!.input).toMatchObject({ path: "npm test", packets: 0 });
    expect(states(result)).toEqual(["failing"]);
  });
});

it(`the order of captures does not matter (seed ${PROPERTY.seed})`, () => {
  const paths = ["b.pcap", "B.pcap", "a/z.pcap", "a.pcap", "ä.pcap", "10.pcap", "9.pcap"];
  const captures = paths.map((path, i) => capture({ path, rules: i % 2 === 0 ? ["frame-end", "frame-end"] : [] }));
  const empty = { path: "x", entries: [], missing: new Set<string>() };
  const entries = newBaseline(captures.slice(0, 3), rules(), empty);
  const written = (list: CaptureReport[]) => json(check(list, rules(), { ...empty, entries }));
  const first = written(captures);
  const sorted = (JSON.parse(first) as CheckResult).captures.map(({ path }) => path);
  expect(sorted).toEqual(["10.pcap", "9.pcap", "B.pcap", "a.pcap", "a/z.pcap", "b.pcap", "ä.pcap"]);
  fc.assert(
    fc.property(fc.shuffledSubarray(captures, { minLength: captures.length }), list => {
      expect(written(list)).toBe(first);
    }),
    { ...PROPERTY, numRuns: 30 },
  );
});

it("does not change the reports it is given", () => {
  const given = capture({ rules: ALL_LEVELS });
  const before = structuredClone(given);
  check([given], rules({ rules: { "frame-end": "note" } }), null);
  expect(given).toEqual(before);
});
