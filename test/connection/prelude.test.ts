/** AMQP and TLS behind a PROXY header, a CONNECT request or SOCKS are read as they are without it, further on in the stream. */
import { describe, expect, it } from "vitest";
import { Inspection } from "../../src/inspect.ts";
import { proxyHeader } from "../../src/proxy/proxy-protocol.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { text as asText } from "../../src/report/text.ts";
import { KeyLog } from "../../src/tls/key-log.ts";
import { nodeCrypto } from "../../src/tls/node-crypto.ts";
import { carrying } from "../support/segments.ts";
import { scene13 } from "../support/tls-scenes.ts";
import { clientHandshake, hex, join, serverHandshake, text, wire } from "../support/wire.ts";

type Pieces = readonly (readonly [side: 0 | 1, octets: Uint8Array])[];

interface Options {
  port?: number;
  /** Octets of a segment at most, while a prelude may come. */
  most?: number;
  keys?: string;
}

function keyLogOf(keys: string): KeyLog {
  const log = new KeyLog();
  log.add(keys);
  return log;
}

/** What was said on a connection, in segments, its SYN first. */
function inspected(pieces: Pieces, { port = 7777, most = 1448, keys }: Options = {}): Report {
  const inspection = new Inspection(keys === undefined ? {} : { keys: { log: keyLogOf(keys), crypto: nodeCrypto } });
  inspection.beginInput();
  const next = [1, 1];
  let number = 1;
  const send = (side: 0 | 1, flags: string, octets: Uint8Array): void => {
    const [from, to] = side === 0 ? [40_001, port] : [port, 40_001];
    const ends = side === 0 ? {} : { source: "10.0.0.2", destination: "10.0.0.1" };
    const tcp = { flags, from, to, sequence: next[side]!, acknowledgment: next[1 - side]! };
    inspection.packet(carrying(octets).tcp(tcp).ipv4(ends).ethernet().record(1, number++));
    next[side]! += octets.length;
  };
  const nothing = new Uint8Array(0);
  inspection.packet(
    carrying().tcp({ flags: "S", from: 40_001, to: port, sequence: 0 }).ipv4().ethernet().record(1, number++),
  );
  for (const [side, octets] of pieces) {
    for (let at = 0, size = 0; at < octets.length; at += size) {
      // Behind what may be a prelude, segments are long again.
      size = next[side]! > 300 ? 1448 : most;
      send(side, "PA", octets.subarray(at, at + size));
    }
  }
  send(0, "FA", nothing);
  send(1, "FA", nothing);
  const end = { path: "made", format: "pcap", packets: number - 1, octets: 1, notes: [], truncated: null, error: null };
  inspection.endInput("made", end as unknown as Parameters<typeof inspection.endInput>[1]);
  return buildReport(inspection.finish());
}

/** A handshake, and a body that does not end with frame-end. */
const CLIENT = clientHandshake().octets;
const TORN = wire().raw([1, 0, 1, 0, 0, 0, 5]).raw([0, 20, 0, 10, 0]).raw([0x99]).octets;
const SERVER = serverHandshake().octets;
const AMQP: Pieces = [
  [0, CLIENT.subarray(0, 8)],
  [1, SERVER],
  [0, CLIENT.subarray(8)],
  [0, TORN],
];

const SOURCE = { address: "192.0.2.9", port: 56_324 };
const DESTINATION = { address: "198.51.100.2", port: 5672 };
const SOURCE_6 = { address: "2001:db8::9", port: 56_324 };
const DESTINATION_6 = { address: "2001:db8::2", port: 5672 };
const CONNECT = text("CONNECT broker.example:5672 HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n");
const DENIED = text("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 4\r\n\r\nnope");
const SIGNATURE = "0d0a0d0a 00 0d0a 51 55 49 54 0a";

interface Case {
  name: string;
  protocol: string;
  pieces: Pieces;
  ends?: [typeof SOURCE, typeof DESTINATION];
}

const CASES: Case[] = [
  {
    name: "PROXY v1",
    protocol: "PROXY v1",
    pieces: [[0, proxyHeader("v1", SOURCE, DESTINATION)]],
    ends: [SOURCE, DESTINATION],
  },
  {
    name: "PROXY v1 over IPv6",
    protocol: "PROXY v1",
    pieces: [[0, text("PROXY TCP6 2001:db8::9 2001:db8::2 56324 5672\r\n")]],
    ends: [SOURCE_6, DESTINATION_6],
  },
  { name: "PROXY v1 of who knows whom", protocol: "PROXY v1", pieces: [[0, text("PROXY UNKNOWN\r\n")]] },
  {
    name: "PROXY v2",
    protocol: "PROXY v2",
    pieces: [[0, proxyHeader("v2", SOURCE, DESTINATION)]],
    ends: [SOURCE, DESTINATION],
  },
  {
    name: "PROXY v2 over IPv6",
    protocol: "PROXY v2",
    pieces: [[0, proxyHeader("v2", SOURCE_6, DESTINATION_6)]],
    ends: [SOURCE_6, DESTINATION_6],
  },
  { name: "PROXY v2 of the balancer itself", protocol: "PROXY v2", pieces: [[0, hex(`${SIGNATURE} 20 00 0000`)]] },
  {
    name: "PROXY v2 with more behind the addresses",
    protocol: "PROXY v2",
    pieces: [[0, join(hex(`${SIGNATURE} 21 11 0013 c0000209 c6336402 dc04 1628 ea 0004`), text("vpce"))]],
    ends: [SOURCE, DESTINATION],
  },
  {
    name: "CONNECT",
    protocol: "HTTP CONNECT",
    pieces: [
      [0, CONNECT],
      [1, text("HTTP/1.1 200 Connection established\r\n\r\n")],
    ],
  },
  {
    name: "CONNECT, at the second try",
    protocol: "HTTP CONNECT",
    pieces: [
      [0, CONNECT],
      [1, DENIED],
      [0, CONNECT],
      [1, text("HTTP/1.0 200 OK\r\nVia: x\r\n\r\n")],
    ],
  },
  {
    name: "SOCKS5",
    protocol: "SOCKS5",
    pieces: [
      [0, hex("05 02 00 02")],
      [1, hex("05 00")],
      [0, hex("05 01 00 01 c6336402 1628")],
      [1, hex("05 00 00 01 0a000001 d431")],
    ],
  },
  {
    name: "SOCKS5 with a password, to a name",
    protocol: "SOCKS5",
    pieces: [
      [0, hex("05 01 02")],
      [1, hex("05 02")],
      [0, join([1, 3], text("bob"), [6], text("secret"))],
      [1, hex("01 00")],
      [0, join([5, 1, 0, 3, 6], text("broker"), [0x16, 0x28])],
      [1, join([5, 0, 0, 4], new Uint8Array(16), [0, 0])],
    ],
  },
  {
    name: "SOCKS4a",
    protocol: "SOCKS4",
    pieces: [
      [0, join(hex("04 01 1628 00000001"), text("me\0broker\0"))],
      [1, hex("00 5a 0000 00000000")],
    ],
  },
];

function octetsOf(pieces: Pieces, side: 0 | 1): number {
  return pieces.reduce((sum, [from, octets]) => sum + (from === side ? octets.length : 0), 0);
}

describe.each(CASES)("behind $name", ({ protocol, pieces, ends }) => {
  const before = octetsOf(pieces, 0);

  it.each([
    [5672, 1448],
    [7777, 1448],
    [7777, 7],
    [7777, 1],
  ] as const)(
    "AMQP on port %i, in segments of %i octets, is read, and its offsets count what is before it",
    (port, most) => {
      const report = inspected([...pieces, ...AMQP], { port, most });
      const plain = inspected(AMQP, { port, most });
      const found = ({ findings }: Report) =>
        findings.map(each => [each.rule, each.severity, each.streamOffset, each.length]);
      expect(found(plain).map(([rule]) => rule)).toContain("frame-end");
      expect(found(report)).toEqual(
        found(plain).map(([rule, severity, offset, length]) => [
          rule,
          severity,
          offset === null ? null : Number(offset) + before,
          length,
        ]),
      );
      const { preludes, frames, client } = report.connections[0]!;
      expect(frames).toEqual(plain.connections[0]!.frames);
      expect(client.port).toBe(40_001);
      expect(preludes!.map(each => each.protocol)).toEqual(expect.arrayContaining([protocol]));
      expect(preludes!.reduce((sum, { octets }) => sum + octets, 0)).toBe(before);
      if (ends !== undefined) expect(preludes![0]).toMatchObject({ source: ends[0], destination: ends[1] });
      expect(report.inputs[0]!.unread).toBeUndefined();
      expect(JSON.stringify(report)).not.toMatch(/secret|c2Vjcm/);
    },
  );

  it.each([1448, 1])("TLS is read, in segments of %i octets, and frames are counted in what is decrypted", most => {
    const { opening, client, server, keys } = scene13();
    const session: Pieces = [
      [0, opening[0]],
      [1, opening[1]],
      [0, client.seal(CLIENT.subarray(0, 8))],
      [1, server.seal(SERVER)],
      [0, join(client.seal(CLIENT.subarray(8)), client.seal(TORN))],
    ];
    const report = inspected([...pieces, ...session], { most, keys });
    const plain = inspected(session, { most, keys });
    expect(plain.findings.map(({ rule }) => rule)).toContain("frame-end");
    const found = ({ findings }: Report) => findings.map(each => [each.rule, each.streamOffset]);
    expect(found(report)).toEqual(found(plain));
    expect(report.connections[0]!.tls).toMatchObject({ decrypted: true });
  });
});

describe("what only looks like a prelude", () => {
  const other: [string, Pieces][] = [
    [
      "PUT of HTTP",
      [
        [0, text("PUT /proxy HTTP/1.1\r\n\r\n")],
        [1, text("HTTP/1.1 200 OK\r\n\r\n")],
      ],
    ],
    ["a PROXY line of another kind", [[0, text("PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n")]]],
    ["a PROXY line with no end", [[0, text(`PROXY TCP4 ${"1".repeat(300)}`)]]],
    [
      "a CONNECT request that is refused",
      [
        [0, CONNECT],
        [1, text("HTTP/1.1 403 Forbidden\r\n\r\n")],
      ],
    ],
    ["a CONNECT request with no end", [[0, text(`CONNECT ${"x".repeat(70_000)}`)]]],
    ["a PROXY v2 header that is cut short", [[0, hex(`${SIGNATURE} 21 11 ffff 0102`)]]],
  ];

  it.each(other)("%s is another protocol's, as before", (_, pieces) => {
    for (const most of [1448, 1]) {
      expect(inspected(pieces, { most }).connections).toEqual([]);
      const [onAmqpPort] = [inspected(pieces, { port: 5672, most })];
      expect(onAmqpPort.findings.map(({ rule }) => rule)).toHaveLength(1);
    }
  });

  it("a header and no more is a load balancer's look at the broker, and nothing unread", () => {
    const report = inspected([[0, proxyHeader("v1", SOURCE, DESTINATION)]], { port: 5672 });
    expect([report.connections, report.findings, report.inputs[0]!.unread]).toEqual([[], [], undefined]);
  });

  it.each<[string, Pieces]>([
    ["before the client goes on", []],
    ["behind the client's protocol header", [[0, CLIENT.subarray(0, 8)]]],
  ])("a broker that refuses the header %s is told as one without the PROXY protocol", (_, more) => {
    for (const most of [1448, 1]) {
      const refusal: Pieces = [[1, wire().protocolHeader().octets]];
      const { findings } = inspected([[0, proxyHeader("v1", SOURCE, DESTINATION)], ...more, ...refusal], { most });
      expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
        "handshake: The client opened with a PROXY v1 header, not with AMQP 0-9-1's protocol header; the server refused it and wants AMQP 0-9-1: its port is one without the PROXY protocol.",
      ]);
    }
  });

  it("of TLS behind a proxy, that to port 443 is left alone", () => {
    const { opening } = scene13();
    const through = (port: number): Pieces => [
      [0, text(`CONNECT example.com:${port} HTTP/1.1\r\n\r\n`)],
      [1, text("HTTP/1.1 200 OK\r\n\r\n")],
      [0, opening[0]],
      [1, opening[1]],
    ];
    expect(inspected(through(443), { port: 3128 }).connections).toEqual([]);
    expect(inspected(through(5671), { port: 3128 }).connections).toHaveLength(1);
  });
});

describe("where the request was not captured", () => {
  it.each<[string, Uint8Array]>([
    ["HTTP CONNECT", text("HTTP/1.1 200 Connection established\r\n\r\n")],
    ["SOCKS5", hex("0500 05000001 0a000002 1628")],
    ["SOCKS4", hex("005a 0000 00000000")],
  ])("the broker's side behind the answer of %s is in good order", (_, answer) => {
    for (const most of [1448, 1]) {
      const { connections, findings } = inspected([[1, join(answer, SERVER)]], { most });
      expect(connections).toHaveLength(1);
      expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
    }
  });
});

describe("a report of a connection behind a load balancer", () => {
  it("says in text who is behind it", () => {
    const report = inspected([[0, proxyHeader("v2", SOURCE, DESTINATION)], ...AMQP]);
    expect(asText(report, { columns: 200 } as Parameters<typeof asText>[1])).toContain("PROXY v2 for 192.0.2.9:56324");
  });
});
