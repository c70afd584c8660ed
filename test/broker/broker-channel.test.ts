/**
 * One channel of the broker, frame by frame: what its assembler says of each, and what becomes of the content once it is
 * complete. The texts are those of rabbit_command_assembler.erl and rabbit_channel.erl.
 */
import { describe, expect, it } from "vitest";
import { methodOf } from "../../src/amqp/method-registry.ts";
import { WholeMessage } from "../../src/amqp/whole-message.ts";
import { BrokerChannel, type ChannelError } from "../../src/broker/broker-channel.ts";
import { BrokerRules } from "../../src/broker/broker-rules.ts";
import { BrokerState } from "../../src/broker/broker-state.ts";
import { ReadClock } from "../../src/broker/read-timing.ts";
import type { BrokerId } from "../../src/broker/versions.ts";
import { bits, longlong, methodPayload, short, shortstr, text, type Wire, wire } from "../support/wire.ts";

/** The largest body that RabbitMQ 4.2.6 lets a content header announce. */
const LARGEST = 512 * 1024 * 1024;

interface Setting {
  version?: BrokerId;
  /** Something sent on this channel may have been missed. */
  uncertain?: boolean;
  user?: string;
  /** Exchanges that take nothing from clients. */
  internal?: readonly string[];
}

class Assembled {
  readonly channel: BrokerChannel;

  constructor({ version = "rabbitmq-3.10", uncertain = false, user, internal = [] }: Setting = {}) {
    const broker = new BrokerState();
    if (user !== undefined) broker.user = text(user);
    for (const name of internal) {
      broker.declareExchange(name, { type: "direct", durable: false, autoDelete: false, internal: true });
    }
    this.channel = new BrokerChannel(1, broker, new ReadClock(), new BrokerRules(version), !uncertain);
  }

  /** What is said of each frame: "" for nothing. */
  take(frames: Wire): string[] {
    const bytes = frames.octets;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const log: string[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = view.getUint32(at + 3);
      const start = at + 7;
      log.push(said(this.#frame(view, bytes[at]!, start, size)));
      at = start + size + 1;
    }
    return log;
  }

  #frame(view: DataView, type: number, start: number, size: number): ChannelError | null {
    const bytes = new Uint8Array(view.buffer, view.byteOffset);
    if (type === 3) return this.channel.takeBody(size);
    if (type === 2) return this.channel.takeHeader(bytes, start, size, false);
    const method = methodOf(view.getUint16(start), view.getUint16(start + 2))!;
    return this.channel.takeMethod(method, bytes, start, size, true);
  }

  /** The same for a message that is taken as a whole. */
  takeWhole(message: Wire): string {
    const whole = new WholeMessage();
    expect(whole.read(message.octets, 0, message.length, 131_072)).toBe(true);
    expect(this.channel.awaitsMessage(whole.bodySize)).toBe(true);
    return said(this.channel.takeMessage(whole, message.octets));
  }
}

function said(error: ChannelError | null): string {
  if (error === null) return "";
  const { by, code, text: words, classId, methodId, slow } = error;
  return `${slow ? "slow " : ""}${by} ${code} (${classId}, ${methodId}) ${words}`.trim();
}

const open = () => wire().channelOpen(1);
const publish = () => wire().publishMethod(1);

const NO_HEADER = "reader 505 (60, 40) expected content header for class 60, got non content header frame instead";
const NO_BODY = "reader 505 (60, 40) expected content body, got non content body frame instead";
const NO_METHOD = "reader 505 (0, 0) expected method frame, got non method frame instead";

it("a channel knows its number", () => {
  const channel = new BrokerChannel(7, new BrokerState(), new ReadClock(), new BrokerRules("rabbitmq-3.10"), true);
  expect(channel.number).toBe(7);
});

describe("the order of content", () => {
  it.each<[rule: string, frames: Wire, log: string[]]>([
    [
      "method, content header, body in two parts",
      open().publishMethod(1).header(1, 5).body(1, "hel").body(1, "lo"),
      [],
    ],
    ["a message without a body", open().publishMethod(1).header(1, 0).publish(1, "a"), []],
    ["a content header without a method", open().header(1, 5), ["", NO_METHOD]],
    ["a body without a method", open().body(1, "a"), ["", NO_METHOD]],
    ["a body where the header is due", open().raw(publish().octets).body(1, "a"), ["", "", NO_HEADER]],
    ["a method where the header is due", open().raw(publish().octets).ack(1, 1), ["", "", NO_HEADER]],
    [
      "a method inside the body",
      open().raw(publish().octets).header(1, 5).body(1, "a").ack(1, 1),
      ["", "", "", "", NO_BODY],
    ],
    ["a header inside the body", open().raw(publish().octets).header(1, 5).header(1, 5), ["", "", "", NO_BODY]],
    ["a body behind the whole content", open().publish(1, "hello").body(1, "a"), ["", "", "", "", NO_METHOD]],
    [
      "a content header with a weight",
      open().raw(publish().octets).header(1, 5, {}, { weight: 1 }),
      ["", "", NO_HEADER],
    ],
    [
      "a content header with a weight of 256",
      open().raw(publish().octets).header(1, 5, {}, { weight: 256 }),
      ["", "", NO_HEADER],
    ],
    [
      "a content header of another class",
      open().raw(publish().octets).header(1, 5, {}, { classId: 50 }),
      ["", "", "reader 505 (60, 40) expected content header for class 60, got one for class 50 instead"],
    ],
  ])("%s", (_, frames, log) => {
    const assembled = new Assembled().take(frames);
    expect(assembled).toEqual(log.length === 0 ? assembled.map(() => "") : log);
  });
});

describe("where something was missed", () => {
  it.each<[rule: string, frames: Wire, log: string[]]>([
    ["any body may come", wire().body(1, "a").body(1, "b"), ["", ""]],
    [
      "a header makes known how much body is due",
      wire().header(1, 2).body(1, "a").ack(1, 1),
      ["", "", "reader 505 (0, 0) expected content body, got non content body frame instead"],
    ],
    [
      "a method with content makes known that a header is due",
      wire().body(1, "a").publishMethod(1).body(1, "b"),
      ["", "", NO_HEADER],
    ],
    [
      "a method without makes known that a method is due",
      wire().body(1, "a").ack(1, 1).body(1, "b"),
      ["", "", NO_METHOD],
    ],
    [
      "a header with a weight says nothing: anything may come still",
      wire().header(1, 2, {}, { weight: 1 }).body(1, "abc").ack(1, 1),
      ["", "", ""],
    ],
    ["a header of another class may be right", wire().header(1, 2, {}, { classId: 50 }).body(1, "ab"), ["", ""]],
    ["channel.open is no second one", wire().channelOpen(1), [""]],
  ])("%s", (_, frames, log) => {
    expect(new Assembled({ uncertain: true }).take(frames)).toEqual(log);
  });
});

describe("the size of a body", () => {
  const announcing = (size: number) => open().raw(publish().octets).header(1, size);
  const tooLarge = (size: number) =>
    `reader 501 (60, 40) content body size ${size} exceeds maximum allowed size ${LARGEST}`;

  it("is bounded from 4.2.6 on", () => {
    expect(new Assembled({ version: "rabbitmq-4.2" }).take(announcing(LARGEST))).toEqual(["", "", ""]);
    expect(new Assembled({ version: "rabbitmq-4.2" }).take(announcing(LARGEST + 1))).toEqual([
      "",
      "",
      tooLarge(LARGEST + 1),
    ]);
    expect(new Assembled({ version: "rabbitmq-4.1" }).take(announcing(LARGEST + 1))).toEqual(["", "", ""]);
  });

  it("is not judged where the method was missed", () => {
    const missed = new Assembled({ version: "rabbitmq-4.2", uncertain: true });
    expect(missed.take(wire().header(1, LARGEST + 1))).toEqual([""]);
  });

  it("decides whether a whole message can be taken as one", () => {
    const { channel } = new Assembled();
    expect(channel.awaitsMessage(LARGEST)).toBe(true);
    expect(channel.awaitsMessage(LARGEST + 1)).toBe(false);
  });

  it("no message is taken as one inside another, or where something was missed", () => {
    const busy = new Assembled();
    busy.take(open().raw(publish().octets));
    expect(busy.channel.awaitsMessage(1)).toBe(false);
    busy.take(wire().header(1, 5));
    expect(busy.channel.awaitsMessage(1)).toBe(false);
    busy.take(wire().body(1, "hello"));
    expect(busy.channel.awaitsMessage(1)).toBe(true);
    expect(new Assembled({ uncertain: true }).channel.awaitsMessage(1)).toBe(false);
  });
});

describe("a body longer than its header announced", () => {
  const overrun = () => open().raw(publish().octets).header(1, 2).body(1, "abc");

  it("is refused from 4.2.6 on", () => {
    const text = "reader 501 (60, 40) content body frame exceeds remaining content size";
    expect(new Assembled({ version: "rabbitmq-4.2" }).take(overrun())).toEqual(["", "", "", text]);
  });

  it("is swallowed before, with all bodies behind it; any other frame is out of place", () => {
    const log = new Assembled().take(overrun().body(1, "de").body(1, new Uint8Array(1000)).ack(1, 1));
    expect(log).toEqual(["", "", "", "", "", "", NO_BODY]);
  });

  it("is swallowed where its method was missed", () => {
    const missed = new Assembled({ version: "rabbitmq-4.2", uncertain: true });
    expect(missed.take(wire().header(1, 2).body(1, "abc").body(1, "d"))).toEqual(["", "", ""]);
  });
});

/** What comes of a message: of its frames one by one, and of the whole. The two must say the same. */
function published(message: Wire, setting: Setting = {}): { said: string; state: string } {
  const single = new Assembled(setting);
  const whole = new Assembled(setting);
  for (const each of [single, whole]) expect(each.take(open())).toEqual([""]);
  const last = single.take(message).at(-1)!;
  expect(whole.takeWhole(message)).toBe(last);
  expect(whole.channel.channelProcess.state).toBe(single.channel.channelProcess.state);
  return { said: last, state: single.channel.channelProcess.state };
}

describe("a message that is complete, frame by frame and as a whole", () => {
  it("is published", () => {
    expect(published(wire().publish(1, "hello"))).toEqual({ said: "", state: "running" });
  });

  it("with the name of its user", () => {
    const by = (userId: string) => wire().publish(1, "hello", { properties: { userId } });
    expect(published(by("guest"), { user: "guest" })).toEqual({ said: "", state: "running" });
    // 406 PRECONDITION_FAILED closes the channel, and not the connection.
    expect(published(by("other"), { user: "guest" })).toEqual({ said: "", state: "closing" });
    expect(published(by("gues"), { user: "guest" })).toEqual({ said: "", state: "closing" });
    expect(published(by("other"))).toEqual({ said: "", state: "running" });
  });

  it("with a property that the broker refuses", () => {
    expect(published(wire().publish(1, "a", { properties: { expiration: "soon" } })).state).toBe("closing");
    expect(published(wire().publish(1, "a", { properties: { deliveryMode: 3 } })).state).toBe("closing");
    expect(published(wire().publish(1, "a", { properties: { deliveryMode: 2 } })).state).toBe("running");
  });

  it("to an exchange that takes nothing from clients", () => {
    const to = (exchange: string) => wire().publish(1, "hello", { exchange });
    expect(published(to("inner"), { internal: ["inner"] })).toEqual({ said: "", state: "closing" });
    expect(published(to("other"), { internal: ["inner"] })).toEqual({ said: "", state: "running" });
    expect(published(to("amq.rabbitmq.trace"))).toEqual({ said: "", state: "closing" });
    expect(published(to("amq.rabbitmq.tracf"))).toEqual({ said: "", state: "running" });
  });

  it("with immediate set", () => {
    const marked = (mandatory: boolean, immediate: boolean) =>
      wire()
        .method(1, 60, 40, short(0), shortstr(""), shortstr("tasks"), bits(mandatory, immediate))
        .content(1, "hello");
    expect(published(marked(false, true)).said).toBe("channel 540 (60, 40) immediate=true");
    expect(published(marked(true, true)).said).toBe("channel 540 (60, 40) immediate=true");
    expect(published(marked(true, false)).said).toBe("");
  });

  it("on a channel that is not open", () => {
    const text = "channel 504 (60, 40) expected 'channel.open'";
    expect(new Assembled().take(wire().publish(1, "hello"))).toEqual(["", "", text]);
    expect(new Assembled().take(wire().publishMethod(1).header(1, 5).body(1, "hel").body(1, "lo"))).toEqual([
      "",
      "",
      "",
      text,
    ]);
    expect(new Assembled().takeWhole(wire().publish(1, "hello"))).toBe(text);
    expect(new Assembled().take(wire().publishMethod(1).header(1, 0))).toEqual(["", text]);
  });

  it("whose properties do not decode: the process dies, and names no method", () => {
    const short14 = open().raw(publish().octets).header(1, 0, {}, { flags: 0x8000 });
    expect(new Assembled().take(short14)).toEqual(["", "", "slow channel 541 (0, 0)"]);
  });
});

describe("a method without content", () => {
  it("is done at once", () => {
    expect(new Assembled().take(open().queueDeclare(1, "q").ack(1, 7))).toEqual(["", "", ""]);
    expect(new Assembled().take(wire().ack(1, 7))).toEqual(["channel 504 (60, 80) expected 'channel.open'"]);
    expect(new Assembled().take(open().channelOpen(1))).toEqual([
      "",
      "channel 504 (20, 10) second 'channel.open' seen",
    ]);
  });

  it("is heard late where the channel has slow work before it in the same read", () => {
    const log = new Assembled().take(open().queueDeclare(1, "q").channelOpen(1));
    expect(log.at(-1)).toBe("slow channel 504 (20, 10) second 'channel.open' seen");
  });

  it("whose arguments do not decode is the reader's to refuse, and nothing is awaited behind it", () => {
    const assembled = new Assembled();
    assembled.take(open());
    const payload = Uint8Array.from(methodPayload(60, 80, longlong(1)));
    const error = assembled.channel.takeMethod(methodOf(60, 80)!, payload, 0, payload.length, false);
    expect(said(error)).toBe("reader 501 (60, 80) cannot decode <<0,0,0,0,0,0,0,1>>");
  });
});
