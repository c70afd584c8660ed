import { describe, expect, it } from "vitest";
import { PcapngReader } from "../../src/capture/pcapng-reader.ts";
import { MAX_COMMENT_OCTETS, PACKET_AT, PcapngWriter } from "../../src/capture/pcapng-writer.ts";
import { VERSION } from "../../src/version.ts";
import {
  endOfOptions,
  enhancedPacket,
  fields,
  interfaceDescription,
  join,
  option,
  sectionHeader,
} from "../support/capture-writer.ts";

const UTF8 = new TextEncoder();

function writtenBy(write: (writer: PcapngWriter) => void): Uint8Array {
  const writer = new PcapngWriter();
  write(writer);
  return writer.bytes.slice(0, writer.length);
}

function put(
  writer: PcapngWriter,
  octets: Uint8Array,
  comment: string | null = null,
  seconds = 0,
  nanoseconds = 0,
): void {
  const at = writer.packet(octets.length, seconds, nanoseconds, comment);
  writer.bytes.set(octets, at);
}

it("begins with a section header and an interface description", () => {
  const little = "little";
  const application = option(little, 4, UTF8.encode(`ghostframe ${VERSION}`));
  const name = option(little, 2, UTF8.encode("wire"));
  const expected = join(
    sectionHeader(little, { options: join(application, endOfOptions(little)) }),
    interfaceDescription(little, { linkType: 101, options: name, tsresol: 6 }),
  );
  expect(writtenBy(writer => writer.begin("wire"))).toEqual(expected);
});

describe("a packet's block", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5);

  it("has its time in microseconds", () => {
    const ticks = 4_102_444_799n * 1_000_000n + 999_999n;
    expect(writtenBy(writer => put(writer, data, null, 4_102_444_799, 999_999_999))).toEqual(
      enhancedPacket({ ticks, data }),
    );
  });

  it.each(["f1 frame-end: 0x00 stands where 0xce should", "näher", "", "🐇 and more"])(
    "has the comment %j",
    comment => {
      const options = join(option("little", 1, UTF8.encode(comment)), endOfOptions("little"));
      expect(writtenBy(writer => put(writer, data, comment))).toEqual(enhancedPacket({ data, options }));
    },
  );

  it("has no more of a comment than may be, cut between characters", () => {
    const block = writtenBy(writer => put(writer, data, "🐇".repeat(2000)));
    const kept = `${"🐇".repeat((MAX_COMMENT_OCTETS - 3) >> 2)}…`;
    const options = join(option("little", 1, UTF8.encode(kept)), endOfOptions("little"));
    expect(block).toEqual(enhancedPacket({ data, options }));
  });

  it("is the same in a buffer that was used before, and grew", () => {
    const writer = new PcapngWriter();
    put(writer, new Uint8Array(100_000).fill(0xff), "x".repeat(2000));
    writer.clear();
    for (const length of [0, 1, 2, 3, 4, 5]) put(writer, data.subarray(0, length), "c".repeat(length));
    const expected = [0, 1, 2, 3, 4, 5].map(length =>
      writtenBy(fresh => put(fresh, data.subarray(0, length), "c".repeat(length))),
    );
    expect(writer.bytes.slice(0, writer.length)).toEqual(join(...expected));
  });
});

it("our reader reads it", () => {
  const capture = writtenBy(writer => {
    writer.begin("test");
    put(writer, Uint8Array.of(1, 2, 3), "one", 1_790_000_000, 123_456_789);
    put(writer, Uint8Array.of(4), null, 1_790_000_001, 0);
  });
  const seen: unknown[] = [];
  const reader = new PcapngReader(({ bytes, start, end, seconds, nanoseconds, linkType, originalLength }) =>
    seen.push([...bytes.slice(start, end), { seconds, nanoseconds, linkType, originalLength }]),
  );
  expect(reader.read(capture, 0, capture.length)).toBe(capture.length);
  expect(seen).toEqual([
    [1, 2, 3, { seconds: 1_790_000_000, nanoseconds: 123_456_000, linkType: 101, originalLength: 3 }],
    [4, { seconds: 1_790_000_001, nanoseconds: 0, linkType: 101, originalLength: 1 }],
  ]);
  expect(reader.notes).toEqual([]);
});

it("every block begins at a multiple of 4, and its words are the octets", () => {
  const writer = new PcapngWriter();
  writer.begin("x");
  const at = writer.packet(7, 0, 0, "comment");
  writer.bytes.set(fields("little", [4, 0x01020304]), at);
  expect(at % 4).toBe(0);
  expect(new Uint8Array(writer.words.buffer).slice(at, at + 4)).toEqual(Uint8Array.of(4, 3, 2, 1));
  expect(writer.packet(1, 0, 0, null) - PACKET_AT).toBeGreaterThan(at);
});
