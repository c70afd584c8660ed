/**
 * Reassembles fragmented IP packets (RFC 791 §3.2, RFC 8200 §4.5, RFC 815), within bounds: a packet that is not
 * complete in time is counted as not read.
 *
 * The same fragment may come twice: sent again, or captured on two interfaces. The first copy stays. A complete packet
 * is remembered for a short time, so that a second copy of one of its fragments does not wait for the others for ever;
 * not longer, because its identification will be used again.
 */

import { short } from "../bytes/big-endian.ts";
import { PacketRecord } from "../capture/packet-record.ts";
import type { LayeredPacket } from "./layers/layered-packet.ts";
import { UDP } from "./layers/protocol-numbers.ts";
import { UDP_TUNNELS } from "./layers/udp-tunnels.ts";
import { FRAGMENT } from "./packet-outcome.ts";
import { isHarmless } from "./unread-packets.ts";

export interface FragmentLimits {
  /** IP packets whose fragments are kept at a time. */
  maxFragmentedPackets: number;
  /** Octets kept of all of them. */
  maxFragmentOctets: number;
  /** After this many packets of the capture, an incomplete IP packet is given up. */
  fragmentAge: number;
}

export const DEFAULT_FRAGMENT_LIMITS: FragmentLimits = {
  maxFragmentedPackets: 256,
  maxFragmentOctets: 4 * 1024 * 1024,
  fragmentAge: 16_384,
};

/** Packets of the capture within which a fragment's copy comes, seen on another interface. */
const COPY_AGE = 64;

/** The longest payload that an IP packet's length field can give. */
const MAX_PAYLOAD = 65_535;

interface Piece {
  readonly offset: number;
  readonly octets: Uint8Array;
}

/** One IP packet in pieces. */
interface Fragmented {
  readonly version: number;
  readonly addresses: readonly number[];
  readonly identification: number;
  readonly protocol: number;
  readonly tunnel: number;
  /** Sorted by offset, never overlapping. Those of a complete packet stay, to recognise copies. */
  pieces: Piece[];
  /** Length of the whole, known from its last fragment; −1 before. */
  length: number;
  octets: number;
  /** Fragments that came, copies not counted. */
  fragments: number;
  whole: boolean;
  /** Number of the capture's packets when its first fragment came, or the one that made it whole. */
  since: number;
}

export class IpFragments {
  /** The IP packet completed last: the octets behind its IP header, with number and time of its completing fragment. */
  readonly record = new PacketRecord();
  /** Called with the number of fragments of a packet that did not become whole, and the kind they count as. */
  onLost: (fragments: number, kind: number) => void = () => {};

  readonly #limits: FragmentLimits;
  #packets: Fragmented[] = [];
  #octets = 0;

  constructor(limits: FragmentLimits) {
    this.#limits = limits;
  }

  /**
   * Takes the fragment that `packet` holds, which `record` brought. `now` counts the packets of the capture. Returns the
   * protocol of the packet that is whole with it, which `packet` then holds, or FRAGMENT.
   */
  take(packet: LayeredPacket, record: PacketRecord, tunnel: number, now: number): number {
    this.#forgetOld(now);
    const { fragment } = packet;
    const length = packet.wireEnd - packet.at;
    const overlong = fragment.offset + length > MAX_PAYLOAD || (fragment.more && (length & 7) !== 0);
    if (length <= 0 || overlong || packet.end < packet.wireEnd) {
      this.onLost(1, lostKind(fragment.protocol, fragment.offset === 0 ? packet.bytes.subarray(packet.at) : null));
      return FRAGMENT;
    }
    const whole = this.#add(this.#find(packet, tunnel, now) ?? this.#begin(packet, tunnel, now), packet, now);
    this.#enforceLimits();
    if (whole === null) return FRAGMENT;
    this.#assemble(whole, packet, record);
    return whole.protocol;
  }

  /** The timeline is over: incomplete packets stay incomplete. */
  finish(): void {
    for (const each of this.#packets) this.#emitLost(each);
    this.#packets = [];
    this.#octets = 0;
  }

  #find(packet: LayeredPacket, tunnel: number, now: number): Fragmented | undefined {
    const { segment, fragment } = packet;
    return this.#packets.findLast(
      each =>
        (!each.whole || now - each.since <= COPY_AGE) &&
        each.identification === fragment.identification &&
        each.protocol === fragment.protocol &&
        each.version === segment.version &&
        each.tunnel === tunnel &&
        addressesOf(packet).every((word, i) => word === each.addresses[i]),
    );
  }

  #begin(packet: LayeredPacket, tunnel: number, now: number): Fragmented {
    const { identification, protocol } = packet.fragment;
    const { version } = packet.segment;
    const begun: Fragmented = {
      version,
      addresses: addressesOf(packet),
      identification,
      protocol,
      tunnel,
      pieces: [],
      length: -1,
      octets: 0,
      fragments: 0,
      whole: false,
      since: now,
    };
    this.#packets.push(begun);
    return begun;
  }

  /** Adds the present fragment. Returns the packet that it completes. */
  #add(to: Fragmented, packet: LayeredPacket, now: number): Fragmented | null {
    const { bytes, at, wireEnd, fragment } = packet;
    const octets = bytes.subarray(at, wireEnd);
    if (to.whole) {
      if (isCopy(to.pieces, fragment.offset, octets)) return null;
      // The identification is used again, for another packet.
      this.#forget(to);
      return this.#add(this.#begin(packet, to.tunnel, now), packet, now);
    }
    const added = insert(to.pieces, fragment.offset, octets);
    if (!fragment.more) to.length = fragment.offset + octets.length;
    if (added > 0) to.fragments++;
    to.octets += added;
    this.#octets += added;
    if (to.length < 0 || to.octets < to.length) return null;
    to.whole = true;
    to.since = now;
    return to;
  }

  #assemble(whole: Fragmented, packet: LayeredPacket, from: PacketRecord): void {
    const bytes = new Uint8Array(whole.length);
    for (const { offset, octets } of whole.pieces) {
      if (offset < whole.length) bytes.set(octets.subarray(0, whole.length - offset), offset);
    }
    const { record } = this;
    record.number = from.number;
    record.seconds = from.seconds;
    record.nanoseconds = from.nanoseconds;
    record.timeDigits = from.timeDigits;
    record.linkType = from.linkType;
    record.bytes = bytes;
    record.start = 0;
    record.end = bytes.length;
    record.originalLength = bytes.length;
    packet.bytes = bytes;
    packet.at = 0;
    packet.end = bytes.length;
    packet.wireEnd = bytes.length;
  }

  #enforceLimits(): void {
    const { maxFragmentedPackets, maxFragmentOctets } = this.#limits;
    while (this.#packets.length > maxFragmentedPackets || this.#octets > maxFragmentOctets) {
      const oldest = this.#packets[0];
      if (oldest === undefined) return;
      this.#emitLost(oldest);
      this.#forget(oldest);
    }
  }

  #forgetOld(now: number): void {
    for (let oldest = this.#packets[0]; oldest !== undefined; oldest = this.#packets[0]) {
      if (now - oldest.since <= (oldest.whole ? COPY_AGE : this.#limits.fragmentAge)) return;
      this.#emitLost(oldest);
      this.#forget(oldest);
    }
  }

  #forget(gone: Fragmented): void {
    this.#packets.splice(this.#packets.indexOf(gone), 1);
    this.#octets -= gone.octets;
  }

  #emitLost({ whole, fragments, protocol, pieces }: Fragmented): void {
    const first = pieces[0]?.offset === 0 ? pieces[0].octets : null;
    if (!whole) this.onLost(fragments, lostKind(protocol, first));
  }
}

/** Known to hold no AMQP counts as such: UDP whose first fragment shows that it is no tunnel. */
function lostKind(protocol: number, first: Uint8Array | null): number {
  if (protocol !== UDP) return isHarmless(protocol) ? protocol : FRAGMENT;
  if (first === null || first.length < 8) return FRAGMENT;
  const ports = [short(first, 0), short(first, 2)];
  return UDP_TUNNELS.some(([port]) => ports.includes(port)) ? FRAGMENT : UDP;
}

function addressesOf({ segment }: LayeredPacket): number[] {
  const { version, source0, source1, source2, source3 } = segment;
  const { destination0, destination1, destination2, destination3 } = segment;
  if (version === 4) return [source0, destination0];
  return [source0, source1, source2, source3, destination0, destination1, destination2, destination3];
}

/** Puts in what is new of the octets. Returns how many those are. */
function insert(pieces: Piece[], offset: number, octets: Uint8Array): number {
  let added = 0;
  let at = offset;
  const end = offset + octets.length;
  for (let i = 0; at < end; i++) {
    const next = pieces[i];
    const room = next === undefined ? end : Math.min(end, next.offset);
    if (room > at) {
      pieces.splice(i++, 0, { offset: at, octets: octets.slice(at - offset, room - offset) });
      added += room - at;
    }
    if (next === undefined) break;
    at = Math.max(at, room, next.offset + next.octets.length);
  }
  return added;
}

/** Whether all of these octets stand in the packet already, in that place. */
function isCopy(pieces: readonly Piece[], offset: number, octets: Uint8Array): boolean {
  let same = 0;
  for (const piece of pieces) {
    const from = Math.max(offset, piece.offset);
    const to = Math.min(offset + octets.length, piece.offset + piece.octets.length);
    for (let at = from; at < to; at++) if (piece.octets[at - piece.offset] === octets[at - offset]) same++;
  }
  return same === octets.length;
}
