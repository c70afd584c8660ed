import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutLayout } from "../../../../src/report/html/layout/cut.ts";
import { laidOut, placePieces, positionOf } from "../../../../src/report/html/layout/scale.ts";
import { type Piece, piecesOf } from "../../../../src/report/html/layout/wire.ts";
import { placesOf } from "../../../../src/report/incidents/places.ts";
import type { Diagnosis, Span } from "../../../../src/report/report.ts";
import { diagnosis, tornFrame } from "../../../support/report-samples.ts";

const LENGTH = 1000;
const torn = tornFrame().findings[0]!.diagnosis!;

function drawn(of: Diagnosis): { pieces: Piece[]; layout: ReturnType<typeof cutLayout> } {
  const [place] = placesOf(of);
  const pieces = place === undefined ? [] : placePieces(piecesOf(of), place);
  return { pieces, layout: cutLayout(laidOut(pieces, "folded", LENGTH), LENGTH) };
}

describe("a message torn by four others", () => {
  const { pieces, layout } = drawn(torn);

  it("stands on the wire in two pieces, theirs between them", () => {
    const labels = pieces.filter(({ block }) => block.kind === "message");
    expect(labels.map(({ block, number, of }) => `${block.label} ${number}/${of}`)).toEqual([
      "t1-3 1/2",
      "t0-1 1/1",
      "t0-2 1/1",
      "t0-3 1/1",
      "t0-4 1/1",
      "t1-3 2/2",
    ]);
  });

  it("lies on the other side of the wire from them", () => {
    expect(layout.lanes.map(({ writer, side }) => [writer, side])).toEqual([
      [0, "above"],
      [1, "below"],
    ]);
  });

  it("is one block, cut where the others came in", () => {
    const box = layout.boxes.find(({ block }) => block.label === "t1-3")!;
    expect(box.parts).toHaveLength(2);
    expect(box.width).toBeCloseTo(box.parts.reduce((sum, { piece }) => sum + piece.width, 0));
    expect(box.parts[1]!.blockAt).toBeCloseTo(box.parts[0]!.piece.width);
  });
});

it("draws octets sent again once over their first copy, a copy of a copy with them", () => {
  const replayed = [
    { span: [100, 50] as Span, of: [50, 50] as Span },
    { span: [150, 50] as Span, of: [100, 50] as Span },
  ];
  const [first, ...others] = piecesOf(diagnosis({ kind: "replayed-octets", replayed }));
  expect([first!.from, first!.of]).toEqual([50, 3]);
  expect(others.every(({ block }) => block === first!.block)).toBe(true);
});

const span = fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 400 })) as fc.Arbitrary<Span>;
const tangled = fc
  .record({
    frames: fc.array(
      fc.record({ spans: fc.array(span, { minLength: 1, maxLength: 4 }), writer: fc.nat(3), complete: fc.boolean() }),
      { maxLength: 8 },
    ),
    unexplained: fc.array(span, { maxLength: 3 }),
    foreign: fc.array(span, { maxLength: 2 }),
  })
  .map(({ frames, unexplained, foreign }) =>
    diagnosis({
      torn: frames.map(({ spans, writer, complete }) => ({
        type: 3,
        channel: 1,
        size: 9,
        spans,
        packets: [],
        complete,
        writer: "ABCD"[writer]!,
      })),
      unexplained,
      foreign: foreign.map(each => ({ span: each, protocol: "HTTP" })),
      writers: ["A", "B", "C"].map(name => ({
        name,
        channels: [1],
        messages: [],
        spans: frames.filter(({ writer }) => "ABCD"[writer] === name).flatMap(({ spans }) => spans),
      })),
    }),
  );

it("gives every octet to one piece, keeps their order, and stays within the picture (printed seed)", () => {
  fc.assert(
    fc.property(tangled, fc.constantFrom("folded" as const, "true" as const), (of, kind) => {
      const all = piecesOf(of);
      for (const [at, piece] of all.entries()) {
        expect(piece.to).toBeGreaterThan(piece.from);
        if (at > 0) expect(piece.from).toBeGreaterThanOrEqual(all[at - 1]!.to);
      }
      for (const place of placesOf(of)) {
        const laid = laidOut(placePieces(all, place), kind, LENGTH);
        for (const [at, piece] of laid.entries()) {
          if (at > 0) expect(piece.at).toBeCloseTo(laid[at - 1]!.at + laid[at - 1]!.width);
          expect(positionOf(piece.from, laid)).not.toBeNull();
        }
        const end = laid.reduce((sum, { width }) => sum + width, 0);
        expect(end).toBeLessThanOrEqual(LENGTH + 1e-6);
        for (const box of cutLayout(laid, LENGTH).boxes) expect(box.at).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 60 },
  );
});
