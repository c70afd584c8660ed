/**
 * The TCP packets that would have carried a relayed connection's octets, written as pcapng blocks.
 *
 * A relay sees no packets: two sockets give it octets. These packets look as in a capture at the client's connection: a
 * handshake, sequence and acknowledgment numbers that count every octet, FIN and RST, right checksums. Segment
 * boundaries show how the octets were read, not how they were sent. Headers are drawn in ip.ts and tcp-segment.ts.
 */
import { word } from "../capture/byte-order.ts";
import { PACKET_AT, type PcapngWriter } from "../capture/pcapng-writer.ts";
import { addressOctets, asIpv6 } from "./address-octets.ts";
import type { Side } from "./connection-observer.ts";
import { octetsFrom } from "./sequence-number.ts";
import { ACK, FIN, RST, SYN } from "./tcp-segment.ts";

/** Octets of stream in one packet at most: well below the 65,475 that IPv6 leaves beside the headers. */
export const MAX_SEGMENT = 32 * 1024;

/** One end of a connection. */
export interface SyntheticEnd {
  /** As text. Text that is no IP address becomes the unspecified address. */
  address: string;
  port: number;
}

const PSH = 0x08;
const PROTOCOL_TCP = 6;
const HOP_LIMIT = 64;
const TCP_HEADER = 20;
/** Maximum segment size, no-operation, window scale 7 (RFC 9293 §3.7.1, RFC 7323 §2.2). */
const SYN_OPTIONS = Uint8Array.of(2, 4, MAX_SEGMENT >> 8, MAX_SEGMENT & 0xff, 1, 3, 3, 7);
/** Scaled by 7: 8 MiB, far more than is ever unacknowledged. */
const WINDOW = 65535;
/** After this many octets of one side, the other side acknowledges them even if it sends none. */
const ACKNOWLEDGE_AFTER = 64 * 1024;
const COPIED_ONE_BY_ONE = 128;
/** RFC 1071 §2 (B): a sum of 16-bit words may be made in any byte order, if what is added and stored is in the same. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

export class SyntheticTcp {
  readonly #writer: PcapngWriter;
  /** IP and TCP header of either side's packets, with all that is the same in each. */
  readonly #headers: readonly [Uint8Array, Uint8Array];
  readonly #ipv6: boolean;
  /** Next sequence number of either side; signed, as only differences mean anything. */
  readonly #next: Int32Array;
  /** Sequence number of the first octet of either side's stream, and octets of it so far. */
  readonly #first: Int32Array;
  readonly #carried: [number, number] = [0, 0];
  /** Where the other side's stream stands, as either side last acknowledged it. */
  readonly #acknowledged = new Int32Array(2);
  readonly #ended: [boolean, boolean] = [false, false];
  /** A bare segment that repeats an acknowledgment would look like a sign of loss, unless its window differs. */
  readonly #window = [WINDOW, WINDOW];

  /** @param initial initial sequence numbers of client and server */
  constructor(writer: PcapngWriter, client: SyntheticEnd, server: SyntheticEnd, initial: readonly [number, number]) {
    const ends = [addressOctets(client.address), addressOctets(server.address)] as const;
    this.#ipv6 = ends.some(octets => octets?.length === 16);
    const [from, to] = ends.map(octets => {
      const known = octets ?? new Uint8Array(this.#ipv6 ? 16 : 4);
      return this.#ipv6 ? asIpv6(known) : known;
    }) as [Uint8Array, Uint8Array];
    this.#writer = writer;
    this.#headers = [headers(from, client.port, to, server.port), headers(to, server.port, from, client.port)];
    this.#next = Int32Array.of(initial[0], initial[1]);
    this.#first = Int32Array.of(initial[0] + 1, initial[1] + 1);
  }

  /** SYN, SYN and ACK, ACK. */
  open(seconds: number, nanoseconds: number): void {
    this.#segment(0, SYN, SYN_OPTIONS, 0, SYN_OPTIONS.length, seconds, nanoseconds, null);
    this.#segment(1, SYN | ACK, SYN_OPTIONS, 0, SYN_OPTIONS.length, seconds, nanoseconds, null);
    this.#bare(0, ACK, seconds, nanoseconds, null);
  }

  /** The next octets of one side, bytes[start, end), at most MAX_SEGMENT. Nothing more comes from a side that ended. */
  // oxlint-disable-next-line max-params -- hot path: once for every recorded chunk
  data(
    side: Side,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
    comment: string | null,
  ): void {
    if (this.#ended[side]) return;
    this.#segment(side, PSH | ACK, bytes, start, end, seconds, nanoseconds, comment);
    const other = (1 - side) as Side;
    if (octetsFrom(this.#acknowledged[other]!, this.#next[side]!) >= ACKNOWLEDGE_AFTER) {
      this.#bare(other, ACK, seconds, nanoseconds, null);
    }
  }

  /** One side will send no more. A FIN is acknowledged at once; the other side may go on. */
  end(side: Side, reason: "fin" | "rst", seconds: number, nanoseconds: number, comment: string | null): void {
    if (this.#ended[side]) return;
    this.#ended[side] = true;
    this.#bare(side, (reason === "fin" ? FIN : RST) | ACK, seconds, nanoseconds, comment);
    if (reason === "fin") this.#bare((1 - side) as Side, ACK, seconds, nanoseconds, null);
  }

  /** A segment without octets, for its comment. */
  comment(side: Side, comment: string, seconds: number, nanoseconds: number): void {
    this.#window[side] = this.#window[side] === WINDOW ? WINDOW - 1 : WINDOW;
    this.#bare(side, ACK, seconds, nanoseconds, comment);
  }

  /** The octets of a side's stream in a packet of this connection, the block at bytes[start]; null for none. */
  segmentOf(bytes: Uint8Array, start: number): { side: Side; offset: number; octets: number } | null {
    const at = start + PACKET_AT;
    const [header] = this.#headers;
    const tcp = at + header.length - TCP_HEADER;
    const octets = word(bytes, start + 20, true) - (tcp - at) - (bytes[tcp + 12]! >> 4) * 4;
    if (octets <= 0) return null;
    // Both addresses and ports.
    let from = this.#ipv6 ? 8 : 12;
    while (from < tcp + 4 - at && bytes[at + from] === header[from]) from++;
    const side: Side = from === tcp + 4 - at ? 0 : 1;
    const carried = this.#carried[side];
    const offset = word(bytes, tcp + 4, false) - this.#first[side]!;
    // Sequence numbers wrap around at 2^32; no packet is of the stream's future.
    return { side, offset: carried - ((carried - offset) >>> 0), octets };
  }

  #bare(side: Side, flags: number, seconds: number, nanoseconds: number, comment: string | null): void {
    this.#segment(side, flags, SYN_OPTIONS, 0, 0, seconds, nanoseconds, comment);
  }

  /** What follows the header is bytes[start, end): the stream's octets, or a SYN's options. */
  // oxlint-disable-next-line max-params -- hot path: once for every recorded packet
  #segment(
    side: Side,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    seconds: number,
    nanoseconds: number,
    comment: string | null,
  ): void {
    const header = this.#headers[side];
    const length = header.length + end - start;
    const writer = this.#writer;
    const at = writer.packet(length, seconds, nanoseconds, comment);
    const packet = writer.bytes;
    const other = 1 - side;
    const syn = (flags & SYN) !== 0;
    packet.set(header, at);
    // A view is a little garbage: avoided for short segments, which are many.
    if (end - start > COPIED_ONE_BY_ONE) packet.set(bytes.subarray(start, end), at + header.length);
    else for (let from = start, to = at + header.length; from < end; ) packet[to++] = bytes[from++]!;
    const tcp = at + header.length - TCP_HEADER;
    putLong(packet, tcp + 4, this.#next[side]!);
    if ((flags & ACK) !== 0) {
      putLong(packet, tcp + 8, this.#next[other]!);
      this.#acknowledged[side] = this.#next[other]!;
    }
    packet[tcp + 12] = (TCP_HEADER + (syn ? SYN_OPTIONS.length : 0)) << 2;
    packet[tcp + 13] = flags;
    putShort(packet, tcp + 14, this.#window[side]!);
    if (!syn) this.#carried[side] += end - start;
    this.#next[side]! += (syn ? 0 : end - start) + ((flags & (SYN | FIN)) === 0 ? 0 : 1);
    this.#seal(at, tcp, at + length);
  }

  /** Fills in the lengths and the checksums (RFC 1071) of the packet that ends at `end`. */
  #seal(at: number, tcp: number, end: number): void {
    const { bytes, words } = this.#writer;
    if (this.#ipv6) putShort(bytes, at + 4, end - tcp);
    else {
      putShort(bytes, at + 2, end - at);
      storeChecksum(bytes, at + 10, sumOf(words, at, tcp));
    }
    // The pseudo-header: addresses, which stand right before the TCP header, protocol and length.
    const addresses = tcp - (this.#ipv6 ? 32 : 8);
    storeChecksum(bytes, tcp + 16, sumOf(words, addresses, end) + native(PROTOCOL_TCP) + native(end - tcp));
  }
}

/** IP and TCP header without lengths, numbers, flags and checksums. */
function headers(source: Uint8Array, sourcePort: number, destination: Uint8Array, destinationPort: number): Uint8Array {
  const ports = [sourcePort >> 8, sourcePort & 0xff, destinationPort >> 8, destinationPort & 0xff];
  const dontFragment = 0x40;
  const ip =
    source.length === 16
      ? [0x60, 0, 0, 0, 0, 0, PROTOCOL_TCP, HOP_LIMIT]
      : [0x45, 0, 0, 0, 0, 0, dontFragment, 0, HOP_LIMIT, PROTOCOL_TCP, 0, 0];
  return Uint8Array.of(...ip, ...source, ...destination, ...ports, ...new Uint8Array(TCP_HEADER - 4));
}

/** The sum of 16-bit words from `start`, a multiple of 4, to `end`, with zeros behind it; at most 64 KiB. */
function sumOf(words: Uint32Array, start: number, end: number): number {
  // Upper and lower halves apart: neither sum of 16,384 halves passes 2^30.
  let lower = 0;
  let upper = 0;
  const last = (end + 3) >> 2;
  for (let i = start >> 2; i < last; i++) {
    const word = words[i]!;
    lower += word & 0xffff;
    upper += word >>> 16;
  }
  return lower + upper;
}

/** Folds a sum to 16 bits with the carries added, and stores its complement. */
function storeChecksum(bytes: Uint8Array, at: number, sum: number): void {
  let folded = (sum & 0xffff) + (sum >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  putShort(bytes, at, native(~folded & 0xffff));
}

/** A 16-bit number between network order and this machine's; the way there is the way back. */
function native(half: number): number {
  return LITTLE_ENDIAN ? ((half & 0xff) << 8) | (half >>> 8) : half;
}

function putShort(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value & 0xff;
}

function putLong(bytes: Uint8Array, at: number, value: number): void {
  putShort(bytes, at, value >>> 16);
  putShort(bytes, at + 2, value & 0xffff);
}
