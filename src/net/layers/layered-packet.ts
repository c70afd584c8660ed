/**
 * A packet on the way through its layers, from the link layer to TCP. A single instance is overwritten packet by packet:
 * a layer looks at bytes[at, end), moves `at` behind its header, and returns the number of the next protocol or a
 * negative packet outcome.
 */
import type { PacketRecord } from "../../capture/packet-record.ts";
import { HEADER_INCOMPLETE, UNREAD } from "../packet-outcome.ts";
import type { TcpSegment } from "../tcp-segment.ts";

/** Layers of a packet that are read. Nobody nests more than eight tunnels. */
export const MAX_LAYERS = 32;

/** Kinds of tunnel whose number distinguishes networks that may use the same addresses. */
export const TUNNEL = { vxlan: 1, geneve: 2, gre: 3, gtp: 4, provider: 5, l2tp: 6 } as const;

/** Reads a layer: returns the number of the protocol inside (protocol-numbers.ts), or a negative packet outcome. */
export type LayerReader = (packet: LayeredPacket) => number;

export class LayeredPacket {
  bytes: Uint8Array = new Uint8Array(0);
  /** Where its first layer begins. */
  start = 0;
  /** Offset of the layer being read. */
  at = 0;
  /** Offset where the captured octets of the layer end. */
  end = 0;
  /** Offset where the layer ended on the wire: beyond `end` where the snap length cut it. */
  wireEnd = 0;
  /** With UNREAD: which protocol it is. */
  unread = 0;
  /** IP addresses of the innermost IP header, and where its packet ends. */
  readonly segment: TcpSegment;
  /** Kind and number of each tunnel, the outermost first. */
  readonly tunnels = new Int32Array(2 * MAX_LAYERS);
  tunnelCount = 0;
  /** For a fragment: what identifies its packet, where its octets belong, and whether more follow. */
  readonly fragment = { identification: 0, protocol: 0, offset: 0, more: false };

  constructor(segment: TcpSegment) {
    this.segment = segment;
  }

  begin(record: PacketRecord): void {
    this.bytes = record.bytes;
    this.start = record.start;
    this.at = record.start;
    this.end = record.end;
    this.wireEnd = Math.max(record.end, record.start + record.originalLength);
    this.tunnelCount = 0;
  }

  /** Whether this many octets of the layer were captured. */
  has(octets: number): boolean {
    return this.at + octets <= this.end;
  }

  /** Whether the snap length cut the layer. */
  get isCut(): boolean {
    return this.end < this.wireEnd;
  }

  /** Steps over a header of this many octets to `next`. */
  pass(octets: number, next: number): number {
    if (this.at + octets > this.end) return HEADER_INCOMPLETE;
    this.at += octets;
    return next;
  }

  /** A protocol that is known and cannot be read: encrypted, compressed, in pieces. */
  notRead(protocol: number): number {
    this.unread = protocol;
    return UNREAD;
  }

  /** What is inside belongs to the network `id` of a kind of TUNNEL. */
  enterTunnel(kind: number, id: number): void {
    this.tunnels[2 * this.tunnelCount] = kind;
    this.tunnels[2 * this.tunnelCount + 1] = id;
    this.tunnelCount++;
  }
}
