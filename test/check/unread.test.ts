import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import type { CheckResult } from "../../src/check/check-result.ts";
import { type PolicyWishes, policyOf } from "../../src/check/policy.ts";
import { Inspection, inspect } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { enhancedPacket, interfaceDescription, join as joined, sectionHeader } from "../support/capture-writer.ts";
import { FIXTURES } from "../support/golden.ts";
import { carrying } from "../support/segments.ts";
import { recordedPackets, wrappedCapture } from "../support/wrapped-captures.ts";
import { frame, ipv4, octets, WRAPPINGS, type Wrapping } from "../support/wrappings.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-unread-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ETHERNET = WRAPPINGS[0]!;
const VXLAN = WRAPPINGS.find(({ name }) => name === "VXLAN")!;
const ESP: Wrapping = {
  name: "ESP",
  linkType: 1,
  // Of what is encrypted not even an IP header shows.
  wrap: (ip, way) => [
    frame(
      ipv4(
        50,
        octets(
          "00 00 00 07",
          ip.map(octet => octet ^ 0x5a),
        ),
        way,
      ),
    ),
  ],
};

/** Recorded conversations, each in a wrapping, in one capture. */
async function checked(parts: readonly [string, Wrapping][], wishes: PolicyWishes = {}): Promise<CheckResult> {
  const captures = await Promise.all(
    parts.map(async ([name, wrapping]) =>
      wrappedCapture(await recordedPackets(join(FIXTURES, "links", name)), 5672, [wrapping]),
    ),
  );
  const path = join(folder, "capture.pcapng");
  writeFileSync(path, joined(...captures));
  return check([{ path, report: await inspect([path]) }], { policy: policyOf(wishes), expectations: [] }, null);
}

const kinds = ({ captures }: CheckResult): string[] => [
  ...captures[0]!.findings.filter(({ state }) => state === "failing").map(({ finding }) => finding.rule),
  ...captures[0]!.violations.map(({ kind }) => kind),
];

describe("a check", () => {
  it("passes what is clean, and was read", async () => {
    const result = await checked([
      ["raw-ip-clean.pcap", ETHERNET],
      ["bsd-loop-ipv6-clean.pcap", VXLAN],
    ]);
    expect([result.passed, kinds(result)]).toEqual([true, []]);
  });

  it("fails for a torn frame in a tunnel beside clean traffic", async () => {
    const result = await checked([
      ["raw-ip-clean.pcap", ETHERNET],
      ["bsd-loop-ipv6-torn.pcap", VXLAN],
    ]);
    expect([result.passed, kinds(result)]).toEqual([false, ["frame-end"]]);
  });

  it("fails for what was not read beside clean traffic, and says what helps", async () => {
    const result = await checked([
      ["raw-ip-clean.pcap", ETHERNET],
      ["raw-ip-torn.pcap", ESP],
    ]);
    expect([result.passed, kinds(result)]).toEqual([false, ["max-unread"]]);
    expect(result.captures[0]!.violations[0]!.message).toMatch(
      /^What may hold AMQP was not read: \d+ packets of ESP \(IPsec\) were not read: they are encrypted, or authenticated in a way that only the ends know\. Capture at an end/,
    );
  });

  it.each<[string, PolicyWishes, string[]]>([
    ["allowed without limit", { limits: { maxUnread: null } }, []],
    ["allowed up to a limit", { limits: { maxUnread: 100 } }, []],
    ["allowed, and given a level", { limits: { maxUnread: null }, rules: { unread: "error" } }, ["unread"]],
    ["more than the limit", { limits: { maxUnread: 3 } }, ["max-unread"]],
  ])("takes what was not read as the policy says: %s", async (_what, wishes, expected) => {
    expect(
      kinds(
        await checked(
          [
            ["raw-ip-clean.pcap", ETHERNET],
            ["raw-ip-torn.pcap", ESP],
          ],
          wishes,
        ),
      ),
    ).toEqual(expected);
  });

  it("does not mind what holds no AMQP", async () => {
    const arp = octets("ff ff ff ff ff ff 02 00 00 00 00 01 08 06 00 01 08 00 06 04 00 01", new Uint8Array(20));
    const clean = wrappedCapture(await recordedPackets(join(FIXTURES, "links/raw-ip-clean.pcap")), 5672, [ETHERNET]);
    const path = join(folder, "arp.pcapng");
    writeFileSync(path, joined(clean, sectionHeader(), interfaceDescription(), enhancedPacket({ data: arp })));
    const report = await inspect([path]);
    expect(report.inputs[0]!.unread).toEqual([
      { reason: "arp", packets: 1, mayHoldAmqp: false, message: "1 packet of arp: no AMQP in it." },
    ]);
    expect(check([{ path, report }], { policy: policyOf(), expectations: [] }, null).passed).toBe(true);
  });
});

it("tells a connection on AMQP's port of which the snap length left headers only", () => {
  const inspection = new Inspection();
  inspection.beginInput();
  const packet = (number: number, flags: string, sequence: number, octets: Uint8Array): void => {
    const record = carrying(octets).tcp({ flags, sequence, acknowledgment: 1 }).ipv4().ethernet().record(1, number);
    record.end -= octets.length;
    inspection.packet(record);
  };
  packet(1, "S", 0, new Uint8Array(0));
  packet(2, "A", 1, new Uint8Array(100));
  packet(3, "A", 101, new Uint8Array(100));
  const reading = {
    format: "pcap",
    packets: 3,
    octets: 1000,
    notes: [],
    truncated: null,
    error: null,
    stopped: false,
  } as const;
  inspection.endInput("headers.pcap", { ...reading, notes: [] });
  const { inputs } = buildReport(inspection.finish());
  expect(inputs[0]!.unread).toMatchObject([{ mayHoldAmqp: true }]);
});
