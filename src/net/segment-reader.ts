/** From a packet record down to its TCP segment: link layer, tags and tunnels, IP and its fragments, TCP. */
import { PacketRecord } from "../capture/packet-record.ts";
import { DEFAULT_FRAGMENT_LIMITS, type FragmentLimits, IpFragments } from "./ip-fragments.ts";
import { findIpHeader } from "./layers/ip-header-search.ts";
import { LayeredPacket, type LayerReader, MAX_LAYERS } from "./layers/layered-packet.ts";
import { layerReaders } from "./layers/layers.ts";
import { readPlain } from "./layers/plain-packet.ts";
import { LINK_TYPE, RAW_IP, TCP } from "./layers/protocol-numbers.ts";
import { readTcp } from "./layers/tcp.ts";
import { EMPTY, FRAGMENT, HEADER_CUT, HEADER_INCOMPLETE, MALFORMED, TOO_DEEP, UNREAD } from "./packet-outcome.ts";
import { TcpSegment } from "./tcp-segment.ts";
import { TunnelPaths } from "./tunnel-path.ts";
import { mayQuote } from "./unread-packets.ts";

export class SegmentReader {
  readonly segment = new TcpSegment();
  /** The record that holds the segment's octets: the one read, or one put together of fragments. */
  record = new PacketRecord();
  /** With the outcome UNREAD: which protocol it is. */
  unread = 0;
  readonly fragments: IpFragments;
  readonly paths = new TunnelPaths();

  readonly #packet = new LayeredPacket(this.segment);
  readonly #readers: ReadonlyMap<number, LayerReader>;
  #packets = 0;

  constructor(vxlanPorts: readonly number[] = [], fragmentLimits: FragmentLimits = DEFAULT_FRAGMENT_LIMITS) {
    this.#readers = layerReaders(vxlanPorts);
    this.fragments = new IpFragments(fragmentLimits);
  }

  /** Reads a packet into `segment`. Returns 0, or a negative packet outcome, which leaves `segment` undefined. */
  read(record: PacketRecord): number {
    this.#packets++;
    this.record = record;
    return readPlain(record, this.segment) ? 0 : this.readLayers(record);
  }

  /** The same, whatever the packet is made of. */
  readLayers(record: PacketRecord): number {
    const packet = this.#packet;
    packet.begin(record);
    let outcome = this.#layers(LINK_TYPE | record.linkType);
    if (outcome === TCP) {
      this.segment.path = packet.tunnelCount === 0 ? 0 : this.paths.of(packet);
      outcome = readTcp(packet);
    }
    if (record.start === record.end) return EMPTY;
    if (outcome === HEADER_INCOMPLETE) return packet.end < packet.wireEnd ? HEADER_CUT : MALFORMED;
    return outcome;
  }

  /** Goes down the layers until TCP. */
  #layers(first: number): number {
    const packet = this.#packet;
    let protocol = first;
    for (let depth = 0; depth < MAX_LAYERS; depth++) {
      if (protocol >= 0) {
        const read = this.#readers.get(protocol);
        protocol = read === undefined ? packet.notRead(protocol) : read(packet);
      }
      if (protocol === UNREAD) protocol = this.#searched();
      if (protocol === FRAGMENT) {
        protocol = this.fragments.take(packet, this.record, this.paths.of(packet), this.#packets);
        if (protocol >= 0) this.record = this.fragments.record;
      }
      if (protocol < 0) {
        this.unread = packet.unread;
        return protocol;
      }
      if (protocol === TCP) return TCP;
    }
    return TOO_DEEP;
  }

  /** A packet that no reader knows may still hold an IP header that proves itself. */
  #searched(): number {
    const packet = this.#packet;
    if (mayQuote(packet.unread, packet.bytes[packet.at]!)) return UNREAD;
    const ipAt = findIpHeader(packet, packet.start);
    if (ipAt < 0) return UNREAD;
    packet.at = ipAt;
    return RAW_IP;
  }
}
