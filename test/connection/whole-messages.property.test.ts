/** Messages that are taken as a whole leave behind what their frames do one by one, whatever is wrong around them. */
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BrokerPredictor } from "../../src/broker/broker-predictor.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import { BROKER_VERSIONS, type BrokerId } from "../../src/broker/versions.ts";
import { AmqpConnection } from "../../src/connection/amqp-connection.ts";
import { Direction } from "../../src/connection/direction.ts";
import type { StreamForensics } from "../../src/connection/observers.ts";
import { DirectionForensics } from "../../src/forensics/direction-forensics.ts";
import { MAX_STEPS } from "../../src/forensics/untangle/untangle.ts";
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { SEED } from "../support/chunkings.ts";
import { findingsOf } from "../support/findings-of.ts";
import {
  bits,
  field,
  join,
  long,
  longlong,
  type Properties,
  short,
  shortstr,
  type Wire,
  wire,
} from "../support/wire.ts";

const FRAME_MAX = 4096;

const PROPERTIES: readonly Properties[] = [
  {},
  { contentType: "text/plain", deliveryMode: 2, headers: { thread: field.S("a") }, messageId: "m1" },
  { headers: { thread: field.S("b"), count: field.I(1) } },
  { deliveryMode: 7 },
  { expiration: "soon" },
  { replyTo: "amq.rabbitmq.reply-to" },
  { userId: "somebody" },
  { headers: { CC: field.S("other") } },
  { headers: { wrong: [0, 0, 0] as unknown as Uint8Array } },
];

const METHODS = {
  publish: (exchange: string, flags: number) => [40, short(0), shortstr(exchange), shortstr("tasks"), [flags]] as const,
  return: (exchange: string) => [50, short(312), shortstr(""), shortstr(exchange), shortstr("tasks")] as const,
  deliver: (exchange: string) =>
    [60, shortstr("tag"), longlong(1), [0], shortstr(exchange), shortstr("tasks")] as const,
  "get-ok": (exchange: string) => [71, longlong(1), [0], shortstr(exchange), shortstr("tasks"), long(0)] as const,
};

const message = fc.record({
  kind: fc.constant("message" as const),
  channel: fc.constantFrom(1, 1, 1, 2, 2, 3, 4, 0),
  method: fc.constantFrom<(keyof typeof METHODS)[]>("publish", "publish", "publish", "deliver", "return", "get-ok"),
  exchange: fc.constantFrom("", "", "", "amq.rabbitmq.trace"),
  /** Bit 1 is immediate. */
  flags: fc.constantFrom(0, 0, 0, 0, 2),
  properties: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 2 }) },
    { weight: 1, arbitrary: fc.nat({ max: PROPERTIES.length - 1 }) },
  ),
  size: fc.oneof(fc.nat({ max: 40 }), fc.constantFrom(300, FRAME_MAX - 8, FRAME_MAX - 7, FRAME_MAX, FRAME_MAX + 1)),
  /** What the content header announces more than there is. */
  more: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
  times: fc.constantFrom(1, 1, 2, 5, 40),
});

const other = fc.record({
  kind: fc.constantFrom(
    ...([
      "turns",
      "pieces",
      "method",
      "header",
      "body",
      "ack",
      "open",
      "close",
      "close-ok",
      "qos",
      "heartbeat",
    ] as const),
    ...(["declare-internal", "connection-close", "foreign"] as const),
  ),
  channel: fc.integer({ min: 0, max: 4 }),
  times: fc.constantFrom(1, 1, 1, 12),
});

type Action =
  typeof message extends fc.Arbitrary<infer M> ? (typeof other extends fc.Arbitrary<infer O> ? M | O : never) : never;

const actions = fc.array(fc.oneof({ weight: 3, arbitrary: message }, { weight: 2, arbitrary: other }), {
  minLength: 1,
  maxLength: 14,
});

function act(action: Action, isClient: boolean): Wire {
  const { channel } = action;
  switch (action.kind) {
    case "message": {
      const { method, exchange, flags, properties, size, more } = action;
      const named = isClient || method !== "publish" ? method : "deliver";
      const [id, ...values] = METHODS[named](exchange, flags);
      return wire()
        .method(channel, 60, id, ...values)
        .header(channel, Math.max(0, size + more), PROPERTIES[properties])
        .body(channel, new Uint8Array(size));
    }
    case "turns": {
      const between = wire().publish((channel % 3) + 1, "hi").octets;
      return wire().publishMethod(channel).raw(between).header(channel, 2).raw(between).body(channel, "hi");
    }
    case "pieces":
      return wire().publish(channel, "in three pieces", { pieces: 6 });
    case "method":
      return wire().publishMethod(channel);
    case "header":
      return wire().header(channel, 3);
    case "body":
      return wire().body(channel, "abc");
    case "ack":
      return wire().ack(channel, 1);
    case "open":
      return isClient ? wire().channelOpen(channel) : wire().channelOpenOk(channel);
    case "close":
      return wire().channelClose(channel);
    case "close-ok":
      return wire().channelCloseOk(channel);
    case "qos":
      return wire().method(channel, 60, 10, long(7), short(0), bits(false));
    case "heartbeat":
      return wire().heartbeat();
    case "declare-internal":
      return wire().method(
        channel,
        40,
        10,
        short(0),
        shortstr("x"),
        shortstr("topic"),
        bits(false, false, false, true),
        long(0),
      );
    case "connection-close":
      return wire().close();
    case "foreign":
      return wire().raw("48 54 54 50");
  }
}

const mutations = fc.array(
  fc.record({ at: fc.nat(), octet: fc.nat({ max: 255 }), cut: fc.constantFrom(0, 0, 1, 30) }),
  { maxLength: 2 },
);

interface Plan {
  broker: BrokerId;
  /** The beginning is in the capture; else it starts behind the handshake. */
  begins: boolean;
  closedForFrames: boolean;
  channelMax: number;
  sides: readonly [SidePlan, SidePlan];
}
interface SidePlan {
  actions: readonly Action[];
  mutations: readonly { at: number; octet: number; cut: number }[];
  /** Where the stream is cut, and what lies between: nanoseconds, or octets that were not captured. */
  cuts: readonly { at: number; pause: number; missing: number }[];
}

const sides: fc.Arbitrary<SidePlan> = fc.record({
  actions,
  mutations: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: mutations }),
  cuts: fc.array(
    fc.record({
      at: fc.nat(),
      pause: fc.constantFrom(0, 50_000),
      missing: fc.constantFrom(0, 0, 0, 0, 0, 7, -1),
    }),
    { maxLength: 4 },
  ),
});

const plans: fc.Arbitrary<Plan> = fc.record({
  broker: fc.constantFrom(...(Object.keys(BROKER_VERSIONS) as BrokerId[])),
  begins: fc.constantFrom(true, true, true, false),
  closedForFrames: fc.constantFrom(true, true, true, false),
  channelMax: fc.constantFrom(2047, 2047, 2),
  sides: fc.tuple(sides, sides),
});

type Piece = { octets: Uint8Array; pause: number; missing: number };

/** A side's octets behind the handshake. */
function spoken({ actions, mutations, cuts }: SidePlan, isClient: boolean): Piece[] {
  const opens = wire();
  for (const channel of [1, 2]) opens.raw(act({ kind: "open", channel, times: 1 }, isClient).octets);
  let octets: Uint8Array = join(
    opens.octets,
    ...actions.flatMap(action => Array.from({ length: action.times }, () => act(action, isClient).octets)),
  );
  for (const { at: anywhere, octet, cut } of mutations) {
    const at = anywhere % octets.length;
    octets = cut > 0 ? join(octets.subarray(0, at), octets.subarray(at + cut)) : octets.slice();
    if (cut === 0) octets[at] = octet;
  }
  const pieces: Piece[] = [];
  let from = 0;
  const places = cuts.map(each => ({ ...each, at: each.at % (octets.length + 1) })).toSorted((a, b) => a.at - b.at);
  for (const { at, pause, missing } of [...places, { at: octets.length, pause: 0, missing: 0 }]) {
    pieces.push({ octets: octets.subarray(Math.min(from, at), at), pause, missing });
    from = Math.max(from, at + Math.max(missing, 0));
  }
  return pieces;
}

/** What is known of a connection in the end. */
function connectionOf(plan: Plan, explain: boolean, atATime = Number.POSITIVE_INFINITY) {
  const { broker, begins, channelMax, closedForFrames } = plan;
  const rules = new BrokerRules(broker);
  const predictor = new BrokerPredictor(rules);
  const moment = new Moment();
  const budget = { octets: 0, limit: 1 << 24 };
  const explained: DirectionForensics[] = [];
  const forensics = (): StreamForensics => {
    const one = new DirectionForensics(budget, { octets: 0, limit: 1 << 24 }, { steps: MAX_STEPS });
    explained.push(one);
    return one;
  };
  const amqp = new AmqpConnection({
    predictor,
    moment,
    budget,
    sawBeginning: begins,
    closedForFrames,
    forced: true,
    expected: true,
    listener: null,
    incidents: null,
    forensics: explain ? [forensics(), forensics()] : null,
    initialFrameMax: FRAME_MAX,
    serverNamed: () => FRAME_MAX,
    recognised: () => 1,
    leave: () => {},
  });
  const receive = (side: Side, octets: Uint8Array): void => {
    for (let at = 0; at < octets.length; at += atATime)
      amqp.data(side, octets, at, Math.min(at + atATime, octets.length));
  };
  if (begins) {
    receive(0, wire().protocolHeader().octets);
    receive(1, wire().start().tune(channelMax, FRAME_MAX).octets);
    receive(0, wire().startOk().tuneOk(channelMax, FRAME_MAX).open().octets);
    receive(1, wire().openOk().octets);
  }
  for (const side of [1, 0] as const) {
    for (const { octets, pause, missing } of spoken(plan.sides[side], side === 0)) {
      moment.packet++;
      receive(side, octets);
      if (missing !== 0) amqp.gap(side, missing, false);
      moment.nanoseconds += pause;
    }
    amqp.end(side, "fin");
  }
  amqp.finish();
  return {
    state: amqp.state,
    prediction: predictor.prediction,
    settled: predictor.settled,
    findings: findingsOf(amqp),
    incidents: amqp.incidents,
    explanations: explained.map(({ explanations }) => explanations),
    directions: amqp.directions.map(({ frames, hidden, incidents, scanner, closing }) => {
      return { frames, hidden, incidents, closing, offset: scanner.offset };
    }),
  };
}

type Known = ReturnType<typeof connectionOf>;

afterEach(() => vi.restoreAllMocks());

/** The same with no message taken as a whole. */
function frameByFrame(plan: Plan, explain: boolean): Known {
  const spy = vi.spyOn(Direction.prototype, "messages").mockReturnValue(0);
  const result = connectionOf(plan, explain);
  spy.mockRestore();
  return result;
}

function isWrong({ findings, prediction }: Known): boolean {
  return findings.length > 0 || prediction !== null;
}

describe(`messages taken as a whole (seed ${SEED})`, () => {
  it.each([
    // Explaining takes most of the time.
    ["explained", true, 50],
    ["not explained", false, 400],
  ])("come to what their frames come to, %s", (_, explain, numRuns) => {
    let taken = 0;
    let refused = 0;
    let judged = 0;
    let wrong = 0;
    fc.assert(
      fc.property(plans, plan => {
        const messages = vi.spyOn(Direction.prototype, "messages");
        const predictor = vi.spyOn(BrokerPredictor.prototype, "message");
        const whole = connectionOf(plan, explain);
        for (const { value } of messages.mock.results) {
          if (value > 0) taken++;
          else refused++;
        }
        for (const { value } of predictor.mock.results) if (value === true) judged++;
        vi.restoreAllMocks();
        if (isWrong(whole)) wrong++;
        expect(whole).toEqual(frameByFrame(plan, explain));
      }),
      { seed: SEED, numRuns },
    );
    // Nothing is proved where nothing is taken, nor where nothing is wrong.
    expect(Math.min(taken, refused, judged, wrong), `${taken} ${refused} ${judged} ${wrong}`).toBeGreaterThan(
      numRuns / 10,
    );
  });

  it("come to what their octets come to one at a time", () => {
    fc.assert(
      fc.property(plans, plan => {
        const { incidents: _, directions, ...whole } = connectionOf(plan, false);
        const { incidents: __, directions: others, ...single } = connectionOf(plan, false, 1);
        expect(whole).toEqual(single);
        expect(directions.map(({ frames }) => frames)).toEqual(others.map(({ frames }) => frames));
      }),
      { seed: SEED, numRuns: 100 },
    );
  });
});
