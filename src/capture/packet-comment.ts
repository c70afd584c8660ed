/**
 * Adds comments to a packet's block of pcapng: options of text (opt_comment, 1), each with one of machine data behind it
 * (custom option 2988, of UTF-8 text that may be copied; draft-ietf-opsawg-pcapng §3.5).
 *
 *     opt_comment   1 and length, 2 octets each   text, padded to 4 octets
 *     custom     2988 and length, 2 octets each   Private Enterprise Number 4, text, padded
 */
import { joinOctets } from "../bytes/octets.ts";
import { half } from "./byte-order.ts";
import { eachOption, OPT_COMMENT, OPT_ENDOFOPT, OPTION_HEADER, option } from "./pcapng-options.ts";

/** The comments on a packet. The caller has made both texts safe to show: neither is raw wire text. */
export interface PacketComment {
  readonly text: string;
  /** The same for programs. */
  readonly data: string;
}

/** Octets of a comment in UTF-8; a longer one is cut. An option could hold 65,535. */
export const MAX_COMMENT_OCTETS = 4096;

const CUSTOM_TEXT = 2988;
/** The number that RFC 5612 sets aside for examples: ghostframe has none of its own. */
const ENTERPRISE_NUMBER = 32473;

const UTF8 = new TextEncoder();
const ELLIPSIS = UTF8.encode("…");

/** Options of a packet as they stand in its block: bytes[start, end), in the byte order of its section. */
export interface OptionOctets {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly littleEndian: boolean;
}

/**
 * The options with those comments added that are not among them; null if that changes nothing. Existing options stay
 * unchanged, in front. "unsound" if the options contradict themselves: then nothing can be added.
 */
export function addComments(options: OptionOctets, comments: readonly PacketComment[]): Uint8Array | null | "unsound" {
  const { bytes, start, end, littleEndian } = options;
  const known = new Set<string>();
  let behind = start;
  const sound = eachOption(bytes, start, end, littleEndian, (code, value, octets) => {
    behind = value + octets + (-octets & 3);
    if (code === OPT_COMMENT) known.add(new TextDecoder().decode(bytes.subarray(value, value + octets)));
  });
  if (!sound || behind > end) return "unsound";
  const fresh = comments.map(({ text, data }) => ({ text: cutTo(text), data: cutTo(data) }));
  const added = fresh.filter(({ text }) => !known.has(new TextDecoder().decode(text)));
  if (added.length === 0) return null;
  const parts = added.flatMap(({ text, data }) => [
    option(OPT_COMMENT, text, littleEndian),
    option(CUSTOM_TEXT, withNumber(data, littleEndian), littleEndian),
  ]);
  const hasEnd = end - behind >= OPTION_HEADER && half(bytes, behind, littleEndian) === OPT_ENDOFOPT;
  const rest = hasEnd ? bytes.subarray(behind, end) : new Uint8Array(OPTION_HEADER);
  return joinOctets([bytes.subarray(start, behind), ...parts, rest]);
}

function withNumber(text: Uint8Array, littleEndian: boolean): Uint8Array {
  const octets = new Uint8Array(4 + text.length);
  new DataView(octets.buffer).setUint32(0, ENTERPRISE_NUMBER, littleEndian);
  octets.set(text, 4);
  return octets;
}

/** A text in UTF-8, cut at a whole character. */
function cutTo(text: string): Uint8Array {
  const room = new Uint8Array(MAX_COMMENT_OCTETS);
  const whole = UTF8.encodeInto(text, room);
  if (whole.read === text.length) return room.subarray(0, whole.written);
  const { written } = UTF8.encodeInto(text, room.subarray(0, MAX_COMMENT_OCTETS - ELLIPSIS.length));
  room.set(ELLIPSIS, written);
  return room.subarray(0, written + ELLIPSIS.length);
}
