import { describe, expect, it } from "vitest";
import { causeOf } from "../../../src/report/incidents/likely-cause.ts";
import type { Diagnosis, Finding } from "../../../src/report/report.ts";
import { connection, diagnosis, finding, message } from "../../support/report-samples.ts";

const writer = (name: string, headers: Record<string, string> = {}) => ({
  name,
  channels: [1],
  spans: [[0, 9]] as [number, number][],
  messages: [message({ headers })],
});
const explained = (parts: Partial<Diagnosis>, more: Partial<Finding> = {}) =>
  finding({ ...more, diagnosis: diagnosis(parts) });
const pika = connection({ clientProperties: { product: "Pika Python Client Library" } });

describe("the likely cause", () => {
  it.each<[what: string, of: Finding, kind: string, confidence: number | null]>([
    ["writers who are not told apart", explained({ writers: [writer("A"), writer("B")] }), "writers", 0.9],
    [
      "threads by name, which may be processes after a fork",
      explained({ writers: [writer("A", { thread: "one" }), writer("B", { thread: "two" })] }),
      "writers",
      0.9,
    ],
    [
      "processes by their ids",
      explained({ writers: [writer("A", { pid: "12" }), writer("B", { pid: "15" })] }),
      "fork",
      0.9,
    ],
    ["one writer cut short", explained({ kind: "missing-octets", writers: [writer("A")] }), "timeout", 0.8],
    ["a buffer sent twice", explained({ kind: "replayed-octets" }), "shared-buffer", 0.9],
    ["frames out of order", explained({ kind: "misordered-frames", confidence: 0.8 }), "shared-channel", 0.8],
    ["another protocol", explained({ kind: "foreign-protocol" }), "foreign", 0.9],
    ["a real oversize", explained({ kind: "genuine-oversize", confidence: 1 }), "oversize", 1],
    ["a guess", explained({ writers: [writer("A"), writer("B")], confidence: 0.49 }), "unknown", null],
    ["nothing explained", explained({ kind: "unexplained" }), "unknown", null],
    ["a stream that stopped", explained({ kind: "unexplained" }, { rule: "stalled-frame" }), "cut-off", null],
    ["a rule without a diagnosis", finding({ rule: "shared-channel" }), "shared-channel", null],
    ["HTTP", finding({ rule: "handshake", message: "The client opened with an HTTP request." }), "wrong-port", null],
    ["a handshake out of turn", finding({ rule: "handshake", message: "open came before tune." }), "unknown", null],
  ])("%s", (_, of, kind, confidence) => {
    const cause = causeOf(of, null);
    expect([cause.kind, cause.confidence]).toEqual([kind, confidence]);
    expect(cause.words).toMatch(/^[A-Z].*[^.]$/);
    expect(cause.todo).toMatch(/[.]$/);
  });

  it("is never surer than the diagnosis", () => {
    for (const kind of ["torn-frame", "missing-octets", "replayed-octets", "overwritten-octets"] as const) {
      for (const client of [null, pika]) {
        const { confidence } = causeOf(
          explained({ kind, confidence: 0.6, writers: [writer("A"), writer("B")] }),
          client,
        );
        expect(confidence).toBeLessThanOrEqual(0.6);
      }
    }
  });

  it("knows pika's queue", () => {
    expect(causeOf(explained({ kind: "replayed-octets" }), pika).words).toContain("pika");
  });
});
