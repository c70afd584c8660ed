import fc from "fast-check";
import { expect, it } from "vitest";
import { Moment } from "../../src/net/connection-observer.ts";
import { endOf, HeldSegments } from "../../src/net/held-segments.ts";

const segment = fc.record({
  offset: fc.nat(40),
  octets: fc.uint8Array({ maxLength: 12 }),
  cut: fc.oneof(fc.constant(0), fc.nat(6)),
});

it("keeps the first copy of every octet, sorted and without overlap, across the wrap at 2^32", () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 12 }), fc.nat(60), (segments, back) => {
      const base = (2 ** 32 - back) | 0;
      const held = new HeldSegments();
      const expected = new Map<number, number | "cut">();
      for (const { offset, octets, cut } of segments) {
        let differing = 0;
        for (let i = 0; i < octets.length + cut; i++) {
          const octet = octets[i] ?? "cut";
          const first = expected.get(offset + i);
          if (first === undefined) expected.set(offset + i, octet);
          else if (first !== "cut" && octet !== "cut" && first !== octet) differing++;
        }
        const bytes = new Uint8Array([9, ...octets, 9]);
        expect(held.add((base + offset) | 0, bytes, 1, 1 + octets.length, cut, new Moment())).toBe(differing);
      }

      const found = new Map<number, number | "cut">();
      let end: number | undefined;
      let octets = held.octets;
      for (let first = held.first(); first !== undefined; first = held.first()) {
        if (end !== undefined) expect((first.sequence - end) | 0).toBeGreaterThanOrEqual(0);
        end = endOf(first);
        expect(first.octets.length + first.cut, "an empty segment").toBeGreaterThan(0);
        for (let i = 0; i < first.octets.length + first.cut; i++) {
          found.set(((first.sequence - base) | 0) + i, first.octets[i] ?? "cut");
        }
        expect(held.shift()).toBe(first);
        octets -= first.octets.length;
        expect(held.octets).toBe(octets);
      }
      expect(octets).toBe(0);
      expect([held.length, held.shift(), held.octets]).toEqual([0, undefined, 0]);
      expect([...found].sort(([a], [b]) => a - b)).toEqual([...expected].sort(([a], [b]) => a - b));
    }),
    { numRuns: 2000 },
  );
});
