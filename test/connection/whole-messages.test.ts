/** Which messages are taken as a whole, and which have to come frame by frame. */
import { afterEach, expect, test, vi } from "vitest";
import { BrokerPredictor } from "../../src/broker/broker-predictor.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import { AmqpConnection } from "../../src/connection/amqp-connection.ts";
import type { ConnectionContext } from "../../src/connection/connection-context.ts";
import { Direction } from "../../src/connection/direction.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { bits, long, short, type Wire, wire } from "../support/wire.ts";

const FRAME_MAX = 4096;
const MESSAGE = wire().publish(1, "hello");

interface Situation {
  /** What the client sends before the message. */
  before: Wire;
  message?: Wire;
  /** Nanoseconds before the message. */
  pause?: number;
  context?: Partial<ConnectionContext>;
}

const shaken = (...version: number[]) =>
  wire()
    .protocolHeader(...version)
    .startOk()
    .tuneOk(2047, FRAME_MAX)
    .open();
const opened = () => shaken().channelOpen(1).channelOpen(2);

function play({ before, message = MESSAGE, pause = 0, context = {} }: Situation) {
  const predictor = new BrokerPredictor(new BrokerRules("rabbitmq-3.10"));
  const moment = new Moment();
  const amqp = new AmqpConnection({
    predictor,
    moment,
    sawBeginning: true,
    closedForFrames: true,
    forced: true,
    expected: true,
    budget: { octets: 0, limit: 1 << 20 },
    listener: null,
    incidents: null,
    forensics: null,
    initialFrameMax: FRAME_MAX,
    serverNamed: () => FRAME_MAX,
    recognised: () => 1,
    leave: () => {},
    ...context,
  });
  amqp.data(1, wire().start().octets, 0, wire().start().length);
  amqp.data(0, before.octets, 0, before.length);
  moment.nanoseconds += pause;
  const messages = vi.spyOn(Direction.prototype, "messages");
  amqp.data(0, message.octets, 0, message.length);
  const taken = messages.mock.results.reduce((sum, { value }) => sum + value, 0);
  messages.mockRestore();
  amqp.end(0, "capture-ended");
  const { frames, warnings } = amqp.directions[0];
  return {
    taken: taken === message.length,
    frames,
    publishes: warnings.splits.publishes,
    prediction: predictor.prediction,
    predictor,
  };
}

afterEach(() => vi.restoreAllMocks());

const swallowing = opened().publishMethod(1).header(1, 2).body(1, "overrun").heartbeat(40);
const listener = {
  wantsMessages: true,
  frame() {},
  hiddenFrame() {},
  brokenEnvelope() {},
  boundaryFound() {},
  guessRefuted() {},
};

test.each<[string, Situation]>([
  ["on an open channel", { before: opened() }],
  ["while other content is unfinished", { before: opened().publishMethod(2) }],
  [
    "on a channel of which nothing is known but one message",
    {
      before: wire().raw(MESSAGE.octets).heartbeat(2).raw(MESSAGE.octets),
      context: { sawBeginning: false },
    },
  ],
  ["192 good frames behind a fault of order", { before: opened().body(2, "stray").heartbeat(192) }],
  [
    "whose frames the listener can do without",
    { before: opened(), context: { listener: { ...listener, wantsMessages: false } } },
  ],
  ["of which the broker does not hear", { before: opened(), context: { predictor: null } }],
  ["whose sender is the server", { before: opened(), message: wire().deliver(1, "hello") }],
  ["one behind the other", { before: opened(), message: wire().publish(1, "a").publish(2, "b").publish(1, "c") }],
])("is taken as a whole: %s", (_, situation) => {
  expect(play(situation).taken).toBe(true);
});

test.each<[string, Situation]>([
  ["on a channel that is not open", { before: shaken() }],
  ["on a channel that is closing", { before: opened().channelClose(1) }],
  ["where a content header is due", { before: opened().publishMethod(1) }],
  ["where a body is due", { before: opened().publishMethod(1).header(1, 9) }],
  ["on a channel of which nothing is known", { before: wire().heartbeat(3), context: { sawBeginning: false } }],
  ["31 good frames behind a fault", { before: opened().body(2, "stray").heartbeat(31) }],
  ["before the handshake is over", { before: wire().protocolHeader().startOk().tuneOk(2047, FRAME_MAX) }],
  ["behind connection.close", { before: opened().close(), context: { predictor: null } }],
  [
    "larger than frame-max by its envelope",
    {
      before: opened(),
      message: wire().publish(1, new Uint8Array(FRAME_MAX - 7), { pieces: FRAME_MAX }),
    },
  ],
  ["whose frames are listened to", { before: opened(), context: { listener } }],
  ["of AMQP 0-8", { before: shaken(1, 1, 8, 0).channelOpen(1) }],
  ["while a verdict is pending", { before: opened().method(2, 60, 10, long(7), short(0), bits(false)) }],
  ["on a channel that the broker takes for another's body", { before: swallowing }],
  [
    "on a channel that the broker has closed long ago",
    {
      before: opened().channelClose(1).ack(1, 1).heartbeat(40),
    },
  ],
  [
    "on a channel that the broker has forgotten",
    {
      before: opened().channelClose(1).ack(1, 1).heartbeat(40),
      pause: 1e6,
    },
  ],
])("comes frame by frame: %s", (_, situation) => {
  expect(play(situation).taken).toBe(false);
});

test("counts for as much as its frames", () => {
  const before = opened().publishMethod(2);
  const whole = play({ before });
  vi.spyOn(BrokerPredictor.prototype, "message").mockReturnValue(false);
  const single = play({ before });
  expect([whole.taken, single.taken]).toEqual([true, false]);
  expect([whole.frames, whole.publishes]).toEqual([single.frames, single.publishes]);
});

test("the verdict of a channel's process on it stands behind its last octet", () => {
  const before = opened();
  const message = wire().publish(1, "hello", {}).octets;
  // immediate
  message[message.indexOf(0xce) - 1] = 2;
  const { taken, prediction, predictor } = play({ before, message: wire().raw(message), pause: 1e6 });
  expect(taken).toBe(true);
  expect(prediction).toMatchObject({ code: 540, streamOffset: before.length + message.length });
  expect(predictor.settled).toBe(false);
});
