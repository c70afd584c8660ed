/** Block types of pcapng (draft-ietf-opsawg-pcapng, §4 and §10.1), and what can be wrong with any block. */
import { CaptureError } from "./capture-error.ts";

/** The same in either byte order; a conversion of line ends changes it. */
export const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION_BLOCK = 1;
/** Obsolete, but Wireshark wrote it before 2009. */
export const PACKET_BLOCK = 2;
export const SIMPLE_PACKET_BLOCK = 3;
export const NAME_RESOLUTION_BLOCK = 4;
export const INTERFACE_STATISTICS_BLOCK = 5;
export const ENHANCED_PACKET_BLOCK = 6;
export const DECRYPTION_SECRETS_BLOCK = 10;

const SYSTEMD_JOURNAL = "systemd journal export";
const CUSTOM = "custom";
const SYSDIG_EVENT = "sysdig event";

const NAMES: ReadonlyMap<number, string> = new Map([
  [SECTION_HEADER_BLOCK, "section header"],
  [INTERFACE_DESCRIPTION_BLOCK, "interface description"],
  [PACKET_BLOCK, "packet"],
  [SIMPLE_PACKET_BLOCK, "simple packet"],
  [NAME_RESOLUTION_BLOCK, "name resolution"],
  [INTERFACE_STATISTICS_BLOCK, "interface statistics"],
  [ENHANCED_PACKET_BLOCK, "enhanced packet"],
  [9, SYSTEMD_JOURNAL],
  [DECRYPTION_SECRETS_BLOCK, "decryption secrets"],
  [0x0bad, CUSTOM],
  [0x4000_0bad, CUSTOM],
  [0x204, SYSDIG_EVENT],
  [0x216, SYSDIG_EVENT],
  [0x221, SYSDIG_EVENT],
]);

const NUMBERED: ReadonlySet<string> = new Set([SYSTEMD_JOURNAL, CUSTOM, SYSDIG_EVENT]);

/** "enhanced packet block", "block of unknown type 0x80000001". */
export function blockName(type: number): string {
  const name = NAMES.get(type);
  return name === undefined ? `block of unknown type 0x${type.toString(16).padStart(8, "0")}` : `${name} block`;
}

/** Whether Wireshark lists such a block among the packets, so that it takes a packet number. */
export function takesPacketNumber(type: number): boolean {
  return NUMBERED.has(NAMES.get(type) ?? "");
}

/** What is wrong with a length that is too short, too long, or not a multiple of 4. */
export function lengthProblem(length: number, shortest: number, longest: number): string {
  if (length < shortest) return `its length should be at least ${shortest} octets, and is ${length}`;
  if (length > longest) return `its length should be at most ${longest} octets, and is ${length}`;
  return `its length should be a multiple of 4 octets, and is ${length}`;
}

export function closingLengthProblem(length: number, closing: number): string {
  return `its closing length should be ${length} octets like its first, and is ${closing}`;
}

/** @param packet number of the next packet, counted as Wireshark does */
export function corruptBlock(type: number, atOctet: number, packet: number, problem: string): CaptureError {
  return new CaptureError(
    atOctet,
    packet,
    `the ${blockName(type)} at octet ${atOctet}, where packet ${packet} was to come, is corrupt: ${problem}`,
  );
}
