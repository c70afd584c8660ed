import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OctetWindow } from "../../src/forensics/octet-window.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { SEED } from "../support/chunkings.ts";

/** What a window keeps at least. */
const KEPT = 192 * 1024;

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ append: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 70_000 })) }),
    },
    { weight: 1, arbitrary: fc.constant("look" as const) },
    { weight: 1, arbitrary: fc.constant("hold" as const) },
    { weight: 1, arbitrary: fc.constant("let go" as const) },
    { weight: 1, arbitrary: fc.constant("restart" as const) },
  ),
  { maxLength: 60 },
);

/** The octet of each stream offset. */
const octetAt = (offset: number): number => (offset * 31 + (offset >> 8)) & 0xff;

describe("a window", () => {
  it(`holds the recent octets, and knows when they came (seed ${SEED})`, () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(1 << 30, 1000), (plan, limit) => {
        const budget = { octets: 0, limit };
        const window = new OctetWindow(0, budget);
        const moment = new Moment();
        let end = 0;
        let begin = 0;
        let heldFrom = -1;
        const look = (): void => {
          const { base, length } = window;
          const { bytes } = window;
          expect([window.base, window.length, window.end]).toEqual([base, length, end]);
          expect(bytes.length).toBeGreaterThanOrEqual(length);
          const least = limit > KEPT ? KEPT : 1 << 13;
          expect(length).toBeGreaterThanOrEqual(Math.min(least, end - begin));
          if (heldFrom >= 0) expect(base).toBeLessThanOrEqual(heldFrom);
          for (let at = 0; at < length; at += at % 97 === 0 ? 1 : 96) {
            if (bytes[at] !== octetAt(base + at)) throw new Error(`octet ${base + at} is ${bytes[at]}`);
          }
          if (length > 0) expect(window.momentAt(end - 1).packet).toBe(moment.packet);
        };
        for (const step of [...plan, "look" as const]) {
          if (step === "look") look();
          else if (step === "hold") {
            window.held = true;
            heldFrom = heldFrom < 0 ? window.base : heldFrom;
          } else if (step === "let go") {
            window.held = false;
            heldFrom = -1;
          } else if (step === "restart") {
            begin = end;
            window.restart(end);
            heldFrom = window.held ? end : -1;
          } else {
            const bytes = Uint8Array.from({ length: step.append + 2 }, (_, i) => octetAt(end + i - 1));
            moment.packet++;
            window.append(bytes, 1, 1 + step.append, moment);
            end += step.append;
            // What is delivered is there during the call only.
            bytes.fill(0xee);
          }
        }
        look();
        window.release();
        expect(budget.octets).toBe(0);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it("does not grow with what passes", () => {
    const window = new OctetWindow(0, { octets: 0, limit: 1 << 30 });
    for (let i = 0; i < 2000; i++) {
      window.append(new Uint8Array(32 * 1024), 0, 32 * 1024, new Moment());
      expect(window.length).toBeLessThanOrEqual(5 * KEPT);
    }
    expect(window.bytes.length).toBeLessThanOrEqual(8 * KEPT);
  });
});
