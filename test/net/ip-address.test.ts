import { describe, expect, it } from "vitest";
import { ipv4Text, ipv6Text } from "../../src/net/ip-address.ts";

/** Four signed words from eight groups. */
function words(address: string): [number, number, number, number] {
  const groups = address.split(":").map(group => Number.parseInt(group, 16));
  const word = (at: number) => (groups[at]! << 16) | groups[at + 1]!;
  return [word(0), word(2), word(4), word(6)];
}

describe("IPv4", () => {
  it.each([
    [0, "0.0.0.0"],
    [0x7f000001, "127.0.0.1"],
    [0xc0a80164 | 0, "192.168.1.100"],
    [-1, "255.255.255.255"],
  ])("%i is %s", (word, text) => {
    expect(ipv4Text(word)).toBe(text);
  });
});

describe("IPv6 as RFC 5952 has it", () => {
  it.each([
    ["0:0:0:0:0:0:0:0", "::", "all zero"],
    ["0:0:0:0:0:0:0:1", "::1", "zeros in front"],
    ["2001:db8:0:0:0:0:0:0", "2001:db8::", "zeros at the end"],
    ["2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1", "§4.1 leading zeros, §4.2.1 as short as possible"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "§4.2.2 a single zero group stays"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "§4.2.3 the longest run"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "§4.2.3 the first of equal runs"],
    ["FE80:0:0:0:ABCD:EF01:2345:6789", "fe80::abcd:ef01:2345:6789", "§4.3 lower case"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", "nothing to shorten"],
    ["0:0:0:0:0:ffff:c000:0201", "::ffff:192.0.2.1", "§5 IPv4-mapped"],
    ["0:0:0:0:0:fffe:c000:0201", "::fffe:c000:201", "not IPv4-mapped"],
  ])("%s is %s (%s)", (address, text) => {
    expect(ipv6Text(...words(address))).toBe(text);
  });
});
