import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columns } from "../../src/bytes/printable.ts";
import type { Finding, Report } from "../../src/report/report.ts";
import { text } from "../../src/report/text.ts";
import * as samples from "../support/report-samples.ts";
import { connection, finding, input, report } from "../support/report-samples.ts";
import { diagnosed, diagnoses } from "./diagnosis-samples.ts";

const golden: Record<string, Report> = {
  "torn-frame": samples.tornFrame(),
  "spurious-size": samples.spuriousSize(),
  diagnoses: diagnosed(...Object.values(diagnoses)),
  clean: samples.clean(),
  "nothing-found": samples.nothingFound(),
  "ten-thousand-connections": samples.manyConnections(),
  "all-broken": samples.manyConnections(1_500, 1_500),
  hostile: samples.hostile("\x1b]0;owned\x07\u202eevil\u200b注文👍", "e\u0301\u0301\u0301\u0301\u0301\nnext: line"),
};
const ESC = "\x1b";
const COLOURS = new RegExp(`${ESC}\\[\\d+m`, "g");
const UNSAFE = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u;

describe("golden reports (UPDATE_GOLDEN=1 rewrites them: read the diff)", () => {
  it.each(Object.entries(golden))("%s", (name, sample) => {
    const file = new URL(`golden/${name}.txt`, import.meta.url);
    const shown = text(sample);
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, shown);
    expect(shown).toBe(readFileSync(file, "utf8"));
  });
});

describe.each(Object.entries(golden))("%s", (_, sample) => {
  it.each([40, 60, 80, 120, 200])("fits %i columns, in colour or without", width => {
    for (const all of [false, true]) {
      const plain = text(sample, { columns: width, all });
      expect(widest(plain)).toBeLessThanOrEqual(width);
      expect(plain).not.toMatch(UNSAFE);
      expect(plain).not.toMatch(/ $/m);
      expect(plain).toMatch(/[^\n]\n$/);
      expect(plain).not.toContain("\n\n\n");
      // Colours are all that colours add.
      expect(text(sample, { columns: width, all, colour: true }).replaceAll(COLOURS, "")).toBe(plain);
    }
  });
});

it("shows hostile strings harmlessly, whatever they are and wherever", () => {
  const strange = fc.oneof(
    fc.string({ unit: "binary", maxLength: 120 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "",
      " ",
      "  \n  ",
      "\x1b[2J",
      "\u202e",
      "\ud800",
      "漢".repeat(90),
      "e\u0301".repeat(90),
      "x".repeat(5_000),
    ),
  );
  fc.assert(
    fc.property(strange, strange, fc.integer({ min: 40, max: 120 }), fc.boolean(), (one, other, width, all) => {
      const sample = samples.hostile(one, other);
      const plain = text(sample, { columns: width, all });
      expect(plain).not.toMatch(UNSAFE);
      expect(widest(plain)).toBeLessThanOrEqual(width);
      expect(plain).toBe(text(structuredClone(sample), { columns: width, all }));
      expect(text(sample, { columns: width, all, colour: true }).replaceAll(COLOURS, "")).not.toMatch(UNSAFE);
    }),
    { numRuns: 150 },
  );
});

it("has no escape without colour, and escapes with", () => {
  expect(text(samples.tornFrame())).not.toContain(ESC);
  expect(text(samples.tornFrame(), { colour: true })).toContain(`${ESC}[31m`);
});

it("says on the first screen what broke, whose connection, where, and what to open", () => {
  const screen = text(samples.spuriousSize()).split("\n").slice(0, 24).join("\n");
  for (const answer of [
    "size 1,544,254,578",
    "orders-api",
    "offset 18342",
    "frame.number in {1187..1189} && tcp.port==54264",
  ]) {
    expect(screen).toContain(answer);
  }
});

it("says on the first screen of a torn frame who tore whom, how that is known, and what to do", () => {
  const screen = text(samples.tornFrame()).split("\n").slice(0, 30).join("\n");
  for (const answer of [
    "near certain (0.99)",
    "A (ch 2) torn by B (ch 1)",
    "▲162315",
    "torn t1-3",
    "lands on",
    "Give each process and thread its own connection",
  ]) {
    expect(screen).toContain(answer);
  }
});

describe("a diagnosis", () => {
  const shown = text(samples.tornFrame());

  it("gives the torn message's trace to look up, and what was lost", () => {
    expect(shown).toContain("trace      a9aced7e03919e74c034902c8aab312a · span 848a8f85b8a57e1d\n");
    expect(shown).toContain("1 message torn: t1-3\n");
    expect(shown).toContain("4 messages never read: t0-1, t0-2, t0-3, t0-4\n");
  });

  it("says the broker's answer once, although its pretty-printer broke it", () => {
    expect(shown.match(/invalid_frame_end_marker/g)).toHaveLength(1);
    expect(shown.replaceAll(/\n +/g, " ")).toContain("— as predicted (f2, packet 41)");
    expect(shown).toContain("✗ reads up to 213066");
  });

  it("has one colour for a writer, in its lane and before its messages", () => {
    const coloured = text(samples.tornFrame(), { colour: true, all: true });
    expect(coloured).toContain(`${ESC}[36mA ch 2${ESC}[39m  ${ESC}[36m██`);
    expect(coloured).toContain(`${ESC}[36m  A ch 2     ${ESC}[39m`);
    expect(coloured).toContain(`${ESC}[35mB ch 1${ESC}[39m`);
  });

  it("leaves nothing out with all", () => {
    const messages = Array.from({ length: 40 }, (_, at) =>
      samples.message({ messageId: `m${at}`, fate: "unread", headers: { n: `${at}` } }),
    );
    const many = samples.diagnosis({
      confidence: 0.5,
      writers: [{ name: "A", channels: [1], spans: [[0, 9]], messages }],
    });
    expect(text(diagnosed(many))).toContain("and 37 more messages: --all lists them.");
    const all = text(diagnosed(many), { all: true });
    expect(all).not.toContain("--all");
    expect(all).toContain("never read m39 · n 39");
  });

  it("knows messages without an id by their correlation, their trace or their place", () => {
    const traceparent = `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`;
    const messages = [{ correlationId: "rpc-7" }, { traceparent }, {}].map(parts =>
      samples.message({ ...parts, spans: [[77, 9]], fate: "torn" }),
    );
    const anonymous = samples.diagnosis({ writers: [{ name: "A", channels: [1], spans: [[0, 9]], messages }] });
    expect(text(diagnosed(anonymous), { columns: 120 })).toContain(
      `3 messages torn: rpc-7, trace ${"ab".repeat(16)}, the one at 77\n`,
    );
  });
});

describe("length", () => {
  it("stays short over ten thousand connections, and says what it leaves out", () => {
    const shown = text(samples.manyConnections());
    expect(shown.split("\n").length).toBeLessThan(110);
    expect(shown).toContain("9,995 healthy connections");
    expect(shown).toContain("and 990 more: 990 mid-stream");
  });

  const incidents = (kindOf: (at: number) => Partial<Finding>) => {
    const findings = Array.from({ length: 300 }, (_, at) => finding({ id: `f${at}`, time: null, ...kindOf(at) }));
    return text(report({ inputs: [input()], connections: [connection()], findings }));
  };

  it("tells one incident of each kind in full, and how often the same came again", () => {
    const shown = incidents(at => ({ rule: at === 299 ? "stalled-frame" : "frame-end" }));
    expect(shown.match(/^ERROR {2}/gm)).toHaveLength(2);
    expect(shown).toContain("ERROR  stalled-frame  f299");
    expect(shown).toMatch(/The same, 298 times more: f1 \(c1\), f2 \(c1\), /);
    expect(shown).not.toContain("more incidents");
  });

  it("tells twenty kinds in full, each rule in turn, and counts the rest", () => {
    const shown = incidents(at => ({ rule: at === 299 ? "stalled-frame" : "frame-end", group: `${at}` }));
    expect(shown.match(/^ERROR {2}/gm)).toHaveLength(20);
    expect(shown).toContain("ERROR  stalled-frame  f299");
    expect(shown).toContain("280 more incidents: 280 frame-end.");
  });

  it("with all, leaves out nothing", () => {
    const shown = text(samples.manyConnections(), { all: true });
    expect(shown.match(/^ {2}c\d+ /gm)).toHaveLength(10_000);
    expect(shown.match(/^ {2}mid-stream /gm)).toHaveLength(1_000);
    expect(shown).not.toContain("--all");
  });

  it("lists only the files with something to say when there are many", () => {
    const inputs = Array.from({ length: 200 }, (_, at) => input({ path: `ring-${at}.pcap` }));
    const shown = text(report({ inputs, connections: [connection()], findings: [finding({ input: 70 })] }));
    expect(shown).toContain("ring-70.pcap");
    expect(shown).not.toContain("ring-71.pcap");
    expect(shown).toContain("199 more files");
  });
});

describe("incidents", () => {
  const one = (parts: Parameters<typeof finding>[0], connectionParts: Parameters<typeof connection>[0] = {}) =>
    text(report({ inputs: [input()], connections: [connection(connectionParts)], findings: [finding(parts)] }));

  it("tells a consequence under its cause, and one without a cause by itself", () => {
    const caused = finding({ id: "f2", rule: "stalled-frame", cause: "f1", message: "It stopped.", packets: [9, 9] });
    const circle = [finding({ cause: "f2" }), finding({ id: "f2", cause: "f1" })];
    const lost = finding({ cause: "f77" });
    const inputs = [input()];
    expect(text(report({ inputs, findings: [finding(), caused] }))).toContain(
      "led to     stalled-frame: It stopped. (f2, packet 9)",
    );
    expect(text(report({ inputs, findings: circle }), { all: true }).match(/^ERROR/gm)).toHaveLength(2);
    expect(text(report({ inputs, findings: [lost] })).match(/^ERROR/gm)).toHaveLength(1);
  });

  it("quotes the broker's answer once, with the finding it was seen in", () => {
    const observed = {
      outcome: "close",
      code: 541,
      name: "INTERNAL_ERROR",
      text: "INTERNAL_ERROR",
      classId: 0,
      methodId: 0,
    };
    const connections = [connection({ verdict: { predicted: null, observed: { ...observed, outcome: "close" } } })];
    const message = "The broker closed the connection: 541 INTERNAL_ERROR";
    const close = finding({ id: "f2", rule: "broker-close", message, packets: [9, 9] });
    const under = text(report({ inputs: [input()], connections, findings: [finding(), { ...close, cause: "f1" }] }));
    expect(under).toContain("broker     connection.close 541 INTERNAL_ERROR (f2, packet 9)");
    expect(under.match(/INTERNAL_ERROR/g)).toHaveLength(1);
    const alone = text(report({ inputs: [input()], connections, findings: [close] }));
    expect(alone.match(/INTERNAL_ERROR/g)).toHaveLength(1);
  });

  it("says once what was predicted and observed", () => {
    const reset = { outcome: "reset", reason: "unknown_method_id" } as const;
    const shown = one({}, { verdict: { predicted: reset, observed: reset } });
    expect(shown).toContain("broker     reset without a close frame (unknown_method_id) — as predicted\n");
    expect(shown).not.toContain("  predicted  ");
    const seen = { ...reset, reason: "" };
    expect(one({}, { verdict: { predicted: null, observed: seen } })).toContain("close frame\n");
    expect(one({}, { verdict: { predicted: reset, observed: seen } })).toContain(
      "close frame — as predicted (unknown_method_id)\n",
    );
  });

  it("tells both where the broker did otherwise, and what is predicted only with its sequel", () => {
    const reset = { outcome: "reset", reason: "" } as const;
    const predicted = {
      outcome: "close",
      code: 501,
      name: "FRAME_ERROR",
      text: "FRAME_ERROR",
      classId: 0,
      methodId: 0,
      broker: "rabbitmq-3.10",
      sequel: "connection.close, then RST after 3 s",
    } as const;
    const expected = "predicted  connection.close 501 FRAME_ERROR (RabbitMQ 3.10); then RST after 3\n             s\n";
    expect(one({}, { verdict: { predicted, observed: reset } })).toContain(
      `broker     reset without a close frame\n  ${expected}`,
    );
    const alone = one({}, { verdict: { predicted, observed: null } });
    expect(alone).toContain(expected);
    expect(alone).not.toContain("  broker  ");
  });

  it("introduces a connection once", () => {
    const findings = [finding(), finding({ id: "f2", rule: "frame-type" })];
    const connections = [connection({ clientProperties: { connection_name: "orders-api", product: "Bunny" } })];
    const shown = text(report({ inputs: [input()], connections, findings }));
    expect(shown).toContain(
      "client     orders-api · Bunny\n             127.0.0.1:59768 → 127.0.0.1:5673 · connection c1\n",
    );
    expect(shown).toContain("client     orders-api · connection c1, as in f1\n");
  });

  it("puts a file's name to the packets where there are several files", () => {
    const inputs = [input({ path: "ring-0.pcap" }), input({ path: "ring-1.pcap" })];
    const shown = text(
      report({ inputs, connections: [connection()], findings: [finding({ input: 1, packets: [7, 9] })] }),
    );
    expect(shown).toContain("packets 7–9 · ring-1.pcap\n");
    expect(shown).toContain("ring-1.pcap · pcapng · 1 packet · 100 octets · 2026-11-21\n  1 incident");
  });

  it("names the frame where there are no octets to show", () => {
    expect(one({ frame: { type: 2, channel: 7, size: 150_000 } })).toContain(
      "frame      type 2 (content header), channel 7, size 150000",
    );
  });

  it("says when a name could not be captured", () => {
    expect(one({}, { midStream: true })).toContain("client     name not captured");
    expect(one({})).toContain("client     unnamed");
  });

  it("joins what the broker's pretty-printer broke over lines", () => {
    const predicted = {
      outcome: "close",
      code: 501,
      name: "FRAME_ERROR",
      text: "FRAME_ERROR - {invalid_frame_end_marker,\n                      97}",
      classId: 0,
      methodId: 0,
    } as const;
    expect(one({}, { verdict: { predicted, observed: null } })).toContain("{invalid_frame_end_marker,97}");
  });

  it("gives the day with the time only in a capture of several days", () => {
    const time = "2026-11-22T00:00:03.25Z";
    expect(one({ time }, { start: time, end: time })).toContain("seen       00:00:03.25 UTC · packet 1");
    expect(one({ time })).toContain("seen       2026-11-22 00:00:03.25 UTC · packet 1");
    expect(one({ time })).toContain(" · 2026-11-21 to 2026-11-22\n");
  });

  it("leaves the last column out where every octet is what it was taken for", () => {
    const octets = samples.readings(9, "08 00", "type 8");
    expect(one({ octets })).toMatch(/offset {2}octets {2}read as\n {2}9 {7}08 00 {3}type 8\n/);
  });
});

/** Columns of the widest line. */
function widest(shown: string): number {
  return shown.split("\n").reduce((most, line) => Math.max(most, columns(line)), 0);
}
