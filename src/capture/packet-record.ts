/**
 * One packet record of a capture, as the reader hands it on.
 *
 * A capture reader owns a single instance and overwrites it for every packet, so that a capture of millions of packets
 * makes no garbage. It and its octets are valid only during the call: copy what must be kept.
 */
export class PacketRecord {
  /** 1-based number of the packet in its file, as Wireshark shows it. */
  number = 0;
  /** Whole seconds since the epoch, UTC. */
  seconds = 0;
  /** Nanoseconds within the second, 0 to 999,999,999. */
  nanoseconds = 0;
  /** Digits behind the decimal point that the capture's clock really has: 6 for microseconds, 9 for nanoseconds. */
  timeDigits = 6;
  /** Link type of the interface (LINKTYPE_ETHERNET = 1, …), without the FCS bits. */
  linkType = 0;
  /** The captured octets are bytes[start, end). */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Octets the packet had on the wire; more than end − start where the snap length cut it. */
  originalLength = 0;
}

/** Receives the packet records of a capture in file order. */
export type PacketSink = (record: PacketRecord) => void;
