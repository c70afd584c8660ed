/** How explanations are written, for people and for programs. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { columns } from "../../src/bytes/printable.ts";
import { KNOWN_LINES } from "../../src/explain/known-lines/catalogue.ts";
import { EXPLANATION_SCHEMA, type ExplanationReport, explainAll } from "../../src/report/explain.ts";
import { explainText } from "../../src/report/explain-text.ts";
import schema from "../../src/report/explanation.schema.json" with { type: "json" };
import { json } from "../../src/report/json.ts";
import { tallied } from "../explain/explain-text.ts";

const PREFIX = "2026-11-21 18:20:02.731572+00:00 [error] <0.1396.0> ";
const SITE =
  "Error on AMQP connection <0.1396.0> (127.0.0.1:54264 -> 127.0.0.1:5673 - orders-api, vhost: '/', user: 'guest', state: ";
const ORDER = [
  `${PREFIX}${SITE}running), channel 1:`,
  `${PREFIX} operation none caused a connection exception unexpected_frame: "expected method frame, got non method frame instead"`,
];
const TEXT = [
  `${PREFIX}${SITE}closed), channel 16962:`.replace(".73", ".74"),
  `${PREFIX} operation none caused a connection exception frame_error: "type 66, all octets = <<>>: {frame_too_large,1111638594,131064}"`.replace(
    ".73",
    ".74",
  ),
];

function report(...lines: string[]): ExplanationReport {
  return explainAll(tallied(lines.join("\n")));
}

const samples: Record<string, ExplanationReport> = {
  "a number": report("134217728"),
  "a log": report(...ORDER, ...TEXT, "2026-11-21 18:20:03+00:00 [info] <0.1.0> something else"),
  "an end octet": report('type 3, first 16 octets = <<"{\\"task\\":\\"enable_">>: {invalid_frame_end_marker,97}'),
  "an exception": report(
    "pika.exceptions.ConnectionClosedByBroker: (505, 'UNEXPECTED_FRAME - expected content body, got non content body frame instead')",
  ),
  oversize: report("type 2, all octets = <<>>: {frame_too_large,495535,131064}"),
  "a hostile name": report(
    ...ORDER.map(line => line.replace("orders-api", "\x1b]0;owned\x07\u202eevil\u200b注文👍 ".repeat(30))),
  ),
  "many errors": report(
    ...Array.from(
      { length: 40 },
      (_, at) => `type 66, all octets = <<>>: {frame_too_large,${1_111_638_594 + at},131064}`,
    ),
  ),
};

const everyLine = report(...KNOWN_LINES.map(({ example }) => `${PREFIX}${example}`));

describe.each(Object.entries(samples))("%s", (_, sample) => {
  it.each([40, 60, 80, 120])("fits %i columns, in colour or without", width => {
    for (const all of [false, true]) {
      const plain = explainText(sample, { columns: width, all });
      for (const line of plain.split("\n")) expect(columns(line)).toBeLessThanOrEqual(width);
      expect(plain).not.toMatch(/(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u);
      expect(plain).not.toMatch(/ $/m);
      expect(plain).toMatch(/[^\n]\n$/);
      expect(plain).not.toContain("\n\n\n");
      const coloured = explainText(sample, { columns: width, all, colour: true });
      expect(coloured.replace(new RegExp(`${"\x1b"}\\[\\d+m`, "g"), "")).toBe(plain);
    }
  });

  it("is JSON", () => {
    expect(JSON.parse(json(sample))).toEqual(JSON.parse(JSON.stringify(sample)));
    expect(sample.schema).toBe(EXPLANATION_SCHEMA);
  });
});

it("tells a number in a page", () => {
  expect(explainText(samples["a number"]!).split("\n").slice(0, 28)).toEqual([
    "ERROR  frame_too_large: Most likely a heartbeat frame inside a torn frame header",
    "  who        likely: Heartbeats and publishes are sent by different threads",
    "  now        Send heartbeats and publishes from one thread, or under one lock.",
    "",
    "  A frame header of this kind would announce 134,217,728 octets (0x08000000).",
    "  Nothing of that size was sent: the octets are no frame header but, most",
    "  likely, a heartbeat frame inside a torn frame header.",
    "  kind       about frames · 501 FRAME_ERROR",
    "",
    "  offset  octets       read as           more likely",
    "  0       ??           type              start of a frame header, cut off",
    "  1       ?? ??        channel",
    "  3       08 00 00 00  size 134,217,728  heartbeat frame",
    "",
    "WHAT THE OCTETS ARE",
    "  1  likely: a heartbeat frame inside a torn frame header",
    "  why        Octets 3–6 are 08 00 00 00: the start of a heartbeat frame (08 00",
    "             00 00 00 00 00 ce). What stands before them is not known.",
    "  2  possible: the last 3 octets of one frame, then a heartbeat frame",
    "  why        Then octet 2, which is not known, is the frame-end octet ce, and 08",
    "             00 00 00 begins a heartbeat frame. So it is where the log's channel",
    "             divided by 256 leaves 206 (0xce).",
    "  3  unlikely: a frame that really has 134,217,728 octets: oversize, not",
    "     corrupt",
    "  why        The size is long, but not out of the question. It is 128 MiB",
    "             exactly.",
    "  boundary   the heartbeat's 8 octets begin at octet 3; behind them the torn",
    "             frame goes on",
  ]);
  expect(explainText(samples["a number"]!).split("\n").length).toBeLessThan(80);
});

it("says whose connection it was, and ties what belongs together", () => {
  const page = explainText(samples["a log"]!);
  expect(page).toContain("ERROR  e1 unexpected_frame: ");
  expect(page).toContain("  kind       seen by the broker · about frames · 505 UNEXPECTED_FRAME\n");
  expect(page).toContain("  client     orders-api · vhost / · user guest · state running · channel 1\n");
  expect(page).toContain("             127.0.0.1:54264 → 127.0.0.1:5673\n");
  expect(page).toContain("  logged     2026-11-21 18:20:02.731572 UTC\n");
  expect(page).toContain("ERROR  e2 frame_too_large: ");
  expect(page.replace(/\s+/g, " ")).toContain(
    "causes those of e1, for which the connection had been given up when this was logged; likely: Threads write",
  );
  expect(page.match(/WHAT USUALLY CAUSES IT/g)).toHaveLength(1);
  expect(page).toContain("  2 errors in 5 lines; 1 line about other things.\n");
});

it("begins with a summary where there are several errors: how many of each kind, when, and whose", () => {
  expect(explainText(samples["a log"]!).split("\n").slice(0, 8)).toEqual([
    "2 errors of 2 kinds",
    "  unexpected_frame: 1 time (e1)",
    "  2026-11-21 18:20:02.731572 UTC",
    "  orders-api",
    "  frame_too_large: 1 time (e2)",
    "  2026-11-21 18:20:02.741572 UTC",
    "  orders-api",
    "",
  ]);
  expect(explainText(samples["many errors"]!)).toMatch(
    /^40 errors of 1 kind\n {2}frame_too_large: 40 times \(e1–e40\)\n/,
  );
});

it("says of errors alike why their causes are not told again", () => {
  expect(explainText(samples["many errors"]!).replace(/\s+/g, " ")).toContain(
    "causes as listed with e1: errors of this kind have the same usual causes",
  );
});

describe("the schema", () => {
  const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

  it.each([...Object.entries(samples), ["every known line", everyLine] as const])("holds for %s", (_, sample) => {
    validate(JSON.parse(json(sample)));
    expect(validate.errors).toBeNull();
  });

  it.each<[string, (incident: Record<string, unknown>) => void]>([
    ["somebody else who read it", incident => (incident.seenBy = "proxy")],
    ["another matter", incident => (incident.about = "weather")],
    ["no causes", incident => delete incident.causes],
    ["an octet in decimal", incident => (incident.octets = [{ index: 0, hex: "255", takenFor: "", likely: "" }])],
    ["a local time with a zone", incident => (incident.first = "2026-11-21T18:20:02+01:00")],
  ])("does not hold for %s", (_, mutilate) => {
    const report = JSON.parse(json(samples["a log"]!)) as { incidents: Record<string, unknown>[] };
    mutilate(report.incidents[0]!);
    expect(validate(report)).toBe(false);
  });
});

it("advises for the client that is recognised", () => {
  expect(explainText(samples["an exception"]!)).toContain("THE CLIENT: pika\n");
  expect(explainText(samples["a number"]!)).toContain("IF THE CLIENT IS\n  pika       One connection per thread");
});

it("tells five errors in full, and the others in a line each", () => {
  const page = explainText(samples["many errors"]!);
  expect(page.match(/^ERROR/gm)).toHaveLength(5);
  expect(page).toContain("MORE ERRORS\n  e6  frame_too_large, 1 time: ");
  expect(page).toContain("  15 more errors\n");
  const all = explainText(samples["many errors"]!, { all: true });
  expect(all.match(/^ERROR/gm)).toHaveLength(40);
});

it("has for programs what the text says, and octets in hex", () => {
  const { incidents, lines, unrelatedLines, next } = samples["a log"]!;
  expect({ lines, unrelatedLines }).toEqual({ lines: 5, unrelatedLines: 1 });
  expect(next.capture).toContain("tcpdump");
  expect(incidents[1]).toMatchObject({
    id: "e2",
    follows: "e1",
    name: "frame_too_large",
    code: 501,
    codeName: "FRAME_ERROR",
    count: 1,
    first: "2026-11-21T18:20:02.741572Z",
    channel: 16_962,
    connection: { peers: ["127.0.0.1:54264"], host: "127.0.0.1:5673", name: "orders-api", state: "closed" },
    error: { kind: "frame-too-large", type: 66, size: 1_111_638_594, limit: 131_064 },
  });
  expect(samples["an end octet"]!.incidents[0]).toMatchObject({
    connection: null,
    first: null,
    error: {
      kind: "frame-end",
      endOctet: 97,
      snippet: { octets: "7b 22 74 61 73 6b 22 3a 22 65 6e 61 62 6c 65 5f", whole: false },
    },
  });
  expect(report("02 ?? ?? CE 03 00 01").incidents[0]?.error).toEqual({
    kind: "header-octets",
    octets: "02 ?? ?? ce 03 00 01",
  });
});
