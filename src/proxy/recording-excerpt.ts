/**
 * Takes the packets of one connection around a moment out of a recording of the proxy: its beginning, the packets
 * before the moment and those behind it, each up to a bound. What is left out between them is a gap, which sequence
 * numbers show.
 */
import { createReadStream, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { word } from "../capture/byte-order.ts";
import { ENHANCED_PACKET_BLOCK } from "../capture/pcapng-blocks.ts";
import { PACKET_AT } from "../capture/pcapng-writer.ts";
import { addressOctets, asIpv6 } from "../net/address-octets.ts";
import { RECORDING_NAME } from "./recording-file.ts";
import type { Excerpt } from "./telemetry-protocol.ts";

/** Octets of blocks: of the connection's beginning, before the moment, and behind it. */
const BEGINNING = 64 * 1024;
const BEFORE = 8 << 20;
const BEHIND = 8 << 20;
/** A longer block was not written by the proxy. */
const MAX_BLOCK = 1 << 20;

/**
 * Calls `write` with octets of a pcapng file, one piece after the other.
 *
 * @returns packets that were written
 * @throws an error of Node's if the recording cannot be read
 */
export async function copyExcerpt(excerpt: Excerpt, write: (bytes: Uint8Array) => Promise<void>): Promise<number> {
  const isOfConnection = matcher(excerpt);
  const before: Uint8Array[] = [];
  let beforeOctets = 0;
  let beginning = 0;
  let behind = 0;
  let packets = 0;
  let hasHead = false;
  const put = async (block: Uint8Array): Promise<void> => {
    packets++;
    await write(block);
  };
  for (const path of filesAround(excerpt.path)) {
    for await (const block of blocksOf(path)) {
      if (word(block, 0, true) !== ENHANCED_PACKET_BLOCK) {
        // All files of a recording begin with the same section and interface.
        if (!hasHead) await write(block);
        continue;
      }
      hasHead = true;
      if (!isOfConnection(block)) continue;
      if (timeOf(block) >= excerpt.around) {
        for (const each of before.splice(0)) await put(each);
        behind += block.length;
        await put(block);
        if (behind > BEHIND) return packets;
      } else if (beginning < BEGINNING) {
        beginning += block.length;
        await put(block);
      } else {
        before.push(block);
        for (beforeOctets += block.length; beforeOctets > BEFORE; ) beforeOctets -= before.shift()!.length;
      }
    }
  }
  for (const each of before) await put(each);
  return packets;
}

/** The file, the one before it and the one behind it: a recording may continue in the next file at any packet. */
function filesAround(path: string): string[] {
  const names = readdirSync(dirname(path)).filter(name => RECORDING_NAME.test(name));
  const sorted = names.sort();
  const at = sorted.indexOf(basename(path));
  if (at < 0) return [path];
  return sorted.slice(Math.max(0, at - 1), at + 2).map(name => join(dirname(path), name));
}

/** The blocks of a file, each in its own memory. Ends if the last one is not whole. */
async function* blocksOf(path: string): AsyncIterable<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    const bytes = rest.length === 0 ? chunk : joined(rest, chunk);
    let at = 0;
    while (bytes.length - at >= 12) {
      const length = word(bytes, at + 4, true);
      if (length < 12 || length > MAX_BLOCK || length % 4 !== 0) return;
      if (at + length > bytes.length) break;
      yield bytes.slice(at, at + length);
      at += length;
    }
    rest = bytes.slice(at);
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Microseconds since the epoch. */
function timeOf(block: Uint8Array): number {
  return word(block, 12, true) * 2 ** 32 + word(block, 16, true);
}

/** Whether a packet is of the connection: its two ends, in either order, from when it was opened. */
function matcher({ ends, opened }: Excerpt): (block: Uint8Array) => boolean {
  const octets = ends.map(({ address }) => addressOctets(address));
  const isIpv6 = octets.some(each => each?.length === 16);
  const [client, server] = ends.map(({ port }, at) => {
    const known = octets[at] ?? new Uint8Array(isIpv6 ? 16 : 4);
    return Uint8Array.of(...(isIpv6 ? asIpv6(known) : known), port >> 8, port & 0xff);
  }) as [Uint8Array, Uint8Array];
  const addressAt = PACKET_AT + (isIpv6 ? 8 : 12);
  const size = isIpv6 ? 16 : 4;
  const portsAt = PACKET_AT + (isIpv6 ? 40 : 20);
  const is = (block: Uint8Array, end: Uint8Array, place: 0 | 1): boolean =>
    end.every((octet, i) =>
      i < size ? block[addressAt + place * size + i] === octet : block[portsAt + place * 2 + i - size] === octet,
    );
  return block =>
    block[PACKET_AT]! >> 4 === (isIpv6 ? 6 : 4) &&
    timeOf(block) >= opened &&
    ((is(block, client, 0) && is(block, server, 1)) || (is(block, client, 1) && is(block, server, 0)));
}
