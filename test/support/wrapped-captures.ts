/** A recorded conversation, wrapped in every way: one capture with an interface for each wrapping. */
import { readCapture } from "../../src/capture/capture-source.ts";
import { enhancedPacket, interfaceDescription, join, sectionHeader } from "./capture-writer.ts";
import type { Wrapping } from "./wrappings.ts";

/** An IP packet of a recorded conversation. */
export interface RecordedPacket {
  ip: Uint8Array;
  /** Nanoseconds since the epoch. */
  time: bigint;
}

/** What stands in front of IP, by the link types of the fixtures that are wrapped. */
const LINK_HEADERS: Readonly<Record<number, number>> = { 1: 14, 101: 0, 108: 4 };

/** The IP packets of a capture with nothing but IP in it. */
export async function recordedPackets(path: string): Promise<RecordedPacket[]> {
  const packets: RecordedPacket[] = [];
  await readCapture(path, ({ bytes, start, end, linkType, seconds, nanoseconds }) => {
    const header = LINK_HEADERS[linkType];
    if (header === undefined) throw new Error(`no fixture of link type ${linkType} is wrapped`);
    const padded = Uint8Array.from(bytes.subarray(start + header, end));
    const view = new DataView(padded.buffer);
    const length = padded[0]! >> 4 === 4 ? view.getUint16(2) : 40 + view.getUint16(4);
    packets.push({
      ip: Uint8Array.from(padded.subarray(0, length)),
      time: BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds),
    });
  });
  return packets;
}

/** The client's port of a wrapping's conversation, so that the conversations of one capture are told apart. */
export function clientPort(index: number): number {
  return 20_000 + index;
}

/** A pcapng capture of the conversation in each wrapping, each with a client's port of its own. */
export function wrappedCapture(
  packets: readonly RecordedPacket[],
  serverPort: number,
  wrappings: readonly Wrapping[],
): Uint8Array {
  const blocks: Uint8Array[] = [sectionHeader()];
  for (const { linkType } of wrappings) blocks.push(interfaceDescription("little", { linkType, tsresol: 9 }));
  for (const [index, { wrap }] of wrappings.entries()) {
    for (const [number, { ip, time }] of packets.entries()) {
      const forth = destinationPort(ip) === serverPort;
      const moved = withClientPort(ip, forth, clientPort(index));
      for (const data of wrap(moved, { forth, number: 1 + number + index * packets.length })) {
        blocks.push(enhancedPacket({ interface: index, ticks: time, data }));
      }
    }
  }
  return join(...blocks);
}

function tcpAt(ip: Uint8Array): number {
  return ip[0]! >> 4 === 4 ? (ip[0]! & 15) * 4 : 40;
}

export function destinationPort(ip: Uint8Array): number {
  return new DataView(ip.buffer).getUint16(tcpAt(ip) + 2);
}

/** The packet with another port at the client's end, and a checksum that is as right, or as unfinished, as before. */
function withClientPort(ip: Uint8Array, forth: boolean, port: number): Uint8Array {
  const moved = Uint8Array.from(ip);
  const view = new DataView(moved.buffer);
  const at = tcpAt(ip);
  const portAt = forth ? at : at + 2;
  const sound = isSound(view, at);
  // RFC 1624: the new sum is the old one less what was, plus what is.
  const sum = folded((~view.getUint16(at + 16) & 0xffff) + (~view.getUint16(portAt) & 0xffff) + port);
  view.setUint16(portAt, port);
  if (sound) view.setUint16(at + 16, ~sum & 0xffff);
  return moved;
}

/** Whether TCP's checksum is right: on loopback it is left to hardware that is not there. */
function isSound(view: DataView, at: number): boolean {
  const length = view.byteLength - at;
  let sum = length + 6;
  for (let i = at === 40 ? 8 : 12; i + 1 < view.byteLength; i += 2) sum += view.getUint16(i);
  if (view.byteLength % 2 === 1) sum += view.getUint8(view.byteLength - 1) << 8;
  return folded(sum) === 0xffff;
}

function folded(sum: number): number {
  let short = sum;
  while (short > 0xffff) short = (short & 0xffff) + (short >>> 16);
  return short;
}
