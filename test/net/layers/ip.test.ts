import { describe, expect, it } from "vitest";
import { EMPTY, FRAGMENT, HEADER_CUT, MALFORMED, TOO_DEEP, UNREAD } from "../../../src/net/packet-outcome.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { carrying, type PacketBuilder } from "../../support/segments.ts";

const tcp = () => carrying("AMQP").tcp();
const TCP_LENGTH = 24;

/** Reads a packet of raw IP; offsets are relative to its start. */
function read(packet: PacketBuilder) {
  const record = packet.record(101);
  const reader = new SegmentReader();
  const outcome = reader.read(record);
  const { segment } = reader;
  // The header of 20 octets that every TCP segment here has.
  const at = segment.payloadStart - 20 - record.start;
  return { outcome, at, end: segment.payloadEnd + segment.cut - record.start, segment };
}

describe("IP", () => {
  it.each([
    ["IPv4", tcp().ipv4(), 20],
    ["IPv4 with options", tcp().ipv4({ options: new Uint8Array(12).fill(1) }), 32],
    ["IPv4 with the longest options", tcp().ipv4({ options: new Uint8Array(40).fill(1) }), 60],
    ["IPv4, don't fragment", tcp().ipv4({ dontFragment: true }), 20],
    ["IPv4, authentication header", tcp().authentication().ipv4(), 44],
    ["IPv6", tcp().ipv6(), 40],
    ["IPv6, hop-by-hop", tcp().extension(0).ipv6(), 48],
    ["IPv6, hop-by-hop, long", tcp().extension(0, 3).ipv6(), 72],
    ["IPv6, routing", tcp().extension(43, 2).ipv6(), 64],
    ["IPv6, destination options", tcp().extension(60).ipv6(), 48],
    ["IPv6, authentication header", tcp().authentication(16).ipv6(), 68],
    ["IPv6, all of them", tcp().extension(60).authentication().extension(43).extension(0).ipv6(), 88],
    ["IPv6, a fragment that is whole (RFC 6946)", tcp().fragmentHeader(0, false).ipv6(), 48],
  ])("%s", (_name, packet, at) => {
    expect(read(packet)).toMatchObject({ at, end: at + TCP_LENGTH });
  });

  it.each([
    ["not IP", carrying(new Uint8Array(60).fill(0x55)), UNREAD],
    ["UDP over IPv4", carrying("x").udp().ipv4(), UNREAD],
    ["UDP over IPv6", carrying("x").udp().ipv6(), UNREAD],
    ["no next header", carrying("x").ipv6(), UNREAD],
    ["ESP", tcp().ipv6({ next: 50 }), UNREAD],
    ["UDP behind an extension header", carrying("x").udp().extension(0).ipv6(), UNREAD],
    ["IPv4, first fragment", tcp().ipv4({ moreFragments: true }), FRAGMENT],
    ["IPv4, later fragment", tcp().ipv4({ fragmentOffset: 185 }), FRAGMENT],
    ["IPv6, first fragment", tcp().fragmentHeader(0, true).ipv6(), FRAGMENT],
    ["IPv6, later fragment", tcp().fragmentHeader(185, false).ipv6(), FRAGMENT],
    ["IPv4, header shorter than a header", tcp().ipv4({ headerLength: 4 }), MALFORMED],
    ["IPv4, total length shorter than the header", tcp().ipv4({ totalLength: 19 }), MALFORMED],
    ["IPv4, header longer than the total length", tcp().ipv4({ headerLength: 15, totalLength: 44 }), MALFORMED],
    ["IPv6, extension header beyond the payload length", tcp().extension(0).ipv6({ payloadLength: 7 }), MALFORMED],
    [
      "IPv6, extension header of a lying length",
      carrying(new Uint8Array([0, 255, 0, 0, 0, 0, 0, 0])).ipv6({ next: 0 }),
      MALFORMED,
    ],
  ])("%s", (_name, packet, outcome) => {
    expect(read(packet).outcome).toBe(outcome);
  });

  it("reads extension headers as long as there are not too many layers", () => {
    const packet = (headers: number) => {
      const built = tcp();
      for (let i = 0; i < headers; i++) built.extension(60);
      return built.ipv6();
    };
    expect(read(packet(30)).outcome).toBe(0);
    expect(read(packet(40)).outcome).toBe(TOO_DEEP);
  });

  it("trims what Ethernet padded", () => {
    expect(read(tcp().ipv4().trailer(6)).end).toBe(44);
    expect(read(tcp().ipv6().trailer(6)).end).toBe(64);
  });

  it("takes the packet's own length where segmentation offload left zero", () => {
    expect(read(tcp().ipv4({ totalLength: 0 }))).toMatchObject({ at: 20, end: 44 });
    expect(read(tcp().ipv6({ payloadLength: 0 }))).toMatchObject({ at: 40, end: 64 });
    expect(read(tcp().ipv4({ totalLength: 0 }).cutTo(40))).toMatchObject({ at: 20, end: 44 });
  });

  it("tells the end by the length on the wire where the capture is shorter", () => {
    expect(read(tcp().ipv4().cutTo(41))).toMatchObject({ at: 20, end: 44 });
    expect(read(tcp().ipv4({ totalLength: 1500 }))).toMatchObject({ at: 20, end: 1500 });
  });

  it.each([
    ["IPv4", tcp().ipv4(), 20],
    ["IPv6", tcp().ipv6(), 40],
    ["IPv6 with an extension header", tcp().extension(60).ipv6(), 48],
  ])("%s, cut inside a header", (_name, packet, length) => {
    for (let captured = 0; captured < length; captured++) {
      expect(read(packet.cutTo(captured)).outcome, `${captured} octets`).toBe(captured === 0 ? EMPTY : HEADER_CUT);
    }
  });

  it("keeps the addresses as words", () => {
    const wide = { source: "2001:db8:0:1:2:3:4:5", destination: "fe80:0:0:0:0:0:ffff:ffff" };
    expect(read(tcp().ipv6(wide)).segment).toMatchObject({
      version: 6,
      source0: 0x20010db8,
      source1: 0x00000001,
      source2: 0x00020003,
      source3: 0x00040005,
      destination0: 0xfe800000 | 0,
      destination1: 0,
      destination2: 0,
      destination3: -1,
    });
    expect(read(tcp().ipv4({ source: "192.0.2.1", destination: "10.1.2.3" })).segment).toMatchObject({
      version: 4,
      source0: 0xc0000201 | 0,
      destination0: 0x0a010203,
    });
  });
});
