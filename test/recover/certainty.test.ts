/** How sure it is that a message is whole and unmixed: by its stretches, its channel's writers, and what stands before it. */
import { describe, expect, it } from "vitest";
import { Certainty } from "../../src/recover/certainty.ts";
import { isSure, type LostPublish } from "../../src/recover/lost-publish.ts";
import type { Report } from "../../src/report/report.ts";

interface Reported {
  rule?: string;
  confidence?: number;
  streamOffset?: number;
  /** Channels of the diagnosis's writers; the first one wrote the message at 200. */
  writers?: number[][];
  overwritten?: unknown[];
  /** A stretch that another reading gives to another frame. */
  doubtful?: [number, number];
}

function reportOf({
  rule = "frame-end",
  confidence,
  streamOffset = 100,
  writers = [],
  overwritten = [],
  doubtful,
}: Reported): Report {
  const reported = writers.map((channels, i) => ({ channels, messages: i === 0 ? [{ spans: [[200, 50]] }] : [] }));
  const doubt = doubtful && { doubtful: [{ span: doubtful, frame: 200, other: 900 }] };
  const diagnosis = confidence && { confidence, writers: reported, overwritten, replayed: [], foreign: [], ...doubt };
  const finding = { id: "f1", rule, connection: "c1", severity: "error", direction: "client-to-server", streamOffset };
  return { findings: [{ ...finding, ...(diagnosis ? { diagnosis } : {}) }] } as unknown as Report;
}

/** `spans` of a message that a diagnosis tells; undefined of one that was read in its place. */
function lostOf(confidence: number, spans?: [number, number][]): LostPublish {
  const record = { connection: "c1", channel: 1, streamOffset: 200, ...(spans && { finding: "f1" }) };
  const isExplained = spans !== undefined;
  return {
    record,
    isExplained,
    confidence,
    spans: spans ?? [[200, 50]],
    isSoleWriter: false,
    doubtful: [],
  } as unknown as LostPublish;
}

const ONE: [number, number][] = [[200, 50]];
const TWO: [number, number][] = [
  [200, 30],
  [260, 20],
];

describe("a message is sure", () => {
  const cases: [what: string, reported: Reported, lost: LostPublish, sure: boolean][] = [
    ["in one stretch, on a channel of one writer", { confidence: 0.7, writers: [[1], [2]] }, lostOf(0.7, ONE), true],
    ["not where another reading is near", { confidence: 0.6, writers: [[1], [2]] }, lostOf(0.6, ONE), false],
    ["not where another writer uses its channel", { confidence: 0.7, writers: [[1], [2, 1]] }, lostOf(0.7, ONE), false],
    ["on a shared channel where the diagnosis is", { confidence: 0.9, writers: [[1], [1]] }, lostOf(0.9, ONE), true],
    ["not where octets stay unexplained", { confidence: 0.5, writers: [[1]] }, lostOf(0.5, ONE), false],
    [
      "not where octets were written over",
      { confidence: 0.8, writers: [[1]], overwritten: [1] },
      lostOf(0.8, ONE),
      false,
    ],
    [
      "not where another reading fits as well",
      { confidence: 0.9, writers: [[1], [2]], doubtful: [220, 10] },
      lostOf(0.9, ONE),
      false,
    ],
    ["not put together by a guess", { confidence: 0.9, writers: [[1], [2]] }, lostOf(0.9, TWO), false],
    ["put together, where that is near certain", { confidence: 0.99, writers: [[1], [2]] }, lostOf(0.99, TWO), true],
    ["read in its place behind what is explained", { confidence: 0.6 }, lostOf(1), true],
    ["not behind what is not: it may lie inside a body", { confidence: 0.5 }, lostOf(1), false],
    ["not behind a break without a diagnosis", {}, lostOf(1), false],
    ["in front of a break", { streamOffset: 300 }, lostOf(1), true],
    ["behind frames that are only in the wrong order", { rule: "content-order" }, lostOf(1), true],
  ];
  it.each(cases)("%s", (_, reported, lost, sure) => {
    expect(isSure(new Certainty(reportOf(reported)).of(lost))).toBe(sure);
  });
});
