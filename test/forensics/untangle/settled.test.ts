/** When an incident is over, and what is said of one that is not where the steps end. */
import { describe, expect, it } from "vitest";
import { explain } from "../../../src/forensics/explanation.ts";
import { OctetWindow } from "../../../src/forensics/octet-window.ts";
import { Reading } from "../../../src/forensics/untangle/reading.ts";
import { settledBy } from "../../../src/forensics/untangle/settled.ts";
import { untangle } from "../../../src/forensics/untangle/untangle.ts";
import { Moment } from "../../../src/net/connection-observer.ts";
import { body, header, join, method } from "./frames.ts";

const content = (channel: number, octets: Uint8Array): Uint8Array =>
  join(method(channel), header(channel, octets.length), body(channel, octets));
const torn = content(1, new Uint8Array(900).fill(0x61));
const CUT = 600;
const sender = { sizeLimit: 131_064, isClient: true, seenWhole: true, maxBody: 131_056, usesChannel: () => true };

/** A reading at the octets' end: `frames` in one piece behind each other, and one that is interrupted for each of `open`. */
function reading(price: number, frames: number, open: readonly number[] = []): Reading {
  const made = new Reading();
  made.price = price;
  made.run = frames;
  made.runAt = 100;
  for (let i = 0; i < frames; i++) made.take(100 + i, 101 + i);
  made.others = open.map(left => ({
    id: 5,
    frame: null,
    channel: 1,
    owes: -1,
    left,
    header: null,
    ignored: 0,
    cutAt: 9,
    by: -1,
  }));
  return made;
}

describe("a stream is in order again", () => {
  const stream = { octets: new Uint8Array(), length: 0, base: 0, from: 0, fault: 50, ended: false, segments: [] };
  const rank = ({ price }: Reading): number => price;
  const settles = (...live: Reading[]): boolean => settledBy(live, { ...stream, sender }, rank) === live[0];
  it.each([
    ["where four frames follow one another", [reading(10, 4)], true],
    ["not behind three", [reading(10, 3)], false],
    ["not where one is interrupted", [reading(10, 9, [40])], false],
    ["not where another reading that is near has none in order", [reading(10, 9), reading(25, 0)], false],
    ["where what is near would have to leave a frame unfinished", [reading(10, 9), reading(25, 0, [40])], true],
    ["not where it is near even so", [reading(10, 9), reading(22, 0, [40])], false],
  ])("%s", (_, live, isSettled) => expect(settles(...live)).toBe(isSettled));
});

describe("where the steps end before the stream is in order", () => {
  const octets = join(torn.subarray(0, CUT), ...Array.from({ length: 30 }, () => content(2, new Uint8Array(50))));
  const window = new OctetWindow(0, { octets: 0, limit: 1 << 20 });
  window.append(octets, 0, octets.length, new Moment());
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
