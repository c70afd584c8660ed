/**
 * What was not read is never taken for something harmless: every octet in front of a TCP segment is changed, and the
 * packet is cut everywhere, in every wrapping. Either the segment is read, or it is told that it may hold AMQP.
 */
import { describe, expect, it } from "vitest";
import { PacketRecord } from "../../../src/capture/packet-record.ts";
import { FRAGMENT, UNREAD } from "../../../src/net/packet-outcome.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { unreadPackets } from "../../../src/net/unread-packets.ts";
import { carrying } from "../../support/segments.ts";
import { ethernet, frame, ipv4, octets, udp, vxlan, WRAPPINGS, withChecksums } from "../../support/wrappings.ts";

const WAY = { forth: true, number: 1 };
const FAMILIES = {
  IPv4: withChecksums(carrying("AMQP").tcp().ipv4().bytes),
  IPv6: withChecksums(carrying("AMQP").tcp().ipv6().bytes),
};
/** The changed octet says so itself: another protocol stands there. */
const IS_ANOTHER = /^(icmp|icmpv6|igmp|udp|802\.11-management)$/;
/** Nobody has described it, and the octets that would prove an IP header are cut off. */
const UNDESCRIBED = "a wrapping that nobody has described";

/** null where it was read or is told, else what it was taken for. */
function hidden(bytes: Uint8Array, linkType: number, captured = bytes.length): string | null {
  const record = new PacketRecord();
  record.bytes = bytes;
  record.end = captured;
  record.originalLength = bytes.length;
  record.linkType = linkType;
  const reader = new SegmentReader();
  const outcome = reader.read(record);
  if (outcome === 0 || outcome === FRAGMENT) return null;
  const [kind] = unreadPackets(new Map([[outcome === UNREAD ? reader.unread : outcome, 1]]));
  return kind!.mayHoldAmqp ? null : kind!.reason;
}

describe.each(Object.entries(FAMILIES))("%s in", (_family, ip) => {
  const wrapped = WRAPPINGS.map(each => [each.name, each] as const);

  it.each(wrapped)("%s, an octet changed", (_name, { wrap, linkType }) => {
    for (const packet of wrap(ip, WAY)) {
      const innerAt = Buffer.from(packet).indexOf(Buffer.from(ip));
      for (let at = 0; at < innerAt; at++) {
        for (const octet of [0, 255, packet[at]! ^ 1, packet[at]! ^ 0x10, packet[at]! ^ 0x80]) {
          const changed = Uint8Array.from(packet);
          changed[at] = octet;
          const taken = hidden(changed, linkType);
          if (taken !== null) expect(taken, `octet ${at} is ${octet}`).toMatch(IS_ANOTHER);
        }
      }
    }
  });

  it.each(wrapped.filter(([name]) => name !== UNDESCRIBED))("%s, cut anywhere", (_name, { wrap, linkType }) => {
    for (const packet of wrap(ip, WAY)) {
      for (let captured = 0; captured < packet.length; captured++) {
        expect(hidden(packet, linkType, captured), `${captured} octets`).toBeNull();
      }
    }
  });
});

describe("an IP header proves itself", () => {
  const ip = FAMILIES.IPv4;
  const noSum = Uint8Array.from(ip).fill(0, 10, 12);
  const inUdp = (payload: Uint8Array) => frame(ipv4(17, udp(40_000, payload), WAY));
  const inUnknown = (inner: Uint8Array) => octets("de ad be ef 00 01 02 03 04", inner);

  it.each([
    ["without a checksum, by TCP's", inUdp(inUnknown(noSum))],
    ["with a wrong checksum, by TCP's", inUdp(inUnknown(withOctet(ip, 10, 0x5a)))],
    ["without any right checksum, by what must be 0", inUdp(inUnknown(carrying("AMQP").tcp().ipv4().bytes))],
    ["over IPv6, without any right checksum", inUdp(inUnknown(carrying("AMQP").tcp().ipv6().bytes))],
    ["over IPv6, behind hop-by-hop options", inUdp(inUnknown(extended(0)))],
    ["over IPv6, behind destination options and routing", inUdp(inUnknown(extended(60, 43)))],
    ["in an ICMP echo, which is a tunnel's", frame(ipv4(1, octets("08 00 00 00 00 01 00 01", ip), WAY))],
    [
      "behind Cisco's tag for VLANs, ISL",
      octets("01 00 0c 00 00 02 00 00 00 00 03", "00 60 aa aa 03 00 00 0c 00 c8 00 01 00 00", frame(ip)),
    ],
    ["in front of a check value", octets(ethernet(0xb0b0, ip), new Uint8Array(20))],
    ["behind a header that lies about what follows", ethernet(0x0806, octets("00 01 08 00", frame(ip)))],
    ["on a service's port", frame(ipv4(17, udp(40_000, inUnknown(ip), 53), WAY))],
    ["on a port of flow records, and in none", frame(ipv4(17, udp(6343, inUnknown(ip)), WAY))],
    ["inside a tunnel that is not alone", inUdp(inUnknown(ipv4(17, udp(4789, vxlan(7, frame(ip))), WAY)))],
    ["in a datagram longer than UDP says", withUdpLength(inUdp(vxlan(7, frame(ip))), 40)],
  ])("%s", (_what, packet) => {
    const record = new PacketRecord();
    record.bytes = packet;
    record.end = packet.length;
    record.originalLength = packet.length;
    record.linkType = 1;
    const reader = new SegmentReader();
    expect(reader.read(record)).toBe(0);
    expect(reader.segment.destinationPort).toBe(5672);
  });

  it("and is told of where it is a fragment over IPv6", () => {
    const record = new PacketRecord();
    record.bytes = inUdp(inUnknown(carrying("AMQP").tcp().fragmentHeader(0, true).ipv6().bytes));
    record.end = record.originalLength = record.bytes.length;
    record.linkType = 1;
    expect(new SegmentReader().read(record)).toBe(FRAGMENT);
  });

  it.each([
    ["in a flow record", frame(ipv4(17, udp(40_000, octets("00 00 00 05 00 00 00 01", ip), 6343), WAY)), "udp"],
    ["in an ICMP error", frame(ipv4(1, octets("03 01 00 00 00 00 00 00", ip), WAY)), "icmp"],
    [
      "where a flag of TCP contradicts another",
      inUdp(inUnknown(carrying("AMQP").tcp({ flags: "SF" }).ipv4().bytes)),
      "udp",
    ],
    [
      "where something urgent is not said to be there",
      inUdp(inUnknown(withOctet(carrying("AMQP").tcp().ipv4().bytes, 39, 1))),
      "udp",
    ],
    [
      "where its fragment's offset is none",
      inUdp(inUnknown(withOctet(carrying("AMQP").tcp().ipv4().bytes, 7, 1))),
      "udp",
    ],
  ])("and is left alone %s, which quotes it", (_what, packet, reason) => {
    expect(hidden(packet, 1)).toBe(reason);
  });
});

function withOctet(packet: Uint8Array, at: number, octet: number): Uint8Array {
  const changed = Uint8Array.from(packet);
  changed[at] = octet;
  return changed;
}

/** TCP over IPv6 behind such extension headers of eight octets, and no checksum. */
function extended(...headers: number[]): Uint8Array {
  let packet = carrying("AMQP").tcp();
  for (const header of headers.toReversed()) packet = packet.extension(header);
  return packet.ipv6().bytes;
}

function withUdpLength(packet: Uint8Array, length: number): Uint8Array {
  const changed = Uint8Array.from(packet);
  changed.set([length >>> 8, length & 0xff], 14 + 20 + 4);
  return changed;
}
