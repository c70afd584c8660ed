/** What becomes of a recording that was taken badly: packets lost, cut, doubled, out of order, or of one direction only. */
import { readCapture } from "../../src/capture/capture-source.ts";
import { PacketRecord } from "../../src/capture/packet-record.ts";
import { Inspection } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import type { Report } from "../../src/report/report.ts";
import { randomNumbers } from "./chunkings.ts";

/** Kept of the packets of a recording, in their order. */
type Damage = (packets: readonly Packet[]) => Packet[];

export interface Packet {
  record: PacketRecord;
  /** The client's port. */
  client: number;
  /** The client sent it. */
  isForth: boolean;
}

const lossOf = (every: number): Damage => {
  return packets => packets.filter((_, i) => i % every !== every - 1);
};
const from = (share: number): Damage => {
  return packets => packets.slice(Math.floor(packets.length * share));
};
const cutTo = (octets: number): Damage => {
  return packets => packets.map(packet => ({ ...packet, record: copyOf(packet.record, octets) }));
};

export const DAMAGES: readonly (readonly [what: string, damage: Damage])[] = [
  ["one packet in 200 lost", lossOf(200)],
  ["one packet in 20 lost", lossOf(20)],
  ["begun in mid-stream", from(0.3)],
  ["begun later", from(0.7)],
  ["the client's direction only", packets => packets.filter(({ isForth }) => isForth)],
  ["the broker's direction only", packets => packets.filter(({ isForth }) => !isForth)],
  ["the client's direction only, begun in mid-stream", packets => from(0.4)(packets.filter(({ isForth }) => isForth))],
  ["every packet twice", packets => packets.flatMap(packet => [packet, packet])],
  ["neighbours swapped", packets => packets.map((packet, i) => packets[i ^ 1] ?? packet)],
  ["cut to 96 octets", cutTo(96)],
  ["cut to 300 octets", cutTo(300)],
];

/** Seeded: a packet of so many per cent is lost, wherever chance has it. */
const randomLoss = (percent: number, seed: number): Damage => {
  return packets => {
    const random = randomNumbers(seed);
    return packets.filter(() => random() >= percent / 100);
  };
};

/** What chance does to a recording, each from a seed. */
export const LOSSES: readonly (readonly [what: string, damage: Damage])[] = [0.1, 0.5, 1, 2, 5].flatMap(percent =>
  [1, 2, 3].map(seed => [`${percent} % lost, seed ${seed}`, randomLoss(percent, seed)] as const),
);

/** The packets of a recording of TCP over IPv4, Ethernet in front; the client is the end with the higher port. */
export async function packetsOf(path: string): Promise<Packet[]> {
  const packets: Packet[] = [];
  await readCapture(path, captured => {
    const record = copyOf(captured);
    const ipAt = record.linkType === 1 ? 14 : 0;
    const ports = new DataView(record.bytes.buffer, ipAt + (record.bytes[ipAt]! & 15) * 4);
    const [from, to] = [ports.getUint16(0), ports.getUint16(2)];
    packets.push({ record, client: Math.max(from, to), isForth: from > to });
  });
  return packets;
}

export function inspected(packets: readonly Packet[]): Report {
  const inspection = new Inspection({ explain: true });
  inspection.beginInput();
  for (const [i, { record }] of packets.entries()) {
    record.number = i + 1;
    inspection.packet(record);
  }
  const none = { notes: [], truncated: null, error: null, stopped: false };
  inspection.endInput("damaged", { format: "pcapng", packets: packets.length, octets: 0, ...none });
  return buildReport(inspection.finish());
}

function copyOf(record: PacketRecord, octets = Number.POSITIVE_INFINITY): PacketRecord {
  const copy = new PacketRecord();
  copy.bytes = record.bytes.slice(record.start, Math.min(record.end, record.start + octets));
  copy.start = 0;
  copy.end = copy.bytes.length;
  copy.originalLength = record.originalLength;
  copy.linkType = record.linkType;
  copy.seconds = record.seconds;
  copy.nanoseconds = record.nanoseconds;
  copy.timeDigits = record.timeDigits;
  return copy;
}
