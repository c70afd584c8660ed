/** Every key of the config, right and wrong. The published schema agrees with what is read. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { BROKER_CHOICES } from "../../src/broker/versions.ts";
import schema from "../../src/check/config.schema.json" with { type: "json" };
import { ConfigError, readConfig } from "../../src/check/config.ts";
import { OUTPUT_NAMES } from "../../src/check/outputs/outputs.ts";
import { LEVELS, SEVERITIES } from "../../src/check/policy.ts";
import { RULES } from "../../src/connection/rules.ts";

const FILE = "ghostframe.config.json";
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

it.each<[what: string, config: object, read: object]>([
  ["nothing", {}, { expect: [], outputs: {} }],
  ["a schema, for editors", { $schema: "./config.schema.json" }, { expect: [], outputs: {} }],
  ["failOn", { failOn: "error" }, { failOn: "error" }],
  ["rules", { rules: { "shared-channel": "error", "mid-stream": "off" } }, { rules: { "shared-channel": "error" } }],
  ["limits", { limits: { maxGaps: 0, minFrames: 100 } }, { limits: { maxGaps: 0, minFrames: 100 } }],
  ["no limit", { limits: { maxGaps: null } }, { limits: { maxGaps: null } }],
  ["ports", { ports: [5672, 5673], decodeAs: [65_535] }, { ports: [5672, 5673], decodeAs: [65_535] }],
  ["broker", { broker: "rabbitmq-4.0" }, { broker: "rabbitmq-4.0" }],
  ["baseline", { baseline: "ci/baseline.json" }, { baseline: "ci/baseline.json" }],
  ["outputs", { outputs: { sarif: "out/a.sarif", junit: "b.xml" } }, { outputs: { sarif: "out/a.sarif" } }],
  [
    "expectations",
    {
      expect: [
        { captures: "fixtures/clean/**", clean: true },
        { captures: "bad/*.pcap", findings: ["frame-end"] },
      ],
    },
    {
      expect: [
        { captures: "fixtures/clean/**", clean: true, findings: [] },
        { captures: "bad/*.pcap", clean: null, findings: ["frame-end"] },
      ],
    },
  ],
])("%s", (_, config, read) => {
  expect(readConfig(JSON.stringify(config), FILE)).toMatchObject(read);
  validate(config);
  expect(validate.errors).toBeNull();
});

const LIMIT = "expected a whole number from 0 on";
const SEVERITY = 'expected "note", "warning" or "error"';
const LEVEL = 'expected "error", "warning", "note" or "off"';

it.each<[config: unknown, message: string]>([
  [[], `${FILE} is a list: expected an object`],
  [null, `${FILE} is null: expected an object`],
  ["error", `${FILE} is "error": expected an object`],
  [{ failon: "error" }, `unknown key "failon" in ${FILE}: did you mean "failOn"?`],
  [{ "fail-on": "error" }, `unknown key "fail-on" in ${FILE}: did you mean "failOn"?`],
  [{ expects: [] }, `unknown key "expects" in ${FILE}: did you mean "expect"?`],
  [{ output: {} }, `unknown key "output" in ${FILE}: did you mean "outputs"?`],
  [{ severity: "error" }, `unknown key "severity" in ${FILE}`],
  [{ "\u202e": 1 }, `unknown key "\\u{202e}" in ${FILE}`],
  [{ failOn: "errors" }, `failOn of ${FILE} is "errors": ${SEVERITY}`],
  [{ failOn: "off" }, `failOn of ${FILE} is "off": ${SEVERITY}`],
  [{ failOn: 1 }, `failOn of ${FILE} is 1: ${SEVERITY}`],
  [{ rules: [] }, `rules of ${FILE} is a list: expected an object`],
  [{ rules: { "frame-ends": "off" } }, `unknown rule "frame-ends" in rules of ${FILE}: did you mean "frame-end"?`],
  [{ rules: { "frame-end": "fatal" } }, `rules.frame-end of ${FILE} is "fatal": ${LEVEL}`],
  [{ rules: { "frame-end": false } }, `rules.frame-end of ${FILE} is false: ${LEVEL}`],
  [{ limits: 3 }, `limits of ${FILE} is 3: expected an object`],
  [{ limits: { minframes: 1 } }, `unknown key "minframes" in limits of ${FILE}: did you mean "minFrames"?`],
  [{ limits: { maxGaps: -1 } }, `limits.maxGaps of ${FILE} is -1: ${LIMIT}`],
  [{ limits: { maxGaps: 0.5 } }, `limits.maxGaps of ${FILE} is 0.5: ${LIMIT}`],
  [{ limits: { minFrames: null } }, `limits.minFrames of ${FILE} is null: ${LIMIT}`],
  [{ limits: { minFrames: "1" } }, `limits.minFrames of ${FILE} is "1": ${LIMIT}`],
  [{ ports: 5672 }, `ports of ${FILE} is 5672: expected a list`],
  [{ ports: [] }, `ports of ${FILE} is a list: expected one port at least`],
  [{ ports: [5672, 0] }, `ports[1] of ${FILE} is 0: expected a port, 1 to 65535`],
  [{ decodeAs: ["5672"] }, `decodeAs[0] of ${FILE} is "5672": expected a port, 1 to 65535`],
  [{ decodeAs: [65_536] }, `decodeAs[0] of ${FILE} is 65536: expected a port, 1 to 65535`],
  [
    { broker: "rabbitmq-3.9" },
    `broker of ${FILE} is "rabbitmq-3.9": expected ${BROKER_CHOICES.map(name => `"${name}"`)
      .join(", ")
      .replace(/, (?=[^,]+$)/, " or ")}`,
  ],
  [{ baseline: "" }, `baseline of ${FILE} is "": expected text`],
  [{ baseline: true }, `baseline of ${FILE} is true: expected text`],
  [{ outputs: ["sarif"] }, `outputs of ${FILE} is a list: expected an object`],
  [{ outputs: { sarf: "a" } }, `unknown format "sarf" in outputs of ${FILE}: did you mean "sarif"?`],
  [{ outputs: { sarif: 1 } }, `outputs.sarif of ${FILE} is 1: expected text`],
  [{ expect: {} }, `expect of ${FILE} is an object: expected a list`],
  [{ expect: ["clean/**"] }, `expect[0] of ${FILE} is "clean/**": expected an object`],
  [{ expect: [{ clean: true }] }, `expect[0] of ${FILE} lacks "captures", a glob`],
  [{ expect: [{ captures: "a" }] }, `expect[0] of ${FILE} lacks "clean" or "findings"`],
  [{ expect: [{ captures: "", clean: true }] }, `expect[0].captures of ${FILE} is "": expected text`],
  [
    { expect: [{ captures: "/ci/captures/**", clean: true }] },
    `expect[0].captures of ${FILE} is "/ci/captures/**": expected a glob relative to the config's folder`,
  ],
  [
    { expect: [{ captures: "C:/captures/*", clean: true }] },
    `expect[0].captures of ${FILE} is "C:/captures/*": expected a glob relative to the config's folder`,
  ],
  [
    { expect: [{ captures: "captures/", clean: true }] },
    `expect[0].captures of ${FILE} is "captures/": expected a glob over files, such as "captures/**"`,
  ],
  [
    { expect: [{ captures: "!(a)*.pcap", clean: true }] },
    `expect[0].captures of ${FILE} is "!(a)*.pcap": expected a glob without "!" in front`,
  ],
  [
    { outputs: { text: "-" } },
    `outputs.text of ${FILE} is "-": expected a file; for standard output there is --format`,
  ],
  [{ expect: [{ captures: "a", clean: false }] }, `expect[0].clean of ${FILE} is false: expected true`],
  [{ expect: [{ captures: "a", findings: [] }] }, `expect[0] of ${FILE} has no rule in "findings"`],
  [
    { expect: [{ captures: "a", clean: true, findings: ["heartbeat"] }] },
    `expect[0] of ${FILE} has both "clean" and "findings"`,
  ],
  [
    { expect: [{ captures: "a", findings: ["heartbeats"] }] },
    `unknown rule "heartbeats" in expect[0].findings[0] of ${FILE}: did you mean "heartbeat"?`,
  ],
  [
    { expect: [{ captures: "a", finding: ["heartbeat"] }] },
    `unknown key "finding" in expect[0] of ${FILE}: did you mean "findings"?`,
  ],
  [{ expect: [{ captures: "a", findings: [3] }] }, `expect[0].findings[0] of ${FILE} is 3: expected a rule`],
])("%j is refused", (config, message) => {
  const read = () => readConfig(JSON.stringify(config), FILE);
  expect(read).toThrow(new ConfigError(message));
  expect(validate(config)).toBe(false);
});

it("an expectation wants no rule that is off", () => {
  const config = { rules: { heartbeat: "off" }, expect: [{ captures: "a", findings: ["frame-end", "heartbeat"] }] };
  const read = () => readConfig(JSON.stringify(config), FILE);
  expect(read).toThrow(new ConfigError(`expect[0] of ${FILE} has heartbeat in "findings", which "rules" turns off`));
});

it("a key that is there twice is told with line and column", () => {
  const read = () => readConfig('{\n  "failOn": "error",\n  "failOn": "note"\n}', FILE);
  expect(read).toThrow(new ConfigError(`${FILE}: line 3, column 3: the key "failOn" is there for the second time`));
});

it("text that is no JSON is told with line and column", () => {
  const read = () => readConfig('{\n  "failOn": error\n}', `../${FILE}`);
  expect(read).toThrow(new ConfigError(`../${FILE}: line 2, column 13: expected a value, found "error"`));
});

describe("the schema knows what the code knows", () => {
  const { properties, $defs } = schema;
  it.each([
    ["rules", $defs.rule.enum, Object.keys(RULES)],
    ["levels", properties.rules.additionalProperties.enum, LEVELS],
    ["severities", properties.failOn.enum, SEVERITIES],
    ["brokers", properties.broker.enum, BROKER_CHOICES],
    ["formats", properties.outputs.propertyNames.enum, OUTPUT_NAMES],
  ])("%s", (_, inSchema, inCode) => expect(inSchema).toEqual(inCode));
});
