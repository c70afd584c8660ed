import { describe, expect, it } from "vitest";
import { EMPTY, HEADER_CUT, MALFORMED } from "../../../src/net/packet-outcome.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { carrying, type PacketBuilder, type TcpFields } from "../../support/segments.ts";

/** Reads a packet on Ethernet; the payload is what the segment says it is. */
function read(packet: PacketBuilder) {
  const record = packet.record();
  const reader = new SegmentReader();
  const outcome = reader.read(record);
  const { segment } = reader;
  const payload = new TextDecoder().decode(record.bytes.slice(segment.payloadStart, segment.payloadEnd));
  return { outcome, segment, payload, cut: segment.cut };
}

const packet = (payload: string, fields?: TcpFields) => carrying(payload).tcp(fields).ipv4().ethernet();

describe("TCP", () => {
  it("reads ports, numbers and flags", () => {
    const fields = { from: 65535, to: 5671, sequence: 0xfffffffe, acknowledgment: 0x80000000, flags: "FSRPAU" };
    expect(read(packet("AMQP", fields))).toMatchObject({
      outcome: 0,
      payload: "AMQP",
      cut: 0,
      segment: { sourcePort: 65535, destinationPort: 5671, sequence: -2, acknowledgment: -(2 ** 31), flags: 0x3f },
    });
  });

  it.each([0, 4, 12, 40])("skips %i octets of options", length => {
    expect(read(packet("AMQP", { options: new Uint8Array(length).fill(1) }))).toMatchObject({
      outcome: 0,
      payload: "AMQP",
    });
  });

  it("knows an empty payload from Ethernet padding", () => {
    expect(read(packet("").trailer(6))).toMatchObject({ outcome: 0, payload: "", cut: 0 });
  });

  it.each([
    ["data offset below five words", { dataOffset: 4 }],
    ["data offset zero", { dataOffset: 0 }],
    ["data offset beyond the packet", { dataOffset: 15 }],
  ])("%s is malformed", (_name, fields) => {
    expect(read(packet("AMQP", fields)).outcome).toBe(MALFORMED);
  });

  it("an IP packet too short for a TCP header is malformed", () => {
    expect(read(carrying("AMQP").tcp().ipv4({ totalLength: 39 }).ethernet()).outcome).toBe(MALFORMED);
    expect(read(carrying("AMQP").tcp().ipv6({ payloadLength: 19 }).ethernet()).outcome).toBe(MALFORMED);
  });

  it("an original length beyond any segment is malformed", () => {
    const record = carrying("AMQP").tcp().ipv4({ totalLength: 0 }).ethernet().record();
    record.originalLength = 0xffffffff;
    expect(new SegmentReader().read(record)).toBe(MALFORMED);
  });

  it("an original length below what was captured does no harm", () => {
    const record = carrying("AMQP").tcp().ipv4({ totalLength: 0 }).ethernet().record();
    record.originalLength = 0;
    const reader = new SegmentReader();
    expect(reader.read(record)).toBe(0);
    expect(reader.segment.payloadEnd).toBe(record.end);
  });

  it("counts what the snap length cut, octet by octet", () => {
    const options = new Uint8Array(8).fill(1);
    const whole = packet("AMQP", { options }).bytes.length;
    for (let captured = 0; captured <= whole; captured++) {
      const found = read(packet("AMQP", { options }).cutTo(captured));
      if (captured < 14 + 20 + 14) {
        expect(found.outcome, `${captured} octets`).toBe(captured === 0 ? EMPTY : HEADER_CUT);
      } else {
        const left = Math.max(0, captured - (whole - 4));
        expect(found, `${captured} octets`).toMatchObject({
          outcome: 0,
          payload: "AMQP".slice(0, left),
          cut: 4 - left,
        });
      }
    }
  });

  it("a lying length never reads beyond what was captured", () => {
    const lying = carrying("AMQP").tcp().ipv4({ totalLength: 1500 }).ethernet();
    expect(read(lying)).toMatchObject({ outcome: 0, payload: "AMQP", cut: 1456 });
  });
});
