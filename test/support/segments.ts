/**
 * Builds packets from the inside out: `carrying("AMQP").tcp({ … }).ipv4().ethernet().record()`. It is an independent
 * oracle, so it takes no number and no layout from src/; the packet record it fills is all they share.
 */
import { PacketRecord } from "../../src/capture/packet-record.ts";

export interface TcpFields {
  from?: number;
  to?: number;
  sequence?: number;
  acknowledgment?: number;
  /** Letters: S SYN, A ACK, F FIN, R RST, P PSH, U URG. */
  flags?: string;
  options?: Uint8Array;
  /** In words, when the header shall lie. */
  dataOffset?: number;
}

export interface Ipv4Fields {
  source?: string;
  destination?: string;
  protocol?: number;
  options?: Uint8Array;
  /** In words, when the header shall lie. */
  headerLength?: number;
  totalLength?: number;
  moreFragments?: boolean;
  dontFragment?: boolean;
  fragmentOffset?: number;
}

export interface Ipv6Fields {
  /** Eight groups, none left out: "2001:db8:0:0:0:0:0:1". */
  source?: string;
  destination?: string;
  next?: number;
  payloadLength?: number;
}

const FLAG_BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16, U: 32 };

/** What lies before and behind a packet in the bytes of its record, so that a read beyond its bounds shows. */
const BEFORE = 5;
const BEHIND = 9;
const SURROUNDINGS = 0x45;

/** Begins with the innermost octets. */
export function carrying(payload: string | Uint8Array = ""): PacketBuilder {
  return new PacketBuilder(typeof payload === "string" ? new TextEncoder().encode(payload) : payload);
}

export class PacketBuilder {
  bytes: Uint8Array;
  /** Captured octets; fewer than there are after cutTo(). */
  #captured = Number.POSITIVE_INFINITY;
  #etherType = 0;
  /** The protocol number that says what begins at the front. */
  #next = 59;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  tcp(fields: TcpFields = {}): this {
    const { from = 40000, to = 5672, sequence = 0, acknowledgment = 0, flags = "A" } = fields;
    const options = fields.options ?? new Uint8Array(0);
    let bits = 0;
    for (const letter of flags) bits |= FLAG_BITS[letter] ?? 0;
    const words = fields.dataOffset ?? 5 + options.length / 4;
    this.#next = 6;
    return this.#wrap(
      ...u16(from),
      ...u16(to),
      ...u32(sequence),
      ...u32(acknowledgment),
      words << 4,
      bits,
      ...u16(65535),
      ...u16(0),
      ...u16(0),
      ...options,
    );
  }

  udp(): this {
    const length = 8 + this.bytes.length;
    this.#next = 17;
    return this.#wrap(...u16(40000), ...u16(5353), ...u16(length), ...u16(0));
  }

  ipv4(fields: Ipv4Fields = {}): this {
    const { source = "10.0.0.1", destination = "10.0.0.2", protocol = this.#next } = fields;
    const options = fields.options ?? new Uint8Array(0);
    const words = fields.headerLength ?? 5 + options.length / 4;
    const total = fields.totalLength ?? 20 + options.length + this.bytes.length;
    let fragment = fields.fragmentOffset ?? 0;
    if (fields.moreFragments) fragment |= 0x2000;
    if (fields.dontFragment) fragment |= 0x4000;
    this.#etherType = 0x0800;
    return this.#wrap(
      0x40 | words,
      0,
      ...u16(total),
      ...u16(1),
      ...u16(fragment),
      64,
      protocol,
      ...u16(0),
      ...source.split(".").map(Number),
      ...destination.split(".").map(Number),
      ...options,
    );
  }

  ipv6(fields: Ipv6Fields = {}): this {
    const { source = "2001:db8:0:0:0:0:0:1", destination = "2001:db8:0:0:0:0:0:2", next = this.#next } = fields;
    const length = fields.payloadLength ?? this.bytes.length;
    const groups = (address: string) => address.split(":").flatMap(group => u16(Number.parseInt(group, 16)));
    this.#etherType = 0x86dd;
    return this.#wrap(0x60, 0, 0, 0, ...u16(length), next, 64, ...groups(source), ...groups(destination));
  }

  /** An IPv6 extension header of the common format: hop-by-hop 0, routing 43, destination options 60. */
  extension(type: number, units = 0): this {
    const next = this.#next;
    this.#next = type;
    return this.#wrap(next, units, ...new Uint8Array(6 + 8 * units));
  }

  /** An authentication header with `icv` octets of check value, a multiple of four. */
  authentication(icv = 12): this {
    const next = this.#next;
    this.#next = 51;
    return this.#wrap(next, (12 + icv) / 4 - 2, ...new Uint8Array(10 + icv));
  }

  fragmentHeader(offset: number, more: boolean): this {
    const next = this.#next;
    this.#next = 44;
    return this.#wrap(next, 0, ...u16((offset << 3) | (more ? 1 : 0)), ...u32(77));
  }

  ethernet(etherType = this.#etherType): this {
    return this.#wrap(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...u16(etherType));
  }

  vlan(tag = 0x8100, id = 100): this {
    const inner = this.#etherType;
    this.#etherType = tag;
    return this.#wrap(...u16(id), ...u16(inner));
  }

  pppoe(protocol = this.#etherType === 0x0800 ? 0x0021 : 0x0057): this {
    this.#etherType = 0x8864;
    return this.#wrap(0x11, 0, ...u16(7), ...u16(this.bytes.length + 2), ...u16(protocol));
  }

  cooked(): this {
    return this.#wrap(0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, ...u16(this.#etherType));
  }

  cooked2(): this {
    return this.#wrap(...u16(this.#etherType), 0, 0, ...u32(3), ...u16(1), 4, 6, 2, 0, 0, 0, 0, 1, 0, 0);
  }

  family(number: number, order: "little" | "big"): this {
    const octets = u32(number);
    return this.#wrap(...(order === "big" ? octets : octets.reverse()));
  }

  /** Octets behind the packet, as Ethernet pads short frames. */
  trailer(count: number): this {
    const padded = new Uint8Array(this.bytes.length + count).fill(0xaa);
    padded.set(this.bytes);
    this.bytes = padded;
    return this;
  }

  /** Only so many octets were captured. */
  cutTo(captured: number): this {
    this.#captured = captured;
    return this;
  }

  record(linkType = 1, number = 1): PacketRecord {
    const captured = Math.min(this.#captured, this.bytes.length);
    const record = new PacketRecord();
    record.number = number;
    record.seconds = 1_700_000_000 + number;
    record.nanoseconds = number * 1000;
    record.linkType = linkType;
    record.bytes = new Uint8Array(BEFORE + captured + BEHIND).fill(SURROUNDINGS);
    record.bytes.set(this.bytes.subarray(0, captured), BEFORE);
    record.start = BEFORE;
    record.end = BEFORE + captured;
    record.originalLength = this.bytes.length;
    return record;
  }

  #wrap(...header: number[]): this {
    const wrapped = new Uint8Array(header.length + this.bytes.length);
    wrapped.set(header);
    wrapped.set(this.bytes, header.length);
    this.bytes = wrapped;
    return this;
  }
}

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
