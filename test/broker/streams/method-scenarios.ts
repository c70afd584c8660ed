/** Methods: random, from the wrong side, unknown, on the wrong channel, their arguments spoiled in every way. */
import { METHODS } from "../../../src/amqp/method-registry.ts";
import { BAD_UTF8, encode, randomArguments, type Values, withBadUtf8, withMalformedTable } from "./arguments.ts";
import { type Conversation, conversation } from "./conversation.ts";
import { deepArray, deepTable, malformedTable, randomTable, table } from "./field-tables.ts";
import type { Random } from "./random.ts";
import { insertAnywhere, insertBetween, type Scenario } from "./scenario.ts";
import { type Frame, join, long, method, octet, short, shortstr } from "./wire.ts";

type Method = (typeof METHODS)[number];

const WITH_TABLE = METHODS.filter(({ arguments: all, from }) => from !== "server" && all.some(a => a.type === "table"));
const WITH_STRING = METHODS.filter(({ arguments: all }) => all.some(a => a.type === "shortstr"));
const WITH_BITS = METHODS.filter(({ arguments: all }) => all.some(a => a.type === "bit"));
const OF_CHANNEL = METHODS.filter(({ classId }) => classId !== 10);

export const methodScenarios: Readonly<Record<string, Scenario>> = {
  "method-random": inserting((random, talk) => {
    const any = random.pick(random.chance(0.8) ? OF_CHANNEL : METHODS);
    return [frameOf(any, channelFor(random, talk, any), randomArguments(random, any, talk.tag, OWN))];
  }),
  "methods-random": inserting((random, talk) =>
    Array.from({ length: random.between(2, 5) }, () => {
      const any = random.pick(OF_CHANNEL);
      return frameOf(any, channelFor(random, talk, any), randomArguments(random, any, talk.tag, OWN));
    }),
  ),
  "method-of-server": inserting((random, talk) => {
    const any = random.pick(METHODS.filter(({ from }) => from !== "client"));
    const channel = random.chance(0.8) ? channelFor(random, talk, any) : random.pick([0, ...talk.channels]);
    return [frameOf(any, channel, randomArguments(random, any, talk.tag, OWN))];
  }),
  "method-of-server-and-content": inserting((random, talk) => {
    const any = random.pick(METHODS.filter(({ content, from }) => content && from === "server"));
    const channel = random.pick(talk.channels);
    const header = join(short(60), short(0), long(0), long(0), short(0));
    return [frameOf(any, channel, randomArguments(random, any, talk.tag)), { type: 2, channel, payload: header }];
  }),
  "method-unknown": inserting((random, talk) => {
    const classId = random.pick([
      0,
      10,
      11,
      20,
      30,
      40,
      50,
      60,
      61,
      70,
      80,
      85,
      90,
      100,
      110,
      120,
      random.below(65536),
    ]);
    const methodId = random.pick([0, 1, 9, 12, 22, 42, 60, 61, 99, 112, 121, 200, 201, 202, 255, random.below(65536)]);
    return [method(random.pick([0, ...talk.channels]), classId, methodId, random.octets(random.below(12)))];
  }),
  // RabbitMQ's own, between its parts: basic.credit, credit-ok, credit-drained.
  "method-of-credit": inserting((random, talk) => {
    const consumer = shortstr(random.pick(["", "c0", "nobody", "\xff"]));
    const [methodId, args] = random.pick([
      [200, join(consumer, long(random.below(9)), octet(random.below(2)))],
      [201, long(random.below(9))],
      [202, join(consumer, long(random.below(9)))],
    ] as const);
    const spoiled = random.pick([args, args, join(args, octet(0)), args.subarray(1)]);
    return [method(random.pick([0, ...talk.channels, ...talk.channels]), 60, methodId, spoiled)];
  }),
  "method-elsewhere": inserting((random, talk) => {
    const [classTen, others] = [METHODS.filter(m => m.classId === 10), OF_CHANNEL];
    const any = random.pick(random.chance(0.6) ? classTen : others);
    const channel = any.classId === 10 ? random.pick([...talk.channels, 99]) : 0;
    return [frameOf(any, channel, randomArguments(random, any, talk.tag, OWN))];
  }),
  "connection-method": inserting((random, talk) => {
    const any = random.pick(METHODS.filter(m => m.classId === 10));
    return [frameOf(any, 0, randomArguments(random, any, talk.tag))];
  }),
  "arguments-short": spoiling((random, octets) => octets.subarray(0, random.below(octets.length))),
  "arguments-trailing": spoiling((random, octets) => join(octets, random.octets(random.pick([1, 1, 2, 5, 40])))),
  "arguments-random": spoiling(random => random.octets(random.pick([0, 1, 2, 3, 4, 8, 20, 80, 200]))),
  "arguments-flipped": spoiling((random, octets) => {
    const flipped = octets.slice();
    if (flipped.length > 0) flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
    return flipped;
  }),
  "arguments-utf8": inserting((random, talk) => {
    const any = random.pick(WITH_STRING);
    const channel = channelFor(random, talk, any);
    const octets = withBadUtf8(random, any, talk.tag);
    return [frameOf(any, channel, random.chance(0.1) ? join(octets, octet(0)) : octets)];
  }),
  "arguments-bits": inserting((random, talk) => {
    const any = random.pick(WITH_BITS);
    const octets = encode(any, { queue: "", exchange: `${talk.tag}-b`, type: "direct" });
    // The last octet of most of these is the bits; behind a table it is one octet of the table's length.
    const at = any.arguments.at(-1)!.type === "table" ? octets.length - 5 : octets.length - 1;
    octets[at] = random.pick([0x80, 0x40, 0xff, 0x20, 0xf0, 2, 3, random.below(256)]);
    return [frameOf(any, channelFor(random, talk, any), octets)];
  }),
  "arguments-table": inserting((random, talk) => {
    const any = random.pick(WITH_TABLE);
    return [frameOf(any, channelFor(random, talk, any), withMalformedTable(random, any, talk.tag))];
  }),
  "arguments-table-good": inserting((random, talk) => {
    const any = random.pick(WITH_TABLE);
    const tables = random.pick([
      randomTable(random, 3),
      deepTable(random.pick([1, 5, 50, 100, 400])),
      deepArray(random.pick([1, 5, 50, 100, 400])),
      deepTable(random.pick([1, 5, 50]), malformedTable(random)),
      table(shortKeyed(random)),
    ]);
    const values: Values = { arguments: tables, "client-properties": tables };
    return [frameOf(any, channelFor(random, talk, any), randomArguments(random, any, talk.tag, { ...OWN, ...values }))];
  }),
  "arguments-table-length": inserting((random, talk) => {
    const any = random.pick(WITH_TABLE);
    const lie = join(long(random.pick([1, 7, 4096, 0x7fffffff, 0xffffffff])), random.octets(random.below(7)));
    const values: Values = { arguments: lie, "client-properties": lie };
    return [frameOf(any, channelFor(random, talk, any), randomArguments(random, any, talk.tag, { ...OWN, ...values }))];
  }),
};

/** Queues of our own that go with the connection, exchanges that go with their last binding. */
const OWN: Values = { exclusive: true, "auto-delete": true, active: true };

function shortKeyed(random: Random): Uint8Array {
  const key = random.pick(BAD_UTF8);
  return join(shortstr(key), octet(0x53), long(2), random.octets(2));
}

function inserting(frames: (random: Random, talk: Conversation) => Frame[]): Scenario {
  return (random, tag) => {
    const talk = conversation(random, tag);
    const inserted = frames(random, talk);
    return random.chance(0.8) ? insertBetween(random, talk, ...inserted) : insertAnywhere(random, talk, ...inserted);
  };
}

function spoiling(spoil: (random: Random, octets: Uint8Array) => Uint8Array): Scenario {
  return inserting((random, talk) => {
    const any = random.pick(random.chance(0.85) ? OF_CHANNEL : METHODS);
    const octets = spoil(random, randomArguments(random, any, talk.tag, OWN));
    return [frameOf(any, channelFor(random, talk, any), octets)];
  });
}

/** Now and then the method is the first on a channel that nobody opened. */
function channelFor(random: Random, talk: Conversation, { classId }: Method): number {
  if (classId === 10) return 0;
  return random.chance(0.1) ? random.pick([1, 3, 2048]) : random.pick(talk.channels);
}

function frameOf({ classId, methodId }: Method, channel: number, octets: Uint8Array): Frame {
  return method(channel, classId, methodId, octets);
}
