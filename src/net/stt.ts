import type { TcpSegment } from "./tcp-segment.ts";
import { SYN } from "./tcp-segment.ts";

/** The tunnel's port (draft-davie-stt §3.1). */
const PORT = 7471;

/**
 * Whether a segment with so many octets belongs to the Stateless Transport Tunnel: it has no handshake, the upper half
 * of the sequence number is the length of the tunnelled frame, the lower half is where the segment's octets belong in
 * it, and a frame begins with version 0.
 */
export function isStt({ destinationPort, flags, sequence }: TcpSegment, octets: number): boolean {
  if (destinationPort !== PORT || (flags & SYN) !== 0 || octets === 0) return false;
  return (sequence & 0xffff) + octets <= sequence >>> 16;
}
