/** The fields of a TCP segment's headers. */

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;
export const URG = 0x20;

/** One segment's headers. A single instance is overwritten packet by packet; 32-bit values are kept as signed. */
export class TcpSegment {
  /** IP version, 4 or 6. Of an IPv4 address only the first word counts. */
  version = 4;
  source0 = 0;
  source1 = 0;
  source2 = 0;
  source3 = 0;
  destination0 = 0;
  destination1 = 0;
  destination2 = 0;
  destination3 = 0;
  /** The tunnels it came through, as tunnel-path.ts numbers them: 0 for none. */
  path = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Sequence number as it stands in the header, signed. */
  sequence = 0;
  acknowledgment = 0;
  /** Time to live of its IPv4 packet, or hop limit of its IPv6 packet. */
  timeToLive = 0;
  flags = 0;
  /** The captured payload is bytes[payloadStart, payloadEnd) of the record that the segment reader names. */
  payloadStart = 0;
  payloadEnd = 0;
  /** Payload octets behind payloadEnd that the snap length cut off. */
  cut = 0;
}
