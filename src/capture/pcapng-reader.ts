/**
 * pcapng files (draft-ietf-opsawg-pcapng): blocks, in the byte order that the section header before them declares.
 *
 *     any block                          enhanced packet block (6),
 *      0  block type      4              packet block (2, obsolete)
 *      4  block length    4               8  interface        4
 *      8  body, padded to 4 octets           (2: interface 2, drops 2)
 *      …  block length    4              12  ticks, high      4
 *                                        16  ticks, low       4
 *     simple packet block (3)            20  captured length  4
 *      8  original length 4              24  original length  4
 *     12  captured octets, as many as    28  captured octets, padding, options
 *         original length, the snap
 *         length of interface 0 and
 *         the block allow
 *
 * Both block lengths must agree. Where they do not, nothing behind them can be trusted.
 */
import { half, word } from "./byte-order.ts";
import type { CaptureError } from "./capture-error.ts";
import { type CaptureReader, MAX_RECORD_OCTETS, type Truncation } from "./capture-reader.ts";
import { PacketRecord, type PacketSink } from "./packet-record.ts";
import { PassedBlock } from "./passed-block.ts";
import {
  blockName,
  closingLengthProblem,
  corruptBlock,
  DECRYPTION_SECRETS_BLOCK,
  ENHANCED_PACKET_BLOCK,
  INTERFACE_DESCRIPTION_BLOCK,
  INTERFACE_STATISTICS_BLOCK,
  lengthProblem,
  PACKET_BLOCK,
  SECTION_HEADER_BLOCK,
  SIMPLE_PACKET_BLOCK,
  takesPacketNumber,
} from "./pcapng-blocks.ts";
import { type CaptureInterface, DROP_COUNT, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS } from "./pcapng-interface.ts";
import { SectionInterfaces } from "./pcapng-interfaces.ts";
import { PcapngNotes } from "./pcapng-notes.ts";
import { DECRYPTION_SECRETS, MAX_SECRETS_OCTETS, readSecrets, type SecretsSink } from "./pcapng-secrets.ts";
import { readSectionHeader, SECTION_HEADER, type SectionSink } from "./pcapng-section.ts";

/** Type, length, and the first four octets of the body or the closing length. */
const SHORTEST_BLOCK = 12;
const ENHANCED_PACKET = 32;
const SIMPLE_PACKET = 16;

/** Statistics blocks longer than this are passed over: theirs are a dozen options of eight octets. */
const MAX_STATISTICS_OCTETS = 4096;

/** Whether a file that begins with these four octets is a pcapng file. */
export function isPcapng(first: Uint8Array): boolean {
  return first.length >= 4 && word(first, 0, false) === SECTION_HEADER_BLOCK;
}

export class PcapngReader implements CaptureReader {
  readonly format = "pcapng";
  packets = 0;
  position = 0;
  needed = SHORTEST_BLOCK;

  readonly #sink: PacketSink;
  readonly #secrets: SecretsSink | undefined;
  readonly #sections: SectionSink | undefined;
  readonly #record = new PacketRecord();
  #inSection = false;
  #littleEndian = false;
  readonly #interfaces = new SectionInterfaces();
  /** Number of the last packet, counted as Wireshark does: some blocks that are no packets take one too. */
  #number = 0;
  readonly #passed = new PassedBlock();
  /** Type of the block that was incomplete when `read` returned; −1 while it has not come. */
  #awaitedType = -1;
  readonly #notes = new PcapngNotes();

  constructor(sink: PacketSink, secrets?: SecretsSink, sections?: SectionSink) {
    this.#sink = sink;
    this.#secrets = secrets;
    this.#sections = sections;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const record = this.#record;
    const sink = this.#sink;
    record.bytes = bytes;
    // Where in the file bytes[0] would be.
    const origin = this.position - start;
    let at = start;
    for (;;) {
      if (this.#passed.length > 0) {
        at = this.#pass(bytes, at, end);
        if (this.#passed.length > 0) break;
      }
      if (end - at < SHORTEST_BLOCK) {
        this.#await(SHORTEST_BLOCK, -1);
        break;
      }
      const littleEndian = this.#littleEndian;
      const type = word(bytes, at, littleEndian);
      if (type !== ENHANCED_PACKET_BLOCK && type !== PACKET_BLOCK) {
        const next = this.#otherBlock(type, bytes, at, end, origin + at);
        if (next < 0) break;
        at = next;
        continue;
      }
      const length = word(bytes, at + 4, littleEndian);
      if (length < ENHANCED_PACKET || (length & 3) !== 0 || length > MAX_RECORD_OCTETS) {
        throw this.#corrupt(type, origin + at, lengthProblem(length, ENHANCED_PACKET, MAX_RECORD_OCTETS));
      }
      const next = at + length;
      if (next > end) {
        this.#await(length, type);
        break;
      }
      const closing = word(bytes, next - 4, littleEndian);
      if (closing !== length) throw this.#corrupt(type, origin + at, closingLengthProblem(length, closing));
      const captured = word(bytes, at + 20, littleEndian);
      const room = length - ENHANCED_PACKET;
      if (captured > room) {
        const problem = `its captured length should be at most ${room} octets, and is ${captured}`;
        throw this.#corrupt(type, origin + at, problem);
      }
      const id = type === ENHANCED_PACKET_BLOCK ? word(bytes, at + 8, littleEndian) : half(bytes, at + 8, littleEndian);
      const source = this.#interface(id, type, origin + at);
      this.packets++;
      record.number = ++this.#number;
      record.timeDigits = source.timeDigits;
      record.linkType = source.linkType;
      record.start = at + 28;
      record.end = at + 28 + captured;
      record.originalLength = word(bytes, at + 24, littleEndian);
      source.stamp(record, word(bytes, at + 12, littleEndian), word(bytes, at + 16, littleEndian));
      if (type === PACKET_BLOCK) source.countDrops(half(bytes, at + 10, littleEndian));
      else if (room - captured >= DROP_COUNT) source.countBetween(bytes, record.end, next - 4, littleEndian);
      sink(record);
      at = next;
    }
    this.position = origin + at;
    return at;
  }

  finish(unconsumed: number): Truncation | null {
    const passed = this.#passed;
    const passing = passed.length > 0;
    if (unconsumed === 0 && this.#inSection && !passing) return null;
    const packet = this.#number + 1;
    const type = passing ? passed.type : this.#awaitedType;
    const atOctet = passing ? passed.atOctet : this.position;
    const expected = passing ? passed.length : this.needed;
    const found = this.position - atOctet + unconsumed;
    const where = `the ${type < 0 ? "block" : blockName(type)} at octet ${atOctet}, where packet ${packet} was to come`;
    const message = `the file ends inside ${where}: ${expected} octets expected, ${found} found`;
    return { atOctet, packet, expected, found, message };
  }

  /** Of the packets so far, those in simple packet blocks. */
  get simplePackets(): number {
    return this.#notes.timeless;
  }

  get passedOver(): string | null {
    return this.#notes.passedOver;
  }

  get notes(): readonly string[] {
    return this.#notes.sentences(this.#interfaces.dropped);
  }

  /** A block that is no packet, or a simple one: the position behind what was taken of it; −1 when it must be whole. */
  #otherBlock(type: number, bytes: Uint8Array, at: number, end: number, atOctet: number): number {
    if (type === SECTION_HEADER_BLOCK) return this.#sectionHeader(bytes, at, end, atOctet);
    if (!this.#inSection) throw this.#corrupt(type, atOctet, "a section header block should come first");
    const length = word(bytes, at + 4, this.#littleEndian);
    switch (type) {
      case SIMPLE_PACKET_BLOCK:
        if (!this.#isWhole(type, length, SIMPLE_PACKET, bytes, at, end, atOctet)) return -1;
        this.#simplePacket(bytes, at, length, atOctet);
        return at + length;
      case INTERFACE_DESCRIPTION_BLOCK:
        if (!this.#isWhole(type, length, INTERFACE_DESCRIPTION, bytes, at, end, atOctet)) return -1;
        this.#describe(bytes, at, length, atOctet);
        return at + length;
      case INTERFACE_STATISTICS_BLOCK:
        if (length > MAX_STATISTICS_OCTETS) break;
        if (!this.#isWhole(type, length, INTERFACE_STATISTICS, bytes, at, end, atOctet)) return -1;
        this.#interfaces.countDropped(bytes, at, length, this.#littleEndian);
        return at + length;
      case DECRYPTION_SECRETS_BLOCK: {
        if (this.#secrets === undefined || length > MAX_SECRETS_OCTETS) break;
        if (!this.#isWhole(type, length, DECRYPTION_SECRETS, bytes, at, end, atOctet)) return -1;
        const keyLog = readSecrets(bytes, at, length, this.#littleEndian);
        if (keyLog === null) this.#notes.skipped(type);
        else this.#secrets(keyLog);
        return at + length;
      }
    }
    if (length < SHORTEST_BLOCK || (length & 3) !== 0) {
      throw this.#corrupt(type, atOctet, lengthProblem(length, SHORTEST_BLOCK, Number.POSITIVE_INFINITY));
    }
    this.#notes.skipped(type);
    if (takesPacketNumber(type)) this.#number++;
    this.#passed.begin(type, atOctet, length, 8);
    return at + 8;
  }

  // oxlint-disable-next-line max-params -- hot path: whether a block is whole in bytes[at, end), and ends as it began
  #isWhole(
    type: number,
    length: number,
    shortest: number,
    bytes: Uint8Array,
    at: number,
    end: number,
    atOctet: number,
  ): boolean {
    if (length < shortest || (length & 3) !== 0 || length > MAX_RECORD_OCTETS) {
      throw this.#corrupt(type, atOctet, lengthProblem(length, shortest, MAX_RECORD_OCTETS));
    }
    if (length > end - at) {
      this.#await(length, type);
      return false;
    }
    const closing = word(bytes, at + length - 4, this.#littleEndian);
    if (closing !== length) throw this.#corrupt(type, atOctet, closingLengthProblem(length, closing));
    return true;
  }

  #sectionHeader(bytes: Uint8Array, at: number, end: number, atOctet: number): number {
    if (end - at < SECTION_HEADER) {
      this.#await(SECTION_HEADER, SECTION_HEADER_BLOCK);
      return -1;
    }
    const header = readSectionHeader(bytes, at);
    if (typeof header === "string") throw this.#corrupt(SECTION_HEADER_BLOCK, atOctet, header);
    this.#inSection = true;
    this.#littleEndian = header.littleEndian;
    this.#interfaces.beginSection();
    this.#sections?.(bytes, at, header.littleEndian);
    this.#passed.begin(SECTION_HEADER_BLOCK, atOctet, header.length, 24);
    return at + 24;
  }

  #simplePacket(bytes: Uint8Array, at: number, length: number, atOctet: number): void {
    const source = this.#interface(0, SIMPLE_PACKET_BLOCK, atOctet);
    const originalLength = word(bytes, at + 8, this.#littleEndian);
    const snapLength = source.snapLength === 0 ? originalLength : source.snapLength;
    const record = this.#record;
    this.packets++;
    this.#notes.timeless++;
    record.number = ++this.#number;
    record.seconds = 0;
    record.nanoseconds = 0;
    record.timeDigits = 0;
    record.linkType = source.linkType;
    record.start = at + 12;
    record.end = at + 12 + Math.min(originalLength, snapLength, length - SIMPLE_PACKET);
    record.originalLength = originalLength;
    const sink = this.#sink;
    sink(record);
  }

  #describe(bytes: Uint8Array, at: number, length: number, atOctet: number): void {
    const problem = this.#interfaces.describe(bytes, at, length, this.#littleEndian);
    if (problem !== null) throw this.#corrupt(INTERFACE_DESCRIPTION_BLOCK, atOctet, problem);
    this.#notes.unsoundInterfaces = this.#interfaces.unsound;
  }

  #interface(id: number, type: number, atOctet: number): CaptureInterface {
    const found = this.#interfaces.get(id);
    if (found !== undefined) return found;
    const problem = `it is of interface ${id}, and its section has described ${this.#interfaces.count} before it`;
    throw this.#corrupt(type, atOctet, problem);
  }

  /** Goes on passing over a block, and checks its closing length once that has come. */
  #pass(bytes: Uint8Array, start: number, end: number): number {
    const passed = this.#passed;
    const { type, atOctet, length } = passed;
    const at = passed.pass(start, end);
    const closing = passed.close(bytes, at, end, this.#littleEndian);
    if (closing === -1) {
      this.needed = passed.needed;
      return at;
    }
    if (closing !== length) throw this.#corrupt(type, atOctet, closingLengthProblem(length, closing));
    passed.length = 0;
    return at + 4;
  }

  #await(octets: number, type: number): void {
    this.needed = octets;
    this.#awaitedType = type;
  }

  #corrupt(type: number, atOctet: number, problem: string): CaptureError {
    this.position = atOctet;
    return corruptBlock(type, atOctet, this.#number + 1, problem);
  }
}
