/**
 * Builds octets of AMQP 0-9-1, well-formed or broken, one frame behind the other:
 * `wire().protocolHeader().startOk().tuneOk().open().channelOpen(1).publish(1, "hello").octets`. It is an independent
 * oracle, so it takes no number and no layout from src/.
 */

export type Octets = ArrayLike<number>;

const UTF8 = new TextEncoder();

export function join(...pieces: readonly Octets[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Octets in hexadecimal, as documents print them. What follows `--` on a line is for the reader. */
export function hex(text: string): Uint8Array {
  const digits = text.replace(/--.*/g, "").replace(/\s+/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new Error(`not hexadecimal: ${text}`);
  return Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
}

export function text(characters: string): Uint8Array {
  return UTF8.encode(characters);
}

// The types of §4.2.5.

export function octet(value: number): number[] {
  return [value & 255];
}
export function short(value: number): number[] {
  return [(value >> 8) & 255, value & 255];
}
export function long(value: number): number[] {
  return [(value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
export function longlong(value: bigint | number): number[] {
  const bits = BigInt.asUintN(64, BigInt(value));
  return [...long(Number(bits >> 32n)), ...long(Number(bits & 0xffffffffn))];
}
export function shortstr(value: string | Octets): Uint8Array {
  const octets = typeof value === "string" ? text(value) : value;
  if (octets.length > 255) throw new Error("too long for a short string");
  return join(octet(octets.length), octets);
}
export function longstr(value: string | Octets): Uint8Array {
  const octets = typeof value === "string" ? text(value) : value;
  return join(long(octets.length), octets);
}
/** Bits that stand side by side, eight to an octet, the first of them lowest. */
export function bits(...flags: boolean[]): number[] {
  const octets = Array.from({ length: Math.ceil(flags.length / 8) }, () => 0);
  flags.forEach((flag, i) => {
    if (flag) octets[i >> 3]! |= 1 << (i & 7);
  });
  return octets;
}

/** A field of a table: its type's letter and its value's octets. */
export type Field = Uint8Array;
type Entries = Readonly<Record<string, Field>> | readonly (readonly [name: string, field: Field])[];

function typed(letter: string, ...octets: readonly Octets[]): Field {
  return join(text(letter), ...octets);
}

function floating(size: 4 | 8, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  return new Uint8Array(view.buffer);
}

/** Fields by the letters that RabbitMQ and its clients use. */
export const field = {
  S: (value: string | Octets): Field => typed("S", longstr(value)),
  x: (value: Octets): Field => typed("x", longstr(value)),
  t: (value: boolean): Field => typed("t", [value ? 1 : 0]),
  b: (value: number): Field => typed("b", octet(value)),
  B: (value: number): Field => typed("B", octet(value)),
  s: (value: number): Field => typed("s", short(value)),
  U: (value: number): Field => typed("U", short(value)),
  u: (value: number): Field => typed("u", short(value)),
  I: (value: number): Field => typed("I", long(value)),
  i: (value: number): Field => typed("i", long(value)),
  l: (value: bigint): Field => typed("l", longlong(value)),
  L: (value: bigint): Field => typed("L", longlong(value)),
  f: (value: number): Field => typed("f", floating(4, value)),
  d: (value: number): Field => typed("d", floating(8, value)),
  D: (scale: number, value: number): Field => typed("D", octet(scale), long(value)),
  T: (seconds: bigint): Field => typed("T", longlong(seconds)),
  V: (): Field => typed("V"),
  F: (entries: Entries): Field => typed("F", table(entries)),
  A: (fields: readonly Field[]): Field => typed("A", longstr(join(...fields))),
};

export function table(entries: Entries = {}): Uint8Array {
  const pairs = Array.isArray(entries) ? entries : Object.entries(entries);
  return longstr(join(...pairs.flatMap(([name, value]) => [shortstr(name), value])));
}

// Frames (§4.2.3).

/** A frame; `size` and `end` where they shall lie. */
export function frame(type: number, channel: number, payload: Octets, lies: { size?: number; end?: number } = {}) {
  const { size = payload.length, end = 0xce } = lies;
  return join([type], short(channel), long(size), payload, [end]);
}

/** The payload of a method frame (§4.2.4). */
export function methodPayload(classId: number, methodId: number, ...values: readonly Octets[]): Uint8Array {
  return join(short(classId), short(methodId), ...values);
}

export interface Properties {
  contentType?: string;
  contentEncoding?: string;
  headers?: Entries;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  expiration?: string;
  messageId?: string;
  timestamp?: bigint;
  type?: string;
  userId?: string;
  appId?: string;
  clusterId?: string;
}

interface HeaderLies {
  classId?: number;
  weight?: number;
  flags?: number;
}

/** The payload of a content header (§4.2.6.1). */
export function headerPayload(bodySize: bigint | number, properties: Properties = {}, lies: HeaderLies = {}) {
  const p = properties;
  const list: (Octets | undefined)[] = [
    p.contentType === undefined ? undefined : shortstr(p.contentType),
    p.contentEncoding === undefined ? undefined : shortstr(p.contentEncoding),
    p.headers === undefined ? undefined : table(p.headers),
    p.deliveryMode === undefined ? undefined : octet(p.deliveryMode),
    p.priority === undefined ? undefined : octet(p.priority),
    p.correlationId === undefined ? undefined : shortstr(p.correlationId),
    p.replyTo === undefined ? undefined : shortstr(p.replyTo),
    p.expiration === undefined ? undefined : shortstr(p.expiration),
    p.messageId === undefined ? undefined : shortstr(p.messageId),
    p.timestamp === undefined ? undefined : longlong(p.timestamp),
    p.type === undefined ? undefined : shortstr(p.type),
    p.userId === undefined ? undefined : shortstr(p.userId),
    p.appId === undefined ? undefined : shortstr(p.appId),
    p.clusterId === undefined ? undefined : shortstr(p.clusterId),
  ];
  const set = list.reduce<number>((flags, value, i) => (value === undefined ? flags : flags | (1 << (15 - i))), 0);
  const { classId = 60, weight = 0, flags = set } = lies;
  const values = list.filter(value => value !== undefined);
  return join(short(classId), short(weight), longlong(bodySize), short(flags), ...values);
}

export interface Message {
  exchange?: string;
  routingKey?: string;
  properties?: Properties;
  /** Octets of body that go into one frame. */
  pieces?: number;
}

export function wire(): Wire {
  return new Wire();
}

export class Wire {
  length = 0;
  readonly #pieces: Uint8Array[] = [];

  get octets(): Uint8Array {
    return join(...this.#pieces);
  }

  /** Octets as they are: hexadecimal, or another wire's. */
  raw(octets: string | Octets): this {
    const piece = typeof octets === "string" ? hex(octets) : Uint8Array.from(octets);
    this.#pieces.push(piece);
    this.length += piece.length;
    return this;
  }

  protocolHeader(...version: number[]): this {
    return this.raw(text("AMQP")).raw(version.length === 0 ? [0, 0, 9, 1] : version);
  }
  frame(type: number, channel: number, payload: Octets, lies: { size?: number; end?: number } = {}): this {
    return this.raw(frame(type, channel, payload, lies));
  }
  method(channel: number, classId: number, methodId: number, ...values: readonly Octets[]): this {
    return this.frame(1, channel, methodPayload(classId, methodId, ...values));
  }
  header(channel: number, bodySize: bigint | number, properties?: Properties, lies?: HeaderLies): this {
    return this.frame(2, channel, headerPayload(bodySize, properties, lies));
  }
  body(channel: number, content: string | Octets): this {
    return this.frame(3, channel, typeof content === "string" ? text(content) : content);
  }
  heartbeat(times = 1): this {
    for (let i = 0; i < times; i++) this.raw("08 0000 00000000 ce");
    return this;
  }

  // Class connection.

  start(properties: Entries = {}, mechanisms = "PLAIN AMQPLAIN"): this {
    return this.method(0, 10, 10, [0, 9], table(properties), longstr(mechanisms), longstr("en_US"));
  }
  startOk(properties: Entries = {}, mechanism = "PLAIN", response: string | Octets = "\0guest\0guest"): this {
    return this.method(0, 10, 11, table(properties), shortstr(mechanism), longstr(response), shortstr("en_US"));
  }
  secure(challenge: string): this {
    return this.method(0, 10, 20, longstr(challenge));
  }
  secureOk(response: string): this {
    return this.method(0, 10, 21, longstr(response));
  }
  tune(channelMax = 2047, frameMax = 131072, heartbeat = 60): this {
    return this.method(0, 10, 30, short(channelMax), long(frameMax), short(heartbeat));
  }
  tuneOk(channelMax = 2047, frameMax = 131072, heartbeat = 60): this {
    return this.method(0, 10, 31, short(channelMax), long(frameMax), short(heartbeat));
  }
  open(virtualHost = "/"): this {
    return this.method(0, 10, 40, shortstr(virtualHost), shortstr(""), bits(false));
  }
  openOk(): this {
    return this.method(0, 10, 41, shortstr(""));
  }
  close(code = 200, reason = "Goodbye", classId = 0, methodId = 0): this {
    return this.method(0, 10, 50, short(code), shortstr(reason), short(classId), short(methodId));
  }
  closeOk(): this {
    return this.method(0, 10, 51);
  }
  blocked(reason: string): this {
    return this.method(0, 10, 60, shortstr(reason));
  }
  unblocked(): this {
    return this.method(0, 10, 61);
  }
  updateSecret(secret: string, reason = "refresh"): this {
    return this.method(0, 10, 70, longstr(secret), shortstr(reason));
  }
  updateSecretOk(): this {
    return this.method(0, 10, 71);
  }

  // Class channel.

  channelOpen(channel: number): this {
    return this.method(channel, 20, 10, shortstr(""));
  }
  channelOpenOk(channel: number): this {
    return this.method(channel, 20, 11, longstr(""));
  }
  channelFlow(channel: number, active: boolean): this {
    return this.method(channel, 20, 20, bits(active));
  }
  channelClose(channel: number, code = 200, reason = "Goodbye", classId = 0, methodId = 0): this {
    return this.method(channel, 20, 40, short(code), shortstr(reason), short(classId), short(methodId));
  }
  channelCloseOk(channel: number): this {
    return this.method(channel, 20, 41);
  }

  // Class basic, and what goes with it.

  queueDeclare(channel: number, queue: string): this {
    return this.method(channel, 50, 10, short(0), shortstr(queue), bits(false, true), table());
  }
  queueDeclareOk(channel: number, queue: string): this {
    return this.method(channel, 50, 11, shortstr(queue), long(0), long(0));
  }
  confirmSelect(channel: number): this {
    return this.method(channel, 85, 10, bits(false));
  }
  confirmSelectOk(channel: number): this {
    return this.method(channel, 85, 11);
  }
  ack(channel: number, deliveryTag: number, multiple = false): this {
    return this.method(channel, 60, 80, longlong(deliveryTag), bits(multiple));
  }
  consume(channel: number, queue: string): this {
    return this.method(channel, 60, 20, short(0), shortstr(queue), shortstr("consumer"), [0], table({}));
  }
  consumeOk(channel: number, consumerTag: string): this {
    return this.method(channel, 60, 21, shortstr(consumerTag));
  }
  cancel(channel: number, consumerTag: string): this {
    return this.method(channel, 60, 30, shortstr(consumerTag), bits(false));
  }
  cancelOk(channel: number, consumerTag: string): this {
    return this.method(channel, 60, 31, shortstr(consumerTag));
  }
  publishMethod(channel: number, { exchange = "", routingKey = "tasks" }: Message = {}): this {
    return this.method(channel, 60, 40, short(0), shortstr(exchange), shortstr(routingKey), bits(false, false));
  }
  deliverMethod(channel: number, { exchange = "", routingKey = "tasks" }: Message = {}): this {
    const tag = [shortstr("ctag"), longlong(1), bits(false)];
    return this.method(channel, 60, 60, ...tag, shortstr(exchange), shortstr(routingKey));
  }
  publish(channel: number, content: string | Octets, message: Message = {}): this {
    return this.publishMethod(channel, message).content(channel, content, message);
  }
  deliver(channel: number, content: string | Octets, message: Message = {}): this {
    return this.deliverMethod(channel, message).content(channel, content, message);
  }
  /** Content header and bodies. */
  content(channel: number, content: string | Octets, { properties, pieces = 4000 }: Message = {}): this {
    const octets = typeof content === "string" ? text(content) : Uint8Array.from(content);
    this.header(channel, octets.length, properties);
    for (let at = 0; at < octets.length; at += pieces) this.body(channel, octets.subarray(at, at + pieces));
    return this;
  }
}

/** Octets of a handshake each way: round numbers, so that the offsets in a test's tables can be read. */
export const HANDSHAKE = 1000;

export interface HandshakeOptions {
  frameMax?: number;
  /** In seconds. */
  heartbeat?: number;
  properties?: Readonly<Record<string, Field>>;
}

/** What a client sends until its connection is open: exactly HANDSHAKE octets. */
export function clientHandshake({ frameMax = 131072, heartbeat = 60, properties = {} }: HandshakeOptions = {}): Wire {
  const shake = (padding: string) =>
    wire()
      .protocolHeader()
      .startOk({ ...properties, padding: field.S(padding) })
      .tuneOk(2047, frameMax, heartbeat)
      .open();
  return shake("p".repeat(HANDSHAKE - shake("").length));
}

/** What a server sends until the connection is open: exactly HANDSHAKE octets. */
export function serverHandshake({ frameMax = 131072, heartbeat = 60, properties = {} }: HandshakeOptions = {}): Wire {
  const shake = (padding: string) =>
    wire()
      .start({ ...properties, padding: field.S(padding) })
      .tune(2047, frameMax, heartbeat)
      .openOk();
  return shake("p".repeat(HANDSHAKE - shake("").length));
}
