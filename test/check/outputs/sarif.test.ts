/**
 * SARIF 2.1.0. The official schema is not part of this project: GHOSTFRAME_SARIF_SCHEMA names a copy of it to validate
 * against. What the schema cannot say (indices, all-or-none properties, references) is tested always.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv, type ValidateFunction } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckResult } from "../../../src/check/check-result.ts";
import { sarif } from "../../../src/check/outputs/sarif.ts";
import { uriOf } from "../../../src/check/outputs/sarif-locations.ts";
import { message } from "../../../src/check/outputs/sarif-message.ts";
import { RULES } from "../../../src/connection/rules.ts";
import { capture, checkSamples, fiveHundred, result } from "../../support/check-samples.ts";
import { SEED } from "../../support/chunkings.ts";
import { expectGolden } from "../../support/golden.ts";
import { finding, input, report } from "../../support/report-samples.ts";

const samples = await checkSamples();
const SCHEMA = process.env.GHOSTFRAME_SARIF_SCHEMA;

interface Log {
  runs: [Run];
}
interface Run {
  tool: { driver: { rules: Descriptor[]; notifications: Descriptor[] } };
  invocations: [
    {
      executionSuccessful: boolean;
      ruleConfigurationOverrides: { descriptor: Reference; configuration: object }[];
      toolExecutionNotifications: Notification[];
      toolConfigurationNotifications: Notification[];
    },
  ];
  artifacts: { location: ArtifactLocation }[];
  results: Result[];
}
interface Descriptor {
  id: string;
  defaultConfiguration?: { level: string };
  [text: string]: unknown;
}
interface Reference {
  id: string;
  index: number;
}
interface Notification {
  descriptor: Reference;
  message: { text: string };
  associatedRule?: Reference;
}
interface ArtifactLocation {
  uri: string;
  index: number;
}
interface Result {
  ruleId: string;
  ruleIndex?: number;
  level: string;
  message: { text: string };
  locations: [{ physicalLocation: { artifactLocation: ArtifactLocation; region: object } }];
  partialFingerprints: Record<string, string>;
  baselineState?: string;
  suppressions: { kind: string; justification: string }[];
  properties: { state: string; id: string };
}

function runOf(sample: CheckResult): Run {
  return (JSON.parse(sarif(sample)) as Log).runs[0];
}

const describeWithSchema = SCHEMA === undefined ? () => {} : describe;

describeWithSchema("the official schema", () => {
  it.each(Object.entries(samples))("takes %s", (_, sample) => {
    const validate = official();
    validate(JSON.parse(sarif(sample)));
    expect(validate.errors).toBeNull();
  });
});

/** It is published as draft 4 and, in earlier editions, as draft 7; it uses nothing in which they differ. */
function official(): ValidateFunction {
  const {
    $schema: _,
    id: __,
    $id: ___,
    ...schema
  } = JSON.parse(readFileSync(SCHEMA!, "utf8")) as Record<string, unknown>;
  return new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
}

it("describes the rules of the registry, in its order", () => {
  const all = runOf(samples.passed!).tool.driver.rules;
  const rules = all.slice(0, Object.keys(RULES).length);
  expect(rules.map(({ id }) => id)).toEqual(Object.keys(RULES));
  expect(rules.map(rule => rule.defaultConfiguration?.level)).toEqual(Object.values(RULES).map(rule => rule.severity));
  expect(rules.find(({ id }) => id === "content-order")).toMatchObject({
    shortDescription: { text: RULES["content-order"].help },
    fullDescription: { text: expect.stringContaining("section 4.2.6") as string },
    help: { text: expect.any(String) as string, markdown: expect.stringContaining("section 4.2.6") as string },
  });
});

it.each(["failing", "violations", "hostile"])("%s is the golden log, apart from the rules and their places", name => {
  const log = JSON.parse(sarif(samples[name]!)) as Log;
  log.runs[0].tool.driver.rules = [];
  const withoutPlaces = JSON.stringify(log, placeless, 2);
  expectGolden(fileURLToPath(new URL(`golden/${name}.sarif`, import.meta.url)), `${withoutPlaces}\n`);
});

/** A new rule moves those behind it. That an index leads to its rule is tested below. */
function placeless(this: unknown, key: string, value: unknown): unknown {
  const ofRule = key === "index" && Object.hasOwn(RULES, (this as Reference).id ?? "");
  return key === "ruleIndex" || ofRule ? undefined : value;
}

describe.each(Object.entries(samples))("%s", (_, sample) => {
  const run = runOf(sample);

  it("refers to what there is", () => {
    const { rules, notifications } = run.tool.driver;
    const [{ toolExecutionNotifications, toolConfigurationNotifications, ruleConfigurationOverrides }] =
      run.invocations;
    for (const each of run.results) {
      if (each.ruleIndex !== undefined) expect(rules[each.ruleIndex]?.id).toBe(each.ruleId);
      const { artifactLocation, region } = each.locations[0].physicalLocation;
      expect(run.artifacts[artifactLocation.index]?.location).toEqual(artifactLocation);
      // GitHub shows no result without a line; see the file's header.
      expect(region).toEqual({ startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 });
    }
    for (const { descriptor, associatedRule } of [...toolExecutionNotifications, ...toolConfigurationNotifications]) {
      expect(notifications[descriptor.index]?.id).toBe(descriptor.id);
      if (associatedRule) expect(rules[associatedRule.index]?.id).toBe(associatedRule.id);
    }
    for (const { descriptor } of ruleConfigurationOverrides) expect(rules[descriptor.index]?.id).toBe(descriptor.id);
  });

  it("has a result for each finding, and a baseline state for all or none", () => {
    const findings = sample.captures.flatMap(each => each.findings);
    const found = run.results.filter(({ properties }) => properties.state !== "violation");
    expect(found.map(({ properties }) => properties.state)).toEqual(findings.map(({ state }) => state));
    expect(found.map(({ level }) => level)).toEqual(findings.map(({ level }) => level));
    const states = run.results.map(({ baselineState }) => baselineState);
    const expected = run.results.map(({ properties: { state } }) =>
      sample.baseline === null ? undefined : state === "accepted" ? "unchanged" : "new",
    );
    expect(states).toEqual(expected);
    for (const { suppressions, properties } of run.results) {
      expect(suppressions).toHaveLength(properties.state === "accepted" || properties.state === "expected" ? 1 : 0);
    }
  });

  it("has a result for each violation, where its capture is, or the config", () => {
    const violations = run.results.filter(({ properties }) => properties.state === "violation");
    const config = sample.config ?? "ghostframe.config.json";
    const expected = [
      ...sample.violations.map(({ kind }) => [kind, "error", uriOf(config)]),
      ...sample.captures.flatMap(({ path, violations }) => violations.map(({ kind }) => [kind, "error", uriOf(path)])),
    ];
    const uri = (each: Result) => each.locations[0].physicalLocation.artifactLocation.uri;
    expect(violations.map(each => [each.ruleId, each.level, uri(each)])).toEqual(expected);
    const places = violations.map(each => `${uri(each)} ${each.partialFingerprints.primaryLocationLineHash}`);
    expect(new Set(places).size).toBe(places.length);
  });

  it("has a notification for each violation and each entry that is gone", () => {
    const [invocation] = run.invocations;
    const violations = [...sample.violations, ...sample.captures.flatMap(each => each.violations)];
    expect(invocation.toolExecutionNotifications.map(({ descriptor }) => descriptor.id)).toEqual(
      violations.map(({ kind }) => kind),
    );
    const { baseline, expectedElsewhere } = sample;
    const passedBy = expectedElsewhere.length + ((baseline?.notChecked ?? 0) > 0 ? 1 : 0);
    expect(invocation.toolConfigurationNotifications).toHaveLength((baseline?.gone.length ?? 0) + passedBy);
    const couldNot = violations.some(({ kind }) => kind === "unreadable" || kind === "no-capture");
    expect(invocation.executionSuccessful).toBe(!couldNot);
  });

  it("has nothing that differs from run to run", () => {
    expect(sarif(sample)).not.toMatch(/[Gg]uid|TimeUtc|workingDirectory/);
  });
});

it("tells the message, the proof and the remedy", () => {
  const [first] = runOf(samples.failing!).results;
  const paragraphs = first!.message.text.split("\n\n");
  expect(paragraphs).toHaveLength(3);
  expect(paragraphs[0]).toContain("must end with 0xce");
  expect(paragraphs[1]).toContain("was interrupted after 48,435 octets");
  expect(paragraphs[2]).toMatch(/^Remedy: Bunny /);
});

it("says what the policy makes of rules", () => {
  const [{ ruleConfigurationOverrides }] = runOf(samples.failing!).invocations;
  expect(ruleConfigurationOverrides.map(({ descriptor, configuration }) => [descriptor.id, configuration])).toEqual([
    ["shared-channel", { level: "note" }],
    ["capture-gap", { level: "error" }],
    ["snap-length", { enabled: false }],
  ]);
});

it("tells findings of the same fingerprint in one capture apart, and only those", () => {
  const findings = [finding(), finding({ id: "f2" }), finding({ id: "f3" })];
  const captures = ["a.pcap", "b.pcap"].map(path => {
    const one = capture(report({ inputs: [input({ path })], findings }), "failing");
    for (const each of one.findings) each.fingerprint = "00000000000000aa";
    one.findings[2]!.fingerprint = "00000000000000bb";
    return one;
  });
  const hashes = runOf(result({ captures })).results.map(each => each.partialFingerprints.primaryLocationLineHash);
  const [aa, bb] = ["00000000000000aa", "00000000000000bb"];
  expect(hashes).toEqual([`${aa}:1`, `${aa}:2`, `${bb}:1`, `${aa}:1`, `${aa}:2`, `${bb}:1`]);
});

it("leaves out the least important beyond what GitHub takes, and says so", () => {
  const sample = fiveHundred(25_010);
  const [busy] = sample.captures;
  for (const [at, each] of busy!.findings.entries()) each.state = at < 100 ? "accepted" : "failing";
  const { results, invocations } = runOf(sample);
  expect(results).toHaveLength(25_000);
  expect(results.filter(({ properties }) => properties.state === "failing")).toHaveLength(24_910);
  expect(
    invocations[0].toolExecutionNotifications.map(({ descriptor, message: { text } }) => [descriptor.id, text]),
  ).toEqual([["results-omitted", "10 results are left out, accepted ones first."]]);
});

describe("a path as a URI", () => {
  it.each([
    ["captures/a.pcap", "captures/a.pcap"],
    ["./captures/./a.pcap", "captures/a.pcap"],
    ["../a b.pcap", "../a%20b.pcap"],
    ["a#1?.pcap", "a%231%3F.pcap"],
    ["50%.pcap", "50%25.pcap"],
    ["http:a.pcap", "http%3Aa.pcap"],
    ["注文.pcap", "%E6%B3%A8%E6%96%87.pcap"],
    ["\ud800.pcap", "%EF%BF%BD.pcap"],
    ["-", "-"],
    ["/var/lib/a b.pcap", "file:///var/lib/a%20b.pcap"],
    ["C:/captures/a b.pcap", "file:///C:/captures/a%20b.pcap"],
  ])("%j is %s", (path, uri) => expect(uriOf(path)).toBe(uri));

  it(`is a reference that leads back to the path, whatever is in it (seed ${SEED})`, () => {
    const segment = fc
      .string({ unit: "binary", minLength: 1, maxLength: 12 })
      .filter(name => !/[/\\]|^\.{1,2}$/.test(name) && !/\p{Surrogate}/u.test(name));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), segments => {
        const uri = uriOf(segments.join("/"));
        expect(uri).toMatch(/^[\w.~!'()*%/-]+$/);
        const { pathname } = new URL(uri, "file:///base/");
        expect(decodeURIComponent(pathname)).toBe(`/base/${segments.join("/")}`);
      }),
      { seed: SEED },
    );
  });
});

describe("a message", () => {
  it.each([
    ["plain [text] (here)", "plain [text] (here)"],
    ["{frame_too_large,1}", "{{frame_too_large,1}}"],
    ["[click](http://evil.example)", "\\[click\\](http://evil.example)"],
    ["a\\[b](1)", "a\\\\\\[b\\](1)"],
  ])("%j is %j", (text, escaped) => expect(message(text)).toEqual({ text: escaped }));
});
