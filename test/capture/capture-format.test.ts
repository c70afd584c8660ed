import { describe, expect, test } from "vitest";
import { openCapture } from "../../src/capture/capture-format.ts";
import { hex, join, octets, sectionHeader } from "../support/capture-writer.ts";

describe("a capture is known by its first four octets", () => {
  test.each([
    ["pcap", "a1b2c3d4", "big-endian, microseconds"],
    ["pcap", "d4c3b2a1", "little-endian, microseconds"],
    ["pcap", "a1b23c4d", "big-endian, nanoseconds"],
    ["pcap", "4d3cb2a1", "little-endian, nanoseconds"],
    ["pcap", "a1b2cd34", "big-endian, modified"],
    ["pcap", "34cdb2a1", "little-endian, modified"],
    ["pcapng", "0a0d0d0a", "either byte order"],
  ])("%s %s (%s)", (format, magic) => {
    expect(openCapture(hex(magic), () => {}).format).toBe(format);
  });
});

const text = (content: string): Uint8Array => Buffer.from(content);
const rest = octets(300, 0x91);

/** Time 8, type (Ethernet), flags, record length, lost, length on the wire, then padding and the frame. */
function erfRecord(frame: number): Uint8Array {
  const length = 18 + frame;
  const lengths = Uint8Array.of(length >> 8, length & 255, 0, 0, frame >> 8, frame & 255);
  return join(hex("00000080 72ab0665 02 04"), lengths, octets(2 + frame));
}

const foreign: { what: string; first: Uint8Array; says: RegExp }[] = [
  { what: "nothing", first: octets(0), says: /is empty$/ },
  { what: "three octets", first: octets(3), says: /fewer octets/ },
  { what: "zeros", first: octets(4096, 0), says: /nothing but zeros$/ },
  { what: "gzip, of gzip", first: join(hex("1f8b08"), rest), says: /gzip within gzip/ },
  { what: "xz", first: join(hex("fd377a585a00"), rest), says: /xz-compressed: decompress it first/ },
  { what: "zstd", first: join(hex("28b52ffd"), rest), says: /zstd-compressed: decompress it first/ },
  { what: "bzip2", first: join(text("BZh91AY"), rest), says: /bzip2-compressed: decompress it first/ },
  { what: "lz4", first: join(hex("04224d18"), rest), says: /lz4-compressed: decompress it first/ },
  { what: "zip", first: join(text("PK\x03\x04"), rest), says: /a zip archive/ },
  { what: "7z", first: join(hex("377abcaf271c"), rest), says: /a 7z archive/ },
  { what: "tar", first: join(octets(257, 0x61), text("ustar\0"), rest), says: /a tar archive/ },
  { what: "ELF", first: join(text("\x7fELF"), rest), says: /an ELF program/ },
  { what: "PDF", first: text("%PDF-1.7\n"), says: /a PDF document/ },
  { what: "PNG", first: join(hex("89504e470d0a1a0a"), rest), says: /a PNG image/ },
  { what: "snoop", first: join(text("snoop\0\0\0"), rest), says: /a snoop capture: convert it/ },
  { what: "Network Monitor 2", first: join(text("GMBU"), rest), says: /Network Monitor capture: convert it/ },
  { what: "Network Monitor 1", first: join(text("RTSS"), rest), says: /Network Monitor capture: convert it/ },
  { what: "lz4, the old way", first: join(hex("02214c18"), rest), says: /lz4 -dc/ },
  { what: "compress", first: join(hex("1f9d90"), rest), says: /gzip -dc/ },
  { what: "Sniffer", first: join(text("TRSNIFF data    \x1a"), rest), says: /a Sniffer capture .*editcap/ },
  { what: "5Views", first: join(hex("aaaaaaaa 20000000"), rest), says: /a 5Views capture: .*editcap/ },
  { what: "nettl", first: join(hex("54520064 00000000"), rest), says: /nettl trace of HP-UX: .*editcap/ },
  { what: "nettl of HP-UX 9", first: join(hex("00000001 00000000 0007d000"), rest), says: /HP-UX 9: .*editcap/ },
  {
    what: "an event trace of Windows",
    first: join(hex("00000100"), octets(68, 1), hex("020002c0"), rest),
    says: /\.etl.*etl2pcapng/,
  },
  { what: "ERF", first: join(erfRecord(60), erfRecord(1500)), says: /an ERF capture .*editcap/ },
  { what: "AMQP, protocol header", first: hex("414d5150 00000901"), says: /AMQP without a capture .* protocol header/ },
  {
    what: "AMQP, connection.start",
    first: hex("01 0000 000001f4 000a 000a 0009"),
    says: /AMQP without a capture .* method frame/,
  },
  {
    what: "pcapng after a transfer in text mode",
    first: Buffer.from(Buffer.from(sectionHeader()).toString("latin1").replaceAll("\n", "\r\n"), "latin1"),
    says: /a transfer in text mode/,
  },
  { what: "octets decoded as UTF-8", first: Buffer.from(text("\ufffd\ufffd\ufffd\ufffd")), says: /decoded as text/ },
  { what: "UTF-16, little-endian", first: hex("fffe 3f00"), says: /UTF-16 text\. If PowerShell/ },
  { what: "UTF-16, big-endian", first: hex("feff 003f"), says: /UTF-16 text$/ },
  { what: "a Git LFS pointer", first: text("version https://git-lfs.github.com/spec/v1\n"), says: /git lfs pull/ },
  { what: "HTML", first: text("\n<!DOCTYPE html><html>"), says: /an HTML page/ },
  { what: "XML", first: text('<?xml version="1.0"?><pdml>'), says: /it is XML/ },
  { what: "JSON", first: text(' [{"_index": "packets"}]'), says: /it is JSON/ },
  { what: "base64 of pcap", first: text("1MOyoQIABAAAAAAAAAAAAAAABAABAAAA"), says: /a capture in base64/ },
  {
    what: "base64 of pcapng",
    first: text(Buffer.from(sectionHeader()).toString("base64")),
    says: /a capture in base64/,
  },
  { what: "tcpdump's lines", first: text("18:23:06.121776 IP 127.0.0.1.5673 > 127"), says: /tcpdump -w FILE/ },
  { what: "a hex dump", first: text("0000   45 00 00 3c 61 eb 40 00 40 06  E..<"), says: /text2pcap/ },
  { what: "a broker's log", first: text("2026-11-21 18:23:06.1 [error] <0.7.0> closing"), says: /ghostframe explain/ },
  { what: "other text", first: text("once upon a time\n"), says: /it is text$/ },
  { what: "anything else", first: hex("c0ffee00 01020304 05"), says: /it begins with c0 ff ee 00 01 02 03 04$/ },
];

describe("a file that is no capture", () => {
  test.each(foreign)("$what", ({ first, says }) => {
    expect(() => openCapture(first, () => {})).toThrow(says);
    expect(() => openCapture(first, () => {})).toThrow(/^not a pcap or pcapng capture: /);
  });
});
