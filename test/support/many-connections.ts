/**
 * Captures of very many connections in trouble: what bounds the cost of a report, and its length, is measured on them.
 *
 *     node test/support/run-ts.mjs test/support/many-connections.ts broken 10000 many.pcap
 *
 * writes one. `mixed`: one in ten is broken, and each has a hundred messages, over ten minutes. `broken`: each connection is broken in one of a few ways, all of them open at the same time. `varied`: each is
 * broken in another way, by all that is known to go wrong. `bodies`: each begins in mid-stream, in a body that is full of
 * frames.
 */
import { writeFileSync } from "node:fs";
import { SHAPES } from "../forensics/untangle/shapes.ts";
import { pcapHeader, pcapRecord } from "./capture-writer.ts";
import { carrying } from "./segments.ts";
import { tangledStream } from "./tangled-streams.ts";
import { clientHandshake, join, serverHandshake, wire } from "./wire.ts";

const LINKTYPE_RAW = 101;
const OPENING = clientHandshake().channelOpen(1).channelOpen(2).octets;
const GREETING = serverHandshake().channelOpenOk(1).channelOpenOk(2).octets;

/** A few messages, the last of them broken; kinds differ in what tears which frame. */
const BROKEN: readonly ((body: string) => Uint8Array)[] = [
  body => {
    const outer = wire().publish(1, body).octets;
    return join(outer.subarray(0, -20), wire().publish(2, body).octets, outer.subarray(-20));
  },
  body => {
    const outer = wire().publish(1, body).octets;
    return join(outer.subarray(0, 12), wire().publish(2, body).octets, outer.subarray(12));
  },
  body => {
    const changed = wire().publish(1, body).octets;
    changed[changed.length - 1] = 0;
    return changed;
  },
];
/** What comes behind it, so that the boundary is found again. */
const AFTER = wire().publish(2, "after").publish(2, "after").publish(2, "after").octets;

/** `count` broken connections of about `octets` octets each, packet by packet in turn. */
export function manyBroken(count: number, octets = 2000): Uint8Array {
  const body = "b".repeat(Math.max(1, Math.floor((octets - OPENING.length - GREETING.length) / 3)));
  const before = wire().publish(1, body).octets;
  const kinds = BROKEN.map(torn => [before, join(torn(body), AFTER)]);
  return inTurn(count, port => {
    const [first, second] = kinds[port % kinds.length]!;
    return [
      [0, OPENING.subarray(0, 8)],
      [1, GREETING],
      [0, OPENING.subarray(8)],
      [0, first!],
      [0, second!],
    ];
  });
}

/** `count` connections, each of another of the shapes of which untangling is measured, of its own seed. */
export function manyVaried(count: number): Uint8Array {
  const shapes = Object.entries(SHAPES);
  return inTurn(count, port => {
    const [name, shape] = shapes[port % shapes.length]!;
    const { segments } = tangledStream(name, shape, port);
    const [first, ...others] = segments;
    const sent = [first!.subarray(0, 8), first!.subarray(8), ...others].filter(octets => octets.length > 0);
    return [[0, sent[0]!], [1, GREETING], ...sent.slice(1).map((octets): Sent => [0, octets])];
  });
}

/** `count` connections whose beginning was not captured, each within a body that is full of frames. */
export function manyBodiesOfFrames(count: number, octets = 6500): Uint8Array {
  const inner = wire().publish(1, "i".repeat(40)).octets;
  const bodies = wire().frame(3, 1, join(...Array.from({ length: Math.ceil(octets / inner.length) }, () => inner)));
  return inTurn(count, () => [[0, bodies.octets.subarray(100)]], { begins: false });
}

/** Messages of each connection, in so many packets. */
const MESSAGES = 100;
const PACKETS = 5;

/** `count` connections of a hundred messages each, a tenth of them broken at the end, over ten minutes. */
export function manyMixed(count: number): Uint8Array {
  const few = wire();
  for (let i = 0; i < MESSAGES / PACKETS; i++) few.publish(1, "body of a message");
  const kinds = BROKEN.map(torn => join(torn("b".repeat(600)), AFTER));
  return inTurn(
    count,
    port => [
      [0, OPENING.subarray(0, 8)],
      [1, GREETING],
      [0, OPENING.subarray(8)],
      ...Array.from({ length: PACKETS }, (): Sent => [0, few.octets]),
      ...(port % 10 === 0 ? [[0, kinds[(port / 10) % kinds.length]!] as const] : []),
    ],
    { seconds: 60 },
  );
}

type Sent = readonly [side: 0 | 1, octets: Uint8Array];

/**
 * The first packet of each connection, then the second of each, and so on: all of them are open at a time. `seconds` lie
 * between two turns.
 */
function inTurn(
  count: number,
  sentBy: (port: number) => readonly Sent[],
  { begins = true, seconds = 0 } = {},
): Uint8Array {
  let turn = 0;
  const records: Uint8Array[] = [pcapHeader({ linkType: LINKTYPE_RAW })];
  const connections = Array.from({ length: count }, (_, i) => ({
    port: 10_000 + i,
    sent: sentBy(10_000 + i),
    next: [1000, 5000],
  }));
  const keep = (
    { port, next }: (typeof connections)[number],
    side: 0 | 1,
    flags: string,
    octets: Uint8Array = new Uint8Array(0),
  ) => {
    const ports = side === 0 ? { from: port, to: 5672 } : { from: 5672, to: port };
    const address = side === 0 ? {} : { source: "10.0.0.2", destination: "10.0.0.1" };
    const first = flags.startsWith("S");
    const sequence = next[side]! - (first ? 1 : 0);
    const packet = carrying(octets).tcp({ ...ports, sequence, acknowledgment: next[1 - side]!, flags });
    const time = { seconds: 1_700_000_000 + turn * seconds, fraction: records.length % 1_000_000 };
    records.push(pcapRecord({ ...time, data: packet.ipv4(address).bytes }));
    next[side]! += octets.length;
  };
  for (let i = 0; connections.some(({ sent }) => i < sent.length); i++) {
    turn = i;
    for (const each of connections) {
      if (i === 0 && begins) {
        keep(each, 0, "S");
        keep(each, 1, "SA");
      }
      const sent = each.sent[i];
      if (sent !== undefined) keep(each, sent[0], "PA", sent[1]);
    }
  }
  return Buffer.concat(records);
}

const [, , kind, count, path, octets] = process.argv;
const made = { mixed: manyMixed, broken: manyBroken, varied: manyVaried, bodies: manyBodiesOfFrames }[kind ?? ""];
if (made !== undefined && path !== undefined) {
  writeFileSync(path, made(Number(count), octets === undefined ? undefined : Number(octets)));
}
