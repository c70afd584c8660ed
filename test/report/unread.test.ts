/** What of a capture was not read, and what it does to a check; the tunnels that connections were read from. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { policyOf } from "../../src/check/policy.ts";
import { inspect } from "../../src/inspect.ts";
import type { Report } from "../../src/report/report.ts";
import { text } from "../../src/report/text.ts";
import { enhancedPacket, hex, interfaceDescription, join, octets, sectionHeader } from "../support/capture-writer.ts";
import { conversationCapture } from "../support/conversation-capture.ts";
import { FIXTURES } from "../support/golden.ts";
import { recordedPackets } from "../support/wrapped-captures.ts";
import { frame, ipv4, udp, vxlan, type Way, WRAPPINGS } from "../support/wrappings.ts";

const folder = mkdtempSync(joinPath(tmpdir(), "ghostframe-unread-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = joinPath(folder, "a.pcapng");

async function reportOf(capture: Uint8Array): Promise<Report> {
  writeFileSync(path, capture);
  return inspect([path]);
}

function violations(report: Report, maxUnread: number | null = 0): string[] {
  const rules = { policy: policyOf({ limits: { maxUnread, minFrames: 0 } }), expectations: [] };
  return check([{ path, report }], rules, null).captures.flatMap(each => each.violations.map(({ kind }) => kind));
}

type Wrap = (ip: Uint8Array, way: Way) => Uint8Array;
type Part = [source: string, wrap: Wrap, snapLength?: number];

/** The fixtures' conversations, one behind the other, each wrapped and cut. */
async function wrapped(...parts: Part[]): Promise<Uint8Array> {
  const blocks = [sectionHeader(), interfaceDescription("little", { linkType: 1, tsresol: 9 })];
  for (const [source, wrap, snapLength = 65_535] of parts) {
    for (const [number, { ip, time }] of (await recordedPackets(joinPath(FIXTURES, source))).entries()) {
      const forth = Buffer.from(ip).readUInt16BE(22) === 5672;
      const data = wrap(ip, { forth, number: 1 + number });
      const captured = data.subarray(0, snapLength);
      blocks.push(enhancedPacket({ ticks: time, data: captured, originalLength: data.length }));
    }
  }
  return join(...blocks);
}

const CLEAN: Part = ["links/raw-ip-clean.pcap", ip => frame(ip)];
const TORN = "links/raw-ip-torn.pcap";
const inUdp =
  (port: number, payload: (ip: Uint8Array) => Uint8Array): Wrap =>
  (ip, way) =>
    frame(ipv4(17, udp(port, payload(ip)), way));
const vxlanOn = (port: number): Wrap => inUdp(port, ip => vxlan(42, frame(ip)));

describe("beside a clean connection, a torn frame is told, or that it may be there,", () => {
  it.each<[what: string, wrap: Wrap, snapLength: number | undefined, reason: string | null]>([
    ["in VXLAN", vxlanOn(4789), undefined, null],
    ["in VXLAN on a port of its own", vxlanOn(31_337), undefined, null],
    ["in VXLAN on a port of its own, cut in front of the inner header", vxlanOn(31_337), 50, "headers-cut"],
    ["in VXLAN on a port of its own, cut in the inner header", vxlanOn(31_337), 70, "headers-cut"],
    [
      "in a wrapping that nobody has described, cut in TCP's header",
      inUdp(9, ip => join(hex("de ad"), ip)),
      70,
      "headers-cut",
    ],
    [
      "in OpenVPN",
      inUdp(1194, ip =>
        join(
          hex("48 00 00 01"),
          ip.map(octet => octet ^ 0x5a),
        ),
      ),
      undefined,
      "openvpn",
    ],
    [
      "in ESP",
      (ip, way) =>
        frame(
          ipv4(
            50,
            ip.map(octet => octet ^ 0x5a),
            way,
          ),
        ),
      undefined,
      "esp",
    ],
  ])("%s", async (_what, wrap, snapLength, reason) => {
    const report = await reportOf(await wrapped(CLEAN, [TORN, wrap, snapLength ?? 65_535]));
    const isReported = report.findings.filter(({ rule }) => rule === "frame-end").length > 0;
    expect(isReported).toBe(reason === null);
    expect(report.inputs[0]!.unread?.filter(({ mayHoldAmqp }) => mayHoldAmqp).map(each => each.reason) ?? []).toEqual(
      reason === null ? [] : [reason],
    );
    if (reason !== null) expect(violations(report)).toEqual(["max-unread"]);
    expect(violations(report, null)).toEqual([]);
  });
});

describe("a connection on AMQP's ports that is not AMQP 0-9-1 fails a check", () => {
  it("when both ends speak AMQP 1.0", async () => {
    const sasl = hex("41 4d 51 50 03 01 00 00");
    const segments = [
      { side: 0 as const, octets: sasl },
      { side: 1 as const, octets: sasl },
    ];
    const report = await reportOf(conversationCapture([{ port: 40_000, segments }]));
    expect(report.inputs[0]!.unread).toEqual([
      {
        reason: "amqp-1.0",
        connections: 1,
        mayHoldAmqp: true,
        message: "1 AMQP 1.0 connection was left alone (server port 5672): ghostframe reads AMQP 0-9-1.",
      },
    ]);
    expect(violations(report)).toEqual(["max-unread"]);
    expect(violations(report, 1)).toEqual([]);
  });

  it("but not on other ports", async () => {
    const sasl = hex("41 4d 51 50 03 01 00 00");
    const segments = [
      { side: 0 as const, octets: sasl },
      { side: 1 as const, octets: sasl },
    ];
    const report = await reportOf(conversationCapture([{ port: 40_000, serverPort: 5800, segments }]));
    expect(report.inputs[0]!.unread).toBeUndefined();
    expect(violations(report)).toEqual([]);
  });

  it.each([5672, 5671])("when both ends speak something else, on port %i", async serverPort => {
    const segments = [
      { side: 0 as const, octets: octets(20, 0x55) },
      { side: 1 as const, octets: octets(20, 0x66) },
    ];
    const report = await reportOf(conversationCapture([{ port: 40_000, serverPort, segments }]));
    expect(report.inputs[0]!.unread).toEqual([
      {
        reason: "another-protocol",
        connections: 1,
        mayHoldAmqp: true,
        message: `1 connection was left alone (server port ${serverPort}): it begins neither as AMQP nor as TLS does.`,
      },
    ]);
    expect(violations(report)).toEqual(["max-unread"]);
  });
});

describe("a connection's tunnels", () => {
  it.each<[name: string, tunnels: string[] | undefined]>([
    ["VXLAN", ["VXLAN 42"]],
    ["VXLAN, a number for each direction", ["VXLAN 256", "VXLAN 512"]],
    ["GTP-U, a tunnel for each direction", ["GTP tunnel 11", "GTP tunnel 12"]],
    ["NVGRE", ["GRE key 1280265"]],
    ["802.1ah", ["802.1ah service 4711"]],
    ["IP in IPv4", undefined],
    ["Ethernet", undefined],
  ])("%s", async (name, tunnels) => {
    const { wrap } = WRAPPINGS.find(each => each.name === name)!;
    const report = await reportOf(await wrapped([TORN, (ip, way) => wrap(ip, way)[0]!]));
    expect(report.connections.map(each => each.tunnels)).toEqual([tunnels]);
    const shown = text(report, { columns: 120 });
    if (tunnels === undefined) expect(shown).not.toMatch(/VXLAN|tunnel/);
    else expect(shown.split(tunnels[0]!).length).toBe(3);
  });
});
