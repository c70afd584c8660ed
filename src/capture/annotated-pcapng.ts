import type { AnnotatedCopy } from "./annotated-copy.ts";
import { word } from "./byte-order.ts";
import type { CaptureReader, Truncation } from "./capture-reader.ts";
import { addComments, type PacketComment } from "./packet-comment.ts";
import type { PacketRecord, PacketSink } from "./packet-record.ts";
import { ENHANCED_PACKET_BLOCK } from "./pcapng-blocks.ts";
import { PcapngReader } from "./pcapng-reader.ts";

/** Where in its block a packet begins. Layouts are drawn in pcapng-reader.ts. */
const PACKET_AT = 28;
const SIMPLE_PACKET_AT = 12;
/** Where in a section header block its section's length stands: 8 octets, all ones where it is not known. */
const SECTION_LENGTH_AT = 16;
const UNKNOWN_LENGTH = new Uint8Array(8).fill(0xff);
const CLOSING_LENGTH = 4;

/** Reads a pcapng file and writes it on, with comments. */
export class AnnotatedPcapng implements CaptureReader {
  readonly format = "pcapng";
  readonly #reader: PcapngReader;
  readonly #copy: AnnotatedCopy;
  readonly #sink: PacketSink;
  #littleEndian = false;
  /** Of the octets now being read, those before this index are written. */
  #written = 0;
  /** Of the packets so far, those in simple packet blocks. */
  #simplePackets = 0;

  constructor(sink: PacketSink, copy: AnnotatedCopy) {
    this.#sink = sink;
    this.#copy = copy;
    this.#reader = new PcapngReader(
      record => this.#packet(record),
      undefined,
      (bytes, at, littleEndian) => this.#section(bytes, at, littleEndian),
    );
  }

  get packets(): number {
    return this.#reader.packets;
  }

  get position(): number {
    return this.#reader.position;
  }

  get needed(): number {
    return this.#reader.needed;
  }

  get notes(): readonly string[] {
    return this.#reader.notes;
  }

  get passedOver(): string | null {
    return this.#reader.passedOver;
  }

  read(bytes: Uint8Array, start: number, end: number): number {
    const before = this.#reader.position;
    this.#written = start;
    try {
      const behind = this.#reader.read(bytes, start, end);
      this.#writeUpTo(bytes, behind);
      return behind;
    } catch (error) {
      // What is whole in front of the corrupt block is kept.
      const whole = this.#reader.position - before;
      if (whole >= 0) this.#writeUpTo(bytes, start + whole);
      else this.#copy.surplus = -whole;
      throw error;
    }
  }

  finish(unconsumed: number): Truncation | null {
    const truncation = this.#reader.finish(unconsumed);
    if (truncation !== null) this.#copy.surplus = truncation.found - unconsumed;
    return truncation;
  }

  #section(bytes: Uint8Array, at: number, littleEndian: boolean): void {
    this.#littleEndian = littleEndian;
    if (this.#copy.comments.size === 0) return;
    this.#writeUpTo(bytes, at + SECTION_LENGTH_AT);
    if (UNKNOWN_LENGTH.some((octet, i) => bytes[at + SECTION_LENGTH_AT + i] !== octet)) this.#copy.differ();
    this.#copy.write(UNKNOWN_LENGTH, 0, UNKNOWN_LENGTH.length);
    this.#written = at + SECTION_LENGTH_AT + UNKNOWN_LENGTH.length;
  }

  #packet(record: PacketRecord): void {
    const comments = this.#copy.comments.get(record.number);
    const { simplePackets } = this.#reader;
    if (comments !== undefined) this.#comment(record, simplePackets > this.#simplePackets, comments);
    this.#simplePackets = simplePackets;
    this.#sink(record);
  }

  #comment(record: PacketRecord, isSimple: boolean, comments: readonly PacketComment[]): void {
    const { bytes, start, end } = record;
    const littleEndian = this.#littleEndian;
    const at = start - (isSimple ? SIMPLE_PACKET_AT : PACKET_AT);
    const length = word(bytes, at + 4, littleEndian);
    const optionsAt = end + (-(end - start) & 3);
    const optionsEnd = isSimple ? optionsAt : at + length - CLOSING_LENGTH;
    const options = addComments({ bytes, start: optionsAt, end: optionsEnd, littleEndian }, comments);
    if (options === "unsound") {
      this.#copy.unsound++;
      return;
    }
    this.#copy.commented++;
    if (options === null) return;
    this.#writeUpTo(bytes, at);
    this.#copy.differ();
    const head = isSimple ? this.#enhancedHead(record) : bytes.slice(at, start);
    const whole = head.length + (optionsAt - start) + options.length + CLOSING_LENGTH;
    const view = new DataView(head.buffer);
    view.setUint32(4, whole, littleEndian);
    const closing = new Uint8Array(CLOSING_LENGTH);
    new DataView(closing.buffer).setUint32(0, whole, littleEndian);
    const { write } = this.#copy;
    write(head, 0, head.length);
    write(bytes, start, optionsAt);
    write(options, 0, options.length);
    write(closing, 0, closing.length);
    this.#written = at + length;
  }

  /** What stands before the packet in an enhanced packet block that takes the place of a simple one: its time is 0. */
  #enhancedHead({ start, end, originalLength }: PacketRecord): Uint8Array<ArrayBuffer> {
    this.#copy.enhanced++;
    const head = new Uint8Array(PACKET_AT);
    const view = new DataView(head.buffer);
    view.setUint32(0, ENHANCED_PACKET_BLOCK, this.#littleEndian);
    view.setUint32(20, end - start, this.#littleEndian);
    view.setUint32(24, originalLength, this.#littleEndian);
    return head;
  }

  #writeUpTo(bytes: Uint8Array, at: number): void {
    if (at > this.#written) this.#copy.write(bytes, this.#written, at);
    this.#written = at;
  }
}
