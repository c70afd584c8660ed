import { expect, it } from "vitest";
import { OUTCOMES } from "../../src/messages/message.ts";
import { outcomeLevel, rowStyle } from "../../src/report/row-style.ts";

const LINE = "18:31:48.774567 c1   ch 2   publish torn in f1               20000 B (default) jobs";

it("leaves a line for a file or a pipe as it is", () => {
  const row = rowStyle({ columns: null, colour: false, ascii: false });
  expect(row(LINE, "error")).toBe(LINE);
});

it("cuts a line to the terminal's width, whatever its colour", () => {
  const row = rowStyle({ columns: 30, colour: true, ascii: false });
  expect(row(LINE, null)).toBe(`${LINE.slice(0, 29)}…`);
  expect(row(LINE, "error")).toContain(`${LINE.slice(0, 29)}…`);
});

it("colours by level", () => {
  const row = rowStyle({ columns: null, colour: true, ascii: false });
  expect(row("lost", "error")).toBe("\u001b[31m\u001b[1mlost\u001b[22m\u001b[39m");
  expect(row("back", "warning")).toBe("\u001b[33mback\u001b[39m");
  expect(row("fine", null)).toBe("fine");
});

it("takes every outcome that is no success for something to be seen", () => {
  expect(OUTCOMES.filter(outcome => outcomeLevel(outcome) === null)).toEqual([
    "confirmed",
    "committed",
    "accepted",
    "acked",
    "auto-acked",
  ]);
});
