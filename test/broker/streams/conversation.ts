/** What a client that does everything right sends: the handshake, then a few channels at work. */
import { encode, named, type Values } from "./arguments.ts";
import { field, randomTable, table } from "./field-tables.ts";
import type { Random } from "./random.ts";
import {
  body,
  contentHeader,
  type Frame,
  heartbeat,
  join,
  latin1,
  longstr,
  method,
  octet,
  short,
  shortstr,
} from "./wire.ts";

export interface Conversation {
  /** The protocol header. */
  header: Uint8Array;
  /** start-ok, tune-ok, open. */
  handshake: Frame[];
  frames: Frame[];
  frameMax: number;
  /** Channels opened, in order. */
  channels: number[];
  /** What names of this stream begin with. */
  tag: string;
}

export interface Tuning {
  channelMax?: number;
  frameMax?: number;
  heartbeat?: number;
}

export const PROTOCOL_HEADER = latin1("AMQP\x00\x00\x09\x01");

export function call(channel: number, name: string, values: Values = {}): Frame {
  const { classId, methodId, ...rest } = named(name);
  return method(channel, classId, methodId, encode({ classId, methodId, ...rest }, values));
}

export function startOk(values: Values = {}): Frame {
  return call(0, "connection.start-ok", {
    "client-properties": table(field("product", "S", longstr("mutated"))),
    mechanism: "PLAIN",
    response: longstr("\0guest\0guest"),
    locale: "en_US",
    ...values,
  });
}

export function tuneOk({ channelMax = 2047, frameMax = 131072, heartbeat = 60 }: Tuning = {}): Frame {
  return call(0, "connection.tune-ok", { "channel-max": channelMax, "frame-max": frameMax, heartbeat });
}

export function open(host = "/"): Frame {
  return call(0, "connection.open", { "virtual-host": host });
}

export function conversation(random: Random, tag: string, least = 4): Conversation {
  const frameMax = random.pick([131072, 131072, 131072, 131072, 4096, 4096, 8192, 65536, 4097, 131071]);
  const tuning = {
    frameMax,
    channelMax: random.pick([2047, 2047, 1000, 10]),
    heartbeat: random.pick([60, 60, 0, 600]),
  };
  const channels = random.pick([[1], [1], [1, 2], [1, 2, 3], [5, 1], [2047, 300]]);
  const work = channels.map(channel => new ChannelAtWork(random, channel, frameMax, `${tag}-${channel}`));
  const frames: Frame[] = work.map(({ channel }) => call(channel, "channel.open"));
  const steps = random.between(least, least + 8);
  for (let step = 0; step < steps; step++) {
    if (random.chance(0.05)) frames.push(heartbeat());
    frames.push(...random.pick(work).step());
  }
  if (random.chance(0.3)) frames.push(...ending(random, channels));
  const clientProperties = random.chance(0.5) ? {} : { "client-properties": randomTable(random) };
  return {
    header: PROTOCOL_HEADER,
    handshake: [startOk(clientProperties), tuneOk(tuning), open()],
    frames,
    frameMax,
    channels,
    tag,
  };
}

function ending(random: Random, channels: number[]): Frame[] {
  const bye = { "reply-code": 200, "reply-text": "bye" };
  const all = channels.filter(() => random.chance(0.5)).map(channel => call(channel, "channel.close", bye));
  return random.chance(0.5) ? [...all, call(0, "connection.close", bye)] : all;
}

type Mode = "plain" | "confirm" | "tx";

/** One channel and what it may do next without an error of any kind. */
class ChannelAtWork {
  readonly #random: Random;
  readonly channel: number;
  readonly #frameMax: number;
  readonly #tag: string;
  #mode: Mode = "plain";
  #queues = 0;
  #exchanges = 0;
  #consumers = 0;
  #gets = 0;

  constructor(random: Random, channel: number, frameMax: number, tag: string) {
    this.#random = random;
    this.channel = channel;
    this.#frameMax = frameMax;
    this.#tag = tag;
  }

  step(): Frame[] {
    const random = this.#random;
    if (this.#queues === 0 && random.chance(0.4)) return this.#declareQueue();
    if (random.chance(0.5)) return this.#publish();
    const step = random.pick([
      () => this.#declareQueue(),
      () => this.#declareExchange(),
      () => this.#bind(),
      () => this.#consume(),
      () => this.#get(),
      () => this.#settings(),
      () => this.#transaction(),
    ]);
    return step();
  }

  #call(name: string, values: Values = {}): Frame {
    return call(this.channel, name, values);
  }

  // The queue of name "" in later methods is the one declared last (§1.7.2.1).
  #declareQueue(): Frame[] {
    this.#queues++;
    const name = this.#random.chance(0.6) ? "" : `${this.#tag}-q${this.#queues}`;
    return [this.#call("queue.declare", { queue: name, exclusive: true })];
  }

  #declareExchange(): Frame[] {
    this.#exchanges++;
    const type = this.#random.pick(["direct", "fanout", "topic", "headers"]);
    const exchange = `${this.#tag}-x${this.#exchanges}`;
    return [this.#call("exchange.declare", { exchange, type, "auto-delete": this.#random.chance(0.7) })];
  }

  #bind(): Frame[] {
    if (this.#queues === 0)
      return [this.#call("exchange.declare", { exchange: "amq.topic", type: "topic", passive: true })];
    // Not amq.fanout: what other streams publish would come here.
    const exchange = this.#random.pick(["amq.direct", "amq.topic", "amq.headers"]);
    const key = { exchange, "routing-key": this.#random.text(this.#random.between(1, 8)) };
    return this.#random.chance(0.7)
      ? [this.#call("queue.bind", key)]
      : [this.#call("queue.bind", key), this.#call("queue.unbind", key)];
  }

  #consume(): Frame[] {
    if (this.#queues === 0 || this.#gets > 0) return this.#publish();
    const tag = `c${this.#consumers++}`;
    // Cancelled only by later steps, if at all: RabbitMQ's channel can die of a basic.cancel that comes before the
    // queue has answered the basic.consume (the scenario "cancel-at-once").
    return [this.#call("basic.consume", { "consumer-tag": tag, "no-ack": true })];
  }

  #get(): Frame[] {
    if (this.#queues === 0 || this.#consumers > 0) return [this.#call("basic.recover", { requeue: true })];
    this.#gets++;
    return [this.#call("basic.get", { "no-ack": true })];
  }

  #settings(): Frame[] {
    return [
      this.#random.pick([
        this.#call("basic.qos", { "prefetch-count": this.#random.below(100), global: this.#random.chance(0.5) }),
        this.#call("channel.flow", { active: true }),
        this.#call("access.request", { realm: "/data", read: true }),
        this.#call("basic.recover-async", { requeue: true }),
      ]),
    ];
  }

  #transaction(): Frame[] {
    if (this.#mode === "plain") this.#mode = this.#random.pick(["confirm", "tx"]);
    if (this.#mode === "confirm") return [this.#call("confirm.select")];
    return [this.#call("tx.select"), ...this.#publish(), this.#call(this.#random.pick(["tx.commit", "tx.rollback"]))];
  }

  #publish(): Frame[] {
    const exchange = this.#random.pick(["", "", "amq.topic", "amq.direct", "amq.fanout"]);
    const key = this.#random.text(this.#random.below(16));
    const publish = this.#call("basic.publish", { exchange, "routing-key": key, mandatory: this.#random.chance(0.1) });
    return [publish, ...content(this.#random, this.channel, this.#frameMax)];
  }
}

/** A content header and its bodies; bodies of a size around what one frame holds are likely. */
export function content(random: Random, channel: number, frameMax: number): Frame[] {
  const one = Math.min(frameMax, 9000) - 8;
  const size = random.pick([0, 1, random.below(40), random.below(300), one - 1, one, one + 1, random.below(2 * one)]);
  const octets = random.chance(0.5) ? latin1(random.text(size)) : random.octets(size);
  const frames = [contentHeader(channel, BigInt(size), properties(random))];
  for (let at = 0; at < size; ) {
    const part = random.chance(0.7) ? one : random.between(1, one);
    frames.push(body(channel, octets.subarray(at, at + part)));
    at += part;
  }
  return frames;
}

/** Property flags and values as clients send them. */
export function properties(random: Random): Uint8Array {
  let flags = 0;
  const values: Uint8Array[] = [];
  const add = (bit: number, probability: number, value: () => Uint8Array): void => {
    if (!random.chance(probability)) return;
    flags |= 1 << bit;
    values.push(value());
  };
  add(15, 0.5, () => shortstr("text/plain"));
  add(14, 0.2, () => shortstr("utf-8"));
  add(13, 0.5, () => randomTable(random));
  add(12, 0.5, () => octet(random.between(1, 2)));
  add(11, 0.2, () => octet(random.below(10)));
  add(10, 0.2, () => shortstr(random.text(8)));
  add(9, 0.2, () => shortstr(random.text(8)));
  add(8, 0.1, () => shortstr(String(random.below(100_000))));
  add(7, 0.4, () => shortstr(random.text(36)));
  add(6, 0.2, () => random.octets(8));
  add(5, 0.2, () => shortstr("task"));
  add(4, 0.1, () => shortstr("guest"));
  add(3, 0.2, () => shortstr("app"));
  add(2, 0.05, () => shortstr("cluster"));
  return join(short(flags), ...values);
}
