import { describe, expect, it } from "vitest";
import { ipHeaderAt } from "../../src/net/link-layer.ts";
import { HEADER_INCOMPLETE, NOT_IP, UNKNOWN_LINK_TYPE } from "../../src/net/packet-outcome.ts";
import { carrying, type PacketBuilder } from "../support/segments.ts";

const ipv4 = () => carrying("x").tcp().ipv4();
const ipv6 = () => carrying("x").tcp().ipv6();

/** Link type, packet, and octets in front of the IP header. */
const readable: [string, number, PacketBuilder, number][] = [
  ["Ethernet, IPv4", 1, ipv4().ethernet(), 14],
  ["Ethernet, IPv6", 1, ipv6().ethernet(), 14],
  ["Ethernet, 802.1Q", 1, ipv4().vlan(0x8100).ethernet(), 18],
  ["Ethernet, 802.1ad with 802.1Q inside", 1, ipv6().vlan(0x8100).vlan(0x88a8).ethernet(), 22],
  ["Ethernet, 802.1ad alone", 1, ipv4().vlan(0x88a8).ethernet(), 18],
  ["Ethernet, QinQ as it was before 802.1ad", 1, ipv4().vlan(0x8100).vlan(0x9100).ethernet(), 22],
  ["Ethernet, four tags", 1, ipv4().vlan().vlan().vlan().vlan().ethernet(), 30],
  ["Ethernet, PPPoE session, IPv4", 1, ipv4().pppoe().ethernet(), 22],
  ["Ethernet, PPPoE session, IPv6", 1, ipv6().pppoe().ethernet(), 22],
  ["Ethernet, 802.1Q, PPPoE session", 1, ipv4().pppoe().vlan().ethernet(), 26],
  ["Linux cooked v1, IPv4", 113, ipv4().cooked(), 16],
  ["Linux cooked v1, IPv6", 113, ipv6().cooked(), 16],
  ["Linux cooked v1, 802.1Q", 113, ipv4().vlan().cooked(), 20],
  ["Linux cooked v2, IPv4", 276, ipv4().cooked2(), 20],
  ["Linux cooked v2, IPv6", 276, ipv6().cooked2(), 20],
  ["Linux cooked v2, 802.1Q", 276, ipv4().vlan().cooked2(), 24],
  ["BSD null, IPv4, little-endian host", 0, ipv4().family(2, "little"), 4],
  ["BSD null, IPv4, big-endian host", 0, ipv4().family(2, "big"), 4],
  ["BSD null, IPv6 of NetBSD, OpenBSD and Npcap", 0, ipv6().family(24, "little"), 4],
  ["BSD null, IPv6 of FreeBSD", 0, ipv6().family(28, "little"), 4],
  ["BSD null, IPv6 of Darwin", 0, ipv6().family(30, "little"), 4],
  ["BSD null, IPv6 of Darwin on PowerPC", 0, ipv6().family(30, "big"), 4],
  ["BSD loop, IPv4", 108, ipv4().family(2, "big"), 4],
  ["BSD loop, IPv6", 108, ipv6().family(24, "big"), 4],
  ["raw", 101, ipv4(), 0],
  ["raw, IPv6", 101, ipv6(), 0],
  ["raw, as BSD/OS numbers it", 14, ipv4(), 0],
  ["raw, as most systems number it", 12, ipv6(), 0],
  ["OpenBSD loop, under the same number", 12, ipv4().family(2, "big"), 4],
  ["IPv4", 228, ipv4(), 0],
  ["IPv6", 229, ipv6(), 0],
];

describe("ipHeaderAt", () => {
  it.each(readable)("%s", (_name, linkType, packet, offset) => {
    const record = packet.record(linkType);
    expect(ipHeaderAt(linkType, record.bytes, record.start, record.end)).toBe(record.start + offset);
  });

  it.each(readable)("%s, cut anywhere in front of the IP header", (_name, linkType, packet, offset) => {
    for (let captured = 0; captured < offset; captured++) {
      const record = packet.cutTo(captured).record(linkType);
      // Only raw IP and an empty packet of link type 12 look alike: the IP decoder sees that nothing is there.
      const expected = linkType === 12 && captured === 0 ? record.start : HEADER_INCOMPLETE;
      expect(ipHeaderAt(linkType, record.bytes, record.start, record.end), `${captured} octets`).toBe(expected);
    }
  });

  it.each([
    ["ARP", 1, carrying("x").ethernet(0x0806)],
    ["802.3 length instead of a type", 1, carrying("x").ethernet(38)],
    ["ARP behind a tag", 1, carrying("x").vlan().ethernet()],
    ["PPPoE discovery", 1, carrying("xxxxxxxx").ethernet(0x8863)],
    ["PPPoE session with LCP", 1, carrying("x").pppoe(0xc021).ethernet()],
    ["another address family", 0, carrying("x").family(7, "little")],
    ["no address family", 0, carrying("x").family(0, "little")],
  ])("not IP: %s", (_name, linkType, packet) => {
    const record = packet.record(linkType);
    expect(ipHeaderAt(linkType, record.bytes, record.start, record.end)).toBe(NOT_IP);
  });

  it.each([9, 105, 127, 147, 195, 65535, -1])("link type %i is not read", linkType => {
    const record = ipv4().ethernet().record(linkType);
    expect(ipHeaderAt(linkType, record.bytes, record.start, record.end)).toBe(UNKNOWN_LINK_TYPE);
  });
});
