import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PacketRecord } from "../../src/capture/packet-record.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { PROPERTY } from "../capture/property-runs.ts";
import { carrying } from "../support/segments.ts";
import { frame, gre, ipv4, udp, vxlan, WRAPPINGS } from "../support/wrappings.ts";

type Wrap = (ip: Uint8Array, forth: boolean) => Uint8Array;

const plain: Wrap = ip => frame(ip);
const inVxlan =
  (there: number, back = there): Wrap =>
  (ip, forth) =>
    frame(ipv4(17, udp(4789, vxlan(forth ? there : back, frame(ip))), { forth, number: 1 }));
const inGreKey =
  (there: number, back: number): Wrap =>
  (ip, forth) =>
    frame(ipv4(47, gre(0x2000, 0x0800, [0, 0, 0, forth ? there : back], ip), { forth, number: 1 }));

/** The packets of a short conversation: who sends, and the IP packet. */
function conversation(payload: string, client = 1000, server = 5000): [forth: boolean, ip: Uint8Array][] {
  const there = { from: 40000, to: 5672 };
  const back = { from: 5672, to: 40000 };
  const ends = { source: "10.0.0.1", destination: "10.0.0.2" };
  const other = { source: "10.0.0.2", destination: "10.0.0.1" };
  return [
    [
      true,
      carrying()
        .tcp({ ...there, sequence: client, flags: "S" })
        .ipv4(ends).bytes,
    ],
    [
      false,
      carrying()
        .tcp({ ...back, sequence: server, acknowledgment: client + 1, flags: "SA" })
        .ipv4(other).bytes,
    ],
    [
      true,
      carrying(payload)
        .tcp({ ...there, sequence: client + 1, acknowledgment: server + 1 })
        .ipv4(ends).bytes,
    ],
    [
      false,
      carrying("answer")
        .tcp({ ...back, sequence: server + 1, acknowledgment: client + 1 + payload.length })
        .ipv4(other).bytes,
    ],
    [
      true,
      carrying("more")
        .tcp({ ...there, sequence: client + 1 + payload.length, acknowledgment: server + 7 })
        .ipv4(ends).bytes,
    ],
  ];
}

/** Connections in the order of their first octets, each with what its sides said, and the gaps. */
function listen(packets: readonly Uint8Array[]): string[] {
  const texts = new Map<TcpConnection, [string, string]>();
  const assembler = new TcpAssembler(tcp => {
    const said: [string, string] = ["", ""];
    texts.set(tcp, said);
    return {
      data: (side, bytes, start, end) => {
        said[side] += new TextDecoder().decode(bytes.slice(start, end));
      },
      gap: (side, missing) => {
        said[side] += `<${missing}>`;
      },
      end() {},
    };
  });
  for (const [i, bytes] of packets.entries()) assembler.packet(recordOf(bytes, 1, i + 1));
  assembler.finish();
  return [...texts.values()].map(([there, back]) => `${there} / ${back}`);
}

function recordOf(bytes: Uint8Array, linkType: number, number: number): PacketRecord {
  const record = new PacketRecord();
  record.bytes = bytes;
  record.end = bytes.length;
  record.originalLength = bytes.length;
  record.linkType = linkType;
  record.number = number;
  return record;
}

const SAID = "hellomore / answer";

describe("one connection is", () => {
  it.each<[string, Wrap[]]>([
    ["seen outside and inside a tunnel", [plain, inVxlan(7)]],
    ["seen inside and outside a tunnel", [inVxlan(7), plain]],
    ["seen twice in the same tunnel", [inVxlan(7), inVxlan(7)]],
    ["in a tunnel that has a number for each direction", [inVxlan(7, 8)]],
    ["in a tunnel that has a key for each direction", [inGreKey(7, 8)]],
    ["seen outside, and in a tunnel that has a number for each direction", [plain, inVxlan(7, 8)]],
  ])("%s", (_what, wraps) => {
    const packets = conversation("hello").flatMap(([forth, ip]) => wraps.map(wrap => wrap(ip, forth)));
    expect(listen(packets)).toEqual([SAID]);
  });

  it("one that moves to another tunnel", () => {
    const packets = conversation("hello").map(([forth, ip], i) => (i < 3 ? inVxlan(7) : inVxlan(9))(ip, forth));
    expect(listen(packets)).toEqual([SAID]);
  });
});

describe("two connections are", () => {
  it.each<[string, Wrap, Wrap]>([
    ["in two networks with the same addresses", inVxlan(7), inVxlan(8)],
    ["in a tunnel and beside it", inVxlan(7), plain],
    ["beside a tunnel and in it", plain, inVxlan(7)],
  ])("%s", (_what, one, other) => {
    const first = conversation("hello", 1000, 5000);
    const second = conversation("HELLO", 3_000_000_000, 2_000_000_000);
    const packets = first.flatMap(([forth, ip], i) => [one(ip, forth), other(second[i]![1], forth)]);
    expect(listen(packets)).toEqual([SAID, "HELLOmore / answer"]);
  });

  it("in two networks, whatever numbers they begin with", () => {
    const second = conversation("HELLO");
    const packets = conversation("hello").flatMap(([forth, ip], i) => [
      inVxlan(7)(ip, forth),
      inVxlan(8)(second[i]![1], forth),
    ]);
    expect(listen(packets)).toEqual([SAID, "HELLOmore / answer"]);
  });
});

it(`broken headers of any layer are counted, and nothing throws (seed ${PROPERTY.seed})`, () => {
  const inner = carrying("AMQP").tcp().ipv4().bytes;
  const wrapped = WRAPPINGS.map(({ wrap, linkType }) => ({
    linkType,
    packets: wrap(inner, { forth: true, number: 1 }),
  }));
  const change = fc.record({ at: fc.nat(200), octet: fc.nat(255) });
  fc.assert(
    fc.property(
      fc.constantFrom(...wrapped),
      fc.array(change, { maxLength: 6 }),
      fc.nat(200),
      ({ linkType, packets }, changes, cut) => {
        const assembler = new TcpAssembler(() => null);
        for (const packet of packets) {
          const broken = Uint8Array.from(packet);
          for (const { at, octet } of changes) if (at < broken.length) broken[at] = octet;
          const record = recordOf(broken, linkType, 1);
          if (cut < broken.length) record.end = cut;
          assembler.packet(record);
        }
        assembler.finish();
        const { segments, unread } = assembler.counters;
        const counted = [...unread.values()].reduce((sum, count) => sum + count, segments);
        expect(counted).toBeGreaterThan(0);
        expect(counted).toBeLessThanOrEqual(packets.length + 1);
      },
    ),
    { ...PROPERTY, numRuns: 5000 },
  );
});
