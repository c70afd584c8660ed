/** An RST that neither end sent shows by its time to live, or by octets after it, and only where that is clear. */
import { describe, expect, it } from "vitest";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { PacketRecord } from "../../src/capture/packet-record.ts";
import { Inspection } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";

const SEGMENTS: readonly Segment[] = [
  { side: 0, octets: clientHandshake().octets },
  { side: 1, octets: serverHandshake().octets },
];
const TIME_TO_LIVE = 8;

/** The IPv6 packet of an IPv4 packet, its addresses mapped (RFC 4291 §2.5.5.2). */
function asIpv6(packet: Uint8Array, hopLimit: number): Uint8Array {
  const tcp = packet.subarray(20);
  const mapped = (at: number): number[] => [...new Uint8Array(10), 0xff, 0xff, ...packet.subarray(at, at + 4)];
  return Uint8Array.of(
    0x60,
    0,
    0,
    0,
    tcp.length >> 8,
    tcp.length & 0xff,
    6,
    hopLimit,
    ...mapped(12),
    ...mapped(16),
    ...tcp,
  );
}

/** A connection that an RST of the server ends; `hops`: the time to live, or hop limit, of each packet of the server. */
function report(hops: readonly number[], { midStream = false, isIpv6 = false, segments = SEGMENTS } = {}): Report {
  return reportOf(conversationCapture([{ port: 40_000, segments, end: "rst", midStream }]), hops, isIpv6);
}

function reportOf(capture: Uint8Array, hops: readonly number[], isIpv6 = false): Report {
  const inspection = new Inspection({ explain: false });
  inspection.beginInput();
  const left = [...hops];
  const feed = new CaptureFeed(record => {
    const { bytes, start, end } = record;
    const isServers = bytes[start + 15] === 2;
    const hop = isServers ? left.shift()! : 64;
    bytes[start + TIME_TO_LIVE] = hop;
    if (!isIpv6) return inspection.packet(record);
    const packet = asIpv6(bytes.subarray(start, end), hop);
    const instead = Object.assign(new PacketRecord(), record, {
      bytes: packet,
      start: 0,
      end: packet.length,
      originalLength: packet.length,
    });
    inspection.packet(instead);
  });
  feed.push(capture, 0, capture.length);
  expect(left).toEqual([]);
  const none = { notes: [], truncated: null, error: null, stopped: false };
  inspection.endInput("reset", { format: "pcap", packets: 6, octets: capture.length, ...none });
  return buildReport(inspection.finish());
}

/** What follows the handshakes, a second apart, or all of it at once; every packet has the same time to live. */
function goesOn(behind: readonly Segment[], { atOnce = false } = {}): Report {
  const capture = conversationCapture([{ port: 40_000, segments: [...SEGMENTS, ...behind], end: "open" }]);
  const view = new DataView(capture.buffer, capture.byteOffset);
  let servers = 0;
  for (let at = 24; at < capture.length; at += 16 + view.getUint32(at + 8, true)) {
    if (atOnce) view.setUint32(at, 1_700_000_000, true);
    if (capture[at + 16 + 15] === 2) servers++;
  }
  return reportOf(
    capture,
    Array.from({ length: servers }, () => 64),
  );
}

const BETWEEN = /^The connection was reset by something in between/;

describe("an RST of the server", () => {
  it("with another time to live than its SYN and octets was sent by something in between", () => {
    const { connections, findings } = report([58, 58, 253]);
    expect(connections[0]).toMatchObject({
      ended: "rst",
      injectedReset: { sender: "server", packet: 6, timeToLive: 253, usualTimeToLive: 58 },
    });
    expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      "ended-abruptly: The connection was reset by something in between: TTL 58 in the broker's packets, 253 in the RST (packet 6).",
    ]);
  });

  it("is told by its octets alone where the SYN was not captured", () => {
    expect(report([58, 253], { midStream: true }).connections[0]?.injectedReset).toMatchObject({ timeToLive: 253 });
  });

  it("is told by IPv6's hop limit", () => {
    const { connections } = report([58, 58, 253], { isIpv6: true });
    expect(connections[0]).toMatchObject({
      server: { address: "::ffff:10.0.0.2", port: 5672 },
      injectedReset: { sender: "server", packet: 6, timeToLive: 253, usualTimeToLive: 58 },
    });
    expect(report([58, 58, 58], { isIpv6: true }).connections[0]).not.toHaveProperty("injectedReset");
  });

  it("is the broker's where its packets came another way before it", () => {
    const heartbeat = { side: 1 as const, octets: wire().heartbeat().octets };
    const segments = [...SEGMENTS, heartbeat, heartbeat];
    expect(report([58, 58, 58, 58, 253], { segments }).connections[0]?.injectedReset).toMatchObject({
      usualTimeToLive: 58,
    });
    expect(report([58, 58, 58, 55, 55], { segments }).connections[0]).not.toHaveProperty("injectedReset");
    expect(report([58, 58, 55, 55, 55], { segments }).connections[0]).not.toHaveProperty("injectedReset");
  });

  it.for([
    ["the same", [64, 64, 64]],
    ["one hop more, as routes change", [58, 58, 59]],
    ["another, where its SYN's and its octets' differ as well", [58, 64, 253]],
  ] as const)("is the broker's with %s", ([, hops]) => {
    const { connections, findings } = report(hops);
    expect(connections[0]).not.toHaveProperty("injectedReset");
    expect(findings.filter(({ message }) => BETWEEN.test(message))).toEqual([]);
  });
});

describe("an RST after which its sender goes on", () => {
  const server = wire().heartbeat().octets;
  const reset: Segment = { side: 1, octets: new Uint8Array(0), flags: "RA" };
  const heartbeat: Segment = { side: 1, octets: server };

  it("was sent by something in between", () => {
    const { connections, findings } = goesOn([heartbeat, reset, { side: 0, octets: server }, heartbeat, heartbeat]);
    expect(connections[0]?.injectedReset).toEqual({ sender: "server", packet: 7, nextPacket: 9 });
    expect(findings.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
      "ended-abruptly: The connection was reset by something in between: the broker goes on in packet 9, which is not read, after the RST in its name (packet 7).",
    ]);
  });

  it.for<[string, readonly Segment[], boolean]>([
    ["what comes at the same time may have been sent before", [reset, heartbeat], true],
    ["octets sent again were sent before", [heartbeat, reset, { ...heartbeat, again: true }], false],
    [
      "octets behind others that were not captured may be another connection's",
      [reset, { ...heartbeat, lost: true }, heartbeat],
      false,
    ],
    ["the other side goes on", [reset, { side: 0, octets: server }], false],
    ["a connection on the same ports", [reset, { side: 0, octets: new Uint8Array(0), flags: "S" }, heartbeat], false],
  ])("is its own: %s", ([, behind, atOnce]) => {
    expect(goesOn(behind, { atOnce }).connections[0]).not.toHaveProperty("injectedReset");
  });
});
