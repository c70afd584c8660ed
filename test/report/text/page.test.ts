import { describe, expect, it } from "vitest";
import { Page, row, unbroken, wrap } from "../../../src/report/text/page.ts";

describe("wrap", () => {
  it.each([
    ["a frame header claims", 40, ["a frame header claims"]],
    ["a frame header claims", 14, ["a frame header", "claims"]],
    ["a frame header claims", 13, ["a frame", "header claims"]],
    ["x 1544254578", 6, ["x", "154425", "4578"]],
    ["注文注文", 5, ["注文", "注文"]],
    ["e\u0301e\u0301e\u0301", 2, ["e\u0301e\u0301", "e\u0301"]],
    ["  two   spaces  ", 20, ["two   spaces"]],
    ["注", 1, ["注"]],
    ["", 10, [""]],
  ])("%j in %i columns", (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});

it("keeps the parts of a row whole", () => {
  expect(wrap(row(["client → server", "offset 2318", "", "230,698 octets"]), 40)).toEqual([
    "client → server · offset 2318 ·",
    "230,698 octets",
  ]);
  expect(wrap(unbroken("a name that is far too long to be kept on one line"), 20)).toHaveLength(3);
});

it("lays labels out in a column, however narrow the terminal", () => {
  const page = new Page({ columns: 10, colour: false, all: false });
  expect(page.columns).toBe(40);
  expect(page.labelled("client", "orders-api, a name of some length")).toEqual([
    "  client     orders-api, a name of some",
    "             length",
  ]);
});
