#!/usr/bin/env node
/**
 * node test/bench/make-capture.mjs OUT MEGABYTES [pcap|pcapng] [CONNECTIONS]
 *
 * Writes a clean capture of publishers and consumers, the same octets every time, and prints what is in it as JSON:
 * packets and frames, exactly. Made to be written quickly: payloads are rendered once, and copied from then on.
 *
 * Eight connections, if nothing else is said, two channels each: messages are published on channel 1, delivered and acknowledged on channel 2, up
 * to six in one write. Half of the connections cut their writes into segments of 1,448 octets, as on a network, the others
 * of 65,483, as on a loopback interface; now and then a message fills several body frames.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { pathToFileURL } from "node:url";

const SEED = 20261121;
const CONNECTIONS = 8;
/** If there are more connections, so many are open at a time, and are closed before the next ones open. */
const AT_A_TIME = 1000;
/** Client ports of one address. */
const PORTS = 30_000;
const FRAME_MAX = 131072;
const SEGMENT_OCTETS = [1448, 65483];
/** Rendered writes to choose from. */
const VARIANTS = 256;
const BUFFER_OCTETS = 8 << 20;
const ETHERNET_IP_TCP = 14 + 20 + 20;

const FIN_ACK = 0x11;
const SYN = 0x02;
const SYN_ACK = 0x12;
const PUSH_ACK = 0x18;
/** SYN and FIN take a sequence number each. */
const TAKES_ONE = 0x03;

/** @param {number} seed */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x1_0000_0000;
  };
}

export const short = value => [value >>> 8, value & 0xff];
export const long = value => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
export const longlong = value => [...long(Math.floor(value / 0x1_0000_0000)), ...long(value >>> 0)];
export const shortstr = text => [text.length, ...Buffer.from(text, "latin1")];
const longstr = text => [...long(text.length), ...Buffer.from(text, "latin1")];

export function table(fields) {
  const octets = Object.entries(fields).flatMap(([name, value]) => [...shortstr(name), 0x53, ...longstr(value)]);
  return [...long(octets.length), ...octets];
}

/** Renders one write: frames behind each other, and where in it delivery tags stand. */
export class Write {
  frames = 0;
  /** @type {Buffer[]} */
  #parts = [];
  #size = 0;
  /** @type {number[]} */
  tagOffsets = [];

  get octets() {
    return Buffer.concat(this.#parts);
  }

  frame(type, channel, payload) {
    this.frames++;
    const octets = Buffer.from([type, ...short(channel), ...long(payload.length), ...payload, 0xce]);
    this.#parts.push(octets);
    this.#size += octets.length;
    return this;
  }

  method(channel, classId, methodId, ...argumentOctets) {
    return this.frame(1, channel, [...short(classId), ...short(methodId), ...argumentOctets.flat()]);
  }

  /** A method whose first argument behind `before` is a delivery tag. */
  tagged(channel, classId, methodId, before, after) {
    this.tagOffsets.push(this.#size + 7 + 4 + before.length);
    return this.method(channel, classId, methodId, before, longlong(0), after);
  }

  content(channel, size, number) {
    const properties = [
      ...shortstr("application/json"),
      ...table({ traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" }),
      ...shortstr(`m${number}`),
    ];
    this.frame(2, channel, [...short(60), ...short(0), ...longlong(size), ...short(0xa080), ...properties]);
    for (let at = 0; at < size; at += FRAME_MAX - 8) {
      const piece = Buffer.alloc(
        Math.min(size - at, FRAME_MAX - 8),
        `{"number":${number},"text":"lorem ipsum dolor sit amet"}`,
      );
      this.frame(3, channel, piece);
    }
    return this;
  }
}

function renderVariant(number, next, { most, big }) {
  const published = new Write();
  const delivered = new Write();
  const acknowledged = new Write();
  const isBig = number === VARIANTS - 1;
  const messages = isBig ? 1 : 1 + Math.floor(next() * 6);
  for (let i = 0; i < messages; i++) {
    const size = isBig ? big : 1 + Math.floor(next() ** 3 * most);
    published.method(1, 60, 40, short(0), shortstr(""), shortstr("jobs"), [0]).content(1, size, number);
    delivered.tagged(2, 60, 60, shortstr("ctag1"), [0, ...shortstr(""), ...shortstr("jobs")]).content(2, size, number);
    acknowledged.tagged(2, 60, 80, [], [0]);
  }
  return [published, delivered, acknowledged].map(({ octets, frames, tagOffsets }) => ({ octets, frames, tagOffsets }));
}

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

export class Connection {
  frames = 0;
  #file;
  #port;
  /** The client's address. */
  #client;
  #segmentOctets;
  /** Next sequence number of client and server. */
  #sequence;
  #tags = [0, 0];

  constructor(file, number) {
    this.#file = file;
    this.#port = 30_000 + (number % PORTS);
    this.#client = 0x0a000001 + 256 * Math.floor(number / PORTS);
    this.#segmentOctets = SEGMENT_OCTETS[number % 2];
    this.#sequence = [1000 * number, (0xffff0000 + number) >>> 0];
  }

  open() {
    const nothing = Buffer.alloc(0);
    this.#segment(0, nothing, 0, 0, SYN);
    this.#segment(1, nothing, 0, 0, SYN_ACK);
    this.#segment(0, Buffer.from("AMQP\0\0\x09\x01", "latin1"), 0, 8, PUSH_ACK);
    const start = new Write().method(
      0,
      10,
      10,
      [0, 9],
      table({ product: "RabbitMQ" }),
      longstr("PLAIN"),
      longstr("en_US"),
    );
    const startOk = new Write().method(
      0,
      10,
      11,
      table({ product: "bench" }),
      shortstr("PLAIN"),
      longstr("\0bench\0bench"),
      shortstr("en_US"),
    );
    const limits = [short(2047), long(FRAME_MAX), short(60)];
    this.send(1, start);
    this.send(0, startOk);
    this.send(1, new Write().method(0, 10, 30, ...limits));
    this.send(0, new Write().method(0, 10, 31, ...limits).method(0, 10, 40, shortstr("/"), shortstr(""), [0]));
    this.send(1, new Write().method(0, 10, 41, shortstr("")));
    for (const channel of [1, 2]) {
      this.send(0, new Write().method(channel, 20, 10, shortstr("")));
      this.send(1, new Write().method(channel, 20, 11, longstr("")));
    }
  }

  close() {
    const nothing = Buffer.alloc(0);
    this.send(0, new Write().method(0, 10, 50, short(200), shortstr(""), short(0), short(0)));
    this.send(1, new Write().method(0, 10, 51));
    for (const side of [0, 1]) this.#segment(side, nothing, 0, 0, FIN_ACK);
  }

  /** One side's write, cut into segments. */
  send(side, { octets, frames, tagOffsets }) {
    this.frames += frames;
    for (const offset of tagOffsets) octets.writeUInt32BE(++this.#tags[side], offset + 4);
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

/** Octets of bodies: most of them have up to `most`, one of 256 writes is a `big` one. */
const BODIES = { most: 2000, big: 150_000 };

/**
 * @param {string} path
 * @param {number} megabytes
 * @param {"pcap" | "pcapng"} format
 */
export function makeCapture(path, megabytes, format = "pcap", { count = CONNECTIONS, bodies = BODIES } = {}) {
  const next = random(SEED);
  const variants = Array.from({ length: VARIANTS }, (_, number) => renderVariant(number, next, bodies));
  const file = new CaptureFile(path, format);
  const connections = Array.from({ length: count }, (_, number) => new Connection(file, number));
  for (let first = 0; first < count; first += AT_A_TIME) {
    const open = connections.slice(first, first + AT_A_TIME);
    const size = (megabytes * 1e6 * (first + open.length)) / count;
    for (const connection of open) connection.open();
    while (file.size < size) {
      const connection = open[Math.floor(next() * open.length)];
      const [published, delivered, acknowledged] = variants[Math.floor(next() * VARIANTS)];
      connection.send(0, published);
      connection.send(1, delivered);
      connection.send(0, acknowledged);
    }
    if (count > AT_A_TIME) for (const connection of open) connection.close();
  }
  file.close();
  const frames = connections.reduce((sum, connection) => sum + connection.frames, 0);
  return { path, format, seed: SEED, octets: file.octets, packets: file.packets, frames, connections: count };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [path, megabytes, format = "pcap", count = String(CONNECTIONS)] = process.argv.slice(2);
  if (!path || !(Number(megabytes) > 0) || (format !== "pcap" && format !== "pcapng") || !(Number(count) >= 1)) {
    console.error("usage: node test/bench/make-capture.mjs OUT MEGABYTES [pcap|pcapng] [CONNECTIONS]");
    process.exit(2);
  }
  console.log(JSON.stringify(makeCapture(path, Number(megabytes), format, { count: Number(count) })));
}
