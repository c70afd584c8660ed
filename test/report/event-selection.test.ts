/** What is told of many events: each problem once, then counted; no kind too often; nothing left out without a count. */
import { describe, expect, it } from "vitest";
import { EventSelection, LEVELS, type Level, levelOf } from "../../src/report/event-selection.ts";
import type { CountEvent, FindingEvent, LiveEvent } from "../../src/report/live-event.ts";
import { closed, fault, found, opened, proxyEvent, trouble } from "../support/event-samples.ts";
import { finding } from "../support/report-samples.ts";

const TIME = "2026-11-21T18:30:00.000000Z";

function selection(level: Level = "debug", perMinute = 1000): EventSelection {
  return new EventSelection({ level, every: false, perMinute });
}

function problem(id: string, fingerprint: string, final = true): FindingEvent {
  return found(finding({ id, packets: [] }), { final, fingerprint });
}

/** `again f1 ×2 (+2)`, `left out closed ×5 of 1`. */
function counts(events: readonly CountEvent[]): string[] {
  return events.map(event =>
    event.event === "repeated"
      ? `again ${event.finding} ×${event.count} (+${event.more})`
      : `left out ${event.kind} ×${event.count} of ${event.addresses}`,
  );
}

describe("the same problem", () => {
  it("is told once; then it is counted, at most once a minute, and at the end", () => {
    const events = selection();
    const selected = Array.from({ length: 144 }, (_, i) => events.selects(problem(`f${i + 1}`, "a".repeat(16)), i));
    expect(selected.filter(Boolean)).toHaveLength(1);
    expect(counts(events.due(59, TIME))).toEqual([]);
    expect(counts(events.due(144, TIME))).toEqual(["again f1 ×143 (+143)"]);
    expect(counts(events.due(300, TIME))).toEqual([]);
    events.selects(problem("f200", "a".repeat(16)), 301);
    expect(counts(events.due(302, TIME, true))).toEqual(["again f1 ×144 (+1)"]);
  });

  it("is told to its end where it was told before it was final", () => {
    const events = selection();
    expect(events.selects(problem("f1", "a", false), 0)).toBe(true);
    expect(events.selects(problem("f1", "b"), 1)).toBe(true);
    expect(events.selects(problem("f2", "b"), 2)).toBe(false);
    expect(events.selects(problem("f3", "a"), 2)).toBe(false);
  });

  it("is told where it turns out to be another one", () => {
    const events = selection();
    events.selects(problem("f1", "a"), 0);
    expect(events.selects(problem("f2", "a", false), 1)).toBe(false);
    expect(events.selects(problem("f2", "b"), 2)).toBe(true);
    expect(counts(events.due(3, TIME, true))).toEqual([]);
  });

  it("is told anew when it was not seen for an hour", () => {
    const events = selection();
    events.selects(problem("f1", "a"), 0);
    expect(events.selects(problem("f2", "a"), 3000)).toBe(false);
    expect(events.selects(problem("f3", "a"), 7000)).toBe(true);
  });

  it("has one first word: its finding follows in any case", () => {
    const events = selection();
    expect([fault(), fault(), fault({ rule: "content-order" })].map(event => events.selects(event, 0))).toEqual([
      true,
      false,
      true,
    ]);
  });
});

describe("too many events", () => {
  it("of one kind and address are left out, and counted", () => {
    const events = selection("debug", 5);
    events.due(0, TIME);
    const selected = Array.from({ length: 12 }, () => events.selects(closed(), 1));
    expect(selected.filter(Boolean)).toHaveLength(5);
    const other = { client: { address: "192.0.2.9", port: 1 } };
    expect(events.selects(closed({ of: other }), 1)).toBe(true);
    expect(events.selects(trouble(), 1)).toBe(true);
    expect(counts(events.due(59, TIME))).toEqual([]);
    expect(counts(events.due(60, TIME))).toEqual(["left out closed ×7 of 1"]);
    expect(events.selects(closed(), 61)).toBe(true);
  });

  it("of very many addresses cost bounded memory, and are counted all the same", () => {
    const events = selection("debug", 1);
    let selected = 0;
    for (let i = 0; i < 30_000; i++) {
      const client = { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, port: 1 };
      if (events.selects(closed({ of: { client } }), 1)) selected++;
    }
    const [left] = events.due(2, TIME, true);
    expect(left).toMatchObject({ kind: "closed", count: 30_000 - selected });
  });
});

describe("levels", () => {
  it.each<[string, LiveEvent, Level]>([
    ["an error", fault(), "error"],
    ["a problem of the proxy", proxyEvent("problem", "no space"), "error"],
    ["trouble", trouble(), "warning"],
    ["a note", found(finding({ severity: "note" })), "info"],
    ["that it listens", proxyEvent("listening", "listening"), "info"],
    ["a connection that opens", opened(), "debug"],
  ])("%s", (_, event, level) => {
    expect(levelOf(event)).toBe(level);
    if (event.event === "proxy" || event.event === "repeated" || event.event === "limited") return;
    const selected = LEVELS.filter(least => selection(least).selects(event, 0));
    expect(selected).toEqual(LEVELS.slice(LEVELS.indexOf(level)));
  });
});
