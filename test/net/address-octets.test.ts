import { expect, it } from "vitest";
import { addressOctets, asIpv6 } from "../../src/net/address-octets.ts";
import { ipv4Text, ipv6Text } from "../../src/net/ip-address.ts";

it.each([
  ["192.0.2.1", "192.0.2.1"],
  ["0.0.0.0", "0.0.0.0"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:201", "192.0.2.1"],
  ["::FFFF:192.0.2.1", "192.0.2.1"],
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:db8::7", "2001:db8::7"],
  ["2001:0DB8:0:0:8:800:200c:417a", "2001:db8::8:800:200c:417a"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ["fe80::1%eth0", "fe80::1"],
])("%s is %s", (text, expected) => {
  const octets = addressOctets(text)!;
  const view = new DataView(octets.buffer);
  const words = [0, 4, 8, 12].filter(at => at < octets.length).map(at => view.getUint32(at));
  expect(words.length === 1 ? ipv4Text(words[0]!) : ipv6Text(words[0]!, words[1]!, words[2]!, words[3]!)).toBe(
    expected,
  );
});

it.each([
  "",
  "localhost",
  "1.2.3",
  "1.2.3.256",
  "1.2.3.4.5",
  "1.2.3.-4",
  "1.2.3. 4",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "12345::",
  "g::",
  "1.2.3.4::",
])("%j is no address", text => {
  expect(addressOctets(text)).toBeNull();
});

it("an IPv4 address in IPv6 is an IPv4-mapped one", () => {
  expect([...asIpv6(addressOctets("192.0.2.1")!)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1]);
  expect([...asIpv6(addressOctets("::1")!)].at(-1)).toBe(1);
});
