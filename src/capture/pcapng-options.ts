/**
 * The options at the end of a pcapng block (draft-ietf-opsawg-pcapng §3.5): code 2 octets, length 2, value, padding to a
 * multiple of 4; opt_endofopt may stand behind the last one.
 */
import { half } from "./byte-order.ts";

export const OPT_ENDOFOPT = 0;
export const OPT_COMMENT = 1;
/** Octets in front of an option's value. */
export const OPTION_HEADER = 4;

/**
 * Visits the options in bytes[start, end), each with its code, where its value begins, and octets of that. Returns false
 * when an option claims octets beyond `end`: that one is not visited, nor what is behind it.
 */
export function eachOption(
  bytes: Uint8Array,
  start: number,
  end: number,
  littleEndian: boolean,
  visit: (code: number, value: number, octets: number) => void,
): boolean {
  let at = start;
  while (end - at >= 4) {
    const code = half(bytes, at, littleEndian);
    const octets = half(bytes, at + 2, littleEndian);
    if (code === OPT_ENDOFOPT) return true;
    if (octets > end - at - 4) return false;
    visit(code, at + 4, octets);
    at += 4 + octets + (-octets & 3);
  }
  return true;
}

/** An option with its padding. */
export function option(code: number, value: Uint8Array, littleEndian: boolean): Uint8Array {
  const octets = new Uint8Array(OPTION_HEADER + value.length + (-value.length & 3));
  const view = new DataView(octets.buffer);
  view.setUint16(0, code, littleEndian);
  view.setUint16(2, value.length, littleEndian);
  octets.set(value, OPTION_HEADER);
  return octets;
}
