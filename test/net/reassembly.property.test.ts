/** Properties of the whole layer. On failure fast-check prints the seed and the smallest case it found. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PacketRecord } from "../../src/capture/packet-record.ts";
import type { Side, StreamEnd } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpLimits } from "../../src/net/tcp-limits.ts";
import { carrying, type PacketBuilder } from "../support/segments.ts";

const CLIENT = 40000;
const SERVER = 5672;

interface Segment {
  side: Side;
  /** Stream offsets; the FIN, where there is one, is the octet behind the stream. */
  from: number;
  to: number;
  fin?: boolean;
  /** Octets of its payload that were captured. */
  captured?: number;
  acknowledges?: number;
}

/** What one side delivered: pieces at their offsets as the gaps tell, and how it ended. */
class Received {
  offset = 0;
  pieces: { at: number; text: string }[] = [];
  gaps: number[] = [];
  ended: StreamEnd | null = null;

  text(): string {
    return this.pieces.map(piece => piece.text).join("");
  }
}

/** Text whose every octet tells its place, so that a shifted piece cannot go unseen. */
function streamText(side: Side, length: number): string {
  let text = "";
  for (let i = 0; text.length < length; i++) text += `${side === 0 ? "c" : "s"}${i.toString(36)}.`;
  return text.slice(0, length);
}

function listen(limits?: Partial<TcpLimits>): { assembler: TcpAssembler; received: [Received, Received][] } {
  const received: [Received, Received][] = [];
  const assembler = new TcpAssembler(() => {
    const sides: [Received, Received] = [new Received(), new Received()];
    received.push(sides);
    return {
      data(side, bytes, start, end) {
        const to = sides[side];
        if (to.ended !== null) throw new Error("octets behind the end");
        if (!(start >= 0 && start < end && end <= bytes.length)) throw new Error(`octets [${start}, ${end})`);
        to.pieces.push({ at: to.offset, text: new TextDecoder("latin1").decode(bytes.slice(start, end)) });
        to.offset += end - start;
      },
      gap(side, missing) {
        const to = sides[side];
        if (to.ended !== null) throw new Error("a gap behind the end");
        if (missing === 0 || missing < -1) throw new Error(`a gap of ${missing}`);
        to.gaps.push(missing);
        to.offset += missing;
      },
      end(side, reason) {
        if (sides[side].ended !== null) throw new Error("a second end");
        sides[side].ended = reason;
      },
    };
  }, limits);
  return { assembler, received };
}

/** Feeds a handshake and then the segments as they stand; `isn` are the two initial sequence numbers. */
function transmit(
  segments: readonly Segment[],
  isn: readonly [number, number],
  limits?: Partial<TcpLimits>,
): [Received, Received] {
  const texts = [streamText(0, 2000), streamText(1, 2000)] as const;
  const { assembler, received } = listen(limits);
  let number = 0;
  const send = (
    side: Side,
    payload: string,
    sequence: number,
    flags: string,
    acknowledgment = 0,
    captured?: number,
  ) => {
    const [from, to] = side === 0 ? [CLIENT, SERVER] : [SERVER, CLIENT];
    const [source, destination] = side === 0 ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.2", "10.0.0.1"];
    const packet = carrying(payload)
      .tcp({ from, to, sequence, flags, acknowledgment })
      .ipv4({ source, destination })
      .ethernet();
    if (captured !== undefined) packet.cutTo(packet.bytes.length - payload.length + captured);
    assembler.packet(packet.record(1, ++number));
  };
  send(0, "", isn[0], "S");
  send(1, "", isn[1], "SA", isn[0] + 1);
  for (const { side, from, to, fin, acknowledges, captured } of segments) {
    const flags = `${fin ? "F" : ""}${acknowledges === undefined ? "" : "A"}`;
    const acknowledgment = isn[side === 0 ? 1 : 0] + 1 + (acknowledges ?? 0);
    send(side, texts[side].slice(from, to), isn[side] + 1 + from, flags, acknowledgment, captured);
  }
  assembler.finish();
  expect(received.length).toBeLessThanOrEqual(1);
  return received[0] ?? [new Received(), new Received()];
}

const initial = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 2 ** 32 - 700, max: 2 ** 32 - 1 })),
  fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 2 ** 31 - 700, max: 2 ** 31 })),
);

/** One side's stream, cut into segments that touch; the last carries the FIN. */
function cuts(side: Side, length: number, points: readonly number[]): Segment[] {
  const edges = [...new Set([0, ...points.map(point => point % (length + 1)), length])].sort((a, b) => a - b);
  const segments: Segment[] = edges.slice(1).map((to, index) => ({ side, from: edges[index]!, to }));
  segments.push({ side, from: length, to: length, fin: true });
  return segments;
}

const streams = fc
  .record({
    lengths: fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 600 })),
    points: fc.tuple(fc.array(fc.nat(600), { maxLength: 30 }), fc.array(fc.nat(600), { maxLength: 30 })),
    turns: fc.array(fc.boolean(), { maxLength: 60 }),
  })
  .map(({ lengths, points, turns }) => {
    const queues = [cuts(0, lengths[0], points[0]), cuts(1, lengths[1], points[1])] as const;
    const segments: Segment[] = [];
    const sent = [0, 0];
    for (let turn = 0; queues[0].length + queues[1].length > 0; turn++) {
      const side: Side = (turns[turn] ?? turn % 2 === 0) ? 0 : 1;
      const segment = (queues[side].length > 0 ? queues[side] : queues[side === 0 ? 1 : 0]).shift()!;
      sent[segment.side] = segment.to;
      segments.push({ ...segment, acknowledges: sent[segment.side === 0 ? 1 : 0]! });
    }
    return { lengths, segments };
  });

/** Copies of segments and stretches across their edges, mixed in. */
const extras = fc.array(fc.record({ pick: fc.nat(200), before: fc.nat(30), behind: fc.nat(30), at: fc.nat(200) }), {
  maxLength: 15,
});

function withExtras(
  segments: readonly Segment[],
  lengths: readonly [number, number],
  added: readonly Extra[],
): Segment[] {
  const mixed = segments.map(segment => ({ ...segment }));
  for (const { pick, before, behind, at } of added) {
    const { side, from, to } = segments[pick % segments.length]!;
    const copy = { side, from: Math.max(0, from - before), to: Math.min(lengths[side], to + behind) };
    mixed.splice(at % (mixed.length + 1), 0, copy);
  }
  return mixed;
}

interface Extra {
  pick: number;
  before: number;
  behind: number;
  at: number;
}

/** Each segment moved behind up to `reach` others. */
function shuffled(segments: readonly Segment[], delays: readonly number[], reach: number): Segment[] {
  const keyed = segments.map((segment, index) => ({
    segment,
    key: index + ((delays[index % delays.length] ?? 0) % (reach + 1)),
  }));
  return keyed.sort((a, b) => a.key - b.key).map(({ segment }) => segment);
}

const delays = fc.array(fc.nat(100), { minLength: 1, maxLength: 50 });

describe("a complete capture gives the streams in order", () => {
  const complete = (received: [Received, Received], lengths: readonly [number, number]) => {
    for (const side of [0, 1] as const) {
      expect(received[side].text()).toBe(streamText(side, lengths[side]));
      expect(received[side].gaps).toEqual([]);
      expect(received[side].ended).toBe("fin");
    }
  };

  it("however its segments are cut, repeated and shuffled a little", () => {
    fc.assert(
      fc.property(streams, extras, delays, initial, ({ lengths, segments }, added, late, isn) => {
        complete(transmit(shuffled(withExtras(segments, lengths, added), late, 20), isn), lengths);
      }),
      { numRuns: 400 },
    );
  });

  it("in any order at all, as long as nothing is acknowledged", () => {
    fc.assert(
      fc.property(streams, extras, delays, initial, ({ lengths, segments }, added, late, isn) => {
        const silent = withExtras(segments, lengths, added);
        for (const segment of silent) delete segment.acknowledges;
        complete(transmit(shuffled(silent, late, 100), isn), lengths);
      }),
      { numRuns: 400 },
    );
  });
});

describe("a capture with losses", () => {
  it("gives every octet at its place, with gaps that count exactly, under any limits", () => {
    const lost = fc.array(fc.boolean(), { maxLength: 80 });
    const snapped = fc.array(fc.option(fc.nat(20), { nil: undefined }), { minLength: 1, maxLength: 40 });
    const limits = fc.record({
      maxBufferedOctets: fc.integer({ min: 0, max: 300 }),
      maxBufferedSegments: fc.integer({ min: 0, max: 20 }),
      maxBufferedTotal: fc.integer({ min: 0, max: 5000 }),
      reorderPackets: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(
        streams,
        extras,
        delays,
        lost,
        snapped,
        limits,
        initial,
        (made, added, late, missing, snaps, bound, isn) => {
          const { lengths, segments } = made;
          const seen = shuffled(withExtras(segments, lengths, added), late, 20)
            .map((segment, index) => {
              const captured = snaps[index % snaps.length];
              if (captured === undefined || captured >= segment.to - segment.from) return segment;
              return { ...segment, captured };
            })
            .filter((_, index) => !missing[index]);
          const received = transmit(seen, isn, bound);
          for (const side of [0, 1] as const) {
            const whole = streamText(side, lengths[side]);
            for (const { at, text } of received[side].pieces) expect(text).toBe(whole.slice(at, at + text.length));
            expect(received[side].offset).toBeLessThanOrEqual(lengths[side]);
          }
        },
      ),
      { numRuns: 600 },
    );
  });
});

describe("nothing in a packet can break it", () => {
  const packets: [number, PacketBuilder][] = [
    [
      1,
      carrying("AMQP")
        .tcp({ options: new Uint8Array(12).fill(1) })
        .ipv4({ options: new Uint8Array(8) })
        .ethernet(),
    ],
    [1, carrying("AMQP").tcp().ipv6().vlan().vlan(0x88a8).ethernet()],
    [1, carrying("AMQP").tcp().authentication().extension(60).extension(43, 1).extension(0).ipv6().pppoe().ethernet()],
    [1, carrying("AMQP").tcp().fragmentHeader(0, false).ipv6().ethernet()],
    [0, carrying("AMQP").tcp({ flags: "SA" }).ipv4().family(2, "little")],
    [101, carrying("AMQP").tcp({ flags: "F" }).authentication().ipv4()],
    [113, carrying("AMQP").tcp({ flags: "R" }).ipv4().cooked()],
    [276, carrying("AMQP").tcp({ flags: "S" }).ipv6().vlan().cooked2()],
  ];

  function feed(records: Iterable<PacketRecord>): void {
    const { assembler } = listen();
    for (const record of records) assembler.packet(record);
    assembler.finish();
  }

  it("cut at every octet, with and without its original length", () => {
    for (const [linkType, packet] of packets) {
      for (let captured = 0; captured <= packet.bytes.length; captured++) {
        const record = packet.cutTo(captured).record(linkType);
        feed([record]);
        record.originalLength = captured;
        feed([record]);
      }
    }
  });

  it("random octets under every link type", () => {
    const linkType = fc.constantFrom(0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 127);
    fc.assert(
      fc.property(fc.array(fc.tuple(linkType, fc.uint8Array({ maxLength: 120 })), { maxLength: 20 }), made => {
        feed(made.map(([type, bytes]) => carrying(bytes).record(type)));
      }),
      { numRuns: 500 },
    );
  });

  it("octets overwritten anywhere in valid packets", () => {
    const damage = fc.tuple(fc.nat(packets.length - 1), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 30 }), made => {
        feed(
          made.map(([pick, changes]) => {
            const [linkType, packet] = packets[pick]!;
            const record = packet.cutTo(Number.POSITIVE_INFINITY).record(linkType);
            for (const [at, value] of changes) record.bytes[record.start + (at % packet.bytes.length)] = value;
            return record;
          }),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("segments of one connection with any numbers and flags", () => {
    const near = fc.integer({ min: 0, max: 40 });
    const number = fc.oneof(
      { weight: 8, arbitrary: near },
      { weight: 1, arbitrary: near.map(offset => offset + 2 ** 31) },
      { weight: 1, arbitrary: near.map(offset => offset + 2 ** 32 - 20) },
    );
    const segment = fc.record({
      fromClient: fc.boolean(),
      flags: fc.constantFrom("", "A", "A", "A", "A", "S", "SA", "F", "FA", "R", "RA", "SF"),
      sequence: number,
      acknowledgment: number,
      length: fc.oneof(fc.constant(0), fc.nat(12)),
      cut: fc.oneof(fc.constant(0), fc.nat(80)),
    });
    const limits = fc.record({
      maxBufferedOctets: fc.integer({ min: 0, max: 30 }),
      maxBufferedSegments: fc.integer({ min: 0, max: 5 }),
      maxBufferedTotal: fc.integer({ min: 0, max: 1200 }),
      reorderPackets: fc.integer({ min: 0, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 60 }), limits, (made, bound) => {
        const { assembler } = listen(bound);
        for (const { fromClient, flags, sequence, acknowledgment, length, cut } of made) {
          const [from, to] = fromClient ? [CLIENT, SERVER] : [SERVER, CLIENT];
          const [source, destination] = fromClient ? ["10.0.0.1", "10.0.0.2"] : ["10.0.0.2", "10.0.0.1"];
          const packet = carrying(new Uint8Array(length)).tcp({ from, to, sequence, acknowledgment, flags });
          packet.ipv4({ source, destination }).ethernet();
          assembler.packet(packet.cutTo(packet.bytes.length - Math.min(cut, packet.bytes.length)).record());
        }
        assembler.finish();
      }),
      { numRuns: 2000 },
    );
  });
});
