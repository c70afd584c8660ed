/**
 * Section header block: the byte order of everything up to the next one. It comes first in a file, and again wherever
 * captures were concatenated; interfaces are numbered anew from there.
 *
 *      0  block type 0x0A0D0D0A  4          16  section length, or −1   8
 *      4  block length           4          24  options
 *      8  byte-order magic       4           …  block length            4
 *     12  major version (1)      2
 *     14  minor version          2
 *
 * The section length serves to skip a section, which is never done here.
 */
import { half, word } from "./byte-order.ts";
import { lengthProblem } from "./pcapng-blocks.ts";

/** Octets of a section header block without options. */
export const SECTION_HEADER = 28;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export interface SectionHeader {
  littleEndian: boolean;
  /** Octets of the block. */
  length: number;
}

/** Called where a section begins: its header block is at bytes[at], and its first 24 octets are there. */
export type SectionSink = (bytes: Uint8Array, at: number, littleEndian: boolean) => void;

/** Decodes the first 24 octets of the section header block at bytes[at], or returns what is wrong with them. */
export function readSectionHeader(bytes: Uint8Array, at: number): SectionHeader | string {
  const littleEndian = word(bytes, at + 8, true) === BYTE_ORDER_MAGIC;
  const magic = word(bytes, at + 8, littleEndian);
  if (magic !== BYTE_ORDER_MAGIC) {
    return `its byte-order magic should be 1a2b3c4d, and is ${magic.toString(16).padStart(8, "0")}`;
  }
  const length = word(bytes, at + 4, littleEndian);
  if (length < SECTION_HEADER || (length & 3) !== 0) {
    return lengthProblem(length, SECTION_HEADER, Number.POSITIVE_INFINITY);
  }
  const major = half(bytes, at + 12, littleEndian);
  return major === 1 ? { littleEndian, length } : `its major version should be 1, and is ${major}`;
}
