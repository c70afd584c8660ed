/** What was asked for and is not there. */
import { describe, expect, it } from "vitest";
import { NearestName } from "../../src/cli/nearest-name.ts";

describe("the nearest name", () => {
  it.each([
    ["order-7", ["order-77", "orders", "order-9x"], "order-77"],
    ["order-7", ["invoice"], null],
    ["x", ["", "y"], null],
    ["", ["a"], null],
  ])("of %j among %j is %j", (wanted, names, nearest) => {
    const found = new NearestName(wanted);
    for (const name of names) found.see(name);
    expect(found.name).toBe(nearest);
  });
});
