/** Octets of AMQP 0-9-1 as a client writes them, right ones and wrong ones. Shares no constant with src/. */

export const METHOD = 1;
export const HEADER = 2;
export const BODY = 3;
export const HEARTBEAT = 8;

export interface Frame {
  type: number;
  channel: number;
  payload: Uint8Array;
  /** Where the header shall not tell the payload's size. */
  size?: number;
  /** Where the last octet shall not be 206; -1 leaves it out. */
  end?: number;
}

export function join(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function octet(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function short(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

export function long(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function longlong(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value));
  return bytes;
}

export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** At most 255 octets of it. */
export function shortstr(text: string | Uint8Array): Uint8Array {
  const bytes = (typeof text === "string" ? latin1(text) : text).subarray(0, 255);
  return join(octet(bytes.length), bytes);
}

export function longstr(text: string | Uint8Array): Uint8Array {
  const bytes = typeof text === "string" ? latin1(text) : text;
  return join(long(bytes.length), bytes);
}

export function method(channel: number, classId: number, methodId: number, ...parts: Uint8Array[]): Frame {
  return { type: METHOD, channel, payload: join(short(classId), short(methodId), ...parts) };
}

/** A content header; `properties` holds the flags and the values. */
export function contentHeader(
  channel: number,
  bodySize: bigint,
  properties: Uint8Array = short(0),
  { classId = 60, weight = 0 } = {},
): Frame {
  return { type: HEADER, channel, payload: join(short(classId), short(weight), longlong(bodySize), properties) };
}

export function body(channel: number, payload: Uint8Array): Frame {
  return { type: BODY, channel, payload };
}

export function heartbeat(channel = 0, payload: Uint8Array = new Uint8Array(0)): Frame {
  return { type: HEARTBEAT, channel, payload };
}

export function frameOctets({ type, channel, payload, size = payload.length, end = 0xce }: Frame): Uint8Array {
  const head = join(octet(type), short(channel), long(size));
  return end < 0 ? join(head, payload) : join(head, payload, octet(end));
}

export function isMethod(frame: Frame, classId: number, methodId: number): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = frame.payload;
  return frame.type === METHOD && a * 256 + b === classId && c * 256 + d === methodId;
}
