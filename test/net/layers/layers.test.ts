import { describe, expect, it } from "vitest";
import { PacketRecord } from "../../../src/capture/packet-record.ts";
import {
  EMPTY,
  FRAGMENT,
  HEADER_CUT,
  MALFORMED,
  NOT_OVER_TCP,
  TOO_DEEP,
  UDP_CUT,
  UNREAD,
} from "../../../src/net/packet-outcome.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { carrying } from "../../support/segments.ts";
import { ethernet, frame, ipv4, octets, udp, vxlan, WRAPPINGS, withChecksums } from "../../support/wrappings.ts";

const OUTCOMES = {
  [UNREAD]: "unread",
  [FRAGMENT]: "fragment",
  [NOT_OVER_TCP]: "unread",
  [EMPTY]: "empty",
  [HEADER_CUT]: "cut",
  [UDP_CUT]: "cut",
  [MALFORMED]: "malformed",
  [TOO_DEEP]: "too deep",
  0: "segment",
};

function recordOf(bytes: Uint8Array, linkType: number, captured = bytes.length): PacketRecord {
  const record = new PacketRecord();
  record.bytes = octets(new Uint8Array(3).fill(0x45), bytes.subarray(0, captured), new Uint8Array(7).fill(0x45));
  record.start = 3;
  record.end = 3 + captured;
  record.originalLength = bytes.length;
  record.linkType = linkType;
  return record;
}

function read(reader: SegmentReader, record: PacketRecord): string {
  const outcome = OUTCOMES[reader.read(record) as keyof typeof OUTCOMES];
  if (outcome !== "segment") return outcome;
  const { payloadStart, payloadEnd, sourcePort, destinationPort, cut } = reader.segment;
  const payload = new TextDecoder().decode(reader.record.bytes.slice(payloadStart, payloadEnd));
  return `${sourcePort} > ${destinationPort} "${payload}"${cut > 0 ? ` and ${cut}` : ""}`;
}

const WAY = { forth: true, number: 1 };
const FAMILIES = {
  IPv4: withChecksums(carrying("AMQP").tcp().ipv4().bytes),
  IPv6: withChecksums(carrying("AMQP").tcp().ipv6().bytes),
};

describe.each(Object.entries(FAMILIES))("%s in", (_family, ip) => {
  it.each(WRAPPINGS.map(each => [each.name, each] as const))("%s", (_name, { wrap, linkType }) => {
    const reader = new SegmentReader();
    const seen = wrap(ip, WAY).map(packet => read(reader, recordOf(packet, linkType)));
    expect(seen.filter(each => each !== "fragment")).toEqual(['40000 > 5672 "AMQP"']);
  });

  it.each(WRAPPINGS.map(each => [each.name, each] as const))("%s, cut anywhere", (_name, { wrap, linkType }) => {
    for (const packet of wrap(ip, WAY)) {
      for (let captured = 0; captured < packet.length; captured++) {
        const seen = read(new SegmentReader(), recordOf(packet, linkType, captured));
        expect(seen, `${captured} octets`).toMatch(/^(empty|cut|unread|fragment|40000 > 5672 "A?M?Q?P?"( and \d+)?)$/);
      }
    }
  });
});

const inner = FAMILIES.IPv4;

describe("what is left alone", () => {
  it.each([
    ["ARP", ethernet(0x0806, octets("00 01 08 00")), 1, "unread"],
    ["MACsec with encryption", ethernet(0x88e5, octets(0x2c, 0, new Uint8Array(12), new Uint8Array(60))), 1, "unread"],
    ["802.11 with encryption", octets("08 41", new Uint8Array(22), new Uint8Array(60)), 105, "unread"],
    ["a beacon", octets("80 00", new Uint8Array(60)), 105, "unread"],
    ["an unknown link type", frame(carrying("x").udp().ipv4().bytes), 147, "unread"],
    ["a DNS answer to VXLAN's port", frame(ipv4(17, udp(4789, octets("12 34 81 80 00 01"), 53), WAY)), 1, "unread"],
    ["GRE of an unknown version", frame(ipv4(47, octets("00 05 08 00", inner), WAY)), 1, "malformed"],
    ["UDP longer than its packet", frame(ipv4(17, octets("00 01 12 b5 ff ff 00 00", inner), WAY)), 1, "malformed"],
    ["EtherIP of an unknown version", frame(ipv4(97, octets("40 00", frame(inner)), WAY)), 1, "malformed"],
    ["PPPoE of an unknown version", ethernet(0x8864, octets("21 00 00 07 00 02 00 21", inner)), 1, "malformed"],
  ])("%s", (_name, packet, linkType, outcome) => {
    expect(read(new SegmentReader(), recordOf(packet, linkType))).toBe(outcome);
  });

  it("is a tunnel in too many tunnels", () => {
    let packet = frame(inner);
    for (let i = 0; i < 8; i++) packet = frame(ipv4(17, udp(4789, vxlan(i, packet)), WAY));
    expect(read(new SegmentReader(), recordOf(packet, 1))).toBe('40000 > 5672 "AMQP"');
    for (let i = 0; i < 8; i++) packet = frame(ipv4(17, udp(4789, vxlan(i, packet)), WAY));
    expect(read(new SegmentReader(), recordOf(packet, 1))).toBe("too deep");
  });

  it("is a stack of labels without end", () => {
    expect(read(new SegmentReader(), recordOf(ethernet(0x8847, new Uint8Array(9000)), 1))).toBe("too deep");
  });
});

describe("VXLAN's port", () => {
  const packet = frame(ipv4(17, udp(999, octets("08 00 00 00 00 00 07 01", frame(inner))), WAY));

  it("is one that is named, though its reserved octet be set", () => {
    const reader = new SegmentReader([999]);
    expect(read(reader, recordOf(packet, 1))).toBe('40000 > 5672 "AMQP"');
    expect(reader.paths.describe(reader.segment.path)).toBe("VXLAN 7");
  });

  it("is not needed where an IP header proves itself", () => {
    const reader = new SegmentReader();
    expect(read(reader, recordOf(packet, 1))).toBe('40000 > 5672 "AMQP"');
    expect(reader.segment.path).toBe(0);
  });
});
