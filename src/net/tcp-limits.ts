/** What the TCP assembler may keep, and what it counts. */
import { DEFAULT_FRAGMENT_LIMITS, type FragmentLimits } from "./ip-fragments.ts";

/** The largest window there is (RFC 7323 §2.3): what lies further ahead cannot belong to the known stream. */
export const MAX_AHEAD = 2 ** 30;
/** Retransmissions reach back one window at most. Windows larger than this are not met in practice. */
export const MAX_BEHIND = 2 ** 24;

export interface TcpLimits extends FragmentLimits {
  /** Octets held back per stream while octets in front of them are missing. */
  maxBufferedOctets: number;
  /** Segments held back per stream. */
  maxBufferedSegments: number;
  /** Octets held back over all streams, with what it costs to keep each segment. */
  maxBufferedTotal: number;
  /** Packets of a connection after which an acknowledged hole is taken to be missing from the capture. */
  reorderPackets: number;
  /** Connections with an observer; beyond this, the one unused for longest ends as if the capture ended there. */
  maxConnections: number;
  /** Connections without an observer or octets, or over; beyond this, the one unused for longest is forgotten. */
  maxSpareConnections: number;
}

/** A connection takes about 1 KiB besides what it holds back. */
export const DEFAULT_TCP_LIMITS: TcpLimits = {
  ...DEFAULT_FRAGMENT_LIMITS,
  maxBufferedOctets: 1024 * 1024,
  maxBufferedSegments: 1024,
  maxBufferedTotal: 32 * 1024 * 1024,
  reorderPackets: 64,
  maxConnections: 32_768,
  maxSpareConnections: 4096,
};

/** What was seen besides stream octets, and what was decided. Each counts packets if its comment names nothing else. */
export class TcpCounters {
  /** TCP segments read. */
  segments = 0;
  /** Packets that were not read, by protocol number or packet outcome: see unread-packets.ts. */
  readonly unread = new Map<number, number>();
  /** Segments without a new octet: sent again, or captured again in another place. */
  retransmissions = 0;
  /** Segments that had to wait for octets in front of them. */
  outOfOrder = 0;
  /** Resets outside any window, ignored. */
  strayResets = 0;
  /** Segments with octets where their stream cannot be, ignored. */
  straySegments = 0;
  /** Streams taken up again at an unrelated sequence number. */
  resynchronisations = 0;
  /** Holes given up because a limit on held octets was reached, not because the octets cannot come any more. */
  holesAtLimit = 0;
  /** Connections with an observer that were given up because of maxConnections. */
  evictedConnections = 0;

  /** `kind`: a protocol number, or a packet outcome. */
  countUnread(kind: number, packets: number): void {
    this.unread.set(kind, (this.unread.get(kind) ?? 0) + packets);
  }
}
