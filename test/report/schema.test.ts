import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { RULES } from "../../src/connection/rules.ts";
import schema from "../../src/report/report.schema.json" with { type: "json" };
import { clean, manyConnections, nothingFound, spuriousSize, tornFrame } from "../support/report-samples.ts";
import { diagnosed, diagnoses } from "./diagnosis-samples.ts";

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

it("knows the rules of the registry, no more and no fewer", () => {
  expect(schema.$defs.finding.properties.rule.enum).toEqual(Object.keys(RULES));
});

it.each([
  ["torn frame", tornFrame()],
  ["spurious size", spuriousSize()],
  ["clean", clean()],
  ["nothing found", nothingFound()],
  ["many connections", manyConnections(500, 20)],
  ["a diagnosis of every kind", diagnosed(...Object.values(diagnoses))],
])("%s is valid", (_, report) => {
  validate(report);
  expect(validate.errors).toBeNull();
});

it("is open for addition, everywhere", () => {
  const report = walk(tornFrame(), node => ({ ...node, added: "later" }));
  validate(report);
  expect(validate.errors).toBeNull();
});

describe("a mutilated report is not valid", () => {
  const mutilations: [string, (report: Mutable) => void][] = [
    ["another version", report => (report.schema = "ghostframe.report/2")],
    ["a severity unheard of", report => (report.findings[0].severity = "fatal")],
    ["a rule unheard of", report => (report.findings[0].rule = "frame-size")],
    ["an offset as text", report => (report.findings[0].streamOffset = "162315")],
    ["a negative offset", report => (report.findings[0].streamOffset = -1)],
    ["half an octet", report => (report.findings[0].octets[0].hex = "f")],
    ["packet 0", report => (report.findings[0].packets = [0, 1])],
    ["three packets", report => (report.findings[0].packets = [1, 2, 3])],
    ["a local time", report => (report.findings[0].time = "2026-11-21 18:19:51")],
    ["a frame type of 9 bits", report => (report.findings[0].frame.type = 256)],
    ["a client property that is no text", report => (report.connections[0].clientProperties.version = 2)],
    ["an end unheard of", report => (report.connections[0].ended = "timeout")],
    ["a verdict without an outcome", report => (report.connections[0].verdict.predicted = { code: 501 })],
    ["a port beyond 16 bits", report => (report.connections[0].client.port = 65_536)],
    ["a diagnosis unheard of", report => (report.findings[0].diagnosis.kind = "haunted")],
    ["a confidence beyond certainty", report => (report.findings[0].diagnosis.confidence = 1.01)],
    ["a span without a length", report => report.findings[0].diagnosis.torn[0].spans[0].pop()],
    ["a fate unheard of", report => (report.findings[0].diagnosis.writers[0].messages[0].fate = "late")],
    ["a header that is no text", report => (report.findings[0].diagnosis.writers[0].messages[0].headers.thread = 7)],
    ["a log that is one text", report => (report.connections[0].verdict.predicted.log = "closing")],
    ["a count with a fraction", report => (report.summary.errors = 0.5)],
  ];
  it.each(mutilations)("%s", (_, mutilate) => {
    const report = structuredClone(tornFrame()) as unknown as Mutable;
    mutilate(report);
    expect(validate(report)).toBe(false);
  });

  it("any key that the type requires is missing", () => {
    const details = ["fatal", "broker", "sequel", "log", "messageId", "correlationId", "appId", "traceparent"];
    const optional = new Set(["error", "cause", "diagnosis", ...details]);
    for (const path of keyPaths(tornFrame())) {
      const key = path.at(-1)!;
      const predicted = path.at(-2) === "predicted" && key === "streamOffset";
      if (optional.has(key) || predicted || path.includes("clientProperties") || path.at(-2) === "headers") continue;
      const report = structuredClone(tornFrame());
      delete path.slice(0, -1).reduce<Mutable>((node, step) => node[step], report)[key];
      expect(validate(report), path.join(".")).toBe(false);
    }
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the tests put in what the type forbids
type Mutable = any;

/** Paths of all keys of objects, those in arrays included. */
function keyPaths(node: unknown, path: string[] = []): string[][] {
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [
    ...(Array.isArray(node) ? [] : [[...path, key]]),
    ...keyPaths(value, [...path, key]),
  ]);
}

function walk(node: unknown, change: (node: object) => object): unknown {
  if (Array.isArray(node)) return node.map(item => walk(item, change));
  if (typeof node !== "object" || node === null) return node;
  return change(Object.fromEntries(Object.entries(node).map(([key, value]) => [key, walk(value, change)])));
}
