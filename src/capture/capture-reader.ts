/**
 * What every capture reader offers. A reader does no input or output: it is handed octets and hands packet records on.
 */

export type CaptureFormat = "pcap" | "pcapng";

/**
 * The longest record or block that a reader asks to have contiguous in memory, headers included. Real packets end at
 * 256 KiB (the snap length of tcpdump and dumpcap); a length beyond this is not a length.
 */
export const MAX_RECORD_OCTETS = 16 * 1024 * 1024;

/** Where a capture file stops inside a record: it was cut, or is still being written. */
export interface Truncation {
  /** Offset in the file of the record that is incomplete. */
  atOctet: number;
  /** 1-based number of the packet that is incomplete, or of the one that would have come next. */
  packet: number;
  /** Octets the record should have, as far as the octets that are there show it. */
  expected: number;
  /** Octets of it that are there. */
  found: number;
  /** All of this in a sentence. */
  message: string;
}

export interface CaptureReader {
  readonly format: CaptureFormat;
  /** Packet records handed on so far. */
  readonly packets: number;
  /** Octets of the file consumed so far. */
  readonly position: number;
  /**
   * Octets that must follow each other in memory, from the position last returned by `read`, before there can be
   * progress: at least 1, at most MAX_RECORD_OCTETS, and more than `read` left unconsumed.
   */
  readonly needed: number;
  /** What a reader of the report should know about this file: short sentences, a bounded number of them. */
  readonly notes: readonly string[];
  /** A sentence on blocks of unknown types that were passed over; null if there were none. */
  readonly passedOver: string | null;

  /**
   * Hands every packet record that is whole within bytes[start, end) to the sink, and returns the position of the first
   * octet that was not consumed. The caller passes the unconsumed octets again, with those that follow them in the file.
   *
   * @throws CaptureError where a length cannot be right. The reader is of no use from then on.
   */
  read(bytes: Uint8Array, start: number, end: number): number;

  /** The file has ended and `unconsumed` octets are left: null when it ended between two records. */
  finish(unconsumed: number): Truncation | null;
}
