import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inspect } from "../../../../src/inspect.ts";
import { laidInTime, timeOf, timesOf } from "../../../../src/report/html/layout/scale.ts";
import { piecesOf } from "../../../../src/report/html/layout/wire.ts";
import { withIncidents } from "../../../../src/report/incidents/with-incidents.ts";
import { FIXTURES } from "../../../support/golden.ts";

const report = withIncidents(await inspect([join(FIXTURES, "interleaving/two-publishers-one-socket.pcapng.gz")]));
const diagnosis = report.findings.find(each => each.diagnosis !== undefined)!.diagnosis!;

describe("pieces in time", () => {
  const pieces = piecesOf(diagnosis);

  it("lie in the order in which they came, within the picture, from its first pixel to its last", () => {
    const times = timesOf(diagnosis);
    expect(times.length).toBeGreaterThan(2);
    const { laid, begin, end } = laidInTime(pieces, times, 1000)!;
    expect(end).toBeGreaterThan(begin);
    for (const [index, { at, width }] of laid.entries()) {
      expect(at).toBeGreaterThanOrEqual(laid[index - 1]?.at ?? 0);
      expect(at + width).toBeLessThanOrEqual(1000);
    }
    expect(laid[0]!.at).toBe(0);
    expect(Math.max(...laid.map(({ at, width }) => at + width))).toBe(1000);
  });

  it("are not drawn where no time is known, or but one", () => {
    expect(laidInTime(pieces, [], 1000)).toBeNull();
    expect(laidInTime(pieces, [[0, 1234]], 1000)).toBeNull();
  });

  it("came when the last octet before them came of which that is known", () => {
    const times = [
      [10, 100],
      [20, 200],
    ] as const;
    expect([5, 10, 15, 20, 99].map(offset => timeOf(offset, times))).toEqual([100, 100, 100, 200, 200]);
    expect(timeOf(5, [])).toBeNull();
  });
});
