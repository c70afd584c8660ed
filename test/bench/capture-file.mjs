/** Captures made for the benchmarks: packet records, and the segments of TCP in them. */
import { closeSync, openSync, writeSync } from "node:fs";

const BUFFER_OCTETS = 8 << 20;
const ETHERNET_IP_TCP = 14 + 20 + 20;

/** Client ports of one address. */
const PORTS = 30_000;
const FIN_ACK = 0x11;
const SYN = 0x02;
const SYN_ACK = 0x12;
const PUSH_ACK = 0x18;
/** SYN and FIN take a sequence number each. */
const TAKES_ONE = 0x03;
const NOTHING = Buffer.alloc(0);

/** Writes packet records, gathered into large writes to the file. */
export class CaptureFile {
  packets = 0;
  octets = 0;
  #microseconds = 1_790_000_000_000_000;
  #fd;
  #pcapng;
  #buffer = Buffer.alloc(BUFFER_OCTETS);
  #at = 0;

  constructor(path, format) {
    this.#fd = openSync(path, "w");
    this.#pcapng = format === "pcapng";
    const buffer = this.#buffer;
    if (this.#pcapng) {
      // Section header block, interface description block: Ethernet, no snap length, microseconds.
      const words = [0x0a0d0d0a, 28, 0x1a2b3c4d, 0x00000001, 0xffffffff, 0xffffffff, 28, 1, 20, 1, 0, 20];
      for (const word of words) this.#at = buffer.writeUInt32LE(word, this.#at);
    } else {
      const words = [0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1];
      for (const word of words) this.#at = buffer.writeUInt32LE(word, this.#at);
    }
  }

  /** Octets written so far, and those about to be. */
  get size() {
    return this.octets + this.#at;
  }

  /** Begins a record of so many captured octets; returns the buffer and where they belong. */
  begin(captured) {
    if (this.#at + captured + 64 > BUFFER_OCTETS) this.#flush();
    this.packets++;
    this.#microseconds += 3;
    const buffer = this.#buffer;
    let at = this.#at;
    if (this.#pcapng) {
      const padded = (captured + 3) & ~3;
      const total = 32 + padded;
      at = buffer.writeUInt32LE(6, at);
      at = buffer.writeUInt32LE(total, at);
      at = buffer.writeUInt32LE(0, at);
      at = buffer.writeUInt32LE(Math.floor(this.#microseconds / 0x1_0000_0000), at);
      at = buffer.writeUInt32LE(this.#microseconds % 0x1_0000_0000, at);
      at = buffer.writeUInt32LE(captured, at);
      at = buffer.writeUInt32LE(captured, at);
      buffer.fill(0, at + captured, at + padded);
      this.#at = buffer.writeUInt32LE(total, at + padded);
    } else {
      at = buffer.writeUInt32LE(Math.floor(this.#microseconds / 1e6), at);
      at = buffer.writeUInt32LE(this.#microseconds % 1e6, at);
      at = buffer.writeUInt32LE(captured, at);
      at = buffer.writeUInt32LE(captured, at);
      this.#at = at + captured;
    }
    return { buffer, at };
  }

  close() {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush() {
    for (let at = 0; at < this.#at; ) at += writeSync(this.#fd, this.#buffer, at, this.#at - at);
    this.octets += this.#at;
    this.#at = 0;
  }
}

/** One TCP connection, to 10.0.0.2. */
export class TcpConnection {
  #file;
  #port;
  /** The client's address. */
  #client;
  #segmentOctets;
  /** Next sequence number of client and server. */
  #sequence;

  /** @param {CaptureFile} file @param {number} number @param {number} segmentOctets */
  constructor(file, number, segmentOctets) {
    this.#file = file;
    this.#port = 30_000 + (number % PORTS);
    this.#client = 0x0a000001 + 256 * Math.floor(number / PORTS);
    this.#segmentOctets = segmentOctets;
    this.#sequence = [1000 * number, (0xffff0000 + number) >>> 0];
  }

  open() {
    this.#segment(0, NOTHING, 0, 0, SYN);
    this.#segment(1, NOTHING, 0, 0, SYN_ACK);
  }

  close() {
    for (const side of [0, 1]) this.#segment(side, NOTHING, 0, 0, FIN_ACK);
  }

  /** One side's octets, cut into segments. */
  send(side, octets) {
    for (let at = 0; at < octets.length; at += this.#segmentOctets) {
      this.#segment(side, octets, at, Math.min(octets.length, at + this.#segmentOctets), PUSH_ACK);
    }
  }

  #segment(side, octets, start, end, flags) {
    const size = end - start;
    const { buffer, at } = this.#file.begin(ETHERNET_IP_TCP + size);
    buffer.fill(0, at, at + ETHERNET_IP_TCP);
    buffer.writeUInt16BE(0x0800, at + 12);
    const ip = at + 14;
    buffer[ip] = 0x45;
    buffer.writeUInt16BE(40 + size, ip + 2);
    buffer[ip + 8] = 64;
    buffer[ip + 9] = 6;
    buffer.writeUInt32BE(side === 0 ? this.#client : 0x0a000002, ip + 12);
    buffer.writeUInt32BE(side === 0 ? 0x0a000002 : this.#client, ip + 16);
    const tcp = ip + 20;
    buffer.writeUInt16BE(side === 0 ? this.#port : 5672, tcp);
    buffer.writeUInt16BE(side === 0 ? 5672 : this.#port, tcp + 2);
    buffer.writeUInt32BE(this.#sequence[side], tcp + 4);
    buffer.writeUInt32BE(this.#sequence[1 - side], tcp + 8);
    buffer[tcp + 12] = 0x50;
    buffer[tcp + 13] = flags;
    buffer.writeUInt16BE(65535, tcp + 14);
    octets.copy(buffer, tcp + 20, start, end);
    this.#sequence[side] = (this.#sequence[side] + size + (flags & TAKES_ONE ? 1 : 0)) >>> 0;
  }
}
