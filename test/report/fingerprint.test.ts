/** A fingerprint outlives a second recording, and tells corruptions apart. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FINGERPRINT_VERSION, fingerprint, fingerprintFacts } from "../../src/report/fingerprint.ts";
import { fnv1a64 } from "../../src/report/fnv.ts";
import type { Finding, Report } from "../../src/report/report.ts";
import { type Circumstances, type Corruption, inspectOctets, recording } from "../check/recordings.ts";
import { companion, expectGolden, walkFixtures } from "../support/golden.ts";
import { diagnosis, finding, message } from "../support/report-samples.ts";

/** The same runs every time; FC_SEED asks for others. */
const PROPERTY = { seed: Number(process.env.FC_SEED ?? 20_261_121), numRuns: 60 };

/** Of all findings, each rule's name in front. */
function fingerprints(corruption: Corruption, circumstances: Circumstances = {}): string[] {
  const { findings } = inspectOctets(recording(corruption, circumstances));
  return findings.map(each => `${each.rule} ${fingerprint(each)}`);
}

const CORRUPTIONS: [what: string, corruption: Corruption][] = [
  ["a message inside a body", {}],
  ["a message inside a content header", { tornAfter: 30 }],
  ["a message of the same channel inside a body", { intruder: "same channel" }],
  ["a heartbeat inside a body", { intruder: "channel 0" }],
  ["a heartbeat inside a content header", { intruder: "channel 0", tornAfter: 25 }],
  ["a body that is never completed", { completed: false }],
  ["a message inside a body, to another queue", { queue: "invoices" }],
  ["a message inside a body, to an exchange", { exchange: "orders" }],
];

describe("a second recording has the same fingerprints", () => {
  const CIRCUMSTANCES: [what: string, circumstances: Circumstances][] = [
    ["another client port", { clientPort: 51_234 }],
    ["another address", { address: "10.9.8.7" }],
    ["another time", { seconds: 1_800_000_000 }],
    ["other offsets", { before: 7 }],
    ["other sizes", { bodySize: 1700 }],
    ["other channel numbers", { channel: 5 }],
    ["another release of the client", { product: "billing 2" }],
    ["all of it", { clientPort: 60_001, address: "10.0.3.3", seconds: 5, before: 4, bodySize: 1500, channel: 9 }],
  ];
  describe.each(CORRUPTIONS)("%s", (_, corruption) => {
    const first = fingerprints(corruption);
    it("is found", () => expect(first).toContainEqual(expect.stringMatching(/^(?!broker-close)/)));
    it.each(CIRCUMSTANCES)("%s", (__, circumstances) => {
      expect(fingerprints(corruption, circumstances)).toEqual(first);
    });
  });

  it(`torn anywhere in the body (seed ${PROPERTY.seed})`, () => {
    const first = fingerprints({});
    const place = { tornAfter: fc.integer({ min: 60, max: 900 }), before: fc.integer({ min: 0, max: 9 }) };
    fc.assert(
      fc.property(fc.record(place), ({ tornAfter, before }) => {
        expect(fingerprints({ tornAfter }, { before })).toEqual(first);
      }),
      PROPERTY,
    );
  });

  it("one conversation, captured in other formats and on other link types", () => {
    const twins = fixtureReports().filter(([, { findings }]) => findings[0]?.message.includes("frame at offset 992"));
    expect(twins.length).toBeGreaterThan(10);
    const kinds = new Set(twins.map(([, report]) => fingerprint(report.findings[0]!)));
    expect([...kinds]).toHaveLength(1);
  });
});

it("every other corruption has another fingerprint", () => {
  const first = CORRUPTIONS.map(([, corruption]) => fingerprints(corruption)[0]);
  expect(new Set(first).size).toBe(CORRUPTIONS.length);
});

describe("names", () => {
  const to = (exchange: string, routingKey: string): string => {
    const writers = [{ name: "A", channels: [1], spans: [], messages: [message({ exchange, routingKey })] }];
    return fingerprint(finding({ diagnosis: diagnosis({ writers }) }));
  };
  it.each<[what: string, a: [string, string], b: [string, string]]>([
    ["routing keys of an exchange", ["orders", "order.created"], ["orders", "order.paid"]],
    ["queues that the broker names", ["", "amq.gen-JzTY20BRgKO-HjmUJj0wLg"], ["", "amq.gen-aaaa"]],
    ["direct replies", ["", "amq.rabbitmq.reply-to.g1h2AA5yZXBseUAx"], ["", "amq.rabbitmq.reply-to.g2dkAA9y"]],
    [
      "names with a UUID",
      ["", "reply-1a2b3c4d-1111-4222-8333-0123456789ab"],
      ["", "reply-ffffffff-9999-4222-8333-ba9876543210"],
    ],
    ["names with a hash", ["", "job.9f86d081884c7d65"], ["", "job.60303ae22b998861"]],
    ["names with a process id", ["", "worker.31337"], ["", "worker.40110"]],
  ])("%s: the same", (_, a, b) => {
    expect(to(...a)).toBe(to(...b));
  });

  it.each<[what: string, a: [string, string], b: [string, string]]>([
    ["queues", ["", "orders"], ["", "invoices"]],
    ["numbered queues", ["", "orders.1"], ["", "orders.2"]],
    ["exchanges", ["orders", ""], ["invoices", ""]],
    ["a queue and an exchange", ["", "orders"], ["orders", ""]],
  ])("%s: others", (_, a, b) => {
    expect(to(...a)).not.toBe(to(...b));
  });

  it("in a close: what the broker names counts, how it words it does not", () => {
    const close = (text: string): string => {
      return fingerprint(finding({ rule: "broker-close", message: `The broker closed channel 1: ${text}` }));
    };
    const missing = close("404 NOT_FOUND - no queue 'orders' in vhost '/'");
    expect(close("404 NOT_FOUND - no queue 'orders' in vhost '/production'")).toBe(missing);
    expect(close("404 NOT_FOUND - no queue 'invoices' in vhost '/'")).not.toBe(missing);
    expect(close("406 PRECONDITION_FAILED - queue 'orders' in use in vhost '/'")).not.toBe(missing);
  });

  it("of the specification count, with whatever words around them", () => {
    const facts = (text: string) => fingerprintFacts(finding({ rule: "frame-malformed", message: text })).at(-2);
    const first = facts("Argument routing-key of basic.publish wants 64 octets where 6 are left.");
    expect(first).toEqual(["basic.publish", "routing-key"]);
    expect(facts("In basic.publish, argument routing-key of 9 octets is cut.")).toEqual(first);
    expect(facts('The text "basic.get" of basic.publish: argument routing-key of it.')).toEqual(first);
    expect(facts("Property message-id wants 7 octets where 1 are left.")).toEqual(["message-id"]);
  });
});

describe("the diagnosis", () => {
  const span: [number, number] = [0, 9];
  const writer = (name: string) => ({ name, channels: [1], spans: [], messages: [] });
  const of = (parts: Parameters<typeof diagnosis>[0]): string => fingerprint(finding({ diagnosis: diagnosis(parts) }));

  it("counts by what it has parts of, not by how many", () => {
    const one = of({ missing: [{ streamOffset: 1, octets: 5 }] });
    expect(of({ missing: [1, 2].map(at => ({ streamOffset: at, octets: at })) })).toBe(one);
    const others = [
      of({}),
      of({ replayed: [{ span, of: span }] }),
      of({ overwritten: [{ span }] }),
      of({ foreign: [{ span, protocol: "HTTP" }] }),
      of({ unexplained: [span] }),
      of({ missing: [{ streamOffset: 1, octets: 5 }], unexplained: [span] }),
    ];
    expect(new Set([one, ...others]).size).toBe(7);
  });

  it("counts by one writer or several, not by how many", () => {
    const [none, one, two, three] = [[], ["A"], ["A", "B"], ["A", "B", "C"]].map(names => {
      return of({ writers: names.map(writer) });
    });
    expect(two).toBe(three);
    expect(new Set([none, one, two]).size).toBe(3);
  });
});

it("a close counts by what led to it, where that is known", () => {
  const close = finding({ rule: "broker-close", message: "The broker closed the connection: 501 FRAME_ERROR" });
  const causes = [undefined, finding({ rule: "frame-end" }), finding({ rule: "frame-type" })];
  expect(new Set(causes.map(cause => fingerprint(close, cause))).size).toBe(3);
  expect(fingerprint(finding({ rule: "frame-end" }), causes[2])).toBe(fingerprint(finding({ rule: "frame-end" })));
});

it("FNV-1a, 64 bits, as its draft has it", () => {
  expect(fnv1a64("")).toBe("cbf29ce484222325");
  expect(fnv1a64("a")).toBe("af63dc4c8601ec8c");
  expect(fnv1a64("foobar")).toBe("85944171f73967e8");
});

it("the fixtures' fingerprints are what they were: baselines of users hold such", () => {
  const lines = fixtureReports().flatMap(([name, { findings }]) => {
    return findings.map(each => {
      const cause = findings.find(({ id }) => id === each.cause);
      return `${name} ${fingerprint(each, cause)} ${JSON.stringify(fingerprintFacts(each, cause))}`;
    });
  });
  const text = `fingerprints of version ${FINGERPRINT_VERSION}\n${lines.join("\n")}\n`;
  expectGolden(fileURLToPath(new URL("../check/golden/fingerprints.txt", import.meta.url)), text);
});

/** The golden reports: what is fingerprinted here does not change with what `inspect` finds until they do. */
function fixtureReports(): [name: string, report: Report][] {
  return walkFixtures().fixtures.map(fixture => {
    return [fixture.name, JSON.parse(readFileSync(companion(fixture, "expected.json"), "utf8")) as Report];
  });
}

it("a finding's place, its size and its octets do not count", () => {
  const base: Partial<Finding> = { rule: "frame-end", frame: { type: 3, channel: 1, size: 900 } };
  const first = fingerprint(finding({ ...base, streamOffset: 10, packets: [1, 2], id: "f1", connection: "c1" }));
  const other = { streamOffset: 99, length: 7, packets: [8, 9], time: "2026-11-22T00:00:00Z", faults: 3, id: "f7" };
  expect(fingerprint(finding({ ...base, ...other, connection: "c9", octets: [] }))).toBe(first);
  expect(fingerprint(finding({ ...base, frame: { type: 3, channel: 7, size: 1 } }))).toBe(first);
  expect(fingerprint(finding({ ...base, frame: { type: 3, channel: 0, size: 1 } }))).not.toBe(first);
  expect(fingerprint(finding({ ...base, frame: { type: 2, channel: 1, size: 1 } }))).not.toBe(first);
  expect(fingerprint(finding({ ...base, direction: "server-to-client" }))).not.toBe(first);
});
