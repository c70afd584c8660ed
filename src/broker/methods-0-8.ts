/**
 * The methods of AMQP 0-8 (rabbit_framing_amqp_0_8), which RabbitMQ up to 3.13 selects for the protocol headers 1 1 8 0
 * and 1 1 9 1. Most have the layout of 0-9-1. The differences are here as data: class, method, name, sender (c, s), and
 * the arguments: o octet, s short, l long, L longlong, S shortstr, X longstr, T table, b bit; + content.
 */
import { FIELD_KINDS } from "../amqp/field-kinds.ts";
import { keyOf, NO_KEY } from "../amqp/method-keys.ts";
import { type Method, methodNamed, methodOf } from "../amqp/method-registry.ts";
import type { ArgumentType } from "../amqp/spec/methods.ts";

const DIFFERENT = `
10 50 connection.redirect s SS      10 60 connection.close c sSss       10 61 connection.close-ok c
20 11 channel.open-ok s             20 30 channel.alert s sST
70 10 file.qos s lsb                70 11 file.qos-ok s                 70 20 file.consume s sSSbbbb
70 21 file.consume-ok s S           70 30 file.cancel s Sb              70 31 file.cancel-ok s S
70 40 file.open s SL                70 41 file.open-ok s L              70 50 file.stage s +
70 60 file.publish s sSSbbS         70 70 file.return s sSSS+           70 80 file.deliver s SLbSSS
70 90 file.ack s Lb                 70 100 file.reject s Lb             80 10 stream.qos s lslb
80 11 stream.qos-ok s               80 20 stream.consume s sSSbbbb      80 21 stream.consume-ok s S
80 30 stream.cancel s Sb            80 31 stream.cancel-ok s S          80 40 stream.publish s sSSbb+
80 50 stream.return s sSSS+         80 60 stream.deliver s SLSS+        100 10 dtx.select s
100 11 dtx.select-ok s              100 20 dtx.start s S                100 21 dtx.start-ok s
110 10 tunnel.request s T+          120 10 test.integer s oslLo         120 11 test.integer-ok s L
120 20 test.string s SXo            120 21 test.string-ok s X           120 30 test.table s Too
120 31 test.table-ok s LX           120 40 test.content s +             120 41 test.content-ok s l+`;

/** Methods of 0-9-1 and of RabbitMQ's extensions that 0-8 does not have, by class. */
const MISSING: Readonly<Record<number, readonly number[]>> = {
  10: [51, 70, 71],
  40: [30, 31, 40, 51],
  60: [120, 200, 201, 202],
  85: [10, 11],
};

const TYPES: Readonly<Record<string, ArgumentType>> = {
  o: "octet",
  s: "short",
  l: "long",
  L: "longlong",
  S: "shortstr",
  X: "longstr",
  T: "table",
  b: "bit",
};

const different = new Map<number, Method>();
for (const entry of DIFFERENT.trim().split(/\s{2,}|\n/)) {
  const [classText, methodText, name, from, layout = ""] = entry.split(" ") as [
    string,
    string,
    string,
    string,
    string?,
  ];
  const classId = Number(classText);
  const methodId = Number(methodText);
  different.set(keyOf(classId, methodId), {
    classId,
    methodId,
    key: methodNamed(name)?.key ?? NO_KEY,
    name,
    from: from === "c" ? "client" : "server",
    content: layout.endsWith("+"),
    // They are so few that the walk may judge them.
    layout: null,
    arguments: Array.from(layout.replace("+", ""), (letter, i) => {
      const type = TYPES[letter]!;
      return { name: `argument-${i}`, type, kind: FIELD_KINDS[type] };
    }),
  });
}
// Named as in 0-9-1, because it is looked up by that name.
const consume = methodNamed("basic.consume")!;
different.set(consume.key, { ...consume, arguments: consume.arguments.slice(0, -1), layout: null });

/** As methodOf, in AMQP 0-8. */
export function methodOf08(classId: number, methodId: number): Method | undefined {
  const own = methodId < 256 ? different.get(keyOf(classId, methodId)) : undefined;
  if (own !== undefined) return own;
  return MISSING[classId]?.includes(methodId) ? undefined : methodOf(classId, methodId);
}
