/** When an incident is over: readings that leave frames of a body open keep none open; nor does it end unsaid where the steps do. */
import { describe, expect, it } from "vitest";
import { explain } from "../../../src/forensics/explanation.ts";
import { OctetWindow } from "../../../src/forensics/octet-window.ts";
import { untangle } from "../../../src/forensics/untangle/untangle.ts";
import { Moment } from "../../../src/net/connection-observer.ts";
import { clientHandshake } from "../../support/wire.ts";
import { body, header, join, method } from "./frames.ts";
import { inspected, segmented } from "./inspected.ts";

const opened = clientHandshake().channelOpen(1).channelOpen(2).octets;
const content = (channel: number, octets: Uint8Array): Uint8Array =>
  join(method(channel), header(channel, octets.length), body(channel, octets));
const inner = content(2, new Uint8Array(300).fill(0x62));
/** A body that holds publishes, as that of a relay does, and other octets between them. */
const relayed = join(...Array.from({ length: 24 }, (_, i) => join(inner, new Uint8Array(20 + i).fill(0x2d))));
const torn = content(1, new Uint8Array(900).fill(0x61));
const CUT = 600;
const tangle = join(torn.subarray(0, CUT), content(2, new Uint8Array(50)), torn.subarray(CUT));

describe("a torn frame among bodies that hold frames", () => {
  it("is told to the octet, and nothing else", () => {
    const calm = Array.from({ length: 8 }, (_, i) => content(1 + (i % 2), relayed));
    const octets = join(opened, content(1, relayed), tangle, ...calm);
    const at = opened.length + content(1, relayed).length;
    const { findings } = inspected({ segments: segmented(octets) });
    const [diagnosis, ...others] = findings.flatMap(each => each.diagnosis ?? []);
    expect(others).toEqual([]);
    const begin = at + method(1).length + header(1, 900).length;
    const there = at + CUT - begin;
    expect(diagnosis?.torn.map(({ spans }) => spans)).toEqual([
      [
        [begin, there],
        [at + tangle.length - (torn.length - CUT), torn.length - CUT],
      ],
    ]);
  });
});

describe("where the steps end before the stream is in order", () => {
  const octets = join(torn.subarray(0, CUT), ...Array.from({ length: 30 }, () => content(2, new Uint8Array(50))));
  const window = new OctetWindow(0, { octets: 0, limit: 1 << 20 });
  window.append(octets, 0, octets.length, new Moment());
  const sender = { sizeLimit: 131_064, isClient: true, seenWhole: true, maxBody: 131_056, usesChannel: () => true };
  const fault = method(1).length + header(1, 900).length;
  const read = (steps: number) =>
    untangle({ octets, length: octets.length, base: 0, from: 0, fault, ended: false, sender, segments: [] }, { steps });

  it("the cheapest reading is told as a guess, and what is open in it is not said to be missing", () => {
    const found = read(100);
    expect(found?.spent).toBe(true);
    const {
      missing,
      torn: claimed,
      confidence,
      summary,
    } = explain(window, found!, [], {
      streamOffset: fault,
      sizeLimit: sender.sizeLimit,
    });
    expect({ missing, claimed }).toEqual({ missing: [], claimed: [] });
    expect(confidence).toBeLessThanOrEqual(0.6);
    expect(summary).toContain("stand before octets that were not looked at; the rest may be among those.");
    expect(summary).toContain("The search ended early");
  });
  it("with steps enough nothing is told until the frame goes on or the stream ends", () => {
    expect(read(1_000_000)).toBeNull();
  });
});
