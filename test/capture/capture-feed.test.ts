import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CaptureError } from "../../src/capture/capture-error.ts";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { MAX_RECORD_OCTETS } from "../../src/capture/capture-reader.ts";
import {
  block,
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  join,
  octets,
  option,
  pcapHeader,
  pcapRecord,
  sectionHeader,
  simplePacket,
} from "../support/capture-writer.ts";
import { packetLog } from "./packet-log.ts";
import { PROPERTY } from "./property-runs.ts";

const classic = join(
  pcapHeader(),
  ...Array.from({ length: 6 }, (_, at) => pcapRecord({ seconds: at, data: octets(at * 3, at), originalLength: 70 })),
);

const modern = join(
  sectionHeader("little", { options: option("little", 4, Buffer.from("test")) }),
  interfaceDescription("little", { tsresol: 9, tsoffset: 5n }),
  enhancedPacket({ ticks: 1_700_000_000_000_000_001n, data: octets(7, 1) }),
  block("little", 4, octets(12, 0)),
  simplePacket({ data: octets(6, 2) }),
  block("little", 0xbad, octets(10)),
  sectionHeader("big"),
  interfaceDescription("big", { snapLength: 9 }),
  enhancedPacket({ order: "big", data: octets(9, 3), originalLength: 60, options: option("big", 1, octets(5)) }),
  interfaceStatistics("big", 0, option("big", 5, octets(8, 0))),
);

describe("a capture comes out the same whatever the chunks", () => {
  test.each([
    ["pcap", classic],
    ["pcapng", modern],
  ])("%s", (_, capture) => {
    const whole = packetLog(capture);
    expect(whole.lines.length).toBeGreaterThan(2);
    for (let chunkOctets = 1; chunkOctets < capture.length; chunkOctets++) {
      const chunked = packetLog(capture, chunkOctets);
      expect(chunked.lines).toEqual(whole.lines);
      expect(chunked.truncated).toBeNull();
    }
  });
});

test("a packet as long as there may be is put together from small chunks, and copied once", () => {
  const longest = MAX_RECORD_OCTETS - 32;
  const header = join(sectionHeader(), interfaceDescription());
  const packet = enhancedPacket({ data: octets(longest) });
  expect(packet.length).toBe(MAX_RECORD_OCTETS);
  const lengths: number[] = [];
  const feed = new CaptureFeed(({ start, end }) => lengths.push(end - start));
  feed.push(header, 0, header.length);
  for (const once of [packet, packet]) {
    for (let at = 0; at < once.length; at += 4096) feed.push(once, at, Math.min(at + 4096, once.length));
  }
  expect(feed.finish()).toBeNull();
  expect(lengths).toEqual([longest, longest]);
  expect(feed.octets).toBe(header.length + 2 * packet.length);
});

test("nothing but the beginning of a magic number is no capture", () => {
  const feed = new CaptureFeed(() => {});
  feed.push(octets(3), 0, 1);
  feed.push(octets(3), 0, 2);
  expect(feed.reader).toBeNull();
  expect(() => feed.finish()).toThrow("it has fewer octets than a magic number");
});

/** Cuts, repeats and overwrites pieces of what was a capture: what is left of it takes the readers in deeper. */
const mutation = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), value: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), value: fc.integer({ min: 1, max: 40 }) }),
);

function mutated(capture: Uint8Array, changes: { kind: "set" | "cut" | "repeat"; at: number; value: number }[]) {
  let bytes = new Uint8Array(capture);
  for (const { kind, at, value } of changes) {
    const place = 4 + (at % Math.max(1, bytes.length - 4));
    if (kind === "set") bytes[place] = value;
    else if (kind === "cut") bytes = new Uint8Array(join(bytes.subarray(0, place), bytes.subarray(place + value)));
    else bytes = new Uint8Array(join(bytes.subarray(0, place + value), bytes.subarray(place)));
  }
  return bytes;
}

test.each([
  ["pcap", classic],
  ["pcapng", modern],
])(`a mutated %s ends in packets, in a truncation or in a CaptureError (seed ${PROPERTY.seed})`, (_, capture) => {
  const changes = fc.array(mutation, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 80 }), (list, chunkOctets) => {
      const bytes = mutated(capture, list);
      const whole = packetLog(bytes);
      const chunked = packetLog(bytes, chunkOctets);
      if (whole.error !== null) expect(whole.error).toBeInstanceOf(CaptureError);
      expect(chunked.lines).toEqual(whole.lines);
      expect(chunked.truncated).toEqual(whole.truncated);
      expect((chunked.error as Error | null)?.message).toBe((whole.error as Error | null)?.message);
      expect(chunked.reader?.notes).toEqual(whole.reader?.notes);
    }),
    { ...PROPERTY, numRuns: 3000 },
  );
});
