import { describe, expect, it } from "vitest";
import { axis, captions, pointer, type Tick } from "../../../src/report/text/picture/axis.ts";

const ticks = (...given: readonly [column: number, text: string, rank?: number][]): Tick[] =>
  given.map(([column, text, rank = 1]) => ({ column, text, rank }));

describe("axis", () => {
  it("puts a label behind its mark, or before it where there is no room behind", () => {
    expect(axis(ticks([0, "197"], [10, "4000"], [30, "90000"]), 31)).toEqual(["▲197      ▲4000          90000▲"]);
  });

  it("hangs a label lower where there is no room beside its mark", () => {
    expect(axis(ticks([0, "162315"], [3, "210750"], [6, "390697"]), 20)).toEqual([
      "▲  ▲  ▲390697",
      "│  └210750",
      "└162315",
    ]);
  });

  it("leaves out what weighs little rather than give it a line", () => {
    expect(axis(ticks([0, "162315", 0], [3, "210750", 4]), 20)).toEqual(["▲162315"]);
    expect(axis([], 20)).toEqual([]);
  });
});

it("gives captions in their order of weight, with two blanks between", () => {
  expect(captions(ticks([0, "31", 2], [4, "32–33", 0], [8, "34", 1]), 20)).toBe("31  32–33");
  expect(captions(ticks([18, "31"]), 19)).toBe("");
});

it("points at a column from either side", () => {
  expect(pointer(2, "✗", "here", 20)).toBe("  ✗ here");
  expect(pointer(18, "✗", "here", 20)).toBe("             here ✗");
  expect(pointer(3, "✗", "far too long", 10)).toBe("");
});
