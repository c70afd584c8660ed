/**
 * Unsigned integers in the byte order of the machine that wrote a capture. The flag is an argument, not a pair of
 * functions to choose from: the branch is always predicted, and the calls stay monomorphic and inlined.
 * Nothing checks bounds: the caller has made sure that the octets are there.
 */

/** 16 bits. */
export function half(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  return littleEndian ? bytes[at]! | (bytes[at + 1]! << 8) : (bytes[at]! << 8) | bytes[at + 1]!;
}

/** 32 bits. */
export function word(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  return littleEndian
    ? (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
    : ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
