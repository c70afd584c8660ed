import { describe, expect, test } from "vitest";
import { CaptureError } from "../../src/capture/capture-error.ts";
import { PcapngReader } from "../../src/capture/pcapng-reader.ts";
import {
  type ByteOrder,
  block,
  endOfOptions,
  enhancedPacket,
  fields,
  hex,
  interfaceDescription,
  interfaceStatistics,
  join,
  obsoletePacket,
  octets,
  option,
  sectionHeader,
  simplePacket,
} from "../support/capture-writer.ts";
import { packetLog } from "./packet-log.ts";

const ORDERS: readonly ByteOrder[] = ["big", "little"];
const other = (order: ByteOrder): ByteOrder => (order === "big" ? "little" : "big");

/** 1700000000.123456 seconds, in microseconds. */
const TICKS = 1_700_000_000_123_456n;

interface Case {
  rule: string;
  blocks: (order: ByteOrder) => Uint8Array[];
  log: string[];
  notes?: string[];
  passedOver?: string;
}

const cases: Case[] = [
  { rule: "a section may hold nothing", blocks: order => [sectionHeader(order)], log: [] },
  {
    rule: "enhanced packet block: microseconds unless the interface says otherwise",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { linkType: 113 }),
      enhancedPacket({ order, ticks: TICKS, data: hex("0102030405"), originalLength: 60 }),
    ],
    log: ["#1 1700000000.123456000/6 link 113, 5 of 60: 0102030405"],
  },
  {
    rule: "options behind the packet are no part of it",
    blocks: order => [
      sectionHeader(order, { options: option(order, 4, Buffer.from("a test")) }),
      interfaceDescription(order),
      enhancedPacket({ order, data: hex("01"), options: option(order, 1, Buffer.from("a comment")) }),
    ],
    log: ["#1 0.000000000/6 link 1, 1 of 1: 01"],
  },
  {
    rule: "interfaces have link types and clocks of their own",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { linkType: 1, tsresol: 9 }),
      interfaceDescription(order, { linkType: 276, tsresol: 3 }),
      enhancedPacket({ order, interface: 1, ticks: 1_700_000_000_123n, data: hex("01") }),
      enhancedPacket({ order, interface: 0, ticks: 1_700_000_000_123_456_789n, data: hex("02") }),
    ],
    log: ["#1 1700000000.123000000/3 link 276, 1 of 1: 01", "#2 1700000000.123456789/9 link 1, 1 of 1: 02"],
  },
  {
    rule: "an interface may be described after packets of another",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { linkType: 1 }),
      enhancedPacket({ order, interface: 0, data: hex("01") }),
      interfaceDescription(order, { linkType: 101 }),
      enhancedPacket({ order, interface: 1, data: hex("02") }),
    ],
    log: ["#1 0.000000000/6 link 1, 1 of 1: 01", "#2 0.000000000/6 link 101, 1 of 1: 02"],
  },
  {
    rule: "another section has its own byte order and interfaces, and packets are counted on",
    blocks: order => [
      sectionHeader(order, { sectionLength: 52n }),
      interfaceDescription(order, { linkType: 1 }),
      enhancedPacket({ order, data: hex("01") }),
      sectionHeader(other(order)),
      interfaceDescription(other(order), { linkType: 101, tsresol: 9 }),
      enhancedPacket({ order: other(order), ticks: 5n, data: hex("02") }),
    ],
    log: ["#1 0.000000000/6 link 1, 1 of 1: 01", "#2 0.000000005/9 link 101, 1 of 1: 02"],
  },
  {
    rule: "simple packet block: interface 0, no time",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { linkType: 7 }),
      simplePacket({ order, data: hex("010203") }),
    ],
    log: ["#1 0.000000000/0 link 7, 3 of 3: 010203"],
    notes: ["1 simple packet block without a time, shown as 1970"],
  },
  {
    rule: "simple packet block: the snap length of interface 0 says where the padding begins",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { snapLength: 3 }),
      simplePacket({ order, data: hex("010203"), originalLength: 1500 }),
      simplePacket({ order, data: hex("0102"), originalLength: 2 }),
    ],
    log: ["#1 0.000000000/0 link 1, 3 of 1500: 010203", "#2 0.000000000/0 link 1, 2 of 2: 0102"],
    notes: ["2 simple packet blocks without a time, shown as 1970"],
  },
  {
    rule: "simple packet block: no more than the block holds",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order),
      simplePacket({ order, data: hex("01020304"), originalLength: 1500 }),
    ],
    log: ["#1 0.000000000/0 link 1, 4 of 1500: 01020304"],
    notes: ["1 simple packet block without a time, shown as 1970"],
  },
  {
    rule: "packet block, obsolete: interface and drops share four octets",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { linkType: 1 }),
      interfaceDescription(order, { linkType: 2 }),
      obsoletePacket({ order, interface: 1, drops: 0xffff, ticks: TICKS, data: hex("0102"), originalLength: 9 }),
    ],
    log: ["#1 1700000000.123456000/6 link 2, 2 of 9: 0102"],
  },
  {
    rule: "blocks of unknown types are passed over, those a capture may always have without a word",
    blocks: order => [
      sectionHeader(order),
      block(order, 0x80000001, octets(20)),
      interfaceDescription(order),
      block(order, 4, fields(order, [4, 0])),
      enhancedPacket({ order, data: hex("01") }),
      block(order, 0x80000001, octets(0)),
      block(order, 10, octets(8)),
      enhancedPacket({ order, data: hex("02") }),
    ],
    log: ["#1 0.000000000/6 link 1, 1 of 1: 01", "#2 0.000000000/6 link 1, 1 of 1: 02"],
    passedOver:
      "3 blocks of the file were passed over, as ghostframe does not read them: 2 blocks of unknown type 0x80000001, 1 decryption secrets block.",
  },
  {
    rule: "custom, journal and sysdig blocks take a number, as in Wireshark",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order),
      block(order, 0xbad, octets(8)),
      block(order, 0x40000bad, octets(8)),
      enhancedPacket({ order, data: hex("01") }),
      block(order, 9, octets(8)),
      block(order, 0x204, octets(8)),
      enhancedPacket({ order, data: hex("02") }),
    ],
    log: ["#3 0.000000000/6 link 1, 1 of 1: 01", "#6 0.000000000/6 link 1, 1 of 1: 02"],
    passedOver:
      "4 blocks of the file were passed over, as ghostframe does not read them: 2 custom blocks, 1 systemd journal export block, 1 sysdig event block.",
  },
  {
    rule: "kinds of blocks passed over are named up to a number",
    blocks: order => [
      sectionHeader(order),
      ...Array.from({ length: 12 }, (_, at) => block(order, 0xf00 + at, octets(4))),
    ],
    log: [],
    passedOver: `12 blocks of the file were passed over, as ghostframe does not read them: ${[
      ...Array.from({ length: 8 }, (_, at) => `1 block of unknown type 0x00000f0${at}`),
      "4 blocks of yet other types",
    ].join(", ")}.`,
  },
  {
    rule: "interface statistics: the last count of each interface, in every section",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order),
      interfaceDescription(order),
      interfaceStatistics(order, 0, option(order, 5, fields(order, [8, 99n]))),
      interfaceStatistics(order, 0, option(order, 5, fields(order, [8, 100n]))),
      interfaceStatistics(
        order,
        1,
        join(option(order, 4, fields(order, [8, 7n])), option(order, 7, fields(order, [8, 20n]))),
      ),
      interfaceStatistics(order, 2, option(order, 5, fields(order, [8, 5000n]))),
      sectionHeader(order),
      interfaceDescription(order),
      interfaceStatistics(
        order,
        0,
        join(option(order, 5, fields(order, [8, -1n])), option(order, 7, fields(order, [8, 3n]))),
      ),
    ],
    log: [],
    notes: ["123 packets dropped while capturing, and missing here"],
  },
  {
    rule: "drops that packets tell of are added up, and not to those of the statistics",
    blocks: order => {
      const dropped = (count: bigint) =>
        join(option(order, 1, octets(5)), option(order, 4, fields(order, [8, count])), endOfOptions(order));
      return [
        sectionHeader(order),
        interfaceDescription(order),
        interfaceDescription(order),
        enhancedPacket({ order, data: hex("01"), options: dropped(30n) }),
        enhancedPacket({ order, data: hex("02030405"), options: dropped(12n) }),
        enhancedPacket({ order, data: hex("0203"), options: dropped(-1n) }),
        interfaceStatistics(order, 0, option(order, 5, fields(order, [8, 40n]))),
        obsoletePacket({ order, interface: 1, drops: 3, data: hex("06") }),
        obsoletePacket({ order, interface: 1, drops: 0xffff, data: hex("07") }),
      ];
    },
    log: ["01", "02030405", "0203", "06", "07"].map((data, at) => {
      const size = data.length / 2;
      return `#${at + 1} 0.000000000/6 link 1, ${size} of ${size}: ${data}`;
    }),
    notes: ["45 packets dropped while capturing, and missing here"],
  },
  {
    rule: "options end with opt_endofopt, whatever follows",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { options: join(option(order, 0, octets(0)), option(order, 9, Uint8Array.of(9))) }),
      enhancedPacket({ order, ticks: 1n, data: hex("01") }),
    ],
    log: ["#1 0.000001000/6 link 1, 1 of 1: 01"],
  },
  {
    rule: "options longer than their block, or of a wrong length, are ignored",
    blocks: order => [
      sectionHeader(order),
      interfaceDescription(order, { options: fields(order, [2, 9], [2, 60000]) }),
      interfaceDescription(order, { options: option(order, 9, hex("0909")) }),
      enhancedPacket({ order, ticks: 1n, data: hex("01") }),
    ],
    log: ["#1 0.000001000/6 link 1, 1 of 1: 01"],
    notes: ["ignored malformed options of 2 interface description blocks"],
  },
];

describe.each(ORDERS)("pcapng written by a %s-endian machine", order => {
  test.each(cases)("$rule", ({ blocks, log, notes = [], passedOver = null }) => {
    const file = join(...blocks(order));
    for (let chunkOctets = 1; chunkOctets <= file.length; chunkOctets++) {
      const found = packetLog(file, chunkOctets);
      expect(found.error, `chunks of ${chunkOctets}`).toBeNull();
      expect(found.lines, `chunks of ${chunkOctets}`).toEqual(log);
      expect(found.truncated).toBeNull();
      expect(found.reader?.format).toBe("pcapng");
      expect(found.reader?.packets).toBe(log.length);
      expect(found.reader?.position).toBe(file.length);
      expect(found.reader?.notes).toEqual(notes);
      expect(found.reader?.passedOver).toBe(passedOver);
    }
  });
});

interface CorruptCase {
  rule: string;
  /** Comes behind a section header of 28 octets, an interface of 20 and a packet of 36. */
  blocks: (order: ByteOrder) => Uint8Array[];
  message: RegExp;
}

const corrupt: CorruptCase[] = [
  {
    rule: "a length shorter than any block",
    blocks: order => [block(order, 99, octets(8), { length: 8 })],
    message: /^the block of unknown type 0x00000063 at octet 84, .* at least 12 octets, and is 8$/,
  },
  {
    rule: "a length of zero",
    blocks: order => [block(order, 99, octets(8), { length: 0 })],
    message: /at least 12 octets, and is 0$/,
  },
  {
    rule: "a length that is no multiple of 4",
    blocks: order => [block(order, 99, octets(8), { length: 21 })],
    message: /a multiple of 4 octets, and is 21$/,
  },
  {
    rule: "a packet block shorter than its fields",
    blocks: order => [block(order, 6, octets(16), { length: 28 })],
    message: /^the enhanced packet block at octet 84, where packet 2 .* at least 32 octets, and is 28$/,
  },
  {
    rule: "a packet block longer than what a reader keeps in memory",
    blocks: order => [block(order, 6, octets(20), { length: 16 * 1024 * 1024 + 4 })],
    message: /at most 16777216 octets, and is 16777220$/,
  },
  {
    rule: "an interface description longer than that",
    blocks: order => [block(order, 1, octets(8), { length: 0x10000000 })],
    message: /^the interface description block .* at most 16777216 octets/,
  },
  {
    rule: "a closing length that differs, of a packet",
    blocks: order => [block(order, 6, octets(20), { closing: 36 })],
    message: /closing length should be 32 octets like its first, and is 36$/,
  },
  {
    rule: "a closing length that differs, of a block that is passed over",
    blocks: order => [block(order, 99, octets(4), { closing: 0 })],
    message: /closing length should be 16 octets like its first, and is 0$/,
  },
  {
    rule: "a closing length that differs, of an interface description",
    blocks: order => [block(order, 1, octets(8), { closing: 24 })],
    message: /^the interface description block .* closing length should be 20 octets/,
  },
  {
    rule: "more octets captured than the block has room for",
    blocks: order => [enhancedPacket({ order, data: octets(5), capturedLength: 9 })],
    message: /captured length should be at most 8 octets, and is 9$/,
  },
  {
    rule: "a packet of an interface that was not described",
    blocks: order => [enhancedPacket({ order, interface: 1 })],
    message: /it is of interface 1, and its section has described 1 before it$/,
  },
  {
    rule: "a simple packet in a section without interfaces",
    blocks: order => [sectionHeader(order), simplePacket({ order })],
    message: /^the simple packet block at octet 112, .* it is of interface 0/,
  },
  {
    rule: "a byte-order magic that is none",
    blocks: order => [sectionHeader(order, { magic: 0x1a2b3c4e })],
    message: /^the section header block at octet 84, .* byte-order magic should be 1a2b3c4d/,
  },
  {
    rule: "a version that is not 1",
    blocks: order => [sectionHeader(order, { major: 2 })],
    message: /major version should be 1, and is 2$/,
  },
  {
    rule: "a section header shorter than its fields",
    blocks: order => [
      block(order, 0x0a0d0d0a, fields(order, [4, 0x1a2b3c4d], [2, 1], [2, 0], [8, -1n]), { length: 24 }),
    ],
    message: /at least 28 octets, and is 24$/,
  },
];

describe.each(ORDERS)("corrupt pcapng written by a %s-endian machine", order => {
  test.each(corrupt)("$rule", ({ blocks, message }) => {
    const good = [sectionHeader(order), interfaceDescription(order), enhancedPacket({ order, data: hex("01") })];
    const file = join(...good, ...blocks(order), octets(64));
    for (let chunkOctets = 1; chunkOctets <= file.length; chunkOctets++) {
      const { lines, error, reader } = packetLog(file, chunkOctets);
      expect(error, `chunks of ${chunkOctets}`).toBeInstanceOf(CaptureError);
      expect(error).toMatchObject({ packet: 2, message: expect.stringMatching(message) });
      expect(lines).toEqual(["#1 0.000000000/6 link 1, 1 of 1: 01"]);
      expect(reader?.position).toBe((error as CaptureError).atOctet);
    }
  });
});

test("a section may have so many interfaces and no more", () => {
  const description = interfaceDescription();
  const many = octets(65_537 * description.length);
  for (let at = 0; at < many.length; at += description.length) many.set(description, at);
  const { error } = packetLog(join(sectionHeader(), many));
  expect(error).toMatchObject({ message: expect.stringContaining("there should be 65536 in a section at most") });
});

test("a file that does not begin with a section header", () => {
  const reader = new PcapngReader(() => {});
  expect(() => reader.read(interfaceDescription("big"), 0, 20)).toThrow("a section header block should come first");
});

test("a block without packets may be longer than memory: it is not kept", () => {
  const order: ByteOrder = "little";
  const length = 3 * 1024 * 1024 * 1024;
  const head = join(sectionHeader(), interfaceDescription(), fields(order, [4, 10], [4, length], [4, 0]));
  const tail = join(fields(order, [4, length]), enhancedPacket({ data: hex("01") }));
  const lines: number[] = [];
  const reader = new PcapngReader(({ number }) => lines.push(number));
  expect(reader.read(head, 0, head.length)).toBe(head.length);
  const window = new Uint8Array(64 * 1024 * 1024);
  for (let left = length - 16; left > 0; left -= window.length) {
    const end = Math.min(left, window.length);
    expect(reader.needed).toBe(1);
    expect(reader.read(window, 0, end)).toBe(end);
  }
  expect(reader.needed).toBe(4);
  expect(reader.finish(3)).toMatchObject({ atOctet: 48, expected: length, found: length - 1 });
  expect(reader.read(tail, 0, tail.length)).toBe(tail.length);
  expect(lines).toEqual([1]);
  expect(reader.position).toBe(48 + length + 36);
});

test("a file that ends early says where, wherever it ends", () => {
  const order: ByteOrder = "big";
  const blocks = [
    sectionHeader(order, { options: option(order, 4, Buffer.from("test")) }),
    interfaceDescription(order, { tsresol: 9 }),
    enhancedPacket({ order, data: hex("0102") }),
    block(order, 0x80000001, octets(16)),
    simplePacket({ order, data: hex("0102030405") }),
    enhancedPacket({ order, data: octets(8) }),
  ];
  const file = join(...blocks);
  const ends = new Set<number>();
  blocks.reduce((at, { length }) => {
    ends.add(at + length);
    return at + length;
  }, 0);
  for (let length = 4; length <= file.length; length++) {
    const { truncated, error } = packetLog(file.subarray(0, length), 10);
    expect(error).toBeNull();
    if (ends.has(length)) expect(truncated, `cut at ${length}`).toBeNull();
    else {
      const atOctet = Math.max(0, ...[...ends].filter(end => end < length));
      const whole = Math.min(...[...ends].filter(end => end > length)) - atOctet;
      const found = length - atOctet;
      // Of a section header, 24 octets must be there before the byte order says what its length is.
      const expected = found < 12 ? 12 : atOctet === 0 && found < 28 ? 28 : whole;
      expect(truncated, `cut at ${length}`).toMatchObject({ atOctet, expected, found });
      expect(truncated?.message).toContain(`at octet ${atOctet}`);
    }
  }
});
