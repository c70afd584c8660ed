import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columns } from "../../../src/bytes/printable.ts";
import type { Diagnosis, Message, Span } from "../../../src/report/report.ts";
import { Page } from "../../../src/report/text/page.ts";
import { GLYPHS, type Grid, grid, missesWithin } from "../../../src/report/text/picture/grid.ts";
import { touches } from "../../../src/report/text/picture/spans.ts";
import { type Marks, picture } from "../../../src/report/text/picture.ts";
import { diagnosis } from "../../support/report-samples.ts";
import { diagnoses, laidOut, type Stretch } from "../diagnosis-samples.ts";

const NO_MARKS: Marks = { begun: null, brokerStops: null };
const PAINT: ReadonlySet<string> = new Set([
  GLYPHS.torn,
  GLYPHS.whole,
  GLYPHS.stretch,
  GLYPHS.unknown,
  GLYPHS.shortened,
]);

const octets = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 200_000 }));
const stretch: fc.Arbitrary<Stretch> = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom("A", "B", "C"), octets) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("A", "B"), octets, fc.constantFrom("1", "2", "3…")) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.integer({ min: 0, max: 60 }).map(at => String.fromCharCode(65 + at)),
      octets,
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant("?"), octets) },
);
const tangled = fc.array(stretch, { maxLength: 120 }).map(stretches => laidOut(5_000, stretches));
const span = fc.tuple(fc.nat(500), fc.nat(80)) as fc.Arbitrary<Span>;
/** Spans that no untangling would give: empty, overlapping, in any order, of writers that are not there. */
const absurd: fc.Arbitrary<Diagnosis> = fc
  .record({
    torn: fc.array(
      fc.record({
        type: fc.nat(255),
        channel: fc.nat(9),
        size: fc.nat(),
        spans: fc.array(span, { maxLength: 4 }),
        packets: fc.array(fc.tuple(fc.nat(99), fc.nat(99)) as fc.Arbitrary<[number, number]>, { maxLength: 4 }),
        complete: fc.boolean(),
        writer: fc.constantFrom("A", "B", "Z", ""),
      }),
      { maxLength: 4 },
    ),
    writers: fc.array(
      fc.record({
        name: fc.constantFrom("A", "B", "C"),
        channels: fc.array(fc.nat(9), { maxLength: 4 }),
        spans: fc.array(span, { maxLength: 6 }),
        messages: fc.constant<Message[]>([]),
      }),
      { maxLength: 12 },
    ),
    missing: fc.array(fc.record({ streamOffset: fc.nat(600), octets: fc.nat(90) }), { maxLength: 4 }),
    overwritten: fc.array(fc.record({ span }), { maxLength: 3 }),
    unexplained: fc.array(span, { maxLength: 3 }),
  })
  .map(parts => diagnosis(parts));

describe("grid", () => {
  it("paints a lane where it has octets, and nowhere else", () => {
    fc.assert(
      fc.property(
        fc.oneof(tangled, absurd),
        fc.nat(300_000),
        fc.integer({ min: 24, max: 120 }),
        (given, mark, width) => {
          const painting = grid(given, [mark], width);
          if (painting === null) return;
          for (const [at, lane] of painting.lanes.entries()) {
            eachColumn(painting, at, (glyph, { from, to, missing, folds }) => {
              expect(PAINT.has(glyph)).toBe(missing === 0 && touches(lane.spans, from, to));
              if (glyph === GLYPHS.torn) expect(touches(lane.torn, from, to)).toBe(true);
              const folded = folds > 1 && !touches(lane.spans, from, to) && missesWithin(lane, from, to);
              expect(glyph === GLYPHS.missing).toBe(folded || (missing > 0 && lane.missing.has(from)));
              if (glyph === GLYPHS.open)
                expect(lane.open.some(([offset, length]) => offset <= to && offset + length >= from)).toBe(true);
            });
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("shows every octet once, in order, over its whole width", () => {
    fc.assert(
      fc.property(tangled, fc.integer({ min: 24, max: 120 }), (given, width) => {
        const painting = grid(given, [], width);
        if (painting === null) return;
        expect(painting.rows.every(row => row.length === width)).toBe(true);
        let offset = painting.pieces[0]!.from;
        let column = 0;
        for (const piece of painting.pieces) {
          expect(piece.from).toBe(offset);
          expect(piece.column).toBe(column);
          expect(piece.columns).toBeGreaterThan(0);
          offset = piece.to;
          column += piece.columns;
        }
        // Stretches of two writers stand in the same columns only where several pieces are folded into one.
        for (const [at, piece] of painting.pieces.entries()) {
          const owners = painting.lanes.filter(({ spans }) => touches(spans, piece.from, piece.to));
          if (piece.folds === 1 && piece.missing === 0) expect(owners, `piece ${at}`).toHaveLength(1);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is to scale where the pieces allow it", () => {
    const painting = grid(
      laidOut(0, [
        ["A", 1_000, "1"],
        ["B", 3_000],
        ["A", 2_000, "1"],
      ]),
      [],
      60,
    )!;
    expect(painting.pieces.map(({ columns }) => columns)).toEqual([10, 30, 20]);
  });

  it("shortens what is huge where the others would all look alike", () => {
    const painting = grid(diagnoses["torn-three-times"]!, [], 48)!;
    expect(painting.pieces.map(({ shortened }) => shortened)).toContain(true);
    expect(painting.rows.join("")).toContain(GLYPHS.shortened);
    const [first, huge] = painting.pieces;
    expect(first!.columns).toBeLessThan(huge!.columns);
  });

  it("has eight lanes for thirty writers, and one for the rest of them", () => {
    const { lanes } = grid(diagnoses["thirty-writers"]!, [], 48)!;
    expect(lanes).toHaveLength(8 + 1 + 1);
    expect(lanes.at(-2)!.label).toBe("22 more");
    expect(lanes.at(-1)!.label).toBe("unexplained");
  });

  it("paints nothing where there is nothing to tell apart", () => {
    expect(grid(diagnoses["no-writers"]!, [], 48)).toBeNull();
    expect(grid(diagnoses["genuine-oversize"]!, [3], 48)).toBeNull();
  });
});

describe("picture", () => {
  it("labels only offsets and packets that the data have, each at its column", () => {
    fc.assert(
      fc.property(tangled, fc.integer({ min: 40, max: 130 }), (given, width) => {
        const lines = picture(given, NO_MARKS, new Page({ columns: width, colour: false, all: false }));
        const known = knownOffsets(given);
        const packets = new Set(given.torn.flatMap(frame => frame.packets.flat()));
        const from = lines.findIndex(line => line.startsWith("  offset "));
        const to = lines.findIndex(
          line => line.startsWith("  packet ") || line.startsWith("  █") || line.startsWith("  ▄"),
        );
        if (from < 0) return;
        for (const line of lines.slice(from, to)) {
          for (const [label] of line.matchAll(/\d+/g)) expect(known).toContain(Number(label));
        }
        for (const line of lines.filter(each => each.startsWith("  packet "))) {
          for (const [label] of line.matchAll(/\d+/g)) expect(packets).toContain(Number(label));
        }
      }),
      { numRuns: 150 },
    );
  });

  it("keeps to the page's width, whatever the data", () => {
    fc.assert(
      fc.property(fc.oneof(tangled, absurd), fc.integer({ min: 40, max: 130 }), fc.nat(600), (given, width, at) => {
        const marks = { begun: { streamOffset: at, time: "18:19:51.905717 UTC" }, brokerStops: at + 5 };
        for (const line of picture(given, marks, new Page({ columns: width, colour: false, all: false }))) {
          expect(columns(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/ $/);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("draws as many pieces and writers as there may be, in time", () => {
    const stretches = Array.from(
      { length: 60_000 },
      (_, at): Stretch =>
        [
          String.fromCharCode(65 + (at % 50)),
          1 + (at % 977),
          ...(at % 3 === 0 ? ([`${at >> 9}`] as const) : ([] as const)),
        ] as Stretch,
    );
    const given = laidOut(0, stretches);
    const started = performance.now();
    picture(given, NO_MARKS, new Page({ columns: 80, colour: false, all: false }));
    expect(performance.now() - started).toBeLessThan(3_000); // 0.1 s on an idle machine
  });
});

function eachColumn(
  { rows, pieces }: Grid,
  lane: number,
  check: (glyph: string, piece: Grid["pieces"][number]) => void,
): void {
  for (const piece of pieces) {
    for (let column = piece.column; column < piece.column + piece.columns; column++) check(rows[lane]![column]!, piece);
  }
}

function knownOffsets({ writers, torn, unexplained, missing }: Diagnosis): Set<number> {
  const spans = [...writers.flatMap(writer => writer.spans), ...torn.flatMap(frame => frame.spans), ...unexplained];
  return new Set([
    ...spans.flatMap(([offset, length]) => [offset, offset + length]),
    ...missing.map(({ streamOffset }) => streamOffset),
  ]);
}
