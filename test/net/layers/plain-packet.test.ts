import fc from "fast-check";
import { expect, it } from "vitest";
import { PacketRecord } from "../../../src/capture/packet-record.ts";
import { readPlain } from "../../../src/net/layers/plain-packet.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { TcpSegment } from "../../../src/net/tcp-segment.ts";
import { PROPERTY } from "../../capture/property-runs.ts";
import { carrying } from "../../support/segments.ts";
import { frame, octets } from "../../support/wrappings.ts";

const PLAIN = octets(
  frame(
    carrying("AMQP")
      .tcp({ options: octets("02 04 05 b4") })
      .ipv4().bytes,
  ),
  "00 00 00 00",
);

function recordOf(bytes: Uint8Array, captured: number, linkType: number): PacketRecord {
  const record = new PacketRecord();
  record.bytes = octets("45 45 45", bytes.subarray(0, captured), "45 45 45");
  record.start = 3;
  record.end = 3 + Math.min(captured, bytes.length);
  record.originalLength = bytes.length;
  record.linkType = linkType;
  return record;
}

it("reads a plain packet", () => {
  const segment = new TcpSegment();
  expect(readPlain(recordOf(PLAIN, PLAIN.length, 1), segment)).toBe(true);
  expect(segment).toMatchObject({ sourcePort: 40_000, destinationPort: 5672, cut: 0 });
  expect(segment.payloadEnd - segment.payloadStart).toBe(4);
});

it(`says what is read layer by layer, or nothing, whatever is changed and cut (seed ${PROPERTY.seed})`, () => {
  const change = fc.record({ at: fc.nat(60), octet: fc.nat(255) });
  let read = 0;
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 4 }),
      fc.integer({ min: 40, max: PLAIN.length + 4 }),
      fc.constantFrom(1, 1, 1, 113),
      (changes, captured, linkType) => {
        const bytes = Uint8Array.from(PLAIN);
        for (const { at, octet } of changes) bytes[at] = octet;
        const record = recordOf(bytes, captured, linkType);
        const segment = new TcpSegment();
        if (!readPlain(record, segment)) return;
        read++;
        const layered = new SegmentReader();
        expect(layered.readLayers(record)).toBe(0);
        expect(layered.segment).toEqual(segment);
      },
    ),
    { ...PROPERTY, numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(500);
});
