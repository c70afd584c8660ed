/**
 * A clean verdict means that everything was read: of every way by which a torn frame may escape the reading, either the
 * frame is found, or the check fails for what was not read. Healthy captures of the same kinds pass.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { policyOf } from "../../src/check/policy.ts";
import { inspect } from "../../src/inspect.ts";
import {
  block,
  enhancedPacket,
  interfaceDescription,
  join as joined,
  sectionHeader,
} from "../support/capture-writer.ts";
import { FIXTURES } from "../support/golden.ts";
import { recordedPackets } from "../support/wrapped-captures.ts";
import { frame, ipv4, octets, udp, vxlan, withChecksums } from "../support/wrappings.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-silence-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Packet {
  data: Uint8Array;
  originalLength?: number;
}
type Ip = Uint8Array;

/** Any port but AMQP's own. */
const PORT = 15_999;
const HEADERS = 14 + 20 + 20;

const conversation = async (name: string) =>
  (await recordedPackets(join(FIXTURES, "links", name))).map(({ ip }) => withSums(ip));
const torn = await conversation("raw-ip-torn.pcap");
const clean = await conversation("raw-ip-clean.pcap");
/** Begins in the middle: the handshakes are left out. */
const tornLater = torn.slice(12);

function withSums(ip: Ip): Ip {
  return withChecksums(Uint8Array.from(ip).fill(0, 10, 12).fill(0, 36, 38));
}

function moved(ip: Ip): Ip {
  const copy = Uint8Array.from(ip);
  const view = new DataView(copy.buffer);
  for (const at of [20, 22]) if (view.getUint16(at) === 5672) view.setUint16(at, PORT);
  return withSums(copy);
}

const isClients = (ip: Ip) => new DataView(ip.buffer).getUint16(22) === 5672;
const way = (ip: Ip) => ({ forth: isClients(ip), number: 1 });
const whole = (ip: Ip): Packet => ({ data: frame(ip) });

/** Cut by a snap length that leaves so many octets of payload. */
const cutTo = (payload: number) => (ip: Ip) => {
  const data = frame(ip);
  return { data: data.subarray(0, HEADERS + payload), originalLength: data.length };
};

/** Its IP header counts octets that are not there. */
function claiming(ip: Ip): Packet {
  const copy = Uint8Array.from(ip);
  const view = new DataView(copy.buffer);
  view.setUint16(2, view.getUint16(2) + 100);
  return whole(withSums(copy));
}

/** As if its frames had been written anew, with a wrong end: the end octets are others. */
function changed(ip: Ip): Ip {
  return withSums(ip.map((octet, at) => (at >= 40 + 8 && octet === 0xce ? 0x61 : octet)));
}

const inVxlan = (ip: Ip, vni = 7) => frame(ipv4(17, udp(4789, vxlan(vni, frame(ip))), way(ip)));
const inUdp = (port: number, payload: Uint8Array, ip: Ip) => whole(ipv4(17, udp(port, payload), way(ip)));

/** Three tunnels in one another, behind a header that nobody has described. */
function nested(ip: Ip): Packet {
  let packet = frame(moved(ip));
  for (const vni of [1, 2, 3]) packet = frame(ipv4(17, udp(4789, vxlan(vni, packet)), way(ip)));
  return inUdp(7777, octets("de ad be ef 00 01 02 03 04 05 06 07", packet), ip);
}

let captures = 0;

/** What fails the check of a capture: rules of findings, kinds of violations; empty where it passes. */
async function failures(packets: readonly Packet[], ...behind: readonly Uint8Array[]): Promise<string[]> {
  const path = join(folder, `${++captures}.pcapng`);
  const blocks = packets.map(({ data, originalLength = data.length }, i) =>
    enhancedPacket({ data, originalLength, ticks: BigInt(i) }),
  );
  writeFileSync(path, joined(sectionHeader(), interfaceDescription(), ...blocks, ...behind));
  const result = check([{ path, report: await inspect([path]) }], { policy: policyOf(), expectations: [] }, null);
  const [{ findings, violations }] = result.captures as [(typeof result.captures)[0]];
  const failing = findings.filter(({ state }) => state === "failing").map(({ finding }) => finding.rule);
  return [...failing, ...[...violations, ...result.violations].map(({ kind }) => kind)];
}

describe("beside clean traffic", () => {
  const beside = (packets: readonly Packet[]) => [...clean.map(whole), ...packets];

  it.each<[string, readonly Packet[], string[]]>([
    ["a snap length that leaves headers only", torn.map(moved).map(cutTo(0)), ["max-unread"]],
    ["a snap length that leaves a few octets, in mid-stream", tornLater.map(moved).map(cutTo(20)), ["max-unread"]],
    ["IP headers that count more octets than there are", torn.map(moved).map(claiming), ["max-unread"]],
    ["a tunnel that nobody has described over three others", torn.map(nested), ["frame-end"]],
    [
      "a tunnel that nobody has described on the port of DNS",
      torn.map(ip => inUdp(53, octets("de ad be ef", frame(moved(ip))), ip)),
      ["frame-end"],
    ],
    [
      "the same on the port of syslog",
      torn.map(ip => inUdp(514, octets("de ad be ef", frame(moved(ip))), ip)),
      ["frame-end"],
    ],
  ])("%s", async (_what, packets, expected) => {
    expect(await failures(beside(packets))).toEqual(expected);
  });
});

describe("on any port", () => {
  it.each([
    ["AMQP's", (ip: Ip) => ip],
    ["another", moved],
  ])("%s: the segments of frames are cut", async (_port, on) => {
    // The handshake is whole, what is behind it is cut inside of frames.
    const packets = torn.map(on).map((ip, i) => (i < 20 ? whole(ip) : cutTo(12)(ip)));
    expect(await failures(packets)).toContain("max-unread");
  });
});

it("one direction only, from any packet in front of the torn frame on", async () => {
  const ofClient = torn.filter(isClients).map(moved);
  const tornAt = ofClient.findIndex(ip => Buffer.from(ip).includes("send_in"));
  const results: string[] = [];
  for (let from = 0; from <= tornAt; from++) results.push((await failures(ofClient.slice(from).map(whole))).join());
  expect(results.filter(result => result === "")).toEqual([]);
});

describe("a changed copy behind a clean one", () => {
  const pairs = (copy: (ip: Ip) => Packet) => clean.flatMap(ip => [whole(ip), copy(ip)]);

  it.each<[string, readonly Packet[]]>([
    ["in a tunnel", pairs(ip => ({ data: inVxlan(changed(ip)) }))],
    ["in a tunnel, in mid-stream", pairs(ip => ({ data: inVxlan(changed(ip)) })).slice(24)],
    ["on another interface", pairs(ip => whole(changed(ip)))],
    ["on another interface, in mid-stream", pairs(ip => whole(changed(ip))).slice(24)],
    ["a whole conversation later", [...clean.slice(0, -6), ...clean.map(changed)].map(whole)],
    [
      "a whole conversation later, in a tunnel",
      [...clean.slice(0, -6).map(whole), ...clean.map(ip => ({ data: inVxlan(changed(ip)) }))],
    ],
  ])("%s", async (_where, packets) => {
    expect(await failures(packets)).not.toEqual([]);
  });
});

describe("passes", () => {
  it.each<[string, readonly Packet[]]>([
    ["every packet twice", clean.flatMap(ip => [whole(ip), whole(ip)])],
    ["every packet twice, in mid-stream", clean.slice(12).flatMap(ip => [whole(ip), whole(ip)])],
    ["outside and inside a tunnel", clean.flatMap(ip => [whole(ip), { data: inVxlan(ip) }])],
    ["inside and outside a tunnel", clean.flatMap(ip => [{ data: inVxlan(ip) }, whole(ip)])],
    [
      "the copies later than their originals",
      clean
        .flatMap((ip, i) => [ip, clean[i - 3]])
        .filter(ip => ip !== undefined)
        .map(whole),
    ],
    ["a copy of the capture behind it", [...clean.slice(0, -6), ...clean].map(whole)],
    ["segments sent again", clean.flatMap((ip, i) => (i > 20 && i % 3 === 0 ? [whole(ip), whole(ip)] : [whole(ip)]))],
  ])("%s", async (_what, packets) => {
    expect(await failures(packets)).toEqual([]);
  });

  it("bodies that are cut, where the next frame is known all the same", async () => {
    const path = join(FIXTURES, "clean/two-channels-taking-turns.pcap");
    expect(await inspect([path])).toMatchObject({ summary: { errors: 0 } });
  });
});

it("blocks of a pcapng file that are not read are told once", async () => {
  const path = join(folder, "blocks.pcapng");
  const unknown = [0x8000_0042, 0x8000_0042, 0x0bad].map(type => block("little", type, new Uint8Array(40)));
  const packets = clean.map(ip => enhancedPacket({ data: frame(ip) }));
  writeFileSync(path, joined(sectionHeader(), interfaceDescription(), ...packets, ...unknown));
  const { findings } = await inspect([path]);
  expect(findings.filter(({ rule }) => rule === "unread").map(({ message }) => message)).toEqual([
    "3 blocks of the file were passed over, as ghostframe does not read them: 2 blocks of unknown type 0x80000042, 1 custom block.",
  ]);
});
