/** Content headers, properties and bodies: what a publish is followed by. */

import { BAD_UTF8 } from "./arguments.ts";
import { type Conversation, call, conversation, properties } from "./conversation.ts";
import { deepArray, deepTable, field, malformedTable, randomTable, table } from "./field-tables.ts";
import type { Random } from "./random.ts";
import { insertBetween, type Scenario } from "./scenario.ts";
import { body, contentHeader, type Frame, heartbeat, join, latin1, long, octet, short, shortstr } from "./wire.ts";

export const contentScenarios: Readonly<Record<string, Scenario>> = {
  "header-class": publishing((random, channel) => [
    contentHeader(channel, 0n, short(0), {
      classId: random.pick([0, 1, 10, 20, 50, 59, 61, 90, 65535, random.below(65536)]),
    }),
  ]),
  "header-weight": publishing((random, channel) => [
    contentHeader(channel, BigInt(random.below(4)), short(0), {
      classId: random.pick([60, 60, 50]),
      weight: random.pick([1, 256, 65535, random.below(65536)]),
    }),
  ]),
  "header-short": publishing((random, channel) => {
    const header = contentHeader(channel, BigInt(random.below(2)));
    return [{ ...header, payload: header.payload.subarray(0, random.between(0, 13)) }];
  }),
  "header-missing": publishing((random, channel) => [body(channel, random.octets(random.below(20)))]),
  "header-twice": publishing((random, channel) => [
    contentHeader(channel, BigInt(random.below(5))),
    contentHeader(channel, 0n),
  ]),
  "properties-short": publishing((random, channel) => {
    const all = properties(random);
    return message(random, channel, all.subarray(0, random.below(all.length)));
  }),
  "properties-trailing": publishing((random, channel) =>
    message(random, channel, join(properties(random), random.octets(random.between(1, 9)))),
  ),
  "properties-flags": publishing((random, channel) => {
    const octets = properties(random).slice();
    const flags = random.pick([1, 2, 3, 0xffff, 0xfffe, 0xfffc, 0x2000, random.below(65536)]);
    return message(random, channel, random.chance(0.5) ? short(flags) : join(short(flags), octets.subarray(2)));
  }),
  "properties-continued": publishing((random, channel) => {
    const flags = random.pick([0x0001, 0x8001]);
    const value = flags === 0x8001 ? shortstr("text/plain") : new Uint8Array(0);
    return message(random, channel, join(short(flags), short(random.pick([0, 0x8000])), value));
  }),
  "properties-table": publishing((random, channel) =>
    message(random, channel, join(short(0x2000), malformedTable(random))),
  ),
  "properties-table-good": publishing((random, channel) => {
    const headers = random.pick([
      randomTable(random, 3),
      deepTable(random.pick([1, 10, 100, 400])),
      deepArray(random.pick([1, 10, 100, 400])),
      table(field("b", "t", octet(random.below(256)))),
      table(
        field(
          "CC",
          "A",
          join(long(random.pick([0, 6])), random.chance(0.5) ? latin1("S\0\0\0\x01k") : new Uint8Array(0)),
        ),
      ),
      table(field("CC", "S", join(long(1), latin1("k")))),
      table(field("BCC", "A", join(long(5), latin1("I\0\0\0\x01")))),
    ]);
    return message(random, channel, join(short(0x2000), headers));
  }),
  "properties-table-length": publishing((random, channel) => {
    const lie = random.pick([1, 3, 5, 100, 0x7fffffff, 0xffffffff]);
    return message(random, channel, join(short(0x2000), long(lie), random.octets(random.below(6))));
  }),
  "properties-utf8": publishing((random, channel) =>
    message(random, channel, join(short(0x8000), shortstr(random.pick(BAD_UTF8)))),
  ),
  "properties-values": publishing((random, channel) => {
    const [flag, value] = random.pick(NOTABLE)(random);
    return message(random, channel, join(short(flag), value));
  }),
  "body-size": publishing((random, channel) => {
    const size = random.pick(BODY_SIZES);
    const parts = Array.from({ length: random.below(3) }, () => body(channel, random.octets(random.below(30))));
    return [contentHeader(channel, size), ...parts];
  }),
  "body-overrun": publishing((random, channel) => {
    const size = random.between(1, 40);
    const more = Array.from({ length: random.below(3) }, () => body(channel, random.octets(random.below(9))));
    return [contentHeader(channel, BigInt(size)), body(channel, random.octets(size + random.between(1, 20))), ...more];
  }),
  "body-underrun": publishing((random, channel) => {
    const size = random.between(1, 40);
    return [contentHeader(channel, BigInt(size)), body(channel, random.octets(random.below(size)))];
  }),
  "body-after-all": publishing((random, channel) => [
    contentHeader(channel, 0n),
    body(channel, random.octets(random.below(5))),
  ]),
  "body-empty-frames": publishing((random, channel) => {
    const frames: Frame[] = [contentHeader(channel, 4n)];
    for (let at = 0; at < 4; at++) {
      for (let empty = random.below(3); empty > 0; empty--) frames.push(body(channel, new Uint8Array(0)));
      frames.push(body(channel, octet(65 + at)));
    }
    if (random.chance(0.3)) frames.push(body(channel, new Uint8Array(0)));
    return frames;
  }),
  "content-and-others": publishing((random, channel, talk) => {
    const other = random.pick([...talk.channels, 0]);
    const between: Frame = other === 0 ? heartbeat() : call(other, "basic.qos", { "prefetch-count": 1 });
    return [contentHeader(channel, 2n), between, body(channel, octet(65)), between, body(channel, octet(66))];
  }),
};

const BODY_SIZES = [
  0n,
  1n,
  29n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  536_870_912n,
  536_870_913n,
  134_217_728n,
  1n << 62n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/** Values a channel looks at: whose user-id it is, whether the expiration is a number, the pseudo reply queue. */
const NOTABLE: readonly ((random: Random) => [flag: number, value: Uint8Array])[] = [
  random => [0x10, shortstr(random.pick(["guest", "", "root", "guest2"]))],
  random => [
    0x100,
    shortstr(
      random.pick(["0", "1000", "-1", "1.5", "", "abc", "4294967295", "4294967296", "99999999999", " 5", "5 ", "+5"]),
    ),
  ],
  random => [0x200, shortstr(random.pick(["amq.rabbitmq.reply-to", "amq.rabbitmq.reply-to.x", "elsewhere"]))],
  random => [0x1000, octet(random.below(256))],
  random => [0x800, octet(random.below(256))],
];

/** basic.publish on an open channel, and what follows it. */
function publishing(follow: (random: Random, channel: number, talk: Conversation) => Frame[]): Scenario {
  return (random, tag) => {
    const talk = conversation(random, tag);
    const channel = random.pick(talk.channels);
    const publish = call(channel, "basic.publish", {
      exchange: random.pick(["", "", "amq.direct"]),
      "routing-key": "m",
    });
    return insertBetween(random, talk, publish, ...follow(random, channel, talk));
  };
}

function message(random: Random, channel: number, all: Uint8Array): Frame[] {
  const size = random.pick([0, 3]);
  const header = contentHeader(channel, BigInt(size), all);
  return size === 0 ? [header] : [header, body(channel, random.octets(size))];
}
