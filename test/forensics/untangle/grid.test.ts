import { describe, expect, it } from "vitest";
import { cutsIn, gridOf } from "../../../src/forensics/untangle/grid.ts";
import type { Piece } from "../../../src/forensics/untangle/reading.ts";

describe("the grid of a stream's cuts", () => {
  it.each([
    ["two cuts a whole number of buffers apart", [1000, 1000 + 3 * 16_384], { phase: 1000, quantum: 2048 }],
    ["a buffer of no usual size", [7, 7 + 5000, 7 + 15_000, 7 + 35_000], { phase: 7, quantum: 5000 }],
    ["one of four cuts elsewhere", [500, 500 + 4096, 9000, 500 + 5 * 4096], { phase: 500, quantum: 2048 }],
    ["cuts anywhere", [100, 3333, 9001, 20_002], null],
    ["one cut", [4096], null],
  ])("%s", (_, cuts, grid) => {
    expect(gridOf(cuts, 1448)).toEqual(grid);
  });
  it("takes the finer grid until many cuts speak for the coarser one", () => {
    const every = (times: number): number[] => Array.from({ length: times }, (_, i) => i * 4096);
    expect(gridOf(every(2), 1448)?.quantum).toBe(2048);
    expect(gridOf(every(8), 1448)?.quantum).toBe(4096);
  });
  it("knows the cuts of a reading: where frames that go on later were left", () => {
    const list = (...pieces: [number, number, number][]): Piece | null => {
      let last: Piece | null = null;
      for (const [frame, from, to] of pieces) last = { frame, from, to, before: last };
      return last;
    };
    expect(cutsIn(list([0, 0, 50], [50, 50, 90], [0, 90, 120], [50, 120, 130], [130, 130, 140]))).toEqual([50, 90]);
  });
});
