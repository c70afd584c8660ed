import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columns } from "../../src/bytes/printable.ts";
import type { FindingEvent, LiveEvent } from "../../src/report/live-event.ts";
import { LiveText } from "../../src/report/live-text.ts";
import type { FormatOptions } from "../../src/report/report-format.ts";
import { SEED } from "../support/chunkings.ts";
import {
  closed,
  fault,
  found,
  guarded,
  hostileEvents,
  limited,
  NO_COUNTS,
  opened,
  proxyEvent,
  repeated,
  tornLive,
  trouble,
  uninspected,
} from "../support/event-samples.ts";
import { diagnosis, finding } from "../support/report-samples.ts";

const named = { clientProperties: { connection_name: "orders-api" } };
const split = finding({
  rule: "split-content",
  severity: "warning",
  packets: [],
  message: "Other channels' frames stand inside 10 of 99 publishes.",
});
const counters = { connections: 48_213, uninspected: 2, refused: 1, errors: 1, warnings: 3, notes: 14, untold: 2_001 };

const golden: Record<string, LiveEvent[]> = {
  proxy: [
    proxyEvent("listening", "listening on 127.0.0.1:5673 for amqp://broker:5672"),
    proxyEvent("problem", "the recording cannot be written: no space left on the device (ENOSPC)"),
    proxyEvent("reloaded", "certificates are read again, a new recording begins"),
    proxyEvent("draining", "stopping: 2 open connections may end within 10 s"),
    proxyEvent("summary", "48,213 connections relayed", counters),
    proxyEvent("summary", "0 connections relayed", NO_COUNTS),
    proxyEvent("status", "12 open connections", { ...counters, probes: 7, guarded: 2 }),
  ],
  counts: [
    repeated(),
    repeated({ count: 1, since: "2026-11-20T23:59:59.000000Z", severity: "warning", rule: "split-content" }),
    limited(),
    limited({ count: 1, addresses: 1, kind: "trouble upstream-refused" }),
  ],
  "opened-and-closed": [opened(), opened({ of: named }), closed({ of: named }), closed({ of: { ended: "open" } })],
  trouble: [
    trouble(),
    trouble({ of: named, kind: "client-reset", message: "127.0.0.1:59768 reset the connection (ECONNRESET)" }),
    uninspected({ of: named }),
    guarded({ of: named }),
  ],
  fault: [fault(), fault({ of: named, rule: "content-order", direction: "server-to-client", streamOffset: 9 })],
  "torn-frame": tornLive(),
  "near-miss": [
    found(split, { final: false, of: named }),
    found({ ...split, message: "Other channels' frames stand inside 11 of 120 publishes." }, { of: named }),
  ],
  note: [
    found(
      finding({
        id: "f3",
        rule: "verdict-mismatch",
        severity: "note",
        packets: [],
        message: "Predicted: a reset. Observed: connection.close 501 FRAME_ERROR.",
      }),
    ),
  ],
  hostile: hostileEvents("\x1b]0;owned\x07\u202eevil\u200b注文👍", "e\u0301\u0301\u0301\u0301\u0301\nnext: line"),
};

const ESC = "\x1b";
const COLOURS = new RegExp(`${ESC}\\[\\d+m`, "g");
const UNSAFE = /(?!\n)[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u;

function shown(events: readonly LiveEvent[], options: Partial<FormatOptions> = {}): string {
  const text = new LiveText(options);
  return events.map(event => text.write(event)).join("");
}

describe("golden pages (UPDATE_GOLDEN=1 rewrites them: read the diff)", () => {
  it.each(Object.entries(golden))("%s", (name, events) => {
    const file = new URL(`golden/live/${name}.txt`, import.meta.url);
    const page = shown(events, { all: true });
    if (process.env.UPDATE_GOLDEN) writeFileSync(file, page);
    expect(page).toBe(readFileSync(file, "utf8"));
  });
});

describe.each(Object.entries(golden))("%s", (_, events) => {
  it("is made of whole lines, and colours are all that colours add", () => {
    for (const all of [false, true]) {
      const plain = shown(events, { all });
      expect(plain).not.toMatch(UNSAFE);
      expect(plain).not.toMatch(/ $/m);
      if (plain !== "") expect(plain.endsWith("\n")).toBe(true);
      expect(shown(events, { all, colour: true }).replaceAll(COLOURS, "")).toBe(plain);
    }
  });

  it.each([40, 60, 80, 120])("has blocks that fit %i columns", width => {
    for (const line of blockLines(shown(events, { columns: width }))) expect(columns(line)).toBeLessThanOrEqual(width);
  });
});

describe("a line", () => {
  it("is of bounded length, whatever was sent", () => {
    const long = "x".repeat(100_000);
    const events = hostileEvents(long).filter(event => event.event !== "finding" || event.finding.severity === "note");
    for (const line of shown(events, { all: true }).split("\n")) expect(columns(line)).toBeLessThan(700);
  });

  it("says who it is about", () => {
    expect(shown([fault({ of: named })])).toBe(
      "2026-11-21 18:19:51.905717 UTC  c1 orders-api 127.0.0.1:59768  frame-end at offset 162315, client → server\n",
    );
  });

  it("of a connection that opens or closes is for who asks for all", () => {
    expect(shown(golden["opened-and-closed"]!)).toBe("");
  });

  it("is what a consequence gets, with the finding that led to it", () => {
    const text = shown(tornLive());
    expect(text).toMatch(/^.* c1 .* broker-close {2}The broker closed the connection: 501 .* \(led to by f1\)$/m);
    expect(text.match(/^ERROR/gm)).toHaveLength(1);
  });

  it("joins what the broker's pretty-printer broke", () => {
    const message = "The broker closed the connection: 501 {invalid_frame_end_marker,\n                    97}";
    const close = finding({ rule: "broker-close", message, cause: "f0" });
    expect(shown([found(close)])).toContain("501 {invalid_frame_end_marker,97} (led to by f0)\n");
  });
});

describe("a finding that is told again", () => {
  const vague = finding({ packets: [] });
  const explained = finding({ packets: [], diagnosis: diagnosis({ summary: "Two writers." }) });
  const wiser = finding({ packets: [], diagnosis: diagnosis({ summary: "Three writers." }) });
  const early = (of: typeof vague): FindingEvent => found(of, { final: false });
  const blocks = (...events: FindingEvent[]): number => (shown(events).match(/^ERROR/gm) ?? []).length;

  it.each([
    { what: "is told once where nothing is new", events: [early(vague), found(vague)], times: 1 },
    { what: "is told again with what explains it", events: [early(vague), found(explained)], times: 2 },
    { what: "is told once where it was explained at once", events: [early(explained), found(explained)], times: 1 },
    { what: "is told again where it is explained otherwise", events: [early(explained), found(wiser)], times: 2 },
    { what: "is told once however often it is not over", events: [early(vague), early(vague), early(vague)], times: 1 },
    { what: "is another by its id", events: [early(vague), found({ ...vague, id: "f2" })], times: 2 },
  ])("$what", ({ events, times }) => {
    expect(blocks(...events)).toBe(times);
  });
});

it(`shows hostile strings harmlessly, whatever they are (seed ${SEED})`, () => {
  const strange = fc.oneof(
    fc.string({ unit: "binary", maxLength: 120 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom(
      "",
      " ",
      "  \n  ",
      "\r",
      "\x1b[2J",
      "\x9b31m",
      "\u202e",
      "\ud800",
      "漢".repeat(90),
      "x".repeat(5_000),
    ),
  );
  fc.assert(
    fc.property(strange, strange, fc.integer({ min: 40, max: 120 }), fc.boolean(), (one, other, width, all) => {
      for (const event of hostileEvents(one, other)) {
        const plain = shown([event], { columns: width, all });
        expect(plain).not.toMatch(UNSAFE);
        // An event is a line, or a block with its blank lines; nobody's text makes another.
        if (event.event !== "finding") expect(plain.split("\n").length).toBeLessThanOrEqual(2);
        for (const line of blockLines(plain)) expect(columns(line)).toBeLessThanOrEqual(width);
      }
    }),
    { seed: SEED, numRuns: 150 },
  );
});

/** Lines of incidents' blocks: those that stand between blank lines. */
function blockLines(page: string): string[] {
  return page.split("\n").filter(line => !line.startsWith("2026-11-21 "));
}
