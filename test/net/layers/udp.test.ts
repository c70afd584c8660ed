import { describe, expect, it } from "vitest";
import { PacketRecord } from "../../../src/capture/packet-record.ts";
import { UNREAD } from "../../../src/net/packet-outcome.ts";
import { SegmentReader } from "../../../src/net/segment-reader.ts";
import { unreadPackets } from "../../../src/net/unread-packets.ts";
import { frame, ipv4, ipv6, octets, udp } from "../../support/wrappings.ts";

const WAY = { forth: true, number: 1 };

/** What comes of datagrams in packets of so many captured octets: counts of what may hold AMQP, by reason. */
function counted(packets: Iterable<Uint8Array>, snapLength = Number.POSITIVE_INFINITY): Record<string, number> {
  const reader = new SegmentReader();
  const counts = new Map<number, number>();
  for (const bytes of packets) {
    const record = new PacketRecord();
    record.bytes = bytes;
    record.end = Math.min(bytes.length, snapLength);
    record.originalLength = bytes.length;
    record.linkType = 1;
    const outcome = reader.read(record);
    const kind = outcome === UNREAD ? reader.unread : outcome;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const unread = unreadPackets(counts).filter(({ mayHoldAmqp }) => mayHoldAmqp);
  return Object.fromEntries(unread.map(({ reason, packets: count }) => [reason, count]));
}

/** Datagrams of random octets: calls, media, QUIC, DNS from any port of a client, that of a tunnel included. */
function* noise(seed: number): Generator<Uint8Array> {
  let state = seed;
  const next = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const ports = [
    [443, 49_321],
    [53, 51_820],
    [123, 37_008],
    [53, 49_321],
    [30_000, 30_002],
  ] as const;
  for (let i = 0; i < 10_000; i++) {
    const payload = Uint8Array.from({ length: 20 + next(400) }, () => next(256));
    const [to, from] = ports[i % ports.length]!;
    yield frame(i % 2 === 0 ? ipv4(17, udp(to, payload, from), WAY) : ipv6(17, udp(to, payload, from), WAY));
  }
}

it.each([Number.POSITIVE_INFINITY, 256, 128, 112])(
  "datagrams of no tunnel are left in peace, cut to %d octets",
  snap => {
    expect(counted(noise(7), snap)).toEqual({});
  },
);

it.each([96, 64])("of datagrams cut to %d octets it is told where nobody can say what they carry", snap => {
  const headers = (bytes: Uint8Array) => 14 + 8 + (bytes[12] === 8 ? 20 : 40);
  const mute = [...noise(7)].filter(bytes => {
    const isService = Buffer.from(bytes).readUInt16BE(headers(bytes) - 6) < 1024;
    const [carried, captured] = [bytes.length, Math.min(bytes.length, snap)].map(length => length - headers(bytes));
    return !isService && carried! > 40 && captured! < 42 && bytes.length > snap;
  });
  expect(mute.length).toBeGreaterThan(100);
  expect(counted(noise(7), snap)).toEqual({ "udp-cut": mute.length });
});

describe("AMQP's ports", () => {
  const payload = new Uint8Array(30);
  it.each<[string, Uint8Array, Record<string, number>]>([
    ["over UDP", frame(ipv4(17, udp(5672, payload), WAY)), { "not-over-tcp": 1 }],
    ["over UDP, an answer", frame(ipv4(17, udp(40_000, payload, 5671), WAY)), { "not-over-tcp": 1 }],
    ["over UDP, a client's of DNS", frame(ipv4(17, udp(53, payload, 5672), WAY)), {}],
    ["over SCTP", frame(ipv4(132, octets("9c40 1628", payload), WAY)), { "not-over-tcp": 1 }],
    ["over SCTP, other ports", frame(ipv4(132, octets("9c40 0b59", payload), WAY)), {}],
  ])("%s", (_what, packet, expected) => {
    expect(counted([packet])).toEqual(expected);
  });
});

describe("WireGuard", () => {
  const message = (type: number, length: number) =>
    octets([type, 0, 0, 0], new Uint8Array(4).fill(7), new Uint8Array(length - 8));
  const datagram = (payload: Uint8Array, port = 51_820) => frame(ipv4(17, udp(port, payload), WAY));

  it.each<[string, Uint8Array, Record<string, number>]>([
    ["data", datagram(message(4, 96)), { wireguard: 1 }],
    ["data on any port", datagram(message(4, 96), 40_000), { wireguard: 1 }],
    ["a keep-alive, which holds nothing", datagram(message(4, 32)), {}],
    ["an initiation", datagram(message(1, 148)), {}],
    ["a response", datagram(message(2, 92)), {}],
    ["a cookie", datagram(message(3, 64)), {}],
  ])("%s", (_what, packet, expected) => {
    expect(counted([packet])).toEqual(expected);
  });
});
