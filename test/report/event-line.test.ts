/** Events as lines: whole where they fit, shortened where not, never longer than log shippers take. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, it } from "vitest";
import { eventLine, MAX_LINE } from "../../src/report/event-line.ts";
import schema from "../../src/report/live-event.schema.json" with { type: "json" };
import type { LiveEvent } from "../../src/report/live-event.ts";
import reportSchema from "../../src/report/report.schema.json" with { type: "json" };
import { closed, fault, found, hostileEvents, opened, tornLive, trouble } from "../support/event-samples.ts";
import { walkFixtures } from "../support/golden.ts";
import { liveEvents } from "../support/played-connections.ts";
import { finding } from "../support/report-samples.ts";

const isEvent = new Ajv2020({ strict: false }).addSchema(reportSchema).compile(schema);

function expectShort(event: LiveEvent): LiveEvent {
  const line = eventLine(event, false);
  expect(Buffer.byteLength(line)).toBeLessThanOrEqual(MAX_LINE);
  return JSON.parse(line) as LiveEvent;
}

function expectFits(event: LiveEvent): void {
  const read = expectShort(event);
  if (!isEvent(read)) throw new Error(JSON.stringify(isEvent.errors));
  expect([read.event, read.time]).toEqual([event.event, event.time]);
}

it("is whole where it fits, but for the table of octets", () => {
  const event = trouble();
  expect(JSON.parse(eventLine(event, false))).toEqual(event);
  const [, torn] = tornLive();
  expect(JSON.parse(eventLine(torn!, true))).toEqual(torn);
});

it("is short for every event of every fixture, and as its schema has it", { timeout: 60_000 }, async () => {
  for (const { captures } of walkFixtures().fixtures.slice(0, 25)) {
    for (const event of (await liveEvents(captures)) ?? []) expectFits(event);
  }
});

it.each([
  ["ASCII", "x".repeat(20_000)],
  ["characters of two code units", "\u{1f47b}".repeat(10_000)],
  ["what JSON escapes", "\u202e\u0000".repeat(5000)],
])("is short whatever the strings are: %s", (_, text) => {
  const properties = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i} ${text.slice(0, 100)}`, text]));
  const of = { clientProperties: { ...properties, connection_name: text }, virtualHost: text, user: text };
  for (const event of hostileEvents(text)) expectShort(event);
  for (const event of [opened({ of }), closed({ of }), fault({ of, message: text }), found(finding(), { of })]) {
    expectFits(event);
  }
});
