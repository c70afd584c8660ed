/** Diagnoses of every kind and shape, each laid out piece by piece as the octets follow each other in the stream. */

import type { Diagnosis, Report, Span, TornFrame, Writer } from "../../src/report/report.ts";
import { connection, diagnosis, finding, input, message, report } from "../support/report-samples.ts";

/** Who wrote so many octets; with a frame's name they are a piece of that torn frame, and "…" was never completed. */
export type Stretch = readonly [writer: string, octets: number, frame?: string];

/** Writers and torn frames of stretches that follow each other from `at` on. A writer "?" is unexplained. */
export function laidOut(at: number, stretches: readonly Stretch[], parts: Partial<Diagnosis> = {}): Diagnosis {
  const writers = new Map<string, Writer>();
  const torn = new Map<string, TornFrame>();
  const result = diagnosis(parts);
  let offset = at;
  for (const [index, [name, octets, frame]] of stretches.entries()) {
    const span: Span = [offset, octets];
    offset += octets;
    if (name === "?") {
      result.unexplained.push(span);
      continue;
    }
    const channel = name.charCodeAt(0) - 64;
    const writer = writers.get(name) ?? { name, channels: [channel], spans: [], messages: [] };
    writers.set(name, writer);
    writer.spans.push(span);
    if (frame === undefined) continue;
    const key = `${name} ${frame}`;
    const complete = !frame.endsWith("…");
    const piece = torn.get(key) ?? { type: 3, channel, size: 0, spans: [], packets: [], complete, writer: name };
    torn.set(key, piece);
    piece.spans.push(span);
    piece.packets.push([100 + index, 100 + index]);
  }
  for (const frame of torn.values()) {
    const [last, octets] = frame.spans.at(-1)!;
    if (!frame.complete) result.missing.push({ streamOffset: last + octets, octets: 1_200 });
    frame.size = frame.spans.reduce((sum, [, length]) => sum + length, frame.complete ? -8 : 1_192);
    writers
      .get(frame.writer)!
      .messages.push(message({ messageId: `m-${frame.spans[0]![0]}`, spans: frame.spans, fate: "torn" }));
  }
  result.torn.push(...torn.values());
  result.writers.push(...writers.values());
  return result;
}

/** By name, what the golden files show. */
export const diagnoses: Record<string, Diagnosis> = {
  "torn-by-torn": laidOut(197, [
    ["A", 104_433, "1"],
    ["B", 7, "1"],
    ["C", 40_000],
    ["B", 133, "1"],
    ["B", 9_000],
    ["A", 26_639, "1"],
  ]),
  "torn-three-times": laidOut(9_000, [
    ["A", 1, "1"],
    ["B", 150_000],
    ["A", 3, "1"],
    ["C", 8],
    ["A", 2, "1"],
    ["B", 700],
    ["A", 126, "1"],
  ]),
  "never-completed": laidOut(718, [["A", 32_561, "1…"]], { kind: "missing-octets" }),
  "torn-and-never-completed": laidOut(400, [
    ["A", 2_000, "1"],
    ["B", 5_000, "1…"],
    ["A", 1_000, "1"],
    ["A", 9_000],
  ]),
  replayed: diagnosis({
    kind: "replayed-octets",
    replayed: [
      { span: [4_678, 4_073], of: [605, 4_073] },
      { span: [8_751, 4_073], of: [4_678, 4_073] },
    ],
    missing: [{ streamOffset: 12_980, octets: 156 }],
    unexplained: [[12_980, 3_901]],
  }),
  overwritten: { ...laidOut(50, [["A", 600]], { kind: "overwritten-octets" }), overwritten: [{ span: [90, 420] }] },
  foreign: {
    ...laidOut(
      50,
      [
        ["A", 600, "1"],
        ["A", 90, "1"],
      ],
      { kind: "foreign-protocol" },
    ),
    foreign: [{ span: [740, 212], protocol: "HTTP" }],
  },
  unexplained: laidOut(
    50,
    [
      ["A", 600, "1…"],
      ["?", 5_000],
      ["B", 40],
    ],
    { kind: "unexplained", confidence: 0.5 },
  ),
  misordered: laidOut(
    50,
    [
      ["A", 600],
      ["B", 500],
      ["A", 400],
    ],
    { kind: "misordered-frames", confidence: 0.8 },
  ),
  "genuine-oversize": diagnosis({ kind: "genuine-oversize", confidence: 1 }),
  "thirty-writers": laidOut(
    1_000,
    Array.from({ length: 30 }, (_, at) => String.fromCharCode(65 + at)).flatMap((name): Stretch[] => [
      ["A", 300, "1"],
      [name === "A" ? "?" : name, 1_000],
    ]),
  ),
  "hundred-pieces": laidOut(
    1_000,
    Array.from(
      { length: 100 },
      (_, at): Stretch => (at % 2 === 0 ? ["A", 1 + at, `${at >> 4}`] : ["B", 60_000 >> (at % 13)]),
    ),
  ),
  "no-writers": diagnosis({ kind: "unexplained", confidence: 0.2, unexplained: [[40, 900]] }),
};

/** A report with one incident for each of the diagnoses given. */
export function diagnosed(...given: readonly Diagnosis[]): Report {
  return report({
    inputs: [input()],
    connections: [connection()],
    findings: given.map((each, at) => finding({ id: `f${at + 1}`, diagnosis: each })),
  });
}
