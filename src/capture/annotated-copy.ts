import type { PacketComment } from "./packet-comment.ts";

/** Takes the octets of the copy, bytes[start, end), valid during the call only. */
export type OctetSink = (bytes: Uint8Array, start: number, end: number) => void;

/** What one copy writes, and its results. */
export class AnnotatedCopy {
  readonly write: OctetSink;
  /** Called before the first octets that a copy without comments would not have, and perhaps later. */
  readonly differ: () => void;
  /** By number of the packet. */
  readonly comments: ReadonlyMap<number, readonly PacketComment[]>;
  /** Packets that got a comment, or have it already. */
  commented = 0;
  /** Packets whose comments could not be written: their block has options that contradict themselves. */
  unsound = 0;
  /** Simple packet blocks, which have no room for a comment and became enhanced ones. */
  enhanced = 0;
  /** Octets at the end of what was written that belong to a block which the file cuts off. */
  surplus = 0;
  /** Number of the last packet. */
  lastNumber = 0;

  constructor(
    write: OctetSink,
    comments: ReadonlyMap<number, readonly PacketComment[]>,
    differ: () => void = () => {},
  ) {
    this.write = write;
    this.comments = comments;
    this.differ = differ;
  }
}
