/**
 * Writes pcapng blocks (draft-ietf-opsawg-pcapng), little-endian, one behind the other into a buffer that grows and is
 * used again. Layouts are drawn in pcapng-reader.ts and pcapng-interface.ts; options are code 2, length 2, value,
 * padding to 4 octets.
 *
 * Every block's length is a multiple of 4, so every block begins at a multiple of 4 of the buffer.
 */
import { VERSION } from "../version.ts";
import { ENHANCED_PACKET_BLOCK, INTERFACE_DESCRIPTION_BLOCK, SECTION_HEADER_BLOCK } from "./pcapng-blocks.ts";

/** Raw IP, version 4 or 6 by its first octet. */
export const LINKTYPE_RAW = 101;
/** Octets of a packet comment in UTF-8; a longer one is cut. */
export const MAX_COMMENT_OCTETS = 2048;
/** Where in an enhanced packet block its packet begins. */
export const PACKET_AT = 28;

const FIRST_BUFFER = 4096;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPT_COMMENT = 1;
const SHB_USERAPPL = 4;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const MICROSECONDS = 6;
/** A comment's header, its padding, the end of options and the closing length. */
const BEHIND_PACKET = 4 + 3 + 4 + 4;

const UTF8 = new TextEncoder();
const ELLIPSIS = UTF8.encode("…");

export class PcapngWriter {
  /** The blocks are bytes[0, length). A new array after growth. */
  bytes = new Uint8Array(FIRST_BUFFER);
  /** The same octets as 32-bit words in the byte order of this machine. */
  words = new Uint32Array(this.bytes.buffer);
  length = 0;
  #view = new DataView(this.bytes.buffer);

  clear(): void {
    this.length = 0;
  }

  /** Begins a section, with the one interface that the packets behind it belong to. */
  begin(interfaceName: string): void {
    this.#ensure(256 + 3 * interfaceName.length);
    const section = this.length;
    this.#word(section, SECTION_HEADER_BLOCK);
    this.#word(section + 8, BYTE_ORDER_MAGIC);
    this.#halves(section + 12, 1, 0);
    this.#word(section + 16, 0xffff_ffff); // the section's length: not known
    this.#word(section + 20, 0xffff_ffff);
    this.#close(section, this.#text(section + 24, SHB_USERAPPL, `ghostframe ${VERSION}`));

    const description = this.length;
    this.#word(description, INTERFACE_DESCRIPTION_BLOCK);
    this.#halves(description + 8, LINKTYPE_RAW, 0);
    this.#word(description + 12, 0); // packets are never cut
    const resolution = this.#text(description + 16, IF_NAME, interfaceName);
    this.#halves(resolution, IF_TSRESOL, 1);
    this.#word(resolution + 4, MICROSECONDS);
    this.#close(description, resolution + 8);
  }

  /**
   * Writes a packet's block without the packet: returns where the caller puts its `octets` octets, with zeros behind
   * them up to a multiple of 4. The caller has made the comment safe: it is no raw wire text.
   */
  packet(octets: number, seconds: number, nanoseconds: number, comment: string | null): number {
    const padded = octets + (-octets & 3);
    this.#ensure(PACKET_AT + padded + BEHIND_PACKET + (comment === null ? 0 : MAX_COMMENT_OCTETS));
    const at = this.length;
    const ticks = seconds * 1e6 + Math.trunc(nanoseconds / 1000);
    this.#word(at, ENHANCED_PACKET_BLOCK);
    this.#word(at + 8, 0); // the first interface
    this.#word(at + 12, Math.floor(ticks / 2 ** 32));
    this.#word(at + 16, ticks);
    this.#word(at + 20, octets);
    this.#word(at + 24, octets);
    const packetAt = at + PACKET_AT;
    const behind = packetAt + padded;
    if (padded > octets) this.bytes.fill(0, packetAt + octets, behind);
    if (comment === null) this.#end(at, behind);
    else this.#close(at, this.#text(behind, OPT_COMMENT, comment));
    return packetAt;
  }

  /** Writes an option of text at `at`, and returns where the next one goes. */
  #text(at: number, code: number, text: string): number {
    const from = at + 4;
    let { read, written } = UTF8.encodeInto(text, this.bytes.subarray(from, from + MAX_COMMENT_OCTETS));
    if (read < text.length) {
      const room = MAX_COMMENT_OCTETS - ELLIPSIS.length;
      ({ read, written } = UTF8.encodeInto(text, this.bytes.subarray(from, from + room)));
      this.bytes.set(ELLIPSIS, from + written);
      written += ELLIPSIS.length;
    }
    this.#halves(at, code, written);
    const end = from + written + (-written & 3);
    this.bytes.fill(0, from + written, end);
    return end;
  }

  /** Ends the options at `at`, and the block that began at `start`. */
  #close(start: number, at: number): void {
    this.#word(at, 0); // opt_endofopt
    this.#end(start, at + 4);
  }

  #end(start: number, at: number): void {
    const length = at + 4 - start;
    this.#word(start + 4, length);
    this.#word(at, length);
    this.length = at + 4;
  }

  #word(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  #halves(at: number, first: number, second: number): void {
    this.#view.setUint16(at, first, true);
    this.#view.setUint16(at + 2, second, true);
  }

  /** Makes room for this many more octets. */
  #ensure(octets: number): void {
    const needed = this.length + octets;
    if (needed <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < needed) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.words = new Uint32Array(grown.buffer);
    this.#view = new DataView(grown.buffer);
  }
}
