/** What the proxy tells is what its published schema says. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { jsonLine } from "../../src/report/json.ts";
import schema from "../../src/report/live-event.schema.json" with { type: "json" };
import { EVENT_SCHEMA, type LiveEvent } from "../../src/report/live-event.ts";
import reportSchema from "../../src/report/report.schema.json" with { type: "json" };
import {
  closed,
  fault,
  found,
  guarded,
  limited,
  NO_COUNTS,
  opened,
  proxyEvent,
  repeated,
  tornLive,
  trouble,
  uninspected,
} from "../support/event-samples.ts";
import { walkFixtures } from "../support/golden.ts";
import { liveEvents } from "../support/played-connections.ts";
import { finding } from "../support/report-samples.ts";

const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  .addSchema(reportSchema)
  .compile(schema);

/** The line that is printed, read again. */
function printed(event: LiveEvent): unknown {
  const line = jsonLine(event);
  expect(line).not.toContain("\n");
  return JSON.parse(line);
}

const SAMPLES: readonly LiveEvent[] = [
  proxyEvent("listening", "listening on 127.0.0.1:5673 for amqp://broker:5672"),
  proxyEvent("problem", "the recording cannot be written (ENOSPC)"),
  proxyEvent("reloaded", "certificates are read again"),
  proxyEvent("draining", "stopping: 0 open connections may end within 10 s"),
  proxyEvent("summary", "0 connections relayed: 0 errors, 0 warnings, 0 notes", NO_COUNTS),
  opened(),
  trouble(),
  uninspected(),
  guarded(),
  closed(),
  repeated(),
  limited(),
  proxyEvent("status", "2 open connections", NO_COUNTS),
  ...tornLive(),
  found(finding({ packets: [] }), { final: false }),
];

it.each(SAMPLES.map(event => [event.event === "proxy" ? event.kind : event.event, event] as const))(
  "%s is valid",
  (_, event) => {
    validate(printed(event));
    expect(validate.errors).toBeNull();
  },
);

describe("every event of every fixture is valid", () => {
  it.each(walkFixtures().fixtures.map(fixture => [fixture.name, fixture] as const))("%s", async (_, { captures }) => {
    for (const event of (await liveEvents(captures)) ?? []) {
      validate(printed(event));
      expect(validate.errors, jsonLine(event)).toBeNull();
    }
  });
});

it("is of the version that is printed, and knows the kinds of events, no more and no fewer", () => {
  expect(schema.$defs.place.properties.schema.const).toBe(EVENT_SCHEMA);
  expect(schema.$defs.proxy.properties.schema.const).toBe(EVENT_SCHEMA);
  const kinds = new Set(SAMPLES.map(({ event }) => event));
  expect(schema.oneOf.map(({ $ref }) => $ref.replace("#/$defs/", "")).toSorted()).toEqual([...kinds].toSorted());
});

it("is open for addition", () => {
  for (const event of SAMPLES) expect(validate({ ...event, added: "later" })).toBe(true);
});

describe("a mutilated event is not valid", () => {
  // biome-ignore lint/suspicious/noExplicitAny: the tests put in what the type forbids
  type Mutable = any;
  const summary = proxyEvent("summary", "0 connections relayed", NO_COUNTS);
  const mutilations: [string, LiveEvent, (event: Mutable) => void][] = [
    ["another version", opened(), event => (event.schema = "ghostframe.event/2")],
    ["an event unheard of", opened(), event => (event.event = "paused")],
    ["one kind's name on another", opened(), event => (event.event = "closed")],
    ["no connection", closed(), event => delete event.connection],
    ["a connection that is none", closed(), event => (event.connection.client.port = 65_536)],
    ["an upstream without a port", opened(), event => delete event.upstream.port],
    ["a local time", opened(), event => (event.time = "2026-11-21 18:19:51")],
    ["a rule unheard of", fault(), event => (event.rule = "frame-size")],
    ["a severity unheard of", fault(), event => (event.severity = "fatal")],
    ["no direction", fault(), event => (event.direction = null)],
    ["a negative offset", fault(), event => (event.streamOffset = -1)],
    ["an empty sentence", fault(), event => (event.message = "")],
    ["nobody knows whether it is final", found(finding()), event => delete event.final],
    ["a finding that is none", found(finding()), event => delete event.finding.octets],
    ["a recording without a name", found(finding()), event => (event.recording = "")],
    ["trouble without a kind", trouble(), event => delete event.kind],
    ["half a finding", closed(), event => (event.findings.errors = 0.5)],
    ["findings that are missing", closed(), event => delete event.findings.notes],
    ["a kind unheard of", proxyEvent("problem", "full"), event => (event.kind = "paused")],
    ["a summary without counters", summary, event => delete event.counters],
    ["a counter that is missing", summary, event => delete event.counters.untold],
  ];
  it.each(mutilations)("%s", (_, event, mutilate) => {
    const changed: Mutable = structuredClone(event);
    expect(validate(changed)).toBe(true);
    mutilate(changed);
    expect(validate(changed)).toBe(false);
  });

  it("any key that the type requires is missing", () => {
    for (const event of SAMPLES) {
      const optional = event.event === "proxy" && event.kind !== "summary" ? ["counters"] : ["recording"];
      for (const key of Object.keys(event).filter(each => !optional.includes(each))) {
        const { [key]: _, ...rest } = { ...event } as Mutable;
        expect(validate(rest), `${event.event} without ${key}`).toBe(false);
      }
    }
  });
});
