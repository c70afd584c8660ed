import type { TcpSegment } from "./tcp-segment.ts";
import { SYN } from "./tcp-segment.ts";

/** The tunnel's port (draft-davie-stt §3.1). */
const PORT = 7471;

/**
 * Whether a segment with so many octets is one of the Stateless Transport Tunnel: there is no handshake, the sequence
 * number is the length of the tunnelled frame in its upper half and where the segment's octets belong in its lower one,
 * and a frame begins with version 0.
 */
export function isStt({ destinationPort, flags, sequence }: TcpSegment, octets: number): boolean {
  if (destinationPort !== PORT || (flags & SYN) !== 0 || octets === 0) return false;
  return (sequence & 0xffff) + octets <= sequence >>> 16;
}
