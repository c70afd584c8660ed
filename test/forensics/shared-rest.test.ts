import { describe, expect, it } from "vitest";
import { sharedRests } from "../../src/forensics/shared-rest.ts";
import type { UntangledFrame } from "../../src/forensics/untangle/result.ts";

const BASE = 1000;
/** Octets of a stream from BASE on, with frame-end octets at these stream offsets. */
const window = (...ends: number[]): { bytes: Uint8Array; base: number } => {
  const bytes = new Uint8Array(1000);
  for (const end of ends) bytes[end - BASE] = 0xce;
  return { bytes, base: BASE };
};
const frame = (size: number, complete: boolean, ...spans: [number, number][]): UntangledFrame => {
  return { type: 3, channel: 1, size, spans, complete };
};

describe("a send buffer of two frames, both cut after as many octets", () => {
  const other = frame(192, false, [1150, 100]);
  const rests = [{ frame: 1000, other: 1150, span: [1250, 100] }];

  it("gives its rest to the one that is whole then; the other was overwritten", () => {
    const { frames, rests: found } = sharedRests(window(1349, 1649), [
      frame(492, true, [1000, 100], [1250, 400]),
      other,
    ]);
    expect(found).toEqual(rests);
    expect(frames).toEqual([frame(492, false, [1000, 100], [1350, 300]), frame(192, true, [1150, 200])]);
  });

  it("is seen where the whole one is told as whole", () => {
    const all = [frame(492, false, [1000, 100], [1350, 300]), frame(192, true, [1150, 200])];
    expect(sharedRests(window(1349, 1649), all)).toEqual({ frames: all, rests });
  });

  it.each([
    ["no frame ends where its rest would", window(1649), 100],
    ["they were cut after different numbers of octets", window(1349, 1649), 90],
  ])("is none where %s", (_, octets, cut) => {
    const all = [frame(492, true, [1000, cut], [1250, 500 - cut]), other];
    expect(sharedRests(octets, all)).toEqual({ frames: all, rests: [] });
  });
});
