import { describe, expect, it } from "vitest";
import { type ProxyProtocol, proxyHeader } from "../../src/proxy/proxy-protocol.ts";
import { readProxyHeader } from "./proxy-header.ts";

describe.each<ProxyProtocol>(["v1", "v2"])("a PROXY header %s", version => {
  it.each([
    ["192.0.2.1", "198.51.100.2", "TCP4"],
    ["::1", "::", "TCP6"],
    ["2001:db8::ff00:42:8329", "2001:db8:1:2:3:4:5:6", "TCP6"],
    ["fe80::1", "fe80::2", "TCP6"],
  ])("from %s to %s", (source, destination, family) => {
    const header = proxyHeader(version, { address: source, port: 56324 }, { address: destination, port: 443 });
    expect(readProxyHeader(Buffer.from(header))).toEqual({
      family,
      source: `${source} 56324`,
      destination: `${destination} 443`,
      size: header.length,
    });
  });

  it("names no zone of this machine", () => {
    const [source, destination] = [
      { address: "fe80::1%eth0", port: 1 },
      { address: "fe80::2%eth0", port: 65535 },
    ];
    const header = readProxyHeader(Buffer.from(proxyHeader(version, source, destination)));
    expect(header).toMatchObject({ source: "fe80::1 1", destination: "fe80::2 65535" });
  });
});

it("the specification's example of version 1", () => {
  const header = proxyHeader("v1", { address: "192.168.0.1", port: 56324 }, { address: "192.168.0.11", port: 443 });
  expect(Buffer.from(header).toString("latin1")).toBe("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
});

it("an IPv4 address beside an IPv6 one, in version 2", () => {
  const header = proxyHeader("v2", { address: "192.0.2.1", port: 1 }, { address: "::1", port: 2 });
  expect(readProxyHeader(Buffer.from(header))).toMatchObject({ family: "TCP6", source: "::ffff:c000:201 1" });
});
