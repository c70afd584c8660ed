/**
 * Reads a classic pcap file and writes it as pcapng, with comments: one section in the same byte order, one interface of the
 * same link type, snap length, frame check sequence and resolution of time, and an enhanced packet block for every record.
 */
import { joinOctets } from "../bytes/octets.ts";
import { VERSION } from "../version.ts";
import type { AnnotatedCopy } from "./annotated-copy.ts";
import { word } from "./byte-order.ts";
import type { CaptureReader, Truncation } from "./capture-reader.ts";
import { addComments } from "./packet-comment.ts";
import type { PacketRecord, PacketSink } from "./packet-record.ts";
import { FILE_HEADER, isLittleEndian, PcapReader } from "./pcap-reader.ts";
import { ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, SECTION_HEADER_BLOCK } from "./pcapng-blocks.ts";
import { option } from "./pcapng-options.ts";
import { BYTE_ORDER_MAGIC } from "./pcapng-section.ts";

/** Where in an enhanced packet block its packet begins. */
const PACKET_AT = 28;
const CLOSING_LENGTH = 4;
const SHB_USERAPPL = 4;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
/** In the 32 bits with the link type: there is a frame check sequence, in 16-bit words (draft-ietf-opsawg-pcap §4). */
const HAS_FCS = 0x0400_0000;
const NO_OCTETS = new Uint8Array(0);
const PADDING = new Uint8Array(4);

export class AnnotatedPcap implements CaptureReader {
  readonly format = "pcap";
  readonly #reader: PcapReader;
  readonly #copy: AnnotatedCopy;
  readonly #sink: PacketSink;
  /** The headers of the section and its interface are written. */
  #begun = false;
  #littleEndian = true;
  readonly #head = new Uint8Array(PACKET_AT);
  readonly #view = new DataView(this.#head.buffer);
  /** Octets of padding, and the closing length behind them. */
  readonly #tail = new Uint8Array(PADDING.length + CLOSING_LENGTH);
  readonly #tailView = new DataView(this.#tail.buffer);

  constructor(sink: PacketSink, copy: AnnotatedCopy) {
    this.#sink = sink;
    this.#copy = copy;
    this.#reader = new PcapReader(record => this.#packet(record));
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
    if (this.#begun || end - start < FILE_HEADER) return this.#reader.read(bytes, start, end);
    this.#begun = true;
    const behind = this.#reader.read(bytes, start, start + FILE_HEADER);
    this.#begin(bytes, start);
    return this.#reader.read(bytes, behind, end);
  }

  finish(unconsumed: number): Truncation | null {
    return this.#reader.finish(unconsumed);
  }

  /** Writes the headers for the file whose header is at bytes[at]. */
  #begin(bytes: Uint8Array, at: number): void {
    const littleEndian = isLittleEndian(bytes, at);
    this.#littleEndian = littleEndian;
    const section = new DataView(new ArrayBuffer(16));
    section.setUint32(0, BYTE_ORDER_MAGIC, littleEndian);
    section.setUint16(4, 1, littleEndian);
    section.setBigInt64(8, -1n, littleEndian); // the section's length: not known
    const writer = new TextEncoder().encode(`ghostframe ${VERSION}`);
    this.#block(SECTION_HEADER_BLOCK, section, [option(SHB_USERAPPL, writer, littleEndian)]);

    const linkType = word(bytes, at + 20, littleEndian);
    const description = new DataView(new ArrayBuffer(8));
    description.setUint16(0, linkType & 0xffff, littleEndian);
    description.setUint32(4, word(bytes, at + 16, littleEndian), littleEndian);
    const options = [option(IF_TSRESOL, Uint8Array.of(this.#reader.timeDigits), littleEndian)];
    if ((linkType & HAS_FCS) !== 0) options.push(option(IF_FCSLEN, Uint8Array.of((linkType >>> 28) * 2), littleEndian));
    this.#block(INTERFACE_DESCRIPTION_BLOCK, description, options);
    this.#view.setUint32(0, ENHANCED_PACKET_BLOCK, littleEndian);
  }

  #block(type: number, body: DataView, options: readonly Uint8Array[]): void {
    const octets = joinOctets([...options, PADDING]);
    const length = 8 + body.byteLength + octets.length + CLOSING_LENGTH;
    const head = new DataView(new ArrayBuffer(8));
    head.setUint32(0, type, this.#littleEndian);
    head.setUint32(4, length, this.#littleEndian);
    const { write } = this.#copy;
    write(new Uint8Array(head.buffer), 0, 8);
    write(new Uint8Array(body.buffer), 0, body.byteLength);
    write(octets, 0, octets.length);
    this.#close(length, 0);
  }

  #packet(record: PacketRecord): void {
    const { bytes, start, end } = record;
    const littleEndian = this.#littleEndian;
    const comments = this.#copy.comments.get(record.number);
    let options: Uint8Array = NO_OCTETS;
    if (comments !== undefined) {
      const added = addComments({ bytes: NO_OCTETS, start: 0, end: 0, littleEndian }, comments);
      if (added instanceof Uint8Array) options = added;
      this.#copy.commented++;
      this.#copy.differ();
    }
    const padding = -(end - start) & 3;
    const length = PACKET_AT + (end - start) + padding + options.length + CLOSING_LENGTH;
    const view = this.#view;
    view.setUint32(4, length, littleEndian);
    this.#stamp(record);
    view.setUint32(20, end - start, littleEndian);
    view.setUint32(24, record.originalLength, littleEndian);
    const { write } = this.#copy;
    write(this.#head, 0, PACKET_AT);
    write(bytes, start, end);
    if (options.length === 0) this.#close(length, padding);
    else {
      if (padding > 0) write(PADDING, 0, padding);
      write(options, 0, options.length);
      this.#close(length, 0);
    }
    this.#sink(record);
  }

  /** Ticks since the epoch, in two halves of 32 bits: nanoseconds do not fit a double. */
  #stamp({ seconds, nanoseconds, timeDigits }: PacketRecord): void {
    const perSecond = 10 ** timeDigits;
    const ticks = Math.trunc(nanoseconds / 10 ** (9 - timeDigits));
    // seconds × perSecond by halves of 16 bits, each exact.
    const high = Math.floor(seconds / 0x1_0000) * perSecond;
    const low = (seconds % 0x1_0000) * perSecond + ticks + (high % 0x1_0000) * 0x1_0000;
    this.#view.setUint32(12, Math.floor(high / 0x1_0000) + Math.floor(low / 0x1_0000_0000), this.#littleEndian);
    this.#view.setUint32(16, low % 0x1_0000_0000, this.#littleEndian);
  }

  /** Ends a block: octets of padding, and its length once more. */
  #close(length: number, padding: number): void {
    this.#tailView.setUint32(PADDING.length, length, this.#littleEndian);
    this.#copy.write(this.#tail, PADDING.length - padding, this.#tail.length);
  }
}
