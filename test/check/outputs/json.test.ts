import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import schema from "../../../src/check/check-result.schema.json" with { type: "json" };
import { type Output, outputs } from "../../../src/check/outputs/outputs.ts";
import reportSchema from "../../../src/report/report.schema.json" with { type: "json" };
import { checkSamples } from "../../support/check-samples.ts";

const json: Output = await outputs.json();
const samples = await checkSamples();
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  .addSchema(reportSchema)
  .compile(schema);
/** Its strings stand where the schema has rules, formats and times. */
const { hostile: _, ...plausible } = samples;

it.each(Object.entries(plausible))("%s: is the result as it stands, and as the schema has it", (_name, sample) => {
  const written: unknown = JSON.parse(json(sample, { columns: 80, colour: false, all: false }));
  expect(written).toEqual(sample);
  validate(written);
  expect(validate.errors).toBeNull();
});

describe("a mutilated result is not valid", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the tests put in what the type forbids
  type Mutable = any;
  const mutilations: [string, (result: Mutable) => void][] = [
    ["another version", result => (result.schema = "ghostframe.check/2")],
    ["an outcome as text", result => (result.passed = "no")],
    ["a threshold unheard of", result => (result.policy.failOn = "off")],
    ["a rule unheard of in the policy", result => (result.policy.rules["frame-size"] = "error")],
    ["a level unheard of", result => (result.policy.rules["frame-end"] = "fatal")],
    ["a negative limit", result => (result.policy.limits.maxGaps = -1)],
    ["no minimum", result => (result.policy.limits.minFrames = null)],
    ["a fingerprint of 15 digits", result => (result.captures[0].findings[0].fingerprint = "0".repeat(15))],
    ["a state unheard of", result => (result.captures[0].findings[0].state = "ignored")],
    ["a finding that is none", result => delete result.captures[0].findings[0].finding.octets],
    ["a finding that is off", result => (result.captures[0].findings[0].level = "off")],
    ["a connection that is none", result => (result.captures[0].connections[0].client.port = 65_536)],
    ["an input that is none", result => (result.captures[0].input.format = "erf")],
    ["a violation unheard of", result => result.violations.push({ kind: "max-frames", message: "Too many." })],
    [
      "a violation of a rule unheard of",
      result => (result.captures[0].violations = [{ kind: "expected-finding", message: "", rule: "x" }]),
    ],
    ["an entry that accepts nothing", result => (result.baseline.gone[0].count = 0)],
    ["a count with a fraction", result => (result.summary.told = 0.5)],
    ["no gaps", result => delete result.captures[0].gaps],
    ["no baseline at all", result => delete result.baseline],
  ];
  it.each(mutilations)("%s", (_name, mutilate) => {
    const result: Mutable = structuredClone(samples.failing);
    mutilate(result);
    expect(validate(result)).toBe(false);
  });
});

it("is open for addition", () => {
  const result = { ...samples.failing!, added: "later" };
  result.captures = result.captures.map(capture => ({ ...capture, added: "later" }));
  validate(result);
  expect(validate.errors).toBeNull();
});
