/** Reports of what was asked for: it is told with what it led to, and what is left out is counted, never called clean. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { withIncidents } from "../../src/report/incidents/with-incidents.ts";
import reportSchema from "../../src/report/report.schema.json" with { type: "json" };
import type { Finding, Report } from "../../src/report/report.ts";
import { type Selection, select } from "../../src/report/selection.ts";
import { text } from "../../src/report/text.ts";
import { connection, finding, report, tornFrame } from "../support/report-samples.ts";

const isReport = new Ajv2020({ strict: true, allErrors: true }).compile(reportSchema);

/** c1 with a torn frame (f1) and the close it led to (f2); c2 with a gap (f3) and an order fault on channel 5 (f4). */
function two(): Report {
  const { inputs, connections, findings, ...rest } = tornFrame();
  const gap = { rule: "capture-gap", severity: "note", frame: null, time: "2026-11-21T18:19:59Z" } as const;
  const order = {
    rule: "content-order",
    frame: { type: 3, channel: 5, size: 9 },
    time: "2026-11-21T18:20:30.5Z",
  } as const;
  return withIncidents({
    ...report({
      inputs,
      connections: [
        ...connections,
        connection({ id: "c2", user: "orders", virtualHost: "shop", clientProperties: { connection_name: "worker" } }),
      ],
      findings: [
        ...findings,
        finding({ id: "f3", connection: "c2", ...gap }),
        finding({ id: "f4", connection: "c2", ...order }),
      ],
    }),
    schema: rest.schema,
  });
}

const shown = (selection: Selection): string[] => select(two(), selection).findings.map(({ id }: Finding) => id);

const upTo = (second: number) => (moment: { seconds: number }) =>
  moment.seconds <= Date.parse("2026-11-21T18:20:00Z") / 1000 + second;

describe("a report of what was asked for", () => {
  it.each<[what: string, asked: Selection, findings: string[]]>([
    ["nothing in particular", {}, ["f1", "f2", "f3", "f4"]],
    ["a connection by its id", { connection: ["c1"] }, ["f1", "f2"]],
    ["a connection by its name", { connection: ["worker"] }, ["f3", "f4"]],
    ["a user", { user: ["orders"] }, ["f3", "f4"]],
    ["a virtual host", { vhost: ["shop"] }, ["f3", "f4"]],
    ["one who is not there", { user: ["nobody"] }, []],
    ["a channel that a torn frame is on, with the close on channel 0", { channel: [2] }, ["f1", "f2", "f3"]],
    ["a channel whose frames stand in the torn one", { channel: [1] }, ["f1", "f2", "f3"]],
    ["another channel, with the gap in which its frames may be missing", { channel: [5] }, ["f3", "f4"]],
    ["channel 0, with what is of no frame", { channel: [0] }, ["f2", "f3"]],
    ["a time", { takesTime: upTo(0) }, ["f1", "f2", "f3"]],
    ["a time to the fraction", { takesTime: ({ nanoseconds }) => nanoseconds === 500_000_000 }, ["f4"]],
  ])("%s", (_, asked, findings) => {
    expect(shown(asked)).toEqual(findings);
  });

  it("counts what it tells and what it leaves out, and keeps the schema", () => {
    const chosen = select(two(), { connection: ["c2"] });
    expect(chosen.summary).toMatchObject({
      errors: 1,
      notes: 1,
      sick: 1,
      incidents: 1,
      lost: { messages: 0 },
      leftOut: { connections: 1, findings: 2, incidents: 1 },
    });
    expect(isReport(chosen), JSON.stringify(isReport.errors)).toBe(true);
  });

  it("keeps the cause of a finding that refers to one left out", () => {
    const whole = two();
    const [first] = whole.findings;
    const alike = { ...first!, id: "f9", connection: "c2", sameAs: "f1" };
    const { diagnosis: _, ...brief } = alike;
    const chosen = select({ ...whole, findings: [...whole.findings, brief] }, { connection: ["c2"] });
    expect(text(chosen)).toContain(first!.likelyCause!.words);
  });

  it.each<[asked: Selection, words: string]>([
    [
      { connection: ["c1"] },
      "1 of 1 connection sick. At least 5 messages lost. Not asked for: 1 more connection, 1 more",
    ],
    [{ user: ["nobody"] }, "No connection of those asked for. Not asked for: 2 more connections, 2 more incidents."],
    [{ connection: ["c1"], channel: [9] }, "No finding on what was asked for, in 1 connection. Not asked for:"],
  ])("as text, %j", (asked, words) => {
    const page = text(select(two(), asked), { columns: 200 });
    expect(page.split("\n")[0]).toContain(words);
    expect(page).not.toContain("clean");
  });
});
