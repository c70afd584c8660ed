/**
 * Writes pcap and pcapng octets for tests, right ones and wrong ones. Written from the formats' drafts, it shares no
 * constant with src/: a number mistaken there must not be mistaken here as well.
 */

export type ByteOrder = "big" | "little";

export interface PcapHeader {
  order?: ByteOrder;
  magic?: number;
  major?: number;
  snapLength?: number;
  /** All 32 bits of the field, FCS length and reserved bits included. */
  linkType?: number;
}

export interface PcapRecord {
  order?: ByteOrder;
  seconds?: number;
  /** In whatever the magic number says. */
  fraction?: number;
  data?: Uint8Array;
  capturedLength?: number;
  originalLength?: number;
  /** What the modified format has behind the four usual fields. */
  extra?: Uint8Array;
}

export interface Packet {
  order?: ByteOrder;
  interface?: number;
  drops?: number;
  ticks?: bigint;
  data?: Uint8Array;
  capturedLength?: number;
  originalLength?: number;
  options?: Uint8Array;
}

/** Octets from hex: hex("de ad"). */
export function hex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16),
  );
}

export function octets(length: number, fill = 0xaa): Uint8Array {
  return new Uint8Array(length).fill(fill);
}

export function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Fields of 2, 4 and 8 octets, one behind the other: fields("big", [4, 0xa1b2c3d4], [2, 2]). */
export function fields(order: ByteOrder, ...values: [size: 2 | 4 | 8, value: number | bigint][]): Uint8Array {
  const bytes = new Uint8Array(values.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  const little = order === "little";
  let at = 0;
  for (const [size, value] of values) {
    if (size === 2) view.setUint16(at, Number(value), little);
    else if (size === 4) view.setUint32(at, Number(value), little);
    else view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), little);
    at += size;
  }
  return bytes;
}

export function pcapHeader(header: PcapHeader = {}): Uint8Array {
  const { order = "little", magic = 0xa1b2c3d4, major = 2, snapLength = 65535, linkType = 1 } = header;
  return fields(order, [4, magic], [2, major], [2, 4], [4, 0], [4, 0], [4, snapLength], [4, linkType]);
}

export function pcapRecord(record: PcapRecord = {}): Uint8Array {
  const { order = "little", seconds = 0, fraction = 0, data = octets(4), extra = octets(0) } = record;
  const { capturedLength = data.length, originalLength = capturedLength } = record;
  return join(fields(order, [4, seconds], [4, fraction], [4, capturedLength], [4, originalLength]), extra, data);
}

/** Any pcapng block. The body is padded; `length` and `closing` are right unless given. */
export function block(
  order: ByteOrder,
  type: number,
  body: Uint8Array,
  wrong: { length?: number; closing?: number } = {},
): Uint8Array {
  const padded = join(body, new Uint8Array((4 - (body.length % 4)) % 4));
  const { length = padded.length + 12, closing = length } = wrong;
  return join(fields(order, [4, type], [4, length]), padded, fields(order, [4, closing]));
}

export function option(order: ByteOrder, code: number, value: Uint8Array): Uint8Array {
  const padding = new Uint8Array((4 - (value.length % 4)) % 4);
  return join(fields(order, [2, code], [2, value.length]), value, padding);
}

export function endOfOptions(order: ByteOrder): Uint8Array {
  return option(order, 0, octets(0));
}

export function sectionHeader(
  order: ByteOrder = "little",
  header: { magic?: number; major?: number; sectionLength?: bigint; options?: Uint8Array } = {},
): Uint8Array {
  const { magic = 0x1a2b3c4d, major = 1, sectionLength = -1n, options = octets(0) } = header;
  return block(order, 0x0a0d0d0a, join(fields(order, [4, magic], [2, major], [2, 0], [8, sectionLength]), options));
}

export function interfaceDescription(
  order: ByteOrder = "little",
  description: {
    linkType?: number;
    snapLength?: number;
    tsresol?: number;
    tsoffset?: bigint;
    options?: Uint8Array;
  } = {},
): Uint8Array {
  const { linkType = 1, snapLength = 0, tsresol, tsoffset, options } = description;
  const all: Uint8Array[] = [];
  if (options !== undefined) all.push(options);
  if (tsresol !== undefined) all.push(option(order, 9, Uint8Array.of(tsresol)));
  if (tsoffset !== undefined) all.push(option(order, 14, fields(order, [8, tsoffset])));
  if (all.length > 0) all.push(endOfOptions(order));
  return block(order, 1, join(fields(order, [2, linkType], [2, 0], [4, snapLength]), ...all));
}

export function enhancedPacket(packet: Packet = {}): Uint8Array {
  const { order = "little", interface: id = 0, options = octets(0) } = packet;
  return block(order, 6, join(fields(order, [4, id]), packetFields(order, packet), options));
}

/** The packet block of before 2009. */
export function obsoletePacket(packet: Packet = {}): Uint8Array {
  const { order = "little", interface: id = 0, drops = 0, options = octets(0) } = packet;
  return block(order, 2, join(fields(order, [2, id], [2, drops]), packetFields(order, packet), options));
}

export function simplePacket(packet: Pick<Packet, "order" | "data" | "originalLength"> = {}): Uint8Array {
  const { order = "little", data = octets(4), originalLength = data.length } = packet;
  return block(order, 3, join(fields(order, [4, originalLength]), data));
}

export function interfaceStatistics(order: ByteOrder, id: number, options: Uint8Array): Uint8Array {
  return block(order, 5, join(fields(order, [4, id], [8, 0n]), options, endOfOptions(order)));
}

function packetFields(order: ByteOrder, packet: Packet): Uint8Array {
  const { ticks = 0n, data = octets(4) } = packet;
  const { capturedLength = data.length, originalLength = capturedLength } = packet;
  const time = fields(order, [4, ticks >> 32n], [4, ticks & 0xffffffffn]);
  const padding = new Uint8Array((4 - (data.length % 4)) % 4);
  return join(time, fields(order, [4, capturedLength], [4, originalLength]), data, padding);
}
