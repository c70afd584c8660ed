/** What became of a capture's messages, from what tshark decodes and what it links. */
import { spawnSync } from "node:child_process";
import { expect } from "vitest";

const METHODS = { publish: 40, return: 50, deliver: 60, getOk: 71, ack: 80, reject: 90, nack: 120 } as const;
const [METHOD_FRAME, HEADER_FRAME] = [1, 2];

/** One frame as tshark decodes it. */
class OracleFrame {
  type = 0;
  classId = 0;
  method = 0;
  tag = 0;
  isMultiple = false;
  requeues = false;
  code = 0;
  exchange = "";
  routingKey = "";
  messageId = "";
  bodySize = "";
  /** Packets of the messages that it settles: "Message in frame". */
  readonly links: number[] = [];

  /** A field of PDML. */
  set(name: string, show: string): void {
    const isSet = show === "1" || show === "True";
    if (name === "amqp.method.class") this.classId = Number(show);
    else if (name === "amqp.method.method") this.method = Number(show);
    else if (name === "amqp.method.arguments.delivery_tag") this.tag = Number(show);
    else if (name === "amqp.method.arguments.multiple") this.isMultiple = isSet;
    else if (name === "amqp.method.arguments.requeue") this.requeues = isSet;
    else if (name === "amqp.method.arguments.reply_code") this.code = Number(show);
    else if (name === "amqp.method.arguments.exchange") this.exchange = show;
    else if (name === "amqp.method.arguments.routing_key") this.routingKey = show;
    else if (name === "amqp.method.properties.message_id") this.messageId = show;
    else if (name === "amqp.header.body-size") this.bodySize = show;
    else if (name === "amqp.message_in") this.links.push(Number(show));
  }
}

/** A packet's number, and its time in nanoseconds since the epoch. */
interface OraclePacket {
  number: number;
  time: bigint;
}

/** What a channel's messages came to. */
export class OracleChannel {
  readonly #published: { outcome: string; packet: number }[] = [];
  readonly #delivered = new Map<number, { outcome: string; packet: number }>();
  #confirms = false;
  /** What comes back: its content header is awaited. */
  #return: { time: bigint; code: number; exchange: string; routingKey: string } | null = null;
  /** As `returnLine` has them. */
  readonly returns: string[] = [];
  /** As `linkLine` has them. */
  readonly links: string[] = [];

  take(frame: OracleFrame, isClient: boolean, packet: OraclePacket): void {
    const { type, classId, method } = frame;
    if (type === HEADER_FRAME && this.#return !== null && !isClient) {
      this.returns.push(returnLine({ ...this.#return, messageId: frame.messageId, size: frame.bodySize }));
      this.#return = null;
    }
    if (type !== METHOD_FRAME) return;
    if (classId === 85 && method === 10) this.#confirms = true;
    if (classId === 60) this.#takeBasic(frame, isClient, packet);
  }

  #takeBasic(frame: OracleFrame, isClient: boolean, { number: packet, time }: OraclePacket): void {
    const { method, tag, code, exchange, routingKey } = frame;
    if (method === METHODS.publish && isClient) {
      if (this.#confirms) this.#published.push({ outcome: "unconfirmed", packet });
    } else if (method === METHODS.return) this.#return = { time, code, exchange, routingKey };
    else if (method === METHODS.deliver || method === METHODS.getOk) {
      this.#delivered.set(tag, { outcome: "unsettled", packet });
    } else if (method === METHODS.ack || method === METHODS.nack || method === METHODS.reject) {
      this.links.push(...frame.links.map(each => linkLine(each, time)));
      if (isClient) this.#settle(frame);
      else this.#confirm(frame);
    }
  }

  #confirm({ method, tag, isMultiple }: OracleFrame): void {
    const outcome = method === METHODS.ack ? "confirmed" : "nacked";
    for (let i = isMultiple ? 0 : tag - 1; i < tag && i < this.#published.length; i++) {
      if (this.#published[i]!.outcome === "unconfirmed") this.#published[i]!.outcome = outcome;
    }
  }

  #settle({ method, tag, isMultiple, requeues }: OracleFrame): void {
    const outcome = requeues ? "requeued" : ({ 80: "acked", 120: "nacked", 90: "rejected" }[method] ?? "");
    for (const [each, delivered] of this.#delivered) {
      const isMeant = isMultiple ? tag === 0 || each <= tag : each === tag;
      if (isMeant && delivered.outcome === "unsettled") delivered.outcome = outcome;
    }
  }

  /** `publish 1 confirmed`, in order of their numbers. */
  get lines(): string[] {
    const delivered = [...this.#delivered].map(([tag, { outcome }]) => `delivery ${tag} ${outcome}`);
    return [...this.#published.map(({ outcome }, i) => `publish ${i + 1} ${outcome}`), ...delivered];
  }

  /** The packet of a publish by its number, or of a delivery by its tag. */
  packetOf(isPublish: boolean, number: number): number | undefined {
    return (isPublish ? this.#published[number - 1] : this.#delivered.get(number))?.packet;
  }
}

/** A message of that packet was settled then. */
export function linkLine(packet: number, time: bigint): string {
  return `message of packet ${packet} settled at ${time}`;
}

/** What came back, and when: its code, and what it has of its publish. */
export function returnLine(of: {
  time: bigint;
  code: number;
  exchange: string;
  routingKey: string;
  messageId: string;
  size: number | string;
}): string {
  return `${of.code} at ${of.time}: "${of.exchange}" "${of.routingKey}" id "${of.messageId}", ${of.size} octets`;
}

/** By the client's port and channel; null for a channel number that is used twice. `servers`: ports of AMQP. */
export function oracleChannels(
  path: string,
  clients: ReadonlySet<number>,
  servers: ReadonlySet<number>,
): Map<string, OracleChannel | null> {
  const ports = [...servers].flatMap(port => ["-d", `tcp.port==${port},amqp`]);
  const { status, stdout } = spawnSync("tshark", ["-n", "-r", path, ...ports, "-Y", "amqp", "-T", "pdml"], {
    encoding: "utf8",
    maxBuffer: 1 << 29,
  });
  expect(status, path).toBe(0);
  const channels = new Map<string, OracleChannel | null>();
  let [port, isClient, channel] = [0, false, 0];
  let packet: OraclePacket = { number: 0, time: 0n };
  let frame = new OracleFrame();
  const conclude = (): void => {
    const key = `${port} ${channel}`;
    const { type, classId, method } = frame;
    if (channel !== 0) {
      const isOpen = type === METHOD_FRAME && classId === 20 && method === 10;
      if (isOpen) channels.set(key, channels.has(key) ? null : new OracleChannel());
      channels.get(key)?.take(frame, isClient, packet);
    }
    frame = new OracleFrame();
  };
  for (const [, name = "", show = ""] of stdout.matchAll(/<field name="([a-z._-]+)"[^>]*? show="([^"]*)"/g)) {
    if (name === "frame.time_epoch") {
      conclude();
      packet = { number: 0, time: nanoseconds(show) };
    } else if (name === "frame.number") packet.number = Number(show);
    else if (name === "tcp.srcport") {
      isClient = clients.has(Number(show));
      if (isClient) port = Number(show);
    } else if (name === "tcp.dstport" && !isClient) port = Number(show);
    else if (name === "amqp.type") {
      conclude();
      frame.type = Number(show);
    } else if (name === "amqp.channel") channel = Number(show);
    else frame.set(name, show);
  }
  conclude();
  return channels;
}

/** `1795860674.011176000` */
function nanoseconds(epoch: string): bigint {
  const [seconds = "", fraction = ""] = epoch.split(".");
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}
