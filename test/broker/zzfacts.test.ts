import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { test } from "vitest";
import { METHODS } from "../../src/amqp/method-registry.ts";
import { startBroker } from "../support/private-broker.ts";
import { type Answer, answerTo, type Pace } from "./answer.ts";
import { linesByPort } from "./broker-log.ts";
import { describeAnswer } from "./compare.ts";
import { encode, named } from "./streams/arguments.ts";
import { call, open, PROTOCOL_HEADER, startOk, tuneOk } from "./streams/conversation.ts";
import { deepArray, deepTable, field, table } from "./streams/field-tables.ts";
import { Random } from "./streams/random.ts";
import {
  body,
  contentHeader,
  type Frame,
  frameOctets,
  heartbeat,
  join,
  latin1,
  long,
  longlong,
  longstr,
  method,
  octet,
  short,
  shortstr,
} from "./streams/wire.ts";

type Row = [name: string, octets: Uint8Array];
const hs = [startOk(), tuneOk(), open()];
const S = (...frames: Frame[]) => join(PROTOCOL_HEADER, ...hs.map(frameOctets), ...frames.map(frameOctets));
const H = (...frames: Frame[]) => join(PROTOCOL_HEADER, ...frames.map(frameOctets));
const C1 = call(1, "channel.open");
const rows: Row[] = [];
const add = (name: string, ...frames: Frame[]) => rows.push([name, S(C1, ...frames)]);
const raw = (name: string, ...frames: Frame[]) => rows.push([name, S(...frames)]);
const hand = (name: string, ...frames: Frame[]) => rows.push([name, H(...frames)]);
const qd = (t: Uint8Array) => call(1, "queue.declare", { exclusive: true, arguments: t });
const pub = (v = {}) => call(1, "basic.publish", { "routing-key": "none", ...v });
const hdr = (props: Uint8Array, size = 0n) => contentHeader(1, size, props);
const u8 = (...o: number[]) => Uint8Array.from(o);

const suite = process.env.SUITE ?? "main";
if (suite === "types") {
  for (let t = 0; t < 256; t++)
    for (const n of [0, 1, 2, 4, 5, 8])
      add(
        `type ${t} ${JSON.stringify(String.fromCharCode(t))} n${n}`,
        qd(table(join(shortstr("x"), octet(t), new Uint8Array(n)))),
      );
}
if (suite === "types-startok") {
  for (let t = 0; t < 256; t++)
    for (const n of [0, 1, 2, 4, 5, 8])
      hand(
        `type ${t} ${JSON.stringify(String.fromCharCode(t))} n${n}`,
        startOk({ "client-properties": table(join(shortstr("x"), octet(t), new Uint8Array(n))) }),
        tuneOk(),
        open(),
      );
}
if (suite === "types-headers") {
  for (let t = 0; t < 256; t++)
    for (const n of [0, 1, 2, 4, 5, 8])
      add(
        `type ${t} ${JSON.stringify(String.fromCharCode(t))} n${n}`,
        pub(),
        hdr(join(short(0x2000), table(join(shortstr("x"), octet(t), new Uint8Array(n))))),
      );
}
if (suite === "types-array") {
  for (let t = 0; t < 256; t++)
    for (const n of [0, 1, 2, 4, 5, 8])
      add(
        `type ${t} ${JSON.stringify(String.fromCharCode(t))} n${n}`,
        qd(table(field("x", "A", longstr(join(octet(t), new Uint8Array(n)))))),
      );
}
const tables: [string, Uint8Array][] = [
  ["empty", table()],
  ["empty key", table(field("", "I", long(1)))],
  ["nested empty", table(field("n", "F", table()))],
  ["array empty", table(field("n", "A", longstr("")))],
  ["bool 2", table(field("b", "t", octet(2)))],
  ["bool 255", table(field("b", "t", octet(255)))],
  ["bool 0", table(field("b", "t", octet(0)))],
  ["key 128 octets 0xff", table(field("\xff".repeat(128), "I", long(1)))],
  ["key twice", table(field("k", "I", long(1)), field("k", "I", long(2)))],
  ["float inf", table(field("k", "f", long(0x7f800000)))],
  ["float nan", table(field("k", "f", long(0x7fc00000)))],
  ["float -inf", table(field("k", "f", long(0xff800000)))],
  ["float 1", table(field("k", "f", long(0x3f800000)))],
  ["float denormal", table(field("k", "f", long(1)))],
  ["float -0", table(field("k", "f", long(0x80000000)))],
  ["double inf", table(field("k", "d", longlong(0x7ff0n << 48n)))],
  ["double nan", table(field("k", "d", longlong(0x7ff8n << 48n)))],
  ["double 0", table(field("k", "d", longlong(0n)))],
  ["longstr length 1 too many", table(field("k", "S", join(long(3), latin1("ab"))))],
  ["longstr length 1 too few", table(field("k", "S", join(long(1), latin1("ab"))))],
  ["longstr length 2^32-1", table(field("k", "S", join(long(0xffffffff), latin1("ab"))))],
  ["longstr bad utf8", table(field("k", "S", longstr("\xff\xfe")))],
  ["nested length too many", table(field("k", "F", join(long(1))))],
  ["nested length too few", table(field("k", "F", join(long(0), shortstr("a"), latin1("I"), long(1))))],
  ["nested unknown type", table(field("k", "F", table(field("a", "z", long(1)))))],
  ["array unknown type", table(field("k", "A", longstr("z")))],
  ["array longstr lie", table(field("k", "A", longstr(join(latin1("S"), long(9)))))],
  ["name length too long", table(join(octet(9), latin1("ab")))],
  ["name only", table(shortstr("ab"))],
  ["name + type only S", table(join(shortstr("ab"), latin1("S")))],
  ["trailing octet 0", table(field("k", "I", long(1)), octet(0))],
  ["one octet 0", table(octet(0))],
  ["deep table 1000", deepTable(1000)],
  ["deep array 1000", deepArray(1000)],
  ["deep table 15000", deepTable(9000)],
  ["void", table(field("k", "V", new Uint8Array(0)))],
  ["decimal", table(field("k", "D", join(octet(2), long(0xffffffff))))],
  ["timestamp max", table(field("k", "T", longlong(-1n)))],
  ["bytes", table(field("k", "x", longstr("\x00\xff")))],
];
if (suite === "tables") {
  for (const [n, t] of tables) {
    add(`queue.declare args: ${n}`, qd(t));
    if (t.length < 4000) hand(`start-ok props: ${n}`, startOk({ "client-properties": t }), tuneOk(), open());
    add(`headers: ${n}`, pub(), hdr(join(short(0x2000), t)));
    add(
      `exchange.declare args: ${n}`,
      call(1, "exchange.declare", { exchange: "zz-t", type: "direct", "auto-delete": true, arguments: t }),
    );
    add(`basic.consume args: ${n}`, qd(table()), call(1, "basic.consume", { "no-ack": true, arguments: t }));
    add(
      `queue.bind args: ${n}`,
      qd(table()),
      call(1, "queue.bind", { exchange: "amq.direct", "routing-key": "zz", arguments: t }),
    );
  }
  for (const lie of [1, 3, 4, 5, 100, 0x7fffffff, 0xffffffff]) {
    add(`queue.declare args: table length ${lie}, 4 octets follow`, qd(join(long(lie), long(0))));
    hand(
      `start-ok props: table length ${lie} lies`,
      startOk({ "client-properties": join(long(lie), long(0)) }),
      tuneOk(),
      open(),
    );
    add(`headers: table length ${lie}, 4 octets follow`, pub(), hdr(join(short(0x2000), long(lie), long(0))));
  }
}
if (suite === "args") {
  for (const m of METHODS) {
    const ch = m.classId === 10 ? 0 : 1;
    const good = encode(m, {});
    add(`${m.name} plain`, method(ch, m.classId, m.methodId, good));
    add(`${m.name} trailing 00`, method(ch, m.classId, m.methodId, good, octet(0)));
    if (good.length) add(`${m.name} short by 1`, method(ch, m.classId, m.methodId, good.subarray(0, -1)));
    for (const a of m.arguments.filter(a => a.type === "shortstr")) {
      const bad = encode(m, { [a.name]: shortstr("a\xff") });
      add(`${m.name} bad utf8 in ${a.name}`, method(ch, m.classId, m.methodId, bad));
      if (ch) add(`${m.name} bad utf8 in ${a.name} + trailing`, method(ch, m.classId, m.methodId, bad, octet(0)));
    }
    for (const a of m.arguments.filter(a => a.type === "table")) {
      const bad = encode(m, { [a.name]: table(u8(1)) });
      add(`${m.name} bad table in ${a.name}`, method(ch, m.classId, m.methodId, bad));
      add(`${m.name} bad table in ${a.name} + trailing`, method(ch, m.classId, m.methodId, bad, octet(0)));
      const s = m.arguments.find(x => x.type === "shortstr");
      if (s)
        add(
          `${m.name} bad table in ${a.name} + bad utf8 in ${s.name}`,
          method(ch, m.classId, m.methodId, encode(m, { [a.name]: table(u8(1)), [s.name]: shortstr("\xff") })),
        );
    }
    if (m.arguments.some(a => a.type === "bit")) {
      const bits = good.slice();
      const at = m.arguments.at(-1)!.type === "table" ? bits.length - 5 : bits.length - 1;
      bits[at] = 0x80;
      if (!["connection.open"].includes(m.name)) add(`${m.name} bit 7`, method(ch, m.classId, m.methodId, bits));
    }
    if (ch === 0) {
      add(`${m.name} on channel 1 (open)`, method(1, m.classId, m.methodId, good));
      raw(`${m.name} on channel 1 (not open)`, method(1, m.classId, m.methodId, good));
      add(`${m.name} on channel 1, trailing`, method(1, m.classId, m.methodId, good, octet(0)));
    } else {
      add(`${m.name} on channel 0`, method(0, m.classId, m.methodId, good));
      raw(`${m.name} on channel 7 not open`, method(7, m.classId, m.methodId, good));
    }
    if (m.content) add(`${m.name} + empty content`, method(ch, m.classId, m.methodId, good), contentHeader(1, 0n));
    if (m.content)
      add(
        `${m.name} + header of class 50`,
        method(ch, m.classId, m.methodId, good),
        contentHeader(1, 0n, short(0), { classId: 50 }),
      );
  }
}
if (suite === "unknown") {
  for (let c = 0; c < 130; c++)
    for (let m = 0; m < 130; m++)
      if ([10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 100, 110, 120].includes(c)) raw(`${c},${m}`, method(1, c, m));
  for (let m = 130; m < 260; m++) raw(`60,${m}`, method(1, 60, m));
}
if (suite === "utf8") {
  for (let a = 0; a < 256; a++) add(`utf8 [${a}]`, call(1, "queue.declare", { passive: true, queue: shortstr(u8(a)) }));
  for (let a = 0xc0; a < 256; a++)
    for (const b of [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]) {
      add(`utf8 [${a},${b}]`, call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b)) }));
      if (a >= 0xe0)
        add(`utf8 [${a},${b},128]`, call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 128)) }));
      if (a >= 0xe0)
        add(`utf8 [${a},${b},191]`, call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 191)) }));
      if (a >= 0xf0)
        add(
          `utf8 [${a},${b},128,128]`,
          call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 128, 128)) }),
        );
      if (a >= 0xf0)
        add(
          `utf8 [${a},${b},191,191]`,
          call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 191, 191)) }),
        );
      if (a >= 0xf8)
        add(
          `utf8 [${a},${b},128,128,128]`,
          call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 128, 128, 128)) }),
        );
      if (a >= 0xfc)
        add(
          `utf8 [${a},${b},128,128,128,128]`,
          call(1, "queue.declare", { passive: true, queue: shortstr(u8(a, b, 128, 128, 128, 128)) }),
        );
    }
  add("utf8 nul", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0)) }));
  add("utf8 bom", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xef, 0xbb, 0xbf)) }));
  add("utf8 bom then bad", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xef, 0xbb, 0xbf, 0xff)) }));
  add("utf8 ef bf be", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xef, 0xbf, 0xbe)) }));
  add("utf8 ef bf bf", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xef, 0xbf, 0xbf)) }));
  add("utf8 ed a0 80", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xed, 0xa0, 0x80)) }));
  add("utf8 f4 90 80 80", call(1, "queue.declare", { passive: true, queue: shortstr(u8(0xf4, 0x90, 0x80, 0x80)) }));
}
if (suite === "extra") {
  const cr = (id: number, ...p: Uint8Array[]) => method(1, 60, id, ...p);
  add("credit good unknown consumer", cr(200, shortstr("x"), long(1), octet(0)));
  add("credit trailing", cr(200, shortstr("x"), long(1), octet(0), octet(0)));
  add("credit bad utf8", cr(200, shortstr("\xff"), long(1), octet(0)));
  add("credit-ok", cr(201, long(1)));
  add("credit-drained", cr(202, shortstr("x"), long(1)));
  raw("credit on 0", method(0, 60, 200, shortstr("x"), long(1), octet(0)));
  add("credit known consumer", call(1, "queue.declare", { exclusive: true }), call(1, "basic.consume", { "consumer-tag": "x" }), call(1, "basic.qos"), cr(200, shortstr("x"), long(1), octet(0)));
  raw("unopened: get '' then channel.open", call(1, "basic.get"), C1);
  raw("unopened: get '' then qos", call(1, "basic.get"), call(1, "basic.qos"));
  raw("unopened: get named", call(1, "basic.get", { queue: "q" }));
  raw("unopened: bind queue named, key empty", call(1, "queue.bind", { queue: "q", exchange: "amq.direct" }));
  raw("unopened: bind queue '' key k", call(1, "queue.bind", { queue: "", exchange: "amq.direct", "routing-key": "k" }));
  add("soft then get ''", call(1, "tx.commit"), call(1, "basic.get"));
  add("soft then get '' x3 then open", call(1, "tx.commit"), call(1, "basic.get"), call(1, "basic.get"), C1);
  add("close, get ''", call(1, "channel.close"), call(1, "basic.get"));
  const small = (...frames: Frame[]) => join(PROTOCOL_HEADER, ...[startOk(), tuneOk({ channelMax: 1 }), open()].map(frameOctets), ...frames.map(frameOctets));
  rows.push(["channel-max 1: open 1, close 1, open 2", small(C1, call(1, "channel.close"), call(2, "channel.open"))]);
  rows.push(["channel-max 1: open 1, soft, close-ok, open 2", small(C1, call(1, "tx.commit"), call(1, "channel.close-ok"), call(2, "channel.open"))]);
  rows.push(["channel-max 1: open 1, open 2", small(C1, call(2, "channel.open"))]);
  rows.push(["channel-max 1: open 1, undecodable on 2", small(C1, method(2, 60, 10))]);
  rows.push(["channel-max 1: open 1, header on 2", small(C1, contentHeader(2, 0n))]);
  rows.push(["channel-max 1: open 1, type 9 on 2", small(C1, { type: 9, channel: 2, payload: u8() })]);
  rows.push(["channel-max 1: open 1, heartbeat on 2", small(C1, heartbeat(2))]);
  rows.push(["channel-max 1: open 1, unknown method on 2", small(C1, method(2, 99, 9))]);
  rows.push(["channel-max 1: close-ok unopened 5, open 1", small(call(5, "channel.close-ok"), C1)]);
  rows.push(["channel-max 1: qos on 5 (504), open 1", small(call(5, "basic.qos"), C1)]);
  add("401 chars text", call(1, "exchange.declare", { exchange: "e", type: "t".repeat(255) }));
  add("cannot decode long", method(1, 60, 10, new Uint8Array(200).fill(200)));
  add("cannot decode, printable", method(1, 60, 10, latin1("hello")));
  raw("404 long", C1, call(1, "basic.publish", { exchange: "x".repeat(255) }), hdr(short(0)));
  add("unknown exchange type latin1", call(1, "exchange.declare", { exchange: "e", type: "\xc3\xa4" }));
  add("consumer tag utf8 reuse", qd(table()), call(1, "basic.consume", { "consumer-tag": "\xc3\xa4" }), call(1, "basic.consume", { "consumer-tag": "\xc3\xa4" }));
  add("unknown exchange type with newline", call(1, "exchange.declare", { exchange: "e", type: "a\n   b" }));
  add("exchange type existing atom true", call(1, "exchange.declare", { exchange: "e", type: "true" }));
  add("exchange type existing atom queue", call(1, "exchange.declare", { exchange: "e", type: "queue" }));
  add("exchange type non-atom", call(1, "exchange.declare", { exchange: "e", type: "zzqqxx" }));
  for (const t of ["x-local-random", "x-consistent-hash", "x-random", "fanout", "headers", "direct", "topic"]) add(`exchange type ${t}`, call(1, "exchange.declare", { exchange: `zz-${t}`, type: t, "auto-delete": true }));
  for (const [k, v] of [["x-message-ttl", -1], ["x-expires", 0], ["x-max-priority", 300], ["x-max-length", -5]] as [string, number][]) add(`queue arg ${k}=${v}`, qd(table(field(k, "I", long(v)))));
  add("queue arg x-dead-letter-exchange int", qd(table(field("x-dead-letter-exchange", "I", long(1)))));
  add("queue arg x-dead-letter-routing-key without exchange", qd(table(field("x-dead-letter-routing-key", "S", longstr("k")))));
  add("queue arg x-queue-type quorum exclusive", qd(table(field("x-queue-type", "S", longstr("quorum")))));
  add("queue arg x-queue-type stream exclusive", qd(table(field("x-queue-type", "S", longstr("stream")))));
  add("queue arg x-queue-type classic", qd(table(field("x-queue-type", "S", longstr("classic")))));
  add("named queue bad x-queue-type", call(1, "queue.declare", { queue: "zz-n1", exclusive: true, arguments: table(field("x-queue-type", "S", longstr("nope"))) }));
  add("consume arg x-priority S", qd(table()), call(1, "basic.consume", { arguments: table(field("x-priority", "S", longstr("a"))) }));
  add("consume exclusive twice", qd(table()), call(1, "basic.consume", { exclusive: true }), call(1, "basic.consume"));
  add("delete if-unused with consumer", qd(table()), call(1, "basic.consume"), call(1, "queue.delete", { "if-unused": true }));
  add("alternate-exchange int", call(1, "exchange.declare", { exchange: "zz-ae", type: "direct", arguments: table(field("alternate-exchange", "I", long(1))) }));
  add("publish mandatory unroutable", pub({ mandatory: true }), hdr(short(0)));
  add("publish to internal", call(1, "exchange.declare", { exchange: "zz-int", type: "direct", internal: true, "auto-delete": true }), pub({ exchange: "zz-int" }), hdr(short(0)));
  add("amq.rabbitmq.trace publish", pub({ exchange: "amq.rabbitmq.trace" }), hdr(short(0)));
  add("amq.match publish", pub({ exchange: "amq.match" }), hdr(short(0)));
  add("declare exclusive then other declare same name", call(1, "queue.declare", { queue: "zz-ex", exclusive: true }), call(1, "queue.declare", { queue: "zz-ex", exclusive: false }));
  add("declare durable mismatch", call(1, "queue.declare", { queue: "zz-d", exclusive: true }), call(1, "queue.declare", { queue: "zz-d", exclusive: true, durable: true }));
  hand("tune channel-max 0 alone", startOk(), tuneOk({ channelMax: 0 }), open());
  const bigHeader = { type: 1, channel: 1, payload: new Uint8Array(20).fill(65), end: 65 };
  add("all printable 16", { ...bigHeader, payload: latin1("0123456789abcdef") });
  add("all printable 17", { ...bigHeader, payload: latin1("0123456789abcdefg") });
  add("quote and backslash", { ...bigHeader, payload: latin1('a"b\\c') });
  add("controls", { ...bigHeader, payload: u8(8, 9, 10, 11, 12, 13, 27) });
  add("latin1 160-255", { ...bigHeader, payload: u8(160, 161, 200, 255) });
  add("127", { ...bigHeader, payload: u8(65, 127) });
  add("128-159", { ...bigHeader, payload: u8(65, 159) });
  add("utf8 snippet", { ...bigHeader, payload: u8(0xc3, 0xa4, 0xc3, 0xb6) });
  add("empty", { ...bigHeader, payload: u8() });
  add("wrapping numbers", { ...bigHeader, payload: u8(200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 1) });
  add("wrapping text", { ...bigHeader, type: 200, payload: latin1("\n".repeat(16)) });
}
if (suite === "race") {
  const hards: [string, Frame[]][] = [
    ["immediate", [pub({ immediate: true }), hdr(short(0))]],
    ["bad properties", [pub(), hdr(short(0xffff))]],
    ["second open", [C1]],
  ];
  for (const [n, fs] of hards)
    for (const kb of [0, 1, 4, 16, 32, 64, 100, 128, 200, 400, 1000]) {
      const fill: Frame[] = [];
      if (kb) {
        fill.push(call(2, "channel.open"), call(2, "basic.publish"), contentHeader(2, BigInt(kb * 1000)));
        for (let left = kb * 1000; left > 0; left -= 100_000)
          fill.push(body(2, new Uint8Array(Math.min(left, 100_000))));
      }
      add(`hard ${n}, ${kb} kB of one message elsewhere, header (505)`, ...fs, ...fill, hdr(short(0)));
      const small: Frame[] = kb ? Array.from({ length: ((kb * 1000) / 15) | 0 }, () => call(1, "basic.qos")) : [];
      if (kb <= 128) add(`hard ${n}, ${kb} kB of basic.qos, header (505)`, ...fs, ...small, hdr(short(0)));
    }
  const bye = call(0, "connection.close", { "reply-code": 200 });
  for (const kb of [0, 1, 10, 50, 100]) {
    const hb = Array.from({ length: kb * 125 }, () => heartbeat());
    add(`connection.close, ${kb} kB of heartbeats, bad end`, bye, ...hb, {
      type: 3,
      channel: 1,
      payload: u8(1),
      end: 0,
    });
    add(`connection.close, ${kb} kB of heartbeats, unknown method on 0`, bye, ...hb, method(0, 99, 99));
    add(`connection.close, ${kb} kB of heartbeats, undecodable on 0`, bye, ...hb, method(0, 10, 50));
  }
  const two = [
    call(1, "queue.declare", { exclusive: true }),
    call(1, "basic.consume", { "consumer-tag": "c" }),
    call(1, "basic.cancel", { "consumer-tag": "c" }),
  ];
  add("consume, cancel", ...two);
  add("consume, qos, cancel", two[0]!, two[1]!, call(1, "basic.qos"), two[2]!);
  add("consume nowait, cancel", two[0]!, call(1, "basic.consume", { "consumer-tag": "c", "no-wait": true }), two[2]!);
  add(
    "two channels: immediate on 1, qos size on 2",
    call(2, "channel.open"),
    ...hards[0]![1],
    call(2, "basic.qos", { "prefetch-size": 1 }),
  );
  add(
    "two channels: bad properties on 1, qos size on 2",
    call(2, "channel.open"),
    ...hards[1]![1],
    call(2, "basic.qos", { "prefetch-size": 1 }),
  );
  add(
    "tx, publish routed, commit, qos",
    call(1, "queue.declare", { exclusive: true }),
    call(1, "queue.bind", { exchange: "amq.direct", "routing-key": "zz-tx1" }),
    call(1, "tx.select"),
    pub({ exchange: "amq.direct", "routing-key": "zz-tx1" }),
    hdr(short(0)),
    call(1, "tx.commit"),
    call(1, "basic.qos"),
  );
  add("close, open", call(1, "channel.close"), C1);
  add("close, 100 heartbeats, open", call(1, "channel.close"), ...Array.from({ length: 100 }, () => heartbeat()), C1);
  add("close, 1000 heartbeats, open", call(1, "channel.close"), ...Array.from({ length: 1000 }, () => heartbeat()), C1);
  add(
    "close, 12000 heartbeats, open",
    call(1, "channel.close"),
    ...Array.from({ length: 12000 }, () => heartbeat()),
    C1,
  );
  add("close, publish", call(1, "channel.close"), pub(), hdr(short(0)));
  add(
    "close, 12000 heartbeats, publish",
    call(1, "channel.close"),
    ...Array.from({ length: 12000 }, () => heartbeat()),
    pub(),
    hdr(short(0)),
  );
  add("hard, soft: immediate then 404", ...hards[0]![1], pub({ exchange: "zz-x" }), hdr(short(0)));
  add("bad properties then unknown method", ...hards[1]![1], method(1, 99, 99));
  add("bad properties then bad table", ...hards[1]![1], qd(table(u8(1))));
}
if (suite === "main") {
  const long70 = "q".repeat(70);
  // properties
  for (let b = 0; b < 16; b++) add(`properties flag bit ${b} alone, no value`, pub(), hdr(short(1 << b)));
  for (let b = 0; b < 16; b++)
    add(`properties flag bit ${b} alone, 16 zero octets`, pub(), hdr(join(short(1 << b), new Uint8Array(16))));
  for (let b = 2; b < 16; b++)
    add(
      `properties flag bit ${b} with its value`,
      pub(),
      hdr(
        join(
          short(1 << b),
          b === 13
            ? long(0)
            : b === 12 || b === 11
              ? octet(1)
              : b === 6
                ? longlong(0n)
                : b === 8
                  ? shortstr("1")
                  : b === 4
                    ? shortstr("guest")
                    : shortstr(""),
        ),
      ),
    );
  for (const n of [12, 13])
    add(`content header of ${n} octets`, pub(), {
      type: 2,
      channel: 1,
      payload: new Uint8Array(n).fill(0).map((_, i) => (i === 1 ? 60 : 0)),
    });
  add("properties empty (12 octets), confirmed", call(1, "confirm.select"), pub(), {
    type: 2,
    channel: 1,
    payload: join(short(60), short(0), longlong(0n)),
  });
  add("properties trailing", pub(), hdr(join(short(0), octet(0))));
  add("properties continuation 0x0001 + 0x0000", pub(), hdr(join(short(1), short(0))));
  add("properties 0x0001 alone", pub(), hdr(short(1)));
  add("properties 0x0002 alone", pub(), hdr(short(2)));
  add("properties 0x0003 + 2 octets", pub(), hdr(join(short(3), short(0))));
  add("properties bad, exchange unknown", pub({ exchange: "zz-none" }), hdr(short(0xffff)));
  add("properties bad, body pending then body", pub(), hdr(short(0xffff), 3n), body(1, u8(1, 2, 3)));
  add("properties bad, body never comes", pub(), hdr(short(0xffff), 3n), body(1, u8(1, 2)));
  add("properties bad utf8", pub(), hdr(join(short(0x8000), shortstr("\xff"))));
  add("properties bad + immediate", pub({ immediate: true }), hdr(short(0xffff)));
  add("user-id other", pub(), hdr(join(short(0x10), shortstr("other"))));
  for (const e of [
    "",
    "0",
    "00",
    "abc",
    "-1",
    "1.5",
    " 1",
    "1 ",
    "+1",
    "4294967295",
    "4294967296",
    "99999999999",
    "315360000000",
    "0x10",
    "1e3",
    "1\xff",
  ])
    add(`expiration ${JSON.stringify(e)}`, pub(), hdr(join(short(0x100), shortstr(e))));
  add("reply-to amq.rabbitmq.reply-to", pub(), hdr(join(short(0x200), shortstr("amq.rabbitmq.reply-to"))));
  for (const v of [0, 1, 2, 3, 255]) add(`delivery-mode ${v}`, pub(), hdr(join(short(0x1000), octet(v))));
  for (const v of [0, 9, 10, 255]) add(`priority ${v}`, pub(), hdr(join(short(0x800), octet(v))));
  add("CC not an array", pub(), hdr(join(short(0x2000), table(field("CC", "S", longstr("a"))))));
  add("CC array of int", pub(), hdr(join(short(0x2000), table(field("CC", "A", longstr(join(latin1("I"), long(1))))))));
  add(
    "CC array of longstr",
    pub(),
    hdr(join(short(0x2000), table(field("CC", "A", longstr(join(latin1("S"), longstr("a"))))))),
  );
  add(
    "CC array of longstr with bad utf8",
    pub(),
    hdr(join(short(0x2000), table(field("CC", "A", longstr(join(latin1("S"), longstr("\xff"))))))),
  );
  add("BCC void", pub(), hdr(join(short(0x2000), table(field("BCC", "V", new Uint8Array(0))))));
  add("x-delay", pub(), hdr(join(short(0x2000), table(field("x-delay", "S", longstr("a"))))));
  // bodies
  for (const n of [1n << 63n, (1n << 64n) - 1n, (1n << 63n) - 1n, 536870913n]) {
    add(`body size ${n} then nothing`, pub(), hdr(short(0), n));
    add(`body size ${n} then body then qos`, pub(), hdr(short(0), n), body(1, u8(1)), call(1, "basic.qos"));
  }
  add(
    "body overrun then body then body",
    pub(),
    hdr(short(0), 2n),
    body(1, u8(1, 2, 3)),
    body(1, u8(1)),
    body(1, u8(1)),
  );
  add("body overrun then qos", pub(), hdr(short(0), 2n), body(1, u8(1, 2, 3)), call(1, "basic.qos"));
  add(
    "body overrun then connection.close",
    pub(),
    hdr(short(0), 2n),
    body(1, u8(1, 2, 3)),
    call(0, "connection.close"),
  );
  add("body after complete", pub(), hdr(short(0), 1n), body(1, u8(1)), body(1, u8(1)));
  add("empty body after complete", pub(), hdr(short(0), 1n), body(1, u8(1)), body(1, u8()));
  add("empty body after size 0", pub(), hdr(short(0), 0n), body(1, u8()));
  // order on channel
  add("header first", hdr(short(0)));
  add("body first", body(1, u8(1)));
  raw("header on unopened channel", hdr(short(0)));
  raw("body on unopened channel", body(1, u8(1)));
  raw("heartbeat on unopened channel", heartbeat(1));
  raw("bad type on unopened channel", { type: 9, channel: 1, payload: u8(1) });
  add("publish, heartbeat on channel", pub(), heartbeat(1));
  add("publish, heartbeat 0, header", pub(), heartbeat(0), hdr(short(0)));
  add("publish, type 9", pub(), { type: 9, channel: 1, payload: u8() });
  add("publish, header class 50 weight 0", pub(), contentHeader(1, 0n, short(0), { classId: 50 }));
  add("publish, header class 50 weight 1", pub(), contentHeader(1, 0n, short(0), { classId: 50, weight: 1 }));
  add("publish, header class 50 weight 0 size 5", pub(), contentHeader(1, 5n, short(0), { classId: 50 }));
  add("publish, header 11 octets", pub(), { type: 2, channel: 1, payload: new Uint8Array(11) });
  add("method frame 3 octets", { type: 1, channel: 1, payload: u8(0, 60, 0) });
  add("method frame 3 octets on 0", { type: 1, channel: 0, payload: u8(0, 60, 0) });
  add("content awaiting, unknown method id", pub(), method(1, 99, 99));
  add("content awaiting, method undecodable", pub(), method(1, 60, 10));
  // channels
  add("channel.open twice", C1);
  add("close-ok unasked", call(1, "channel.close-ok"));
  add("close-ok unasked, then qos", call(1, "channel.close-ok"), call(1, "basic.qos"));
  add("close-ok unasked, then open", call(1, "channel.close-ok"), C1);
  raw("close-ok on unopened", call(1, "channel.close-ok"));
  raw("close-ok on unopened, then open", call(1, "channel.close-ok"), C1);
  add("close", call(1, "channel.close"));
  add("close, qos", call(1, "channel.close"), call(1, "basic.qos"));
  add("close, open", call(1, "channel.close"), C1);
  add("close, open, qos", call(1, "channel.close"), C1, call(1, "basic.qos"));
  add("close, close", call(1, "channel.close"), call(1, "channel.close"));
  add("close, close-ok", call(1, "channel.close"), call(1, "channel.close-ok"));
  add("close, close-ok, qos", call(1, "channel.close"), call(1, "channel.close-ok"), call(1, "basic.qos"));
  raw("close unopened", call(1, "channel.close"));
  add("flow true", call(1, "channel.flow", { active: true }));
  add("flow false", call(1, "channel.flow"));
  add("flow-ok", call(1, "channel.flow-ok"));
  add("qos prefetch-size", call(1, "basic.qos", { "prefetch-size": 1 }));
  add("qos prefetch-size max", call(1, "basic.qos", { "prefetch-size": 4294967295 }));
  add("recover requeue=false", call(1, "basic.recover"));
  add("recover-async requeue=false", call(1, "basic.recover-async"));
  add("tx.select, confirm.select", call(1, "tx.select"), call(1, "confirm.select"));
  add("confirm.select, tx.select", call(1, "confirm.select"), call(1, "tx.select"));
  add("tx.commit unselected", call(1, "tx.commit"));
  add("tx.rollback unselected", call(1, "tx.rollback"));
  add("tx.select twice", call(1, "tx.select"), call(1, "tx.select"));
  add("tx.commit twice", call(1, "tx.select"), call(1, "tx.commit"), call(1, "tx.commit"));
  add(
    "tx, publish routed, commit, qos",
    call(1, "queue.declare", { exclusive: true, queue: "zz-tx1" }),
    call(1, "tx.select"),
    pub({ "routing-key": "zz-tx1" }),
    hdr(short(0)),
    call(1, "tx.commit"),
    call(1, "basic.qos"),
  );
  add(
    "tx, publish unrouted, commit, qos",
    call(1, "tx.select"),
    pub(),
    hdr(short(0)),
    call(1, "tx.commit"),
    call(1, "basic.qos"),
  );
  add("ack unknown", call(1, "basic.ack", { "delivery-tag": 7 }));
  add("ack 0 multiple", call(1, "basic.ack", { "delivery-tag": 0, multiple: true }));
  add("ack 0", call(1, "basic.ack", { "delivery-tag": 0 }));
  add("ack 5 multiple", call(1, "basic.ack", { "delivery-tag": 5, multiple: true }));
  add("nack 0 multiple", call(1, "basic.nack", { "delivery-tag": 0, multiple: true }));
  add("nack 1", call(1, "basic.nack", { "delivery-tag": 1 }));
  add("reject 1", call(1, "basic.reject", { "delivery-tag": 1 }));
  add("cancel unknown", call(1, "basic.cancel", { "consumer-tag": "x" }));
  add(
    "consume same tag",
    qd(table()),
    call(1, "basic.consume", { "consumer-tag": "s" }),
    call(1, "basic.consume", { "consumer-tag": "s" }),
  );
  add(
    "consume unknown queue same tag",
    call(1, "basic.consume", { queue: "zz-u", "consumer-tag": "s" }),
    call(1, "basic.consume", { queue: "zz-u", "consumer-tag": "s" }),
  );
  add("consume empty queue name, none declared", call(1, "basic.consume"));
  add("get empty queue name, none declared", call(1, "basic.get"));
  add("purge empty queue name, none declared", call(1, "queue.purge"));
  add("delete empty queue name, none declared", call(1, "queue.delete"));
  add("bind empty queue name, none declared", call(1, "queue.bind", { exchange: "amq.direct" }));
  add("unbind empty queue name, none declared", call(1, "queue.unbind", { exchange: "amq.direct" }));
  add("consume reply-to no-ack", call(1, "basic.consume", { queue: "amq.rabbitmq.reply-to", "no-ack": true }));
  add("consume reply-to ack", call(1, "basic.consume", { queue: "amq.rabbitmq.reply-to" }));
  add(
    "consume reply-to twice",
    call(1, "basic.consume", { queue: "amq.rabbitmq.reply-to", "no-ack": true }),
    call(1, "basic.consume", { queue: "amq.rabbitmq.reply-to", "no-ack": true }),
  );
  add("exchange.declare unknown type", call(1, "exchange.declare", { exchange: "zz-e", type: "nope" }));
  add("exchange.declare empty type", call(1, "exchange.declare", { exchange: "zz-e", type: "" }));
  add(
    "exchange.declare empty type passive, unknown",
    call(1, "exchange.declare", { exchange: "zz-e", type: "", passive: true }),
  );
  add(
    "exchange.declare unknown type passive, existing",
    call(1, "exchange.declare", { exchange: "amq.direct", type: "nope", passive: true }),
  );
  add("exchange.declare unknown type, amq.", call(1, "exchange.declare", { exchange: "amq.zz", type: "nope" }));
  add("exchange.declare amq.", call(1, "exchange.declare", { exchange: "amq.zz", type: "direct" }));
  add(
    "exchange.declare amq.direct as fanout",
    call(1, "exchange.declare", { exchange: "amq.direct", type: "fanout", durable: true }),
  );
  add(
    "exchange.declare amq.direct not durable",
    call(1, "exchange.declare", { exchange: "amq.direct", type: "direct" }),
  );
  add(
    "exchange.declare amq.direct durable",
    call(1, "exchange.declare", { exchange: "amq.direct", type: "direct", durable: true }),
  );
  add("exchange.declare empty name", call(1, "exchange.declare", { exchange: "", type: "direct" }));
  add("exchange.declare empty name unknown type", call(1, "exchange.declare", { exchange: "", type: "nope" }));
  add(
    "exchange.declare empty name passive",
    call(1, "exchange.declare", { exchange: "", type: "direct", passive: true }),
  );
  add(
    "exchange.declare newline name",
    call(1, "exchange.declare", { exchange: "zz\n1", type: "direct", "auto-delete": true }),
    pub({ exchange: "zz1" }),
    hdr(short(0)),
  );
  add("exchange.delete amq.direct", call(1, "exchange.delete", { exchange: "amq.direct" }));
  add("exchange.delete empty", call(1, "exchange.delete", { exchange: "" }));
  add("exchange.delete unknown", call(1, "exchange.delete", { exchange: "zz-unknown" }));
  add("exchange.bind default", call(1, "exchange.bind", { destination: "", source: "amq.direct" }));
  add("exchange.bind unknown", call(1, "exchange.bind", { destination: "zz-u1", source: "zz-u2" }));
  add("exchange.unbind unknown", call(1, "exchange.unbind", { destination: "zz-u1", source: "zz-u2" }));
  add("queue.declare amq.", call(1, "queue.declare", { queue: "amq.zz" }));
  add("queue.declare passive unknown", call(1, "queue.declare", { queue: "zz-u", passive: true }));
  add("queue.declare passive empty", call(1, "queue.declare", { queue: "", passive: true }));
  add("queue.declare reply-to passive", call(1, "queue.declare", { queue: "amq.rabbitmq.reply-to", passive: true }));
  add(
    "queue.declare bad x-max-length",
    call(1, "queue.declare", { exclusive: true, arguments: table(field("x-max-length", "S", longstr("x"))) }),
  );
  add(
    "queue.declare bad x-queue-type",
    call(1, "queue.declare", { exclusive: true, arguments: table(field("x-queue-type", "S", longstr("nope"))) }),
  );
  add(
    "queue.declare bad x-queue-type int",
    call(1, "queue.declare", { exclusive: true, arguments: table(field("x-queue-type", "I", long(1))) }),
  );
  add(
    "queue.declare unknown arg any",
    call(1, "queue.declare", { exclusive: true, arguments: table(field("zzz", "V", new Uint8Array(0))) }),
  );
  add("queue.delete unknown", call(1, "queue.delete", { queue: "zz-u" }));
  add("queue.purge unknown", call(1, "queue.purge", { queue: "zz-u" }));
  add("queue.bind default exchange", qd(table()), call(1, "queue.bind", { exchange: "" }));
  add("queue.bind unknown exchange", qd(table()), call(1, "queue.bind", { exchange: "zz-x" }));
  add("queue.unbind unknown exchange", qd(table()), call(1, "queue.unbind", { exchange: "zz-x" }));
  add("publish unknown exchange", pub({ exchange: "zz-x" }), hdr(short(0)));
  add("publish unknown exchange, header not sent", pub({ exchange: "zz-x" }));
  add("publish unknown exchange with bad utf8 name", pub({ exchange: "\xff\xfe" }), hdr(short(0)));
  add("immediate", pub({ immediate: true }), hdr(short(0)));
  add("immediate without header", pub({ immediate: true }));
  add("immediate unknown exchange", pub({ immediate: true, exchange: "zz-x" }), hdr(short(0)));
  // after a soft error
  const soft = [pub({ exchange: "zz-x" }), hdr(short(0))];
  add("soft, then qos", ...soft, call(1, "basic.qos"));
  add("soft, then channel.open", ...soft, C1);
  add("soft, then immediate", ...soft, pub({ immediate: true }), hdr(short(0)));
  add("soft, then bad properties", ...soft, pub(), hdr(short(0xffff)));
  add("soft, then server-only", ...soft, call(1, "basic.qos-ok"));
  add("soft, then close", ...soft, call(1, "channel.close"));
  add("soft, then close, then open", ...soft, call(1, "channel.close"), C1);
  add("soft, then close-ok", ...soft, call(1, "channel.close-ok"));
  add("soft, then close-ok, then open", ...soft, call(1, "channel.close-ok"), C1);
  add("soft, then close-ok, then qos", ...soft, call(1, "channel.close-ok"), call(1, "basic.qos"));
  add("soft, then publish without header", ...soft, pub());
  add("soft, then publish then qos", ...soft, pub(), call(1, "basic.qos"));
  add("soft, then body", ...soft, body(1, u8(1)));
  add("soft, then undecodable", ...soft, method(1, 60, 10));
  add("soft, then bad utf8", ...soft, call(1, "queue.declare", { queue: "\xff" }));
  add("soft, then bad table", ...soft, qd(table(u8(1))));
  add("soft, then unknown method", ...soft, method(1, 99, 1));
  add("soft, then soft", ...soft, call(1, "tx.commit"));
  // hard errors of the channel, then the reader's, in one write
  const hards: [string, Frame[]][] = [
    ["immediate", [pub({ immediate: true }), hdr(short(0))]],
    ["qos size", [call(1, "basic.qos", { "prefetch-size": 1 })]],
    ["second open", [C1]],
    ["server-only", [call(1, "basic.qos-ok")]],
    ["bad properties", [pub(), hdr(short(0xffff))]],
  ];
  for (const [n, fs] of hards) {
    add(`hard ${n} alone`, ...fs);
    add(`hard ${n}, header (505)`, ...fs, hdr(short(0)));
    add(`hard ${n}, type 9`, ...fs, { type: 9, channel: 1, payload: u8(1) });
    add(`hard ${n}, bad end`, ...fs, { type: 3, channel: 1, payload: u8(1), end: 0 });
    add(`hard ${n}, too large`, ...fs, { type: 3, channel: 1, payload: u8(), size: 0x70000000 });
    add(`hard ${n}, unknown method`, ...fs, method(1, 99, 99));
    add(`hard ${n}, connection.close`, ...fs, call(0, "connection.close"));
    add(`hard ${n}, channel.close`, ...fs, call(1, "channel.close"));
    add(`hard ${n}, channel.close, connection.close`, ...fs, call(1, "channel.close"), call(0, "connection.close"));
    add(
      `hard ${n}, 40 qos, header (505)`,
      ...fs,
      ...Array.from({ length: 40 }, () => call(1, "basic.qos")),
      hdr(short(0)),
    );
    add(
      `hard ${n}, 100 heartbeats, header (505)`,
      ...fs,
      ...Array.from({ length: 100 }, () => heartbeat()),
      hdr(short(0)),
    );
    add(
      `hard ${n}, body of 100 kB elsewhere, header (505)`,
      ...fs,
      call(2, "channel.open"),
      call(2, "basic.publish"),
      contentHeader(2, 100000n),
      body(2, new Uint8Array(100000)),
      hdr(short(0)),
    );
  }
  add(
    "two channels: immediate on 1, qos size on 2",
    call(2, "channel.open"),
    ...hards[0]![1],
    call(2, "basic.qos", { "prefetch-size": 1 }),
  );
  add(
    "40 qos then hard then 505",
    ...Array.from({ length: 40 }, () => call(1, "basic.qos")),
    ...hards[0]![1],
    hdr(short(0)),
  );
  // connection close and more
  const bye = call(0, "connection.close", { "reply-code": 200 });
  add("connection.close", bye);
  add("connection.close twice", bye, bye);
  add("connection.close, close-ok", bye, call(0, "connection.close-ok"));
  raw("no channel: connection.close, close-ok", bye, call(0, "connection.close-ok"));
  raw("no channel: connection.close, unknown method on 0", bye, method(0, 99, 99));
  add("connection.close, unknown method on 0", bye, method(0, 99, 99));
  add("connection.close, unknown method on 1", bye, method(1, 99, 99));
  add("connection.close, type 9 on 0", bye, { type: 9, channel: 0, payload: u8() });
  add("connection.close, type 9 on 1", bye, { type: 9, channel: 1, payload: u8() });
  add("connection.close, header on 1", bye, hdr(short(0)));
  raw("no channel: connection.close, bad end", bye, { type: 3, channel: 1, payload: u8(1), end: 0 });
  add("connection.close, bad end", bye, { type: 3, channel: 1, payload: u8(1), end: 0 });
  raw("no channel: connection.close, too large", bye, { type: 3, channel: 1, payload: u8(), size: 0x70000000 });
  add("connection.close, too large", bye, { type: 3, channel: 1, payload: u8(), size: 0x70000000 });
  raw("no channel: connection.close, undecodable on 0", bye, method(0, 10, 50));
  add("connection.close, undecodable on 0", bye, method(0, 10, 50));
  raw("no channel: connection.close, open", bye, open());
  add("hard, connection.close, close-ok", hdr(short(0)), bye, call(0, "connection.close-ok"));
  add("connection.close with bad utf8", call(0, "connection.close", { "reply-text": "\xff" }));
  add("connection.close-ok unasked", call(0, "connection.close-ok"));
  raw("update-secret", call(0, "connection.update-secret", { "new-secret": longstr("x"), reason: "y" }));
  raw("update-secret empty", call(0, "connection.update-secret"));
  raw("second open", open());
  raw("second start-ok", startOk());
  raw("second tune-ok", tuneOk());
  raw("connection.start", call(0, "connection.start"));
  raw("connection.secure", call(0, "connection.secure"));
  raw("connection.blocked", call(0, "connection.blocked"));
  raw("unknown on 0", method(0, 99, 1));
  raw("unknown 10,99 on 0", method(0, 10, 99));
  raw("method of channel on 0: undecodable", method(0, 60, 10));
  raw("method of channel on 0: bad utf8", call(0, "queue.declare", { queue: "\xff" }));
  raw("method of channel on 0: bad table", call(0, "queue.declare", { arguments: table(u8(1)) }));
  raw("heartbeat with payload", heartbeat(0, u8(1)));
  raw("heartbeat with payload on 1", heartbeat(1, u8(1)));
  raw("header on 0", contentHeader(0, 0n));
  raw("header short on 0", { type: 2, channel: 0, payload: u8(1) });
  raw("body on 0", body(0, u8(1)));
  raw("type 0 on 0", { type: 0, channel: 0, payload: u8() });
  raw("long queue name 404", C1, call(1, "queue.declare", { passive: true, queue: long70 }));
  // handshake
  const ok = (v = {}) => startOk(v);
  const rest = [tuneOk(), open()];
  hand(
    "AMQPLAIN good",
    ok({
      mechanism: "AMQPLAIN",
      response: longstr(join(field("LOGIN", "S", longstr("guest")), field("PASSWORD", "S", longstr("guest")))),
    }),
    ...rest,
  );
  hand("AMQPLAIN bad table", ok({ mechanism: "AMQPLAIN", response: longstr("xx") }), ...rest);
  hand(
    "AMQPLAIN no password",
    ok({ mechanism: "AMQPLAIN", response: longstr(field("LOGIN", "S", longstr("guest"))) }),
    ...rest,
  );
  hand("AMQPLAIN empty", ok({ mechanism: "AMQPLAIN", response: longstr("") }), ...rest);
  hand(
    "AMQPLAIN wrong password",
    ok({
      mechanism: "AMQPLAIN",
      response: longstr(join(field("LOGIN", "S", longstr("guest")), field("PASSWORD", "S", longstr("x")))),
    }),
    ...rest,
  );
  hand(
    "AMQPLAIN int login",
    ok({
      mechanism: "AMQPLAIN",
      response: longstr(join(field("LOGIN", "I", long(1)), field("PASSWORD", "S", longstr("x")))),
    }),
    ...rest,
  );
  for (const m of ["EXTERNAL", "RABBIT-CR-DEMO", "plain", "", "ANONYMOUS", "\xff", "CRAM-MD5"])
    hand(`mechanism ${JSON.stringify(m)}`, ok({ mechanism: m }), ...rest);
  for (const r of [
    "\0guest\0wrong",
    "\0nobody\0x",
    "",
    "\0",
    "\0\0",
    "guest",
    "\0guest",
    "\0guest\0guest\0",
    "x\0guest\0guest",
    "\0guest\0guest\0\0",
    "\0\0guest",
  ])
    hand(`PLAIN ${JSON.stringify(r)}`, ok({ response: longstr(r) }), ...rest);
  const cap = (v: number) => ({
    "client-properties": table(field("capabilities", "F", table(field("authentication_failure_close", "t", octet(v))))),
  });
  hand("PLAIN wrong, capable", ok({ response: longstr("\0guest\0wrong"), ...cap(1) }), ...rest);
  hand("PLAIN wrong, capable 2", ok({ response: longstr("\0guest\0wrong"), ...cap(2) }), ...rest);
  hand("PLAIN wrong, capable 0", ok({ response: longstr("\0guest\0wrong"), ...cap(0) }), ...rest);
  hand("PLAIN malformed, capable", ok({ response: longstr("x"), ...cap(1) }), ...rest);
  hand("mechanism unknown, capable", ok({ mechanism: "X", ...cap(1) }), ...rest);
  hand("locale unknown", ok({ locale: "xx_XX" }), ...rest);
  hand("locale empty", ok({ locale: "" }), ...rest);
  hand("connection_name int", ok({ "client-properties": table(field("connection_name", "I", long(1))) }), ...rest);
  hand(
    "connection_name longstr bad utf8",
    ok({ "client-properties": table(field("connection_name", "S", longstr("\xff\xfe"))) }),
    ...rest,
  );
  hand(
    "connection_name longstr",
    ok({ "client-properties": table(field("connection_name", "S", longstr("the name"))) }),
    ...rest,
    hdr(short(0)),
  );
  hand(
    "capabilities not a table",
    ok({ "client-properties": table(field("capabilities", "S", longstr("x"))) }),
    ...rest,
  );
  hand(
    "product int",
    ok({
      "client-properties": table(
        field("product", "I", long(1)),
        field("version", "I", long(1)),
        field("platform", "V", u8()),
      ),
    }),
    ...rest,
  );
  hand("secure-ok in starting", call(0, "connection.secure-ok"), ok(), ...rest);
  hand("secure-ok in tuning", ok(), call(0, "connection.secure-ok"), ...rest);
  hand("secure-ok in opening", ok(), tuneOk(), call(0, "connection.secure-ok"), open());
  hand(
    "CR demo secure",
    ok({ mechanism: "RABBIT-CR-DEMO", response: longstr("guest") }),
    call(0, "connection.secure-ok", { response: longstr("My password is guest") }),
    ...rest,
  );
  hand(
    "CR demo secure wrong",
    ok({ mechanism: "RABBIT-CR-DEMO", response: longstr("guest") }),
    call(0, "connection.secure-ok", { response: longstr("nope") }),
    ...rest,
  );
  for (const c of [0, 1, 2046, 2047, 2048, 65535]) hand(`channel-max ${c}`, ok(), tuneOk({ channelMax: c }), open());
  for (const f of [0, 1, 4095, 4096, 131071, 131072, 131073, 0xffffffff])
    hand(`frame-max ${f}`, ok(), tuneOk({ frameMax: f }), open());
  for (const h of [0, 1, 65535]) hand(`heartbeat ${h}`, ok(), tuneOk({ heartbeat: h }), open());
  hand("channel-max and frame-max both bad", ok(), tuneOk({ channelMax: 0, frameMax: 1 }), open());
  for (const v of ["", "nowhere", "/ ", "\xff", "x".repeat(255), "a\nb", "~", "\xc3\xa4"])
    hand(`vhost ${JSON.stringify(v.slice(0, 10))}`, ok(), tuneOk(), open(v));
  hand("vhost nowhere, capable", ok(cap(1)), tuneOk(), open("nowhere"));
  hand("open without reserved", ok(), tuneOk(), method(0, 10, 40, shortstr("/")));
  hand("open trailing", ok(), tuneOk(), method(0, 10, 40, shortstr("/"), shortstr(""), octet(0), octet(0)));
  hand("tune-ok short", ok(), method(0, 10, 31, short(0)), open());
  hand("start-ok short", method(0, 10, 11, long(0)), ...rest);
  hand("start-ok bad utf8 mechanism", ok({ mechanism: "\xff" }), ...rest);
  for (const [state, before] of [
    ["starting", []],
    ["tuning", [ok()]],
    ["opening", [ok(), tuneOk()]],
  ] as [string, Frame[]][]) {
    const put = (n: string, f: Frame) =>
      hand(`${state}: ${n}`, ...before, f, ...[ok(), tuneOk(), open()].slice(before.length));
    put("heartbeat", heartbeat());
    put("heartbeat payload", heartbeat(0, u8(1)));
    put("heartbeat on 1", heartbeat(1));
    put("type 9 on 0", { type: 9, channel: 0, payload: u8(1) });
    put("type 9 on 1", { type: 9, channel: 1, payload: u8(1) });
    put("channel.open on 1", C1);
    put("undecodable on 1", method(1, 60, 10));
    put("unknown on 1", method(1, 99, 9));
    put("channel.open on 0", call(0, "channel.open"));
    put("unknown on 0", method(0, 99, 9));
    put("undecodable qos on 0", method(0, 60, 10));
    put("bad utf8 on 0", call(0, "queue.declare", { queue: "\xff" }));
    put("bad table on 0", call(0, "queue.declare", { arguments: table(u8(1)) }));
    put("header on 0", contentHeader(0, 0n));
    put("body on 0", body(0, u8(1)));
    put("header on 1", contentHeader(1, 0n));
    put("bad end", { ...heartbeat(), end: 0 });
    put("size 4089", body(0, new Uint8Array(4089)));
    put("size 4096", body(0, new Uint8Array(4096)));
    put("size 4097", body(0, new Uint8Array(4097)));
    put("size 131072", body(0, new Uint8Array(131072)));
    put("size 131073", body(0, new Uint8Array(131073)));
    put("connection.close", bye);
    put("connection.close-ok", call(0, "connection.close-ok"));
    put("connection.open", open());
    put("connection.tune-ok", tuneOk());
    put("connection.start-ok", ok());
  }
  for (const p of [
    "AMQP\0\0\x09\x01",
    "AMQP\x01\x01\0\x09",
    "AMQP\x01\x01\x09\x01",
    "AMQP\x01\x01\x08\0",
    "AMQP\0\x01\0\0",
    "AMQP\x03\x01\0\0",
    "AMQP\x02\x01\0\0",
    "AMQP\x09\x01\0\0",
    "AMQP\0\0\x09\0",
    "AMQP\0\0\x08\0",
    "GET / HT",
    "\0\0\0\0\0\0\0\0",
    "AMQP\0\0\x09",
  ])
    rows.push([
      `protocol ${JSON.stringify(p)}`,
      join(latin1(p), ...hs.map(frameOctets), frameOctets(C1), frameOctets(hdr(short(0)))),
    ]);
  rows.push(["protocol header short AMQ", latin1("AMQ")]);
  rows.push(["protocol header twice", join(PROTOCOL_HEADER, PROTOCOL_HEADER, ...hs.map(frameOctets))]);
  // 0-8
  const P8 = latin1("AMQP\x01\x01\x08\x00");
  const e = (...frames: Frame[]) => join(P8, ...hs.map(frameOctets), ...frames.map(frameOctets));
  rows.push(["0-8: channel.open, header", e(C1, hdr(short(0)))]);
  rows.push(["0-8: connection.close 10,50", e(bye)]);
  rows.push(["0-8: connection.close 10,60", e(method(0, 10, 60, short(200), shortstr("x"), short(0), short(0)))]);
  rows.push(["0-8: queue.declare", e(C1, qd(table()))]);
  rows.push(["0-8: basic.qos", e(C1, call(1, "basic.qos"))]);
  rows.push(["0-8: confirm.select", e(C1, call(1, "confirm.select"))]);
  rows.push(["0-8: basic.nack", e(C1, call(1, "basic.nack"))]);
  rows.push(["0-8: immediate", e(C1, pub({ immediate: true }), hdr(short(0)))]);
}

test("facts", async () => {
  const broker = await startBroker({ completeLog: true });
  try {
    const pace = (process.env.PACE ?? "whole") as Pace;
    const times = Number(process.env.TIMES ?? 1);
    const answers: Answer[][] = rows.map(() => []);
    for (let t = 0; t < times; t++) {
      const it = rows.entries();
      const worker = async () => {
        for (const [i, [, octets]] of it)
          answers[i]!.push(
            await answerTo({
              host: broker.host,
              port: broker.port,
              octets,
              pace,
              random: new Random(i),
              linger: suite === "main" || suite === "args" ? 300 : undefined,
            } as never),
          );
      };
      await Promise.all(Array.from({ length: 120 }, worker));
    }
    await delay(4500);
    const lines = linesByPort(broker.readLog());
    const out: string[] = [];
    rows.forEach(([name], i) => {
      const said = new Map<string, number>();
      for (const a of answers[i]!) {
        const d =
          describeAnswer(a) +
          a.channelCloses
            .map(
              c => ` | channel.close ${c.channel}: ${c.code} (${c.classId}, ${c.methodId}) ${JSON.stringify(c.text)}`,
            )
            .join("") +
          (a.close && a.closeOk ? " +close-ok" : "");
        said.set(d, (said.get(d) ?? 0) + 1);
      }
      const a = answers[i]!.at(-1)!;
      const log = (lines.get(a.clientPort)?.at(-1) ?? []).filter(
        l => !/accepting|\[debug\]|authenticated and granted|unexpectedly closed TCP|\[warning\] closing AMQP/.test(l),
      );
      out.push(
        `${name}: ${[...said].map(([d, n]) => (said.size > 1 || times > 1 ? `${n}x ` : "") + d).join("  //  ")}${a.ended && !a.close ? ` after ${a.milliseconds} ms` : ""}`,
      );
      if (suite === "main" || suite === "args" || suite === "tables")
        for (const l of log.slice(0, 8)) out.push(`      ${l.slice(0, 200)}`);
    });
    writeFileSync(`/tmp/facts-${suite}-${pace}.txt`, out.join("\n"), "latin1");
    console.log(rows.length, "rows");
  } finally {
    await broker.stop();
  }
}, 600_000);
