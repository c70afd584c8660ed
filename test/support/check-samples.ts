/** Results of a check, made of real reports on fixtures and of made ones, for the tests of the outputs. */

import type {
  BaselineEntry,
  CheckedCapture,
  CheckedFinding,
  CheckResult,
  CheckSummary,
  Policy,
} from "../../src/check/check-result.ts";
import type { Report } from "../../src/report/report.ts";
import { countInputs } from "../../src/report/text/input-counts.ts";
import { inspectFixture, walkFixtures } from "./golden.ts";
import { finding, hostile, report } from "./report-samples.ts";

type State = CheckedFinding["state"];

const POLICY: Policy = { failOn: "warning", rules: {}, limits: { maxGaps: null, minFrames: 1, maxUnread: 0 } };

/** Each by what it shows. */
export async function checkSamples(): Promise<Record<string, CheckResult>> {
  const [torn, taken, clean, turns, heartbeat, unreadable, vlan, lossy] = await Promise.all(
    [
      "interleaving/two-publishers-one-socket",
      "interleaving/pika-threads-one-channel",
      "clean/go-three-connections",
      "near-misses/two-threads-take-turns",
      "rules/heartbeat-on-a-channel",
      "files/text",
      "links/vlan-torn",
      "loss/go-packets-not-captured",
    ].map(inspected),
  );
  return {
    passed: result({
      captures: [
        capture(clean!),
        capture(turns!, "told", { off: 3 }),
        capture(heartbeat!, "expected"),
        capture(lossy!),
      ],
    }),
    failing: result({
      captures: [
        capture(torn!, "failing"),
        capture(taken!, "failing"),
        capture(clean!),
        capture(turns!, "told"),
        capture(heartbeat!, "expected", { expectations: ["rules/heartbeat-*.pcap"] }),
        capture(vlan!, "accepted"),
      ],
      baseline: { path: "ghostframe-baseline.json", accepted: 2, gone: [gone(), gone({ count: 3 })], notChecked: 4 },
      config: "ci/ghostframe.config.json",
      expectedElsewhere: ["captures/clean/**"],
      policy: { ...POLICY, rules: { "shared-channel": "note", "snap-length": "off", "capture-gap": "error" } },
    }),
    "accepted-and-gone": result({
      captures: [capture(vlan!, "accepted")],
      baseline: {
        path: "ci/baseline.json",
        accepted: 2,
        gone: Array.from({ length: 60 }, (_, at) => gone({ capture: `old/run-${at}.pcap` })),
        notChecked: 0,
      },
    }),
    violations: result({
      captures: [
        capture(unreadable!, undefined, {
          violations: [{ kind: "unreadable", message: "files/text.pcapng could not be read." }],
        }),
        capture(turns!, "told", {
          expectations: ["near-misses/*"],
          violations: [
            { kind: "expected-clean", message: "It is expected to be clean, and has 1 warning." },
            { kind: "expected-finding", message: "A heartbeat finding is expected.", rule: "heartbeat" },
            { kind: "expected-finding", message: "A frame-end finding is expected.", rule: "frame-end" },
            { kind: "max-gaps", message: "It has 7 gaps, where 3 are allowed." },
          ],
        }),
      ],
      violations: [{ kind: "min-frames", message: "The captures have 12 frames, where at least 100 are asked for." }],
    }),
    "no-capture": result({ violations: [{ kind: "no-capture", message: "No capture matches traces/**/*.pcap." }] }),
    hostile: hostileResult(
      "<script>alert(1)</script> ]]> | `x` ",
      "\n::error::pwned\x1b[2J ##[add-mask]x www.evil.example",
    ),
    "five-hundred": fiveHundred(),
    "note-that-fails": result({
      captures: [capture(lossy!, "failing")],
      policy: { ...POLICY, failOn: "note" },
    }),
  };
}

/** Two rules in turn, in a capture beside two hundred that are clean. */
export function fiveHundred(count = 500): CheckResult {
  const findings = Array.from({ length: count }, (_, at) =>
    finding({
      id: `f${at + 1}`,
      rule: at === count - 1 ? "stalled-frame" : "frame-end",
      streamOffset: at * 131,
      packets: [at + 1, at + 1],
      message: `The body frame at offset ${at * 131} must end with 0xce, where 0x61 stands.`,
    }),
  );
  const captures = Array.from({ length: 200 }, (_, at) =>
    capture(report({ inputs: [{ path: `clean-${at}.pcap`, format: "pcap", packets: 9, octets: 900, notes: [] }] })),
  );
  const busy = report({ inputs: [{ path: "busy.pcap", format: "pcap", packets: 9, octets: 9, notes: [] }], findings });
  return result({ captures: [capture(busy, "failing"), ...captures] });
}

/** Every string of a capture's report, its path, and of the rest of the result is one of these. */
export function hostileResult(one: string, other: string): CheckResult {
  const made = hostile(one, other);
  const strange = capture(made, "failing", {
    path: other,
    expectations: [one, other],
    violations: [{ kind: "unreadable", message: other }],
  });
  const findings = strange.findings.map(
    (each, at): CheckedFinding => ({ ...each, state: (["failing", "told", "accepted", "expected"] as const)[at % 4]! }),
  );
  return result({
    config: one,
    expectedElsewhere: [other, one],
    captures: [{ ...strange, findings }],
    violations: [{ kind: "no-capture", message: `${one}${other}` }],
    baseline: {
      path: other,
      accepted: 1,
      gone: [gone({ capture: one, message: other }), gone({ capture: other, message: one })],
      notChecked: 0,
    },
  });
}

async function inspected(name: string): Promise<Report> {
  const fixture = walkFixtures().fixtures.find(each => each.name === name);
  if (!fixture) throw new Error(`there is no fixture ${name}`);
  return inspectFixture(fixture);
}

/** A report as a check has it, all findings in one state; notes are told where nothing else is said. */
export function capture(
  { inputs, connections, findings }: Report,
  state?: State,
  parts: Partial<CheckedCapture> = {},
): CheckedCapture {
  const [counts] = countInputs(report({ inputs, connections, findings }), []);
  const checked = findings.map(
    (each, at): CheckedFinding => ({
      finding: each,
      level: each.severity,
      fingerprint: (at + 1).toString(16).padStart(16, "0"),
      state: state ?? "told",
    }),
  );
  const violations = parts.violations ?? [];
  return {
    path: inputs[0]!.path,
    passed: violations.length === 0 && checked.every(each => each.state !== "failing"),
    input: inputs[0]!,
    connections,
    findings: checked,
    violations,
    expectations: [],
    frames: counts?.frames ?? 0,
    gaps: connections.reduce((sum, { gaps }) => sum + gaps.clientToServer + gaps.serverToClient, 0),
    off: 0,
    ...parts,
  };
}

export function gone(parts: Partial<BaselineEntry> = {}): BaselineEntry {
  return {
    fingerprint: "0123456789abcdef",
    rule: "frame-end",
    capture: "traces/before.pcapng",
    count: 1,
    message: "The body frame at offset 99 must end with 0xce.",
    ...parts,
  };
}

/** Sums and outcome are those of the parts. */
export function result(parts: Partial<CheckResult>): CheckResult {
  const { captures = [], violations = [], baseline = null, policy = POLICY } = parts;
  const states = captures.flatMap(({ findings }) => findings.map(({ state }) => state));
  const count = (state: State) => states.filter(each => each === state).length;
  const summary: CheckSummary = {
    captures: captures.length,
    connections: captures.reduce((sum, each) => sum + each.connections.length, 0),
    frames: captures.reduce((sum, each) => sum + each.frames, 0),
    failing: count("failing"),
    told: count("told"),
    accepted: count("accepted"),
    expected: count("expected"),
    off: captures.reduce((sum, each) => sum + each.off, 0),
    violations: violations.length + captures.reduce((sum, each) => sum + each.violations.length, 0),
  };
  return {
    schema: "ghostframe.check/1",
    tool: { name: "ghostframe", version: "0.0.0" },
    passed: summary.failing === 0 && summary.violations === 0,
    config: null,
    policy,
    captures,
    violations,
    expectedElsewhere: [],
    baseline,
    summary,
    ...parts,
  };
}
