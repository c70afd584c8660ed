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
import { pathToFileURL } from "node:url";
import { CaptureFile, TcpConnection } from "./capture-file.mjs";

const SEED = 20261121;
const CONNECTIONS = 8;
/** If there are more connections, so many are open at a time, and are closed before the next ones open. */
const AT_A_TIME = 1000;
const FRAME_MAX = 131072;
const SEGMENT_OCTETS = [1448, 65483];
/** Rendered writes to choose from. */
const VARIANTS = 256;
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

export class Connection {
  frames = 0;
  #tcp;
  #tags = [0, 0];

  /** `tcp`: what carries the octets; its own connection of the file if none is given. */
  constructor(file, number, tcp = new TcpConnection(file, number, SEGMENT_OCTETS[number % 2])) {
    this.#tcp = tcp;
  }

  open() {
    this.#tcp.open();
    this.#tcp.send(0, Buffer.from("AMQP\0\0\x09\x01", "latin1"));
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
    this.send(0, new Write().method(0, 10, 50, short(200), shortstr(""), short(0), short(0)));
    this.send(1, new Write().method(0, 10, 51));
    this.#tcp.close();
  }

  /** One side's write. */
  send(side, { octets, frames, tagOffsets }) {
    this.frames += frames;
    for (const offset of tagOffsets) octets.writeUInt32BE(++this.#tags[side], offset + 4);
    this.#tcp.send(side, octets);
  }
}

/** Lets connections publish, deliver and acknowledge by chance, the same every time. */
export class Conversation {
  #next = random(SEED);
  #variants;

  /** @param {typeof BODIES} bodies */
  constructor(bodies = BODIES) {
    this.#variants = Array.from({ length: VARIANTS }, (_, number) => renderVariant(number, this.#next, bodies));
  }

  /** @param {readonly Connection[]} connections one of which has its turn */
  turn(connections) {
    const connection = connections[Math.floor(this.#next() * connections.length)];
    const [published, delivered, acknowledged] = this.#variants[Math.floor(this.#next() * VARIANTS)];
    connection.send(0, published);
    connection.send(1, delivered);
    connection.send(0, acknowledged);
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
  const conversation = new Conversation(bodies);
  const file = new CaptureFile(path, format);
  const connections = Array.from({ length: count }, (_, number) => new Connection(file, number));
  for (let first = 0; first < count; first += AT_A_TIME) {
    const open = connections.slice(first, first + AT_A_TIME);
    const size = (megabytes * 1e6 * (first + open.length)) / count;
    for (const connection of open) connection.open();
    while (file.size < size) conversation.turn(open);
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
