/** An error of ghostframe's own costs one connection what was not read of it by then, and nothing else. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PcapReader } from "../../src/capture/pcap-reader.ts";
import { check } from "../../src/check/check.ts";
import { policyOf } from "../../src/check/policy.ts";
import { exitStatus } from "../../src/cli/check-conclusion.ts";
import type { FrameListener } from "../../src/connection/observers.ts";
import { Inspection } from "../../src/inspect.ts";
import type { Carrier } from "../../src/inspection/carrier.ts";
import { Engine } from "../../src/inspection/engine.ts";
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { findingPart } from "../../src/report/partial/finding-part.ts";
import { merge } from "../../src/report/partial/merge.ts";
import type { PartialResult } from "../../src/report/partial/partial-result.ts";
import { converse, plans } from "../connection/conversations.ts";
import { conversationCapture } from "../support/conversation-capture.ts";
import { clientHandshake, join, serverHandshake, wire } from "../support/wire.ts";

const GREETING = serverHandshake().channelOpenOk(1).octets;
const TORN = (() => {
  const outer = wire().publish(1, "o".repeat(60)).octets;
  return join(outer.subarray(0, -20), wire().publish(2, "i".repeat(10)).octets, outer.subarray(-20));
})();
const ENDS = ["fin", "rst", "capture-ended"] as const;
type End = (typeof ENDS)[number];
const UNKNOWN = -1;

/** Has a client's stream inspected with `missing` octets gone at `at`, then the end; returns what failed, if anything did. */
function failureOf(stream: Uint8Array, at: number, missing: number, end: End, explains: boolean): string | null {
  const moment = new Moment();
  const carrier: Carrier = {
    first: new Moment(),
    last: moment,
    ended: end === "capture-ended" ? "open" : end,
    address: () => "192.0.2.1",
    tunnels: () => [],
    port: () => 5672,
    octets: () => 0,
  };
  let failure: string | null = null;
  const engine = new Engine({
    broker: "rabbitmq-3.10",
    moment,
    predicts: true,
    explains,
    sink: event => {
      if (event.kind === "finding") findingPart(event);
      if (event.kind === "uninspected" && event.why === "failed") failure = event.message;
    },
  });
  const connection = engine.connection(carrier, { sawBeginning: true, forced: false, expected: true });
  const says = (side: Side, octets: Uint8Array): void => {
    moment.packet++;
    connection.data(side, octets, 0, octets.length);
  };
  says(0, stream.subarray(0, Math.min(8, at)));
  says(1, GREETING);
  says(0, stream.subarray(Math.min(8, at), at));
  connection.gap(0, missing, false);
  says(0, stream.subarray(at + Math.max(missing, 0)));
  connection.end(0, end);
  connection.finish();
  connection.close();
  return failure;
}

describe("a gap in any place, of any length, before any end", () => {
  const opening = clientHandshake().channelOpen(1).octets;
  const streams = {
    "a publish": join(opening, wire().publish(1, "b".repeat(40)).octets),
    "a torn publish": join(opening, TORN),
  };
  it.each(Object.entries(streams))("fails in no place of %s", (_, stream) => {
    const failures: string[] = [];
    // The handshake in steps, what follows in every place.
    for (let at = 0; at <= stream.length; at += at < opening.length - 12 ? 41 : 1) {
      for (const missing of [UNKNOWN, 1, 13, stream.length - at]) {
        for (const end of ENDS) {
          const failure = failureOf(stream, at, missing, end, true);
          if (failure !== null) failures.push(`${missing} octets at ${at}, ${end}: ${failure}`);
        }
      }
    }
    expect(failures).toEqual([]);
  });

  it("fails in no conversation", () => {
    const cases = fc.tuple(plans, fc.nat(), fc.integer({ min: -1, max: 300 }), fc.constantFrom(...ENDS), fc.boolean());
    fc.assert(
      fc.property(cases, ([plan, place, missing, end, explains]) => {
        const stream = join(...converse(plan).flatMap(({ side, octets }) => (side === 0 ? [octets] : [])));
        expect(failureOf(stream, place % (stream.length + 1), missing, end, explains)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });
});

const CAPTURE = conversationCapture(
  [40001, 40002].map(port => ({
    port,
    segments: [
      { side: 0, octets: clientHandshake().octets.subarray(0, 8) },
      { side: 1, octets: GREETING },
      { side: 0, octets: clientHandshake().channelOpen(1).octets.subarray(8) },
      { side: 0, octets: TORN },
      { side: 0, octets: wire().channelClose(1).octets },
    ],
  })),
);

/** Reads the capture; `told` hears of every frame, and may fail. */
function inspected(onFrame: (frames: number) => void, failures: unknown[] = [], explain = false) {
  let frames = 0;
  const listener: FrameListener = {
    wantsMessages: true,
    frame: () => onFrame(++frames),
    hiddenFrame: () => {},
    brokenEnvelope: () => {},
    boundaryFound: () => {},
    guessRefuted: () => {},
  };
  const inspection = new Inspection({ listener, explain, seed: 1, onFailure: error => failures.push(error) });
  const reader = new PcapReader(record => inspection.packet(record));
  inspection.beginInput();
  reader.read(CAPTURE, 0, CAPTURE.length);
  const { packets, notes } = reader;
  const reading = {
    format: "pcap" as const,
    packets,
    notes,
    octets: CAPTURE.length,
    truncated: null,
    error: null,
    stopped: false,
  };
  inspection.endInput("two.pcap", reading);
  return inspection.finish();
}

function failingAt(frame: number) {
  return (frames: number): void => {
    if (frames === frame) throw new RangeError("no such octet");
  };
}

const findingsOf = (part: PartialResult) =>
  buildReport(part).findings.map(({ connection, rule, severity }) => `${connection} ${rule} ${severity}`);

describe("an error of our own", () => {
  it("becomes a note on its connection, and the other one is read", () => {
    const failures: unknown[] = [];
    const part = inspected(failingAt(3), failures);
    expect(findingsOf(part)).toEqual(["c1 internal-error note", "c2 frame-end error"]);
    expect(failures.map(String)).toEqual(["RangeError: no such octet"]);
    const { findings, connections } = buildReport(part);
    expect(findings[0]).toMatchObject({ packets: [5, 5], connection: "c1" });
    expect(findings[0]!.message).toBe(
      "An internal error ended its inspection behind 8 octets from the client and 0 from the broker: RangeError: no such octet. Please report it.",
    );
    expect(connections).toHaveLength(2);
  });

  it("keeps what was found before it", () => {
    const all: number[] = [];
    inspected(frames => all.push(frames));
    const last = all.length / 2;
    expect(findingsOf(inspected(failingAt(last)))).toEqual([
      "c1 frame-end error",
      "c1 internal-error note",
      "c2 frame-end error",
    ]);
  });

  it("of a second reading adds its note to what the first one found, in whatever order they are merged", () => {
    const first = inspected(() => {});
    const second = inspected(failingAt(3), [], true);
    const expected = ["c1 frame-end error", "c1 internal-error note", "c2 frame-end error"];
    expect(findingsOf(merge([first, second])).toSorted()).toEqual(expected);
    expect(findingsOf(merge([second, first])).toSorted()).toEqual(expected);
    expect(findingsOf(merge([merge([second, second]), first])).toSorted()).toEqual(expected);
  });

  it("makes a check fail with status 2, whatever level the rule has", () => {
    for (const level of ["off", "note"] as const) {
      const policy = policyOf({ failOn: "error", rules: { "internal-error": level, "frame-end": "off" } });
      const report = buildReport(inspected(failingAt(3)));
      const result = check([{ path: "two.pcap", report }], { policy, expectations: [] }, null);
      expect(result.passed).toBe(false);
      expect(exitStatus(result, true)).toBe(2);
    }
  });
});
