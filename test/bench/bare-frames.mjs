/**
 * node test/bench/bare-frames.mjs CAPTURE: the least a program in Node can do with a capture and still see every frame.
 *
 * Reads the file into one window, hops from packet record to packet record and, inside TCP payload of Ethernet and IPv4,
 * from frame header to frame header; a frame that lies across segments is put together by its size. Checks nothing but
 * the end octet, and believes that segments come in order: the captures of make-capture.mjs are so. Prints the frames.
 */
import { closeSync, openSync, readSync } from "node:fs";

const WINDOW = 1 << 20;
const PCAP_MICROSECONDS = 0xa1b2c3d4;
const PCAPNG = 0x0a0d0d0a;
const ENHANCED_PACKET = 6;
const FRAME_END = 0xce;

const window = Buffer.allocUnsafeSlow(WINDOW);
const octets = new Uint8Array(window.buffer, window.byteOffset, WINDOW);
const file = openSync(process.argv[2], "r");
/** By client's port and direction: octets of the frame that is not over yet, still to come; -1 before the protocol header. */
const toCome = new Int32Array(2 << 16).fill(-1);
/** The header octets of a frame of which fewer than 7 are here, and how many. */
const headers = new Uint8Array(7 * (2 << 16));
const headerOctets = new Uint8Array(2 << 16);
let frames = 0;
let broken = 0;

let filled = 0;
let position = 0;
let isPcapng = null;
for (;;) {
  const read = readSync(file, window, filled, WINDOW - filled, position);
  if (read === 0) break;
  position += read;
  filled += read;
  let at = 0;
  if (isPcapng === null) {
    isPcapng = window.readUInt32LE(0) === PCAPNG;
    if (!isPcapng) {
      if (window.readUInt32LE(0) !== PCAP_MICROSECONDS && window.readUInt32LE(0) !== 0xa1b23c4d)
        throw new Error("no pcap");
      at = 24;
    }
  }
  at = isPcapng ? blocks(at, filled) : records(at, filled);
  octets.copyWithin(0, at, filled);
  filled -= at;
}
closeSync(file);
console.log(JSON.stringify({ frames, broken }));

function records(from, end) {
  let at = from;
  while (end - at >= 16) {
    const size = little(at + 8);
    if (end - at - 16 < size) break;
    packet(at + 16, at + 16 + size);
    at += 16 + size;
  }
  return at;
}

function blocks(from, end) {
  let at = from;
  while (end - at >= 12) {
    const size = little(at + 4);
    if (end - at < size) break;
    if (little(at) === ENHANCED_PACKET) packet(at + 28, at + 28 + little(at + 20));
    at += size;
  }
  return at;
}

function packet(start, end) {
  if (((octets[start + 12] << 8) | octets[start + 13]) !== 0x0800) return;
  const ip = start + 14;
  const tcp = ip + ((octets[ip] & 15) << 2);
  const ipEnd = ip + ((octets[ip + 2] << 8) | octets[ip + 3]);
  const from = (octets[tcp] << 8) | octets[tcp + 1];
  const to = (octets[tcp + 2] << 8) | octets[tcp + 3];
  const payload = tcp + ((octets[tcp + 12] >> 4) << 2);
  if (payload < ipEnd) stream(from > to ? 2 * from : 2 * to + 1, payload, Math.min(ipEnd, end));
}

function stream(key, start, end) {
  let at = start;
  let left = toCome[key];
  if (left < 0) {
    // The client's protocol header; a server's first octets are a frame.
    at += key % 2 === 0 ? 8 : 0;
    left = 0;
  }
  while (at < end) {
    if (left > 0) {
      const here = Math.min(left, end - at);
      at += here;
      left -= here;
      if (left === 0 && octets[at - 1] !== FRAME_END) broken++;
      continue;
    }
    if (headerOctets[key] > 0 || end - at < 7) {
      headers[7 * key + headerOctets[key]++] = octets[at++];
      if (headerOctets[key] < 7) continue;
      headerOctets[key] = 0;
      left = big(headers, 7 * key + 3) + 1;
    } else {
      left = big(octets, at + 3) + 1;
      at += 7;
    }
    frames++;
  }
  toCome[key] = left;
}

function little(at) {
  return octets[at] | (octets[at + 1] << 8) | (octets[at + 2] << 16) | (octets[at + 3] << 24);
}

function big(bytes, at) {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
