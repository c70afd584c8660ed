/**
 * Big-endian reads at an offset, named in the AMQP specification's types. They do not check bounds: the caller has
 * made sure that the octets are there. For reads where a length from the wire decides, use the bounded cursor.
 */

export function octet(bytes: Uint8Array, at: number): number {
  return bytes[at]!;
}

/** 16 bits, unsigned. */
export function short(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** 32 bits, unsigned. */
export function long(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** 64 bits, unsigned. */
export function exactLonglong(bytes: Uint8Array, at: number): bigint {
  return (BigInt(long(bytes, at)) << 32n) | BigInt(long(bytes, at + 4));
}

/** 64 bits, unsigned, exact up to 2^53 and rounded beyond. */
export function longlong(bytes: Uint8Array, at: number): number {
  return long(bytes, at) * 4294967296 + long(bytes, at + 4);
}
