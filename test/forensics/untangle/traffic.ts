/** What the writers of a connection want to send: messages as different client libraries make them, frame by frame. */
import {
  bits,
  type Field,
  field,
  frame,
  headerPayload,
  methodPayload,
  type Octets,
  type Properties,
  short,
  shortstr,
  text,
} from "../../support/wire.ts";

/** A message as its writer means it. */
export interface SentMessage {
  channel: number;
  exchange: string;
  routingKey: string;
  messageId: string;
  thread: string;
  traceparent: string;
}

export interface SentFrame {
  type: number;
  channel: number;
  octets: Uint8Array;
  message: SentMessage | null;
}

const HEX = "0123456789abcdef";

/** Chance, with the words a generator wants. */
export class Chance {
  readonly #next: () => number;

  constructor(next: () => number) {
    this.#next = next;
  }

  /** A whole number in [low, high]. */
  int(low: number, high: number): number {
    return low + Math.floor(this.#next() * (high - low + 1));
  }
  one(odds: number): boolean {
    return this.#next() < odds;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)]!;
  }
  digits(count: number): string {
    let digits = "";
    for (let i = 0; i < count; i++) digits += HEX[this.int(0, 15)]!;
    return digits;
  }
  octets(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    for (let i = 0; i < count; i++) octets[i] = this.#next() * 256;
    return octets;
  }
}

export const LIBRARIES = ["Bunny", "pika", "php-amqplib", "RabbitMQ Java", "amqp091-go", "rabbitmq-c"] as const;
export type Library = (typeof LIBRARIES)[number];

/** Bodies of a direction: all of a kind, as those of one application are. */
export type Bodies = "json" | "log" | "random" | "letters";

/** The properties that a library sets by itself, besides those that the application wants. */
function properties(library: Library, message: SentMessage, bodies: Bodies): Properties {
  const headers: Record<string, Field> = { thread: field.S(message.thread), traceparent: field.S(message.traceparent) };
  const { messageId } = message;
  switch (library) {
    case "Bunny":
      return { contentType: "application/octet-stream", headers, deliveryMode: 2, priority: 0, messageId };
    case "pika":
      return {
        contentType: bodies === "json" ? "application/json" : "text/plain",
        headers,
        deliveryMode: 2,
        messageId,
      };
    case "php-amqplib":
      return { headers: { ...headers, attempt: field.l(1n) }, messageId, timestamp: 1_790_000_000n };
    case "RabbitMQ Java":
      return { contentEncoding: "UTF-8", headers: { ...headers, "x-retries": field.I(3) }, deliveryMode: 1, messageId };
    case "amqp091-go":
      return { headers, messageId, appId: "orders" };
    case "rabbitmq-c":
      return { contentType: "text/plain", headers, messageId };
  }
}

function body(chance: Chance, kind: Bodies, size: number, { messageId, thread }: SentMessage): Uint8Array {
  if (kind === "random") return chance.octets(size);
  let words = `${messageId} `;
  while (words.length < size) {
    if (kind === "letters") words += thread.at(-1)!.repeat(Math.min(size, 997));
    else if (kind === "json")
      words += `{"order":${chance.int(1, 99_999)},"from":"${thread}","sum":${chance.int(1, 999)}.5},`;
    else
      words += `[17-0${chance.int(1, 9)}-2026 ${chance.digits(8)}] INFO ${thread} handled in ${chance.int(1, 900)} ms\n`;
  }
  return text(words.slice(0, size));
}

export interface MessagePlan {
  library: Library;
  bodies: Bodies;
  frameMax: number;
}

/** Method, content header and bodies of one publish. */
export function publish(chance: Chance, plan: MessagePlan, message: SentMessage, size: number): SentFrame[] {
  const { channel, exchange, routingKey } = message;
  const names: Octets[] = [short(0), shortstr(exchange), shortstr(routingKey), bits(false, false)];
  const made = (type: number, payload: Uint8Array): SentFrame => ({
    type,
    channel,
    octets: frame(type, channel, payload),
    message,
  });
  const frames = [
    made(1, methodPayload(60, 40, ...names)),
    made(2, headerPayload(size, properties(plan.library, message, plan.bodies))),
  ];
  const content = body(chance, plan.bodies, size, message);
  const piece = plan.frameMax - 8;
  for (let at = 0; at < size; at += piece) frames.push(made(3, content.subarray(at, at + piece)));
  return frames;
}

export function heartbeat(): SentFrame {
  return { type: 8, channel: 0, octets: frame(8, 0, []), message: null };
}
