/**
 * Arithmetic of TCP sequence numbers (RFC 9293 §3.4). They wrap around at 2^32, and are kept as signed 32-bit integers.
 * Their difference shows which of two comes first, if they are less than 2^31 octets apart.
 */

/** Octets from `from` to `to`: negative where `to` comes first. */
export function octetsFrom(from: number, to: number): number {
  return (to - from) | 0;
}

/** The sequence number this many octets behind another one. */
export function sequenceBehind(sequence: number, octets: number): number {
  return (sequence + octets) | 0;
}

/** Whether `sequence` comes before `other`. */
export function comesBefore(sequence: number, other: number): boolean {
  return ((other - sequence) | 0) > 0;
}
