/** Channels opened, closed and used out of turn; errors that close only a channel, and what comes after them. */
import type { Values } from "./arguments.ts";
import { type Conversation, call, content, conversation } from "./conversation.ts";
import type { Random } from "./random.ts";
import { insertBetween, type Scenario } from "./scenario.ts";
import { contentHeader, type Frame, join, method, octet, short, shortstr } from "./wire.ts";

const BYE: Values = { "reply-code": 200, "reply-text": "bye" };

export const channelScenarios: Readonly<Record<string, Scenario>> = {
  "channel-opened-twice": acting((_random, channel) => [call(channel, "channel.open")]),
  "channel-unopened": acting((random, _channel, talk) => {
    const channel = random.pick([9, 4000, 65535]);
    const frames = random.pick([
      () => [call(channel, "basic.publish"), ...content(random, channel, talk.frameMax)],
      () => [call(channel, "basic.qos")],
      () => [call(channel, "channel.close", BYE)],
      () => [call(channel, "channel.close-ok")],
      () => [contentHeader(channel, 0n)],
      () => [call(channel, "queue.declare")],
      () => [call(channel, "basic.get-ok")],
      () => [call(channel, "connection.close", BYE)],
    ])();
    return random.chance(0.3) ? [...frames, call(channel, "channel.open")] : frames;
  }),
  "channel-closed": acting((random, channel, talk) => {
    const after = Array.from({ length: random.between(1, 3) }, () => anything(random, channel, talk)).flat();
    return [call(channel, "channel.close", BYE), ...after];
  }),
  "channel-reopened": acting((random, channel, talk) => {
    const after = anything(random, channel, talk);
    return [call(channel, "channel.close", BYE), call(channel, "channel.open"), ...after];
  }),
  "channel-close-ok-unasked": acting((random, channel, talk) => [
    call(channel, "channel.close-ok"),
    ...(random.chance(0.7) ? anything(random, channel, talk) : []),
  ]),
  // RabbitMQ's channel may die of the cancel when it comes before the queue has answered the consume.
  "cancel-at-once": acting((_random, channel) => [
    call(channel, "queue.declare", { exclusive: true }),
    call(channel, "basic.consume", { "consumer-tag": "brief" }),
    call(channel, "basic.cancel", { "consumer-tag": "brief" }),
  ]),
  "channel-flow": acting((random, channel) => [
    random.pick([call(channel, "channel.flow", { active: random.chance(0.3) }), call(channel, "channel.flow-ok")]),
  ]),
  immediate: acting((random, channel, talk) => [
    call(channel, "basic.publish", { immediate: true, exchange: random.pick(["", "amq.direct", `${talk.tag}-no`]) }),
    contentHeader(channel, 0n, random.chance(0.2) ? short(0xffff) : short(0)),
    ...(random.chance(0.5) ? anything(random, channel, talk) : []),
  ]),
  "soft-error": acting((random, channel, talk) => softError(random, channel, talk)),
  "soft-error-and-more": acting((random, channel, talk) => {
    const after = Array.from({ length: random.between(1, 3) }, () => anything(random, channel, talk)).flat();
    return [...softError(random, channel, talk), ...after];
  }),
  "soft-error-and-fault": acting((random, channel, talk) => [
    ...softError(random, channel, talk),
    ...fault(random, channel),
  ]),
  "hard-error": acting((random, channel, talk) => hardError(random, channel, talk)),
  // The channel's process finds one error, the reader another: which of the two is told is a matter of time.
  "hard-error-and-fault": acting((random, channel, talk) => [
    ...hardError(random, channel, talk),
    ...fault(random, channel),
  ]),
  "two-hard-errors": acting((random, channel, talk) => [
    ...hardError(random, channel, talk),
    ...hardError(random, random.pick(talk.channels), talk),
  ]),
  "connection-closed": acting((random, channel, talk) => {
    const after = Array.from({ length: random.between(1, 4) }, () =>
      random.pick([
        () => anything(random, channel, talk),
        () => fault(random, random.pick([0, channel])),
        () => [call(0, "connection.close", BYE)],
        () => [call(0, random.pick(["connection.open", "connection.start-ok", "connection.tune-ok"]))],
      ])(),
    ).flat();
    return [call(0, "connection.close", BYE), ...after];
  }),
  "connection-close-ok": acting((random, channel, talk) => [
    call(0, "connection.close-ok"),
    ...anything(random, channel, talk),
  ]),
  "many-channels": acting(random =>
    Array.from({ length: random.between(5, 60) }, (_, at) => call(10_000 + at, "channel.open")),
  ),
};

function acting(act: (random: Random, channel: number, talk: Conversation) => Frame[]): Scenario {
  return (random, tag) => {
    const talk = conversation(random, tag);
    return insertBetween(random, talk, ...act(random, random.pick(talk.channels), talk));
  };
}

function anything(random: Random, channel: number, talk: Conversation): Frame[] {
  return random.pick([
    () => [call(channel, "channel.open")],
    () => [call(channel, "channel.close", BYE)],
    () => [call(channel, "channel.close-ok")],
    () => [call(channel, "basic.publish", { "routing-key": "k" }), ...content(random, channel, talk.frameMax)],
    () => [call(channel, "basic.qos", { "prefetch-count": 3 })],
    () => [call(channel, "queue.declare", { exclusive: true })],
    () => [call(channel, "basic.publish")],
  ])();
}

/** Errors that close the channel only. */
function softError(random: Random, channel: number, talk: Conversation): Frame[] {
  const unknown = `${talk.tag}-unknown`;
  return random.pick([
    () => [call(channel, "basic.publish", { exchange: unknown }), ...content(random, channel, talk.frameMax)],
    () => [call(channel, "basic.publish", { exchange: unknown }), contentHeader(channel, 0n, short(0xffff))],
    () => [call(channel, "exchange.declare", { exchange: unknown, type: "direct", passive: true })],
    () => [call(channel, "exchange.declare", { exchange: "amq.own", type: "direct" })],
    () => [call(channel, "exchange.declare", { exchange: "amq.direct", type: "fanout" })],
    () => [call(channel, "exchange.delete", { exchange: "amq.direct" })],
    () => [call(channel, "exchange.delete", { exchange: "" })],
    () => [call(channel, "queue.declare", { queue: unknown, passive: true })],
    () => [call(channel, "queue.declare", { queue: "amq.own" })],
    () => [call(channel, "queue.bind", { queue: unknown, exchange: "amq.direct", "routing-key": "k" })],
    () => [call(channel, "queue.purge", { queue: unknown })],
    () => [call(channel, "basic.consume", { queue: unknown })],
    () => [call(channel, "basic.get", { queue: unknown })],
    () => [call(channel, "basic.ack", { "delivery-tag": 77 })],
    () => [call(channel, "basic.nack", { "delivery-tag": 77 })],
    () => [call(channel, "basic.reject", { "delivery-tag": 77 })],
    () => [call(channel, "tx.select"), call(channel, "confirm.select")],
    () => [call(channel, "confirm.select"), call(channel, "tx.select")],
    () => [call(channel, random.pick(["tx.commit", "tx.rollback"]))],
    () => message(channel, 0x10, shortstr("somebody")),
    () => message(channel, 0x100, shortstr("soon")),
    () => message(channel, 0x200, shortstr("amq.rabbitmq.reply-to")),
  ])();
}

/** Errors the channel's process finds that close the connection. */
function hardError(random: Random, channel: number, talk: Conversation): Frame[] {
  return random.pick([
    () => [call(channel, "channel.open")],
    () => [call(channel, "basic.publish", { immediate: true }), contentHeader(channel, 0n)],
    () => [call(channel, "basic.qos", { "prefetch-size": random.between(1, 9) })],
    () => [call(channel, "channel.flow", { active: false })],
    () => [call(channel, random.pick(["basic.recover", "basic.recover-async"]), { requeue: false })],
    () => [call(channel, random.pick(["basic.qos-ok", "queue.declare-ok", "channel.open-ok", "tx.select-ok"]))],
    () => [call(channel, random.pick(["connection.open", "connection.close", "connection.tune-ok"]))],
    () => [
      call(channel, "exchange.declare", { exchange: `${talk.tag}-z`, type: random.pick(["", "x-odd", "DIRECT"]) }),
    ],
    () => [
      call(channel, "basic.publish"),
      contentHeader(channel, 0n, random.pick([short(0xfffc), join(short(0), octet(0)), short(1)])),
    ],
    () => [
      call(channel, "queue.declare", { exclusive: true }),
      call(channel, "basic.consume", { "consumer-tag": "same", "no-ack": true }),
      call(channel, "basic.consume", { "consumer-tag": "same", "no-ack": true }),
    ],
  ])();
}

/** What the reader itself refuses, or dies of. */
function fault(random: Random, channel: number): Frame[] {
  return random.pick([
    () => [contentHeader(channel, 0n)],
    () => [{ type: 9, channel, payload: octet(1) }],
    () => [{ type: 8, channel: channel || 1, payload: new Uint8Array(0) }],
    () => [{ type: 3, channel, payload: new Uint8Array(3), end: 0 }],
    () => [{ type: 3, channel, payload: new Uint8Array(0), size: 0x7000_0000 }],
    () => [method(channel, 99, 99)],
    () => [method(channel, 60, 10, octet(0))],
    () => [call(channel, "basic.publish"), contentHeader(channel, 0n, short(0), { weight: 1 })],
  ])();
}

function message(channel: number, flag: number, value: Uint8Array): Frame[] {
  return [call(channel, "basic.publish"), contentHeader(channel, 0n, join(short(flag), value))];
}
