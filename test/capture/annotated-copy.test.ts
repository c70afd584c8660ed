/** Copies of captures with comments: what changes, and that nothing else does, however the octets come. */
import { describe, expect, it } from "vitest";
import { AnnotatedCopy } from "../../src/capture/annotated-copy.ts";
import { annotatingReader } from "../../src/capture/annotating-reader.ts";
import { CaptureFeed } from "../../src/capture/capture-feed.ts";
import { MAX_COMMENT_OCTETS, type PacketComment } from "../../src/capture/packet-comment.ts";
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
  option,
  pcapHeader,
  pcapRecord,
  sectionHeader,
  simplePacket,
} from "../support/capture-writer.ts";
import { chunkings, deliver } from "../support/chunkings.ts";

const ORDERS: readonly ByteOrder[] = ["big", "little"];
const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const COMMENT: PacketComment = { text: "torn here", data: '{"finding":"f1"}' };
/** What stands for it in a block: opt_comment, and a custom option under the number that RFC 5612 keeps for examples. */
const written = (order: ByteOrder, { text: words, data }: PacketComment = COMMENT): Uint8Array =>
  join(option(order, 1, text(words)), option(order, 2988, join(fields(order, [4, 32473]), text(data))));

/** Copies a capture that comes in these pieces. */
function copyOf(capture: Uint8Array, comments: [packet: number, comment: PacketComment][], pieces = [capture]) {
  const parts: Uint8Array[] = [];
  const copy = new AnnotatedCopy(
    (bytes, start, end) => parts.push(bytes.slice(start, end)),
    new Map(comments.map(([packet, comment]) => [packet, [comment]])),
  );
  const feed = new CaptureFeed(() => {}, undefined, annotatingReader(copy));
  let error: unknown = null;
  try {
    deliver({ name: "", pieces, memory: "reused" }, (bytes, start, end) => feed.push(bytes, start, end));
    feed.finish();
  } catch (thrown) {
    error = thrown;
  }
  const whole = join(...parts);
  return { octets: whole.subarray(0, whole.length - copy.surplus), copy, error };
}

interface Case {
  rule: string;
  given: (order: ByteOrder) => Uint8Array[];
  /** Number of the packet that gets the comment. */
  packet: number;
  expected: (order: ByteOrder) => Uint8Array[];
}

const DATA = hex("0102030405");
const cases: Case[] = [
  {
    rule: "a packet without options gets some",
    packet: 1,
    given: order => [sectionHeader(order), interfaceDescription(order), enhancedPacket({ order, data: DATA })],
    expected: order => [
      sectionHeader(order),
      interfaceDescription(order),
      enhancedPacket({ order, data: DATA, options: join(written(order), endOfOptions(order)) }),
    ],
  },
  {
    rule: "options that are there stay in front, comments among them, and what is behind their end",
    packet: 2,
    given: order => [
      sectionHeader(order),
      interfaceDescription(order),
      enhancedPacket({ order, data: DATA }),
      enhancedPacket({
        order,
        data: DATA,
        options: join(
          option(order, 1, text("mine")),
          option(order, 2, hex("00000001")),
          endOfOptions(order),
          hex("aabbccdd"),
        ),
      }),
      enhancedPacket({ order, data: DATA, options: join(option(order, 1, text("another")), endOfOptions(order)) }),
    ],
    expected: order => [
      sectionHeader(order),
      interfaceDescription(order),
      enhancedPacket({ order, data: DATA }),
      enhancedPacket({
        order,
        data: DATA,
        options: join(
          option(order, 1, text("mine")),
          option(order, 2, hex("00000001")),
          written(order),
          endOfOptions(order),
          hex("aabbccdd"),
        ),
      }),
      enhancedPacket({ order, data: DATA, options: join(option(order, 1, text("another")), endOfOptions(order)) }),
    ],
  },
  {
    rule: "options without an end are given one",
    packet: 1,
    given: order => [
      sectionHeader(order),
      interfaceDescription(order),
      obsoletePacket({ order, data: DATA, options: option(order, 2, hex("00000001")) }),
    ],
    expected: order => [
      sectionHeader(order),
      interfaceDescription(order),
      obsoletePacket({
        order,
        data: DATA,
        options: join(option(order, 2, hex("00000001")), written(order), endOfOptions(order)),
      }),
    ],
  },
  {
    rule: "a simple packet becomes an enhanced one without a time; its neighbours stay",
    packet: 2,
    given: order => [
      sectionHeader(order),
      interfaceDescription(order, { snapLength: 3 }),
      simplePacket({ order, data: hex("010203"), originalLength: 9 }),
      simplePacket({ order, data: hex("040506"), originalLength: 9 }),
      simplePacket({ order, data: hex("070809"), originalLength: 9 }),
    ],
    expected: order => [
      sectionHeader(order),
      interfaceDescription(order, { snapLength: 3 }),
      simplePacket({ order, data: hex("010203"), originalLength: 9 }),
      enhancedPacket({
        order,
        data: hex("040506"),
        originalLength: 9,
        options: join(written(order), endOfOptions(order)),
      }),
      simplePacket({ order, data: hex("070809"), originalLength: 9 }),
    ],
  },
  {
    rule: "a section that gives its length gives it no more; all other blocks stay",
    packet: 2,
    given: order => [
      sectionHeader(order, { sectionLength: 4096n, options: option(order, 4, text("dumpcap")) }),
      interfaceDescription(order, { tsresol: 9, options: option(order, 2, text("eth0")) }),
      block(order, 4, hex("0001000801020304686f737400000000")),
      block(order, 10, join(fields(order, [4, 0x544c534b], [4, 5]), text("keys "))),
      enhancedPacket({ order, data: DATA }),
      block(order, 0x8000_0001, hex("01020304")),
      enhancedPacket({ order, data: DATA }),
      interfaceStatistics(order, 0, option(order, 4, fields(order, [8, 7n]))),
    ],
    expected: order => [
      sectionHeader(order, { options: option(order, 4, text("dumpcap")) }),
      interfaceDescription(order, { tsresol: 9, options: option(order, 2, text("eth0")) }),
      block(order, 4, hex("0001000801020304686f737400000000")),
      block(order, 10, join(fields(order, [4, 0x544c534b], [4, 5]), text("keys "))),
      enhancedPacket({ order, data: DATA }),
      block(order, 0x8000_0001, hex("01020304")),
      enhancedPacket({ order, data: DATA, options: join(written(order), endOfOptions(order)) }),
      interfaceStatistics(order, 0, option(order, 4, fields(order, [8, 7n]))),
    ],
  },
];

describe.each(ORDERS)("pcapng, %s-endian", order => {
  it.each(cases)("$rule", ({ given, packet, expected: wanted }) => {
    const capture = join(...given(order));
    const expected = join(...wanted(order));
    for (const { name, pieces } of chunkings([capture])) {
      const { octets } = copyOf(capture, [[packet, COMMENT]], pieces as Uint8Array[]);
      expect(Buffer.compare(octets, expected), `${name}: ${Buffer.from(octets).toString("hex")}`).toBe(0);
    }
    // A second run adds nothing, and changes nothing.
    const again = copyOf(expected, [[packet, COMMENT]]);
    expect(Buffer.compare(again.octets, expected)).toBe(0);
    expect(again.copy.commented).toBe(1);
  });

  it("without a comment is the same octet for octet", () => {
    for (const { given } of cases) {
      const capture = join(...given(order));
      expect(Buffer.compare(copyOf(capture, []).octets, capture)).toBe(0);
    }
  });

  it("options that contradict themselves are left as they are, and counted", () => {
    const packet = enhancedPacket({ order, data: DATA, options: fields(order, [2, 1], [2, 400]) });
    const capture = join(sectionHeader(order), interfaceDescription(order), packet);
    const { octets, copy } = copyOf(capture, [[1, COMMENT]]);
    expect(Buffer.compare(octets, capture)).toBe(0);
    expect(copy).toMatchObject({ commented: 0, unsound: 1 });
  });

  it.each([
    ["a packet", enhancedPacket({ order, data: DATA })],
    ["another block", block(order, 0x8000_0001, new Uint8Array(40))],
  ])("what a cut file has of %s is left out", (_, last) => {
    const whole = join(sectionHeader(order), interfaceDescription(order), enhancedPacket({ order, data: DATA }));
    for (let missing = 1; missing < last.length; missing++) {
      const capture = join(whole, last.subarray(0, last.length - missing));
      for (const size of [7, 16, capture.length]) {
        const pieces = [capture.subarray(0, size), capture.subarray(size)].filter(({ length }) => length > 0);
        const { octets } = copyOf(capture, [], pieces);
        expect(Buffer.compare(octets, whole), `${missing} octets missing`).toBe(0);
      }
    }
  });

  it("what stands before a corrupt block is kept", () => {
    const whole = join(sectionHeader(order), interfaceDescription(order), enhancedPacket({ order, data: DATA }));
    const corrupt = block(order, 0x8000_0001, new Uint8Array(40), { closing: 56 });
    const capture = join(whole, corrupt, enhancedPacket({ order }));
    for (const { name, pieces } of chunkings([capture])) {
      const { octets, error } = copyOf(capture, [], pieces as Uint8Array[]);
      expect(error).toMatchObject({ name: "CaptureError" });
      expect(Buffer.compare(octets, whole), name).toBe(0);
    }
  });
});

describe.each(ORDERS)("pcap, %s-endian", order => {
  it.each([
    ["microseconds", 0xa1b2c3d4, 6, 123_456],
    ["nanoseconds", 0xa1b23c4d, 9, 123_456_789],
  ])("with %s becomes pcapng in the same byte order", (_, magic, tsresol, fraction) => {
    const seconds = 4_000_000_001;
    const capture = join(
      pcapHeader({ order, magic, snapLength: 96, linkType: 0x2400_0071 }),
      pcapRecord({ order, seconds, fraction, data: DATA, originalLength: 60 }),
      pcapRecord({ order, seconds, fraction, data: hex("0a0b0c0d"), originalLength: 4 }),
    );
    const ticks = BigInt(seconds) * 10n ** BigInt(tsresol) + BigInt(fraction);
    const expected = [
      block(
        order,
        1,
        join(
          fields(order, [2, 113], [2, 0], [4, 96]),
          option(order, 9, Uint8Array.of(tsresol)),
          option(order, 13, Uint8Array.of(4)),
          endOfOptions(order),
        ),
      ),
      enhancedPacket({ order, ticks, data: DATA, originalLength: 60 }),
      enhancedPacket({ order, ticks, data: hex("0a0b0c0d"), options: join(written(order), endOfOptions(order)) }),
    ];
    for (const { name, pieces } of chunkings([capture])) {
      const { octets } = copyOf(capture, [[2, COMMENT]], pieces as Uint8Array[]);
      const behindSection = octets.subarray(new DataView(octets.slice(4, 8).buffer).getUint32(0, order === "little"));
      expect(Buffer.compare(behindSection, join(...expected)), name).toBe(0);
    }
  });
});

it("a comment that is too long is cut at a whole character", () => {
  const capture = join(sectionHeader(), interfaceDescription(), enhancedPacket({ data: DATA }));
  const { octets } = copyOf(capture, [[1, { text: "ü".repeat(40_000), data: "" }]]);
  const cut = Buffer.from(octets).toString("utf8").match(/ü+…/)![0];
  expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_COMMENT_OCTETS);
  expect(copyOf(octets, [[1, { text: "ü".repeat(40_000), data: "" }]]).octets).toEqual(octets);
});
