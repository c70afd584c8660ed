/**
 * Classic pcap files (draft-ietf-opsawg-pcap), in the byte order of the machine that wrote them.
 *
 *     file header                                record, one a packet
 *      0  magic number       4                    0  seconds since the epoch    4
 *      4  major version (2)  2                    4  micro- or nanoseconds      4
 *      6  minor version (4)  2                    8  captured length            4
 *      8  reserved           8                   12  original length            4
 *     16  snap length        4                   16  captured octets, no padding
 *     20  FCS length, R, P  16 bits
 *         link type         16 bits
 *
 * Only a record's captured length shows where the next record begins, and there is no mark to find the way back by: the
 * first length that cannot be right ends the file.
 */
import { half, word } from "./byte-order.ts";
import { CaptureError } from "./capture-error.ts";
import { type CaptureReader, MAX_RECORD_OCTETS, type Truncation } from "./capture-reader.ts";
import { PacketRecord, type PacketSink } from "./packet-record.ts";

/** Octets of the file header. */
export const FILE_HEADER = 24;
const RECORD_HEADER = 16;
/** Behind the four usual fields: interface index 4, protocol 2, packet type 1, padding 1. */
const MODIFIED_RECORD_HEADER = 24;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** Alexey Kuznetzov's libpcap, shipped by Linux distributions around the year 2000. */
const MODIFIED = 0xa1b2cd34;

/** Writers exist that record whole packets under a smaller snap length; Wireshark accepts as much as this, so do we. */
const LONGEST_PACKET = 262144;

/** IPv4, IPv6, ARP, VLAN. */
const ETHERTYPES: readonly number[] = [0x0800, 0x86dd, 0x0806, 0x8100];

/** The magic numbers as they stand in the file, read as big-endian. */
const VARIANTS: readonly (readonly [magic: number, variant: number, littleEndian: boolean])[] = [
  [0xa1b2c3d4, MICROSECONDS, false],
  [0xd4c3b2a1, MICROSECONDS, true],
  [0xa1b23c4d, NANOSECONDS, false],
  [0x4d3cb2a1, NANOSECONDS, true],
  [0xa1b2cd34, MODIFIED, false],
  [0x34cdb2a1, MODIFIED, true],
];

/** Whether a file that begins with these four octets is a classic pcap file. */
export function isPcap(first: Uint8Array): boolean {
  return first.length >= 4 && VARIANTS.some(([magic]) => magic === word(first, 0, false));
}

/** The byte order of the file whose header is at bytes[at]. */
export function isLittleEndian(bytes: Uint8Array, at: number): boolean {
  const magic = word(bytes, at, false);
  return VARIANTS.some(([found, , littleEndian]) => found === magic && littleEndian);
}

export class PcapReader implements CaptureReader {
  readonly format = "pcap";
  packets = 0;
  position = 0;
  needed = FILE_HEADER;

  readonly #sink: PacketSink;
  readonly #record = new PacketRecord();
  #littleEndian = false;
  /** 0 until the file header has been read. */
  #recordHeader = 0;
  #nanosecondsPerTick = 1000;
  #mostCaptured = LONGEST_PACKET;
  #overfullSeconds = 0;
  /** The first record's header seems to be longer than its format allows. */
  #longerHeaders = false;

  constructor(sink: PacketSink) {
    this.#sink = sink;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#recordHeader === 0) {
      if (end - start < FILE_HEADER) return start;
      this.#readFileHeader(bytes, start);
      at += FILE_HEADER;
    }
    const sink = this.#sink;
    const record = this.#record;
    const littleEndian = this.#littleEndian;
    const header = this.#recordHeader;
    const mostCaptured = this.#mostCaptured;
    const nanosecondsPerTick = this.#nanosecondsPerTick;
    record.bytes = bytes;
    let needed = header;
    while (end - at >= header) {
      const captured = word(bytes, at + 8, littleEndian);
      if (captured > mostCaptured) throw this.#badLength(this.position + (at - start), captured);
      const next = at + header + captured;
      if (next > end) {
        needed = header + captured;
        break;
      }
      const nanoseconds = word(bytes, at + 4, littleEndian) * nanosecondsPerTick;
      if (this.packets === 0) this.#longerHeaders = this.#hasLongerHeaders(bytes, at + header, next);
      record.number = ++this.packets;
      record.seconds = word(bytes, at, littleEndian);
      record.nanoseconds = nanoseconds;
      record.start = at + header;
      record.end = next;
      record.originalLength = word(bytes, at + 12, littleEndian);
      if (nanoseconds >= 1_000_000_000) this.#carrySeconds(nanoseconds);
      sink(record);
      at = next;
    }
    this.position += at - start;
    this.needed = needed;
    return at;
  }

  finish(unconsumed: number): Truncation | null {
    const inFileHeader = this.#recordHeader === 0;
    if (unconsumed === 0 && !inFileHeader) return null;
    const packet = this.packets + 1;
    const where = inFileHeader ? "inside the pcap file header" : `inside packet ${packet}, at octet ${this.position}`;
    return {
      atOctet: this.position,
      packet,
      expected: this.needed,
      found: unconsumed,
      message: `the file ends ${where}: ${this.needed} octets expected, ${unconsumed} found`,
    };
  }

  /** Digits behind the decimal point of its times: 6 or 9, once the file header was read. */
  get timeDigits(): number {
    return this.#record.timeDigits;
  }

  readonly passedOver = null;

  get notes(): readonly string[] {
    if (this.#overfullSeconds === 0) return [];
    return [`fractions of a second that are a second or more were carried over (packets: ${this.#overfullSeconds})`];
  }

  #readFileHeader(bytes: Uint8Array, at: number): void {
    const magic = word(bytes, at, false);
    const found = VARIANTS.find(entry => entry[0] === magic);
    if (found === undefined) {
      throw new CaptureError(0, 1, `the magic number 0x${magic.toString(16).padStart(8, "0")} is not one of pcap's`);
    }
    const [, variant, littleEndian] = found;
    const major = half(bytes, at + 4, littleEndian);
    if (major !== 2) throw new CaptureError(0, 1, `the file header gives pcap version ${major}, expected 2`);
    this.#littleEndian = littleEndian;
    this.#recordHeader = variant === MODIFIED ? MODIFIED_RECORD_HEADER : RECORD_HEADER;
    if (variant === NANOSECONDS) {
      this.#nanosecondsPerTick = 1;
      this.#record.timeDigits = 9;
    }
    const snapLength = word(bytes, at + 16, littleEndian);
    this.#mostCaptured = Math.min(Math.max(snapLength, LONGEST_PACKET), MAX_RECORD_OCTETS - this.#recordHeader);
    // Above the link type: 4 bits length of the frame check sequence, one bit whether that is given, the rest reserved.
    // An FCS is padding behind the IP packet, and IP gives its own length.
    this.#record.linkType = word(bytes, at + 20, littleEndian) & 0xffff;
  }

  /** A fraction of a second and more: broken writers do that. The sum is still a time. */
  #carrySeconds(nanoseconds: number): void {
    this.#overfullSeconds++;
    const seconds = Math.floor(nanoseconds / 1_000_000_000);
    this.#record.seconds += seconds;
    this.#record.nanoseconds = nanoseconds - seconds * 1_000_000_000;
  }

  /**
   * Some libpcaps wrote records with longer headers under a magic number that does not show it: Nokia 4 octets more,
   * Red Hat Linux 6.1 8, SuSE 6.3 4 more than the modified format. Then the first Ethernet header lies that much
   * further on.
   */
  #hasLongerHeaders(bytes: Uint8Array, start: number, end: number): boolean {
    const isEtherType = (at: number): boolean =>
      at + 2 <= end && ETHERTYPES.includes((bytes[at]! << 8) | bytes[at + 1]!);
    return (
      this.#record.linkType === 1 && !isEtherType(start + 12) && (isEtherType(start + 16) || isEtherType(start + 20))
    );
  }

  #badLength(atOctet: number, captured: number): CaptureError {
    const packet = this.packets + 1;
    this.position = atOctet;
    const perhaps = this.#longerHeaders
      ? ". Its records may have longer headers, as Red Hat Linux 6.1, SuSE 6.3 and Nokia wrote them: convert it (editcap -F pcapng FILE OUT.pcapng)"
      : "";
    return new CaptureError(
      atOctet,
      packet,
      `packet ${packet}, at octet ${atOctet}, is corrupt: its captured length should be at most ${this.#mostCaptured} octets, and is ${captured}${perhaps}`,
    );
  }
}
