/** PROXY headers of load balancers in front of the proxy: whom they name is the client; whoever is not trusted sends octets. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TrustedAddresses } from "../../src/proxy/client-header.ts";
import { type CertificateFiles, Certificates } from "./certificates.ts";
import { type Proxied, proxied } from "./proxied.ts";
import { readProxyHeader } from "./proxy-header.ts";
import { fate, received, until } from "./relayed-pair.ts";

const LOOPBACK = new TrustedAddresses(["127.0.0.0/8", "::1"]);
const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Version 2, written from its specification. */
function binary(command: number, family: number, ...rest: number[]): Buffer {
  return Buffer.from([...SIGNATURE, command, family, rest.length >> 8, rest.length & 255, ...rest]);
}
const V4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x16, 0x28];
const V6 = [...Array.from({ length: 32 }, (_, i) => (i % 16 === 15 ? 1 + (i >> 4) : 0)), 0xdc, 0x04, 0x16, 0x28];
const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, "latin1");

describe("a header names the client", () => {
  it.each<[string, Buffer, string]>([
    ["v1", line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672"), "192.0.2.1:56324"],
    ["v1, IPv6", line("PROXY TCP6 2001:db8::1 2001:db8::2 56324 5672"), "2001:db8::1:56324"],
    ["v2", binary(0x21, 0x11, ...V4), "192.0.2.1:56324"],
    ["v2, IPv6", binary(0x21, 0x21, ...V6), "::1:56324"],
    [
      "v2 with what it does not know",
      binary(0x21, 0x11, ...V4, ...Array.from({ length: 900 }, () => 7)),
      "192.0.2.1:56324",
    ],
  ])("%s, in every cut", async (_, header, client) => {
    for (const cut of [0, 1, 5, 12, 16, header.length - 1, header.length, header.length + 2]) {
      await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK });
      const socket = await proxy.client();
      const all = Buffer.concat([header, Buffer.from("octets")]);
      socket.write(all.subarray(0, cut));
      await new Promise(resolve => setImmediate(resolve));
      socket.write(all.subarray(cut));
      expect((await received(socket, 6)).toString()).toBe("octets");
      const [connection] = proxy.connections;
      expect(`${connection!.client.address}:${connection!.client.port}`).toBe(client);
      expect(connection!.listener).toEqual(proxy.at);
    }
  });

  it.each([
    ["v1", line("PROXY UNKNOWN")],
    ["v1 with the rest of the line", line("PROXY UNKNOWN ffff::1 ffff::2 1 2")],
    ["v2, its own connection", binary(0x20, 0x00)],
    ["v2 over a UNIX socket", binary(0x21, 0x31, ...Array.from({ length: 216 }, () => 0))],
  ])("%s names nobody: the load balancer is the client", async (_, header) => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK });
    const socket = await proxy.client();
    socket.write(Buffer.concat([header, Buffer.from("octets")]));
    await received(socket, 6);
    expect(proxy.connections[0]!.client).toEqual({ address: "127.0.0.1", port: socket.localPort });
  });

  it("and the broker is told the same", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK, proxyProtocol: "v2" });
    const socket = await proxy.client();
    socket.write(line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672"));
    // The broker echoes what it was sent.
    const echoed = await received(socket, 28);
    expect(readProxyHeader(echoed)).toMatchObject({ family: "TCP4", source: "192.0.2.1 56324" });
  });

  it("limits count the client, not the load balancer", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK, maxPerAddress: 1 });
    const call = async (address: string): Promise<Socket> => {
      const socket = await proxy.client();
      socket.write(line(`PROXY TCP4 ${address} 198.51.100.2 56324 5672`));
      return socket;
    };
    await call("192.0.2.1");
    await call("192.0.2.2");
    await until(() => proxy.server.counters.open === 2);
    expect(await fate(await call("192.0.2.1"))).toMatchObject({ how: "rst" });
    expect(proxy.taps[2]!.messages[0]).toMatch(/^192\.0\.2\.1:56324 was refused: 1 of its connections/);
  });
});

describe("no header", () => {
  it("from whom none is expected is nothing: octets are relayed as they come", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: new TrustedAddresses(["10.0.0.0/8"]) });
    const socket = await proxy.client();
    const header = line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672");
    socket.write(header);
    expect(await received(socket, header.length)).toEqual(header);
    expect(proxy.connections[0]!.client.address).toBe("127.0.0.1");
  });

  it.each([
    ["AMQP", Buffer.from("AMQP\0\0\x09\x01", "latin1")],
    ["a line that is too long", Buffer.from(`PROXY TCP4 ${"1".repeat(120)}`)],
    ["a port that is none", line("PROXY TCP4 192.0.2.1 198.51.100.2 70000 5672")],
    ["an address that is none", line("PROXY TCP4 192.0.2.one 198.51.100.2 1 5672")],
    ["the signature's beginning", Buffer.from("\r\n\r\n\0\r\nQUITE", "latin1")],
    ["version 3", binary(0x31, 0x11, ...V4)],
    ["SOCKS", Buffer.from([5, 1, 0, 9])],
  ])("%s: the connection is reset, and told", async (_, octets) => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK });
    const socket = await proxy.client();
    const { localPort } = socket;
    socket.write(octets);
    expect(await fate(socket)).toMatchObject({ how: "rst" });
    expect(proxy.taps[0]!.events).toContain("trouble client-proxy-header");
    expect(proxy.taps[0]!.messages).toEqual([
      `the client at 127.0.0.1:${localPort} sent no PROXY header, which --proxy-protocol-from expects of it`,
    ]);
  });

  it("a connection that leaves without an octet is a health check", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK });
    (await proxy.client()).end();
    await until(() => proxy.server.counters.probes === 1);
    expect(proxy.server.counters).toEqual({ open: 0, accepted: 1, refused: 0, probes: 1 });
    expect(proxy.connections).toEqual([]);
  });

  it("one that leaves in the middle is told", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK });
    (await proxy.client()).end("PROXY TC");
    await until(() => proxy.taps[0]?.messages.length === 1);
    expect(proxy.taps[0]!.messages[0]).toContain("ended its stream in the middle of its PROXY header");
  });

  it("one that says nothing is told in time", async () => {
    await using proxy = await proxied({ proxyProtocolFrom: LOOPBACK, timeouts: { handshake: 30 } });
    expect(await fate(await proxy.client())).toMatchObject({ how: "rst" });
    expect(proxy.taps[0]!.messages[0]).toContain("sent no PROXY header within 0.03 s");
  });

  it("one that is awaited does not keep the proxy from ending", async () => {
    let proxy: Proxied | null = await proxied({ proxyProtocolFrom: LOOPBACK });
    const socket = await proxy.client();
    socket.write("PROXY ");
    await until(() => socket.bytesWritten === 6);
    await proxy.server.drain(60_000);
    await proxy[Symbol.asyncDispose]();
    proxy = null;
  });
});

describe("before TLS", () => {
  let certificates: Certificates;
  let server: CertificateFiles;
  beforeAll(() => {
    certificates = new Certificates();
    server = certificates.issue("server", "DNS:localhost,IP:127.0.0.1");
  });
  afterAll(() => certificates[Symbol.dispose]());

  it("the header is in clear, and the handshake may follow it in the same segment", async () => {
    await using proxy = await proxied({
      proxyProtocolFrom: LOOPBACK,
      clientTls: { cert: server.cert, key: server.key, clientCa: null },
    });
    const tcp = await proxy.client();
    tcp.cork();
    tcp.write(line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672"));
    const socket = connectTls({ socket: tcp, servername: "localhost", ca: readFileSync(certificates.ca) });
    process.nextTick(() => tcp.uncork());
    await once(socket, "secureConnect");
    socket.write("octets");
    expect((await received(socket, 6)).toString()).toBe("octets");
    expect(proxy.connections[0]!.client).toEqual({ address: "192.0.2.1", port: 56324 });
    socket.destroy();
  });

  it("who leaves behind the header has only looked whether somebody listens", async () => {
    await using proxy = await proxied({
      proxyProtocolFrom: LOOPBACK,
      clientTls: { cert: server.cert, key: server.key, clientCa: null },
    });
    (await proxy.client()).end(line("PROXY TCP4 192.0.2.1 198.51.100.2 56324 5672"));
    await until(() => proxy.server.counters.probes === 1);
    expect(proxy.connections).toEqual([]);
  });
});

describe("whom --proxy-protocol-from trusts", () => {
  it.each<[string[], string, boolean]>([
    [["10.0.0.7"], "10.0.0.7", true],
    [["10.0.0.7"], "10.0.0.8", false],
    [["10.0.0.0/8, 192.0.2.0/24"], "192.0.2.255", true],
    [["10.0.0.0/8"], "11.0.0.0", false],
    [["0.0.0.0/0"], "203.0.113.9", true],
    [["0.0.0.0/0"], "2001:db8::1", false],
    [["2001:db8::/32"], "2001:db8:1::1", true],
    [["fe80::/10"], "fe80::1%eth0", true],
  ])("%j, %s: %s", (texts, address, trusts) => {
    expect(new TrustedAddresses(texts).has(address)).toBe(trusts);
  });

  it.each([
    "",
    "10.0.0",
    "10.0.0.0/33",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "lb.example",
    "::1/129",
    "10.0.0.7,",
  ])("%j is none", text => {
    expect(() => new TrustedAddresses([text])).toThrow(/^--proxy-protocol-from: expected addresses or networks/);
  });
});
