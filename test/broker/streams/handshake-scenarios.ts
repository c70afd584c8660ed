/** Everything between the first octet and open-ok. */

import { BAD_UTF8 } from "./arguments.ts";
import { type Conversation, call, conversation, open, startOk, tuneOk } from "./conversation.ts";
import { deepTable, field, malformedTable, randomTable, table } from "./field-tables.ts";
import type { Random } from "./random.ts";
import { type Scenario, serialise } from "./scenario.ts";
import { type Frame, heartbeat, join, latin1, long, longstr, method, octet, short, shortstr } from "./wire.ts";

export const handshakeScenarios: Readonly<Record<string, Scenario>> = {
  "protocol-header": shaking((random, talk) => {
    talk.header = random.chance(0.7) ? random.pick(HEADERS) : join(latin1("AMQP"), random.octets(4));
  }),
  "protocol-header-short": shaking((random, talk) => {
    talk.header = talk.header.subarray(0, random.below(8));
  }),
  "protocol-header-twice": shaking((random, talk) => {
    talk.header = join(talk.header, random.pick(HEADERS));
  }),
  mechanism: shaking((random, talk) => {
    const mechanism = random.pick([
      "AMQPLAIN",
      "PLAIN",
      "plain",
      "EXTERNAL",
      "ANONYMOUS",
      "RABBIT-CR-DEMO",
      "",
      "äöü",
      "x".repeat(255),
      random.text(5),
    ]);
    const response = longstr(
      random.pick(["\0guest\0guest", "", "guest", "\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05guest"]),
    );
    talk.handshake[0] = startOk({ mechanism, response, ...capable(random) });
  }),
  response: shaking((random, talk) => {
    const response = random.pick([
      "\0guest\0wrong",
      "\0nobody\0guest",
      "\0guest\0",
      "\0\0",
      "",
      "guest",
      "guest\0guest",
      "x\0guest\0guest",
      "\0guest\0guest\0",
      "\0guest\0gu\xff\0",
      "\0gue\xe4st\0x",
    ]);
    talk.handshake[0] = startOk({ response: longstr(response), ...capable(random) });
  }),
  "client-properties": shaking((random, talk) => {
    const properties = random.pick([
      () => malformedTable(random),
      () => randomTable(random, 3),
      () => deepTable(random.pick([1, 20, 200])),
      () => join(long(random.pick([1, 5, 0xffffffff])), random.octets(random.below(5))),
      () => table(field("capabilities", random.pick(["S", "F", "A"]), longstr(""))),
      () =>
        table(field("connection_name", random.pick(["S", "I", "x"]), longstr(random.pick(["name", "n\xffame", ""])))),
      () => table(field("connection_name", "I", long(7))),
    ])();
    talk.handshake[0] = startOk({ "client-properties": properties });
  }),
  "start-ok-octets": shaking((random, talk) => {
    const frame = talk.handshake[0]!;
    const args = frame.payload.subarray(4);
    const spoiled = random.pick([
      () => args.subarray(0, random.below(args.length)),
      () => join(args, random.octets(random.between(1, 4))),
      () => startOk({ locale: "en_US", mechanism: shortstr(random.pick(BAD_UTF8)) }).payload.subarray(4),
      () => startOk({ locale: shortstr(random.pick(BAD_UTF8)) }).payload.subarray(4),
      () => startOk({ locale: random.pick(["", "de_DE", "xx"]) }).payload.subarray(4),
    ])();
    frame.payload = join(short(10), short(11), spoiled);
  }),
  "secure-ok": shaking((random, talk) => {
    talk.handshake.splice(random.below(4), 0, call(0, "connection.secure-ok", { response: longstr("\0guest\0guest") }));
  }),
  // The one mechanism of RabbitMQ with two steps is a demonstration; its challenge is not waited for here.
  tuning: shaking((random, talk) => {
    // One value out of the ordinary at a time: two hide each other.
    const frameMax = random.pick([
      0,
      1,
      8,
      4095,
      4096,
      4097,
      131_071,
      131_072,
      131_073,
      0x7fffffff,
      random.below(140_000),
    ]);
    const channelMax = random.pick([0, 1, 2, 2046, 2047, 2048, 65535, random.below(65536)]);
    const heartbeats = random.pick([0, 5, 30, 580, 65535]);
    talk.handshake[1] = random.pick([
      tuneOk({ frameMax }),
      tuneOk({ channelMax }),
      tuneOk({ heartbeat: heartbeats }),
      tuneOk({ frameMax, channelMax, heartbeat: heartbeats }),
    ]);
  }),
  "tune-ok-octets": shaking((random, talk) => {
    const args = talk.handshake[1]!.payload.subarray(4);
    const spoiled = random.chance(0.5)
      ? args.subarray(0, random.below(8))
      : join(args, random.octets(random.between(1, 3)));
    talk.handshake[1] = method(0, 10, 31, spoiled);
  }),
  "small-channel-max": shaking((random, talk) => {
    const channelMax = random.between(1, 4);
    talk.handshake[1] = tuneOk({ channelMax });
    const count = channelMax + random.between(-1, 2);
    const more: Frame[] = [];
    for (let at = 0; at < count; at++) {
      const channel = random.pick([1000 + at, 65_500 + at]);
      more.push(random.chance(0.9) ? call(channel, "channel.open") : call(channel, "basic.qos"));
      if (random.chance(0.1)) more.push(call(channel, "channel.close"));
    }
    talk.frames.splice(random.pick([0, talk.channels.length, talk.frames.length]), 0, ...more);
  }),
  vhost: shaking((random, talk) => {
    const host = random.pick(["", "/", "//", "nowhere", "/ ", "x".repeat(255), "ä", "a'b", "\n"]);
    talk.handshake[2] = open(host);
  }),
  "open-octets": shaking((random, talk) => {
    talk.handshake[2] = method(
      0,
      10,
      40,
      ...random.pick([
        () => [shortstr("/")],
        () => [shortstr("/"), shortstr("")],
        () => [shortstr("/"), shortstr(""), octet(0), octet(0)],
        () => [shortstr("/"), shortstr("cap"), octet(random.below(256))],
        () => [shortstr(random.pick(BAD_UTF8)), shortstr(""), octet(0)],
        () => [shortstr("/"), shortstr(random.pick(BAD_UTF8)), octet(0)],
        () => [octet(200), latin1("/")],
        () => [],
      ])(),
    );
  }),
  "handshake-order": shaking((random, talk) => {
    const at = random.below(3);
    const moved = talk.handshake.splice(at, 1);
    if (random.chance(0.6)) talk.handshake.splice(random.below(3), 0, ...moved);
  }),
  "handshake-doubled": shaking((random, talk) => {
    const at = random.below(3);
    talk.handshake.splice(random.between(at, 3), 0, talk.handshake[at]!);
  }),
  "handshake-late": shaking((random, talk) => {
    talk.frames.splice(
      random.below(talk.frames.length),
      0,
      random.pick([startOk(), tuneOk(), open(), open("nowhere")]),
    );
  }),
  "handshake-interrupted": shaking((random, talk) => {
    const early: Frame[] = random.pick([
      () => [call(1, "channel.open")],
      () => [call(0, "channel.open")],
      () => [heartbeat()],
      () => [heartbeat(1)],
      () => [heartbeat(0, octet(0))],
      () => [{ type: random.pick([0, 4, 9, 255]), channel: random.below(2), payload: random.octets(random.below(20)) }],
      () => [call(0, "connection.close", { "reply-code": 200 })],
      () => [call(0, "connection.close-ok")],
      () => [call(0, random.pick(["connection.start", "connection.secure", "connection.tune", "connection.open-ok"]))],
      () => [call(0, random.pick(["connection.blocked", "connection.unblocked", "connection.update-secret"]))],
      () => [method(0, random.pick([10, 99]), random.pick([0, 99]))],
      () => [{ ...heartbeat(), end: 0 }],
      () => [{ ...heartbeat(), size: random.pick([4096, 4097, 131_072, 0xffffffff]) }],
      () => [{ type: 2, channel: random.below(2), payload: new Uint8Array(14) }],
      () => [{ type: 3, channel: random.below(2), payload: new Uint8Array(random.below(5)) }],
      () => [{ type: 1, channel: 0, payload: new Uint8Array(random.below(5)) }],
    ])();
    talk.handshake.splice(random.below(4), 0, ...early);
  }),
  // Sizes around the limit of 4096 that holds until tune-ok.
  "handshake-large": shaking((random, talk) => {
    const padding = "x".repeat(random.pick([3800, 3990, 4010, 4030, 4100]) + random.below(30));
    const properties = table(field("p", "S", longstr(padding)));
    talk.handshake[0] = startOk({ "client-properties": properties });
  }),
};

// What 3.10 takes, what it does not, AMQP 1.0 in its three kinds, and others that knock at the port.
const HEADERS = [
  "AMQP\0\0\x09\x01",
  "AMQP\x01\x01\0\x09",
  "AMQP\x01\x01\x09\x01",
  "AMQP\x01\x01\x08\0",
  "AMQP\0\x01\0\0",
  "AMQP\x03\x01\0\0",
  "AMQP\x02\x01\0\0",
  "AMQP\0\0\x09\0",
  "AMQP\0\0\x09\x02",
  "AMQP\x01\x01\x00\x0a",
  "amqp\0\0\x09\x01",
  "AMQX\0\0\x09\x01",
  "GET / HT",
  "HEAD / H",
  "\x16\x03\x01\x02\0\x01\0\x01",
  "\x01\0\0\0\0\x01\xce\0",
  "\0\0\0\0\0\0\0\0",
].map(latin1);

/** Some clients say that they understand being refused with a connection.close. */
function capable(random: Random): { "client-properties"?: Uint8Array } {
  if (random.chance(0.5)) return {};
  const flag = octet(random.pick([1, 1, 1, 0, 255]));
  return {
    "client-properties": table(field("capabilities", "F", table(field("authentication_failure_close", "t", flag)))),
  };
}

function shaking(change: (random: Random, talk: Conversation) => void): Scenario {
  return (random, tag) => {
    const talk = conversation(random, tag, 2);
    change(random, talk);
    return serialise(talk);
  };
}
