import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Side } from "../../src/net/connection-observer.ts";
import { BusyPolling } from "../../src/proxy/busy-polling.ts";
import type { ConnectionGuard } from "../../src/proxy/connection-tap.ts";
import { MAX_PENDING_OCTETS } from "../../src/proxy/forwarder.ts";
import { PROPERTY } from "../capture/property-runs.ts";
import { RecordingTap } from "./recording-tap.ts";
import { fate, type PairOptions, type RelayedPair, received, relayedPair, until } from "./relayed-pair.ts";

/** More than the kernel takes between two sockets of which one does not read. */
const TOO_MUCH = Buffer.alloc(64 * 1024 * 1024, "x");

type Actor = "client" | "broker";
type Act = "fin" | "rst";

function does(act: Act, socket: Socket): void {
  if (act === "fin") socket.end();
  else socket.resetAndDestroy();
}

function others(pair: RelayedPair, actor: Actor): { actor: Socket; other: Socket; source: Socket; side: Side } {
  return actor === "client"
    ? { actor: pair.client, other: pair.broker, source: pair.accepted, side: 0 }
    : { actor: pair.broker, other: pair.client, source: pair.upstream, side: 1 };
}

describe.each<[Actor, Side]>([
  ["client", 0],
  ["broker", 1],
])("a %s", (name, side) => {
  const other = 1 - side;

  it("that ends its stream leaves the other direction open", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    actor.end("last words");
    expect(await fate(peer)).toEqual({ how: "fin", octets: 10 });
    expect(pair.tap.events).toEqual(["connected", `end ${side} fin`]);
    peer.write("and an answer");
    expect(String(await received(actor, 13))).toBe("and an answer");
    peer.end();
    expect((await fate(actor)).how).toBe("fin");
    await pair.tap.over;
    expect(pair.tap.events).toEqual(["connected", `end ${side} fin`, `end ${other} fin`, "closed"]);
    expect(pair.overs()).toBe(1);
  });

  it("that resets an idle connection resets the other side's", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    const seen = fate(peer);
    actor.resetAndDestroy();
    expect(await seen).toEqual({ how: "rst", octets: 0 });
    await pair.tap.over;
    expect(pair.tap.events).toEqual([
      "connected",
      `end ${side} rst`,
      `trouble ${name === "client" ? "client" : "upstream"}-reset`,
      `end ${other} rst`,
      "closed",
    ]);
    expect(pair.tap.messages[0]).toMatch(
      new RegExp(`^the ${name} at 127\\.0\\.0\\.1:\\d+ reset the connection \\(ECONNRESET\\)$`),
    );
  });

  it("that ends its stream behind many octets has them all relayed first", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    actor.end(TOO_MUCH.subarray(0, 5_000_000));
    expect(await fate(peer)).toEqual({ how: "fin", octets: 5_000_000 });
  });

  it("that resets amidst many octets resets the other side's", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    const seen = fate(peer);
    actor.write(TOO_MUCH);
    await until(() => pair.tap.octets[side] > 1_000_000);
    actor.resetAndDestroy();
    expect((await seen).how).toBe("rst");
    await pair.tap.over;
    expect(pair.tap.events.slice(1, 3)).toEqual([
      `end ${side} rst`,
      `trouble ${name === "client" ? "client" : "upstream"}-reset`,
    ]);
  });

  it("that ends its stream while the other one does not read: everything arrives, whenever that is", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer, source } = others(pair, name);
    actor.end(TOO_MUCH);
    await until(() => source.isPaused());
    expect(await fate(peer)).toEqual({ how: "fin", octets: TOO_MUCH.length });
  });

  it("that resets while the other one does not read is found out by a probe", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer, source } = others(pair, name);
    actor.write(TOO_MUCH);
    await until(() => source.isPaused() && source.readableLength > 0);
    actor.resetAndDestroy();
    await once(actor, "close");
    pair.relay.probe();
    await pair.tap.over;
    expect(pair.tap.events[1]).toBe(`end ${side} rst`);
    expect((await fate(peer)).how).toBe("rst");
  });

  it("that ends its stream and is gone then is found out by a probe", async () => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    actor.end();
    await until(() => pair.tap.events.includes(`end ${side} fin`));
    actor.resetAndDestroy();
    await once(actor, "close");
    pair.relay.probe();
    peer.resume();
    await pair.tap.over;
    expect(pair.tap.events).toContain(`trouble ${name === "client" ? "client" : "upstream"}-reset`);
  });

  it("that resets is not heard of twice when the other one resets, too", async () => {
    await using pair = await relayedPair();
    pair.client.resetAndDestroy();
    pair.broker.resetAndDestroy();
    await pair.tap.over;
    expect(pair.tap.events.filter(event => event.startsWith("trouble"))).toHaveLength(1);
    expect(pair.tap.events.filter(event => event.startsWith("end"))).toHaveLength(2);
    expect(pair.tap.events.at(-1)).toBe("closed");
  });

  it.each<[Act, Act]>([
    ["fin", "fin"],
    ["fin", "rst"],
    ["rst", "fin"],
  ])("that acts (%s) in the same moment as the other one (%s) leaves nothing open", async (mine, theirs) => {
    await using pair = await relayedPair();
    const { actor, other: peer } = others(pair, name);
    actor.write("a");
    peer.write("b");
    does(mine, actor);
    does(theirs, peer);
    for (const socket of [actor, peer]) socket.resume();
    await pair.tap.over;
    expect(pair.accepted.destroyed && pair.upstream.destroyed).toBe(true);
    expect(pair.tap.events.filter(event => event.startsWith("end"))).toHaveLength(2);
  });

  it("whose peer is gone and who does not take what is left is reset after a while", async () => {
    await using pair = await relayedPair({ timeouts: { linger: 20 } });
    const { actor, other: peer } = others(pair, name);
    const sink = name === "client" ? pair.accepted : pair.upstream;
    let sent = 0;
    while (sink.writableLength === 0) {
      peer.write(TOO_MUCH.subarray(0, 8192));
      sent += 8192;
      await until(() => pair.tap.octets[other] === sent);
    }
    peer.end();
    actor.end();
    expect((await fate(peer)).how).toBe("fin");
    await pair.tap.over;
    expect((await fate(actor)).octets).toBeLessThan(sent);
  });
});

describe("while there is no broker yet", () => {
  it("a client's octets and its end wait, and go on in order", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.end("AMQP\0\0\x09\x01");
    await once(pair.accepted, "end");
    expect(pair.tap.events).toEqual([]);
    pair.connect();
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 8 });
    expect(pair.tap.events).toEqual(["connected", "end 0 fin"]);
    expect(pair.tap.octets).toEqual([8, 0]);
  });

  it("of many octets only the first are read", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.end(TOO_MUCH);
    await until(() => pair.accepted.isPaused() && pair.accepted.readableLength > 0);
    expect(pair.accepted.bytesRead).toBeLessThanOrEqual(MAX_PENDING_OCTETS);
    pair.connect();
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: TOO_MUCH.length });
    expect(pair.tap.octets[0]).toBe(TOO_MUCH.length);
  });

  it("a reset ends the attempt at once", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.resetAndDestroy();
    await pair.tap.over;
    expect(pair.wasAbandoned()).toBe(true);
    expect(pair.tap.events).toEqual(["end 0 rst", "trouble client-reset", "closed"]);
  });

  it("a reset by a client that is not read from is found out by a probe", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.write(TOO_MUCH);
    await until(() => pair.accepted.isPaused() && pair.accepted.readableLength > 0);
    pair.client.resetAndDestroy();
    await once(pair.client, "close");
    pair.relay.probe();
    await pair.tap.over;
    expect(pair.wasAbandoned()).toBe(true);
  });

  it("an ended stream ends the attempt after a while", async () => {
    await using pair = await relayedPair({ waiting: true, timeouts: { halfClosed: 10 } });
    pair.client.end();
    await pair.tap.over;
    expect(pair.wasAbandoned()).toBe(true);
    expect(pair.tap.events).toEqual(["end 0 fin", "closed"]);
  });

  it("a broker that cannot be had resets the client", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.write("AMQP");
    pair.relay.failed({ kind: "upstream-refused", message: "refused" });
    expect((await fate(pair.client)).how).toBe("rst");
    await pair.tap.over;
    expect(pair.tap.events).toEqual(["trouble upstream-refused", "end 0 rst", "closed"]);
  });
});

describe("octets", () => {
  it(`arrive as they were sent, both ways at once (seed ${PROPERTY.seed})`, { timeout: 30_000 }, async () => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200_000 })), {
      minLength: 1,
      maxLength: 40,
    });
    const direction = fc.record({ sizes, rest: fc.integer({ min: 0, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(direction, direction, async (up, down) => {
        await using pair = await relayedPair();
        const [atBroker, atClient] = [hashed(pair.broker), hashed(pair.client)];
        const sent = [await send(pair.client, up), await send(pair.broker, down)];
        expect([await atBroker, await atClient]).toEqual(sent);
        await pair.tap.over;
        expect([pair.tap.hash(0), pair.tap.hash(1)]).toEqual(sent);
      }),
      { ...PROPERTY, numRuns: 25 },
    );
  });

  it("that come fast, either way, keep the event loop turning", async () => {
    let turned = false;
    const polling = new BusyPolling({
      now: () => 0,
      next: () => {
        turned = true;
      },
    });
    await using pair = await relayedPair({ polling });
    for (let exchange = 0; exchange < 5; exchange++) {
      expect(turned).toBe(false);
      pair.client.write("publish");
      await received(pair.broker, 7);
      pair.broker.write("ack");
      await received(pair.client, 3);
    }
    expect(turned).toBe(true);
  });

  it("that were written on are given to the tap", async () => {
    await using pair = await relayedPair();
    const atBroker = hashed(pair.broker);
    pair.client.end(TOO_MUCH.subarray(0, 5_000_000));
    await atBroker;
    expect(pair.tap.given).toBeGreaterThan(0);
  });

  it("that wait to be written are not", async () => {
    const tap = new RecordingTap();
    await using pair = await relayedPair({ tap });
    const waiting: boolean[] = [];
    tap.onData = (_side, _bytes, given) => {
      if (pair.upstream.writableLength > 0) waiting.push(given);
    };
    pair.client.write(TOO_MUCH);
    await until(() => pair.accepted.isPaused());
    expect(waiting).toEqual([false]);
  });

  it.each<[string, PairOptions]>([
    ["behind a guard", { guard: { stopped: false, admit: (_, chunk) => [chunk], rest: () => [] } }],
    ["that is still read slowly", { pace: { octets: 10, pauseMs: 60_000 } }],
  ])("%s are not", async (_, options) => {
    await using pair = await relayedPair(options);
    pair.client.write(TOO_MUCH.subarray(0, 1000));
    await until(() => pair.tap.octets[0] > 0);
    expect(pair.tap.given).toBe(0);
  });

  it.each<Actor>(["client", "broker"])("of a %s whose peer is slow do not pile up", async name => {
    const tap = new RecordingTap();
    await using pair = await relayedPair({ tap });
    const { actor, other, source } = others(pair, name);
    const sink = name === "client" ? pair.upstream : pair.accepted;
    let most = 0;
    tap.onData = () => {
      most = Math.max(most, sink.writableLength + source.readableLength);
    };
    actor.end(TOO_MUCH);
    await until(() => source.isPaused());
    expect(await fate(other)).toEqual({ how: "fin", octets: TOO_MUCH.length });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(MAX_PENDING_OCTETS);
  });
});

describe("a tap that throws", () => {
  it.each(["connected", "data", "end", "trouble", "closed"] as const)("in %s is done without", async method => {
    const tap = new RecordingTap();
    let calls = 0;
    tap[method] = () => {
      calls++;
      throw new Error("broken");
    };
    await using pair = await relayedPair({ tap });
    pair.client.write("up");
    expect(String(await received(pair.broker, 2))).toBe("up");
    pair.broker.write("down");
    expect(String(await received(pair.client, 4))).toBe("down");
    pair.client.resetAndDestroy();
    expect((await fate(pair.broker)).how).toBe("rst");
    await until(() => pair.overs() === 1);
    expect(calls).toBe(1);
    expect(pair.problems).toEqual(["connection 7 is relayed uninspected from here: its inspection failed (broken)"]);
  });
});

/** Holds back every octet until it is told to let go. */
class HoldingGuard implements ConnectionGuard {
  readonly held: [Uint8Array[], Uint8Array[]] = [[], []];
  onAdmit: (side: Side) => void = () => {};
  open = false;
  stopped = false;

  admit(side: Side, chunk: Uint8Array): readonly Uint8Array[] {
    this.onAdmit(side);
    if (this.open) return [...this.rest(side), chunk];
    this.held[side].push(Uint8Array.from(chunk));
    return [];
  }

  rest(side: Side): readonly Uint8Array[] {
    return this.held[side].splice(0);
  }
}

describe("a guard", () => {
  it("decides what goes on, and its rest goes before the end; the tap is told of everything as it comes", async () => {
    const guard = new HoldingGuard();
    await using pair = await relayedPair({ guard });
    pair.client.write("first ");
    await until(() => pair.tap.octets[0] === 6);
    expect(pair.broker.bytesRead).toBe(0);
    guard.open = true;
    pair.client.write("second ");
    expect(String(await received(pair.broker, 13))).toBe("first second ");
    guard.open = false;
    pair.client.end("third");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 5 });
  });

  it("that throws is done without, after what it held back", async () => {
    const guard = new HoldingGuard();
    await using pair = await relayedPair({ guard });
    pair.broker.write("old ");
    pair.client.write("first ");
    await until(() => pair.tap.octets[0] === 6 && pair.tap.octets[1] === 4);
    guard.onAdmit = () => {
      throw new Error("broken");
    };
    pair.client.write("second ");
    expect(String(await received(pair.broker, 13))).toBe("first second ");
    expect(String(await received(pair.client, 4))).toBe("old ");
    pair.client.end("third");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 5 });
    expect(pair.problems).toEqual(["connection 7 is relayed unguarded from here: its guard failed (broken)"]);
    expect(pair.tap.octets[0]).toBe(18);
  });

  it("that throws for its rest, too, does not break the connection", async () => {
    const guard = new HoldingGuard();
    guard.admit = () => {
      throw new Error("broken");
    };
    guard.rest = () => {
      throw new Error("broken, too");
    };
    await using pair = await relayedPair({ guard });
    pair.client.end("first");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 5 });
    expect(pair.problems).toHaveLength(1);
  });

  it.each(["admit", "rest"] as const)("that throws (%s) after it stopped the client ends it all", async method => {
    const guard = new HoldingGuard();
    await using pair = await relayedPair({ guard, timeouts: { stopping: 60_000 } });
    pair.client.write("bad");
    pair.broker.write("old");
    await until(() => pair.tap.octets[0] === 3 && pair.tap.octets[1] === 3);
    guard.stopped = true;
    guard[method] = () => {
      throw new Error("broken");
    };
    if (method === "admit") pair.client.write("behind the hole");
    else pair.client.end();
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 0 });
    pair.broker.end();
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 0 });
    pair.client.end();
    await pair.tap.over;
    expect(pair.problems).toEqual(["connection 7 is ended: its guard failed after it had stopped the client (broken)"]);
  });

  it("that throws only for its rest loses no end of stream", async () => {
    const guard = new HoldingGuard();
    guard.rest = () => {
      throw new Error("broken");
    };
    await using pair = await relayedPair({ guard });
    pair.client.end();
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 0 });
    expect(pair.problems).toHaveLength(1);
  });
});

describe("a broker that says nothing", () => {
  const timeouts = { silence: 10 };

  it("to a client that has sent something is told once, and the connection goes on", async () => {
    await using pair = await relayedPair({ timeouts });
    pair.client.write("AMQP\0\0\x09\x01");
    await until(() => pair.tap.events.length === 2);
    expect(pair.tap.events).toEqual(["connected", "trouble upstream-silent"]);
    expect(pair.tap.messages[0]).toMatch(
      /^the broker at 127\.0\.0\.1:\d+ accepted the connection, and has not sent an octet for 0\.01 s$/,
    );
    pair.client.write("AMQP");
    expect(String(await received(pair.broker, 12))).toContain("AMQP");
    pair.broker.write("late");
    expect(String(await received(pair.client, 4))).toBe("late");
    pair.broker.resetAndDestroy();
    await pair.tap.over;
    expect(pair.tap.events.filter(event => event.startsWith("trouble"))).toEqual([
      "trouble upstream-silent",
      "trouble upstream-reset",
    ]);
  });

  it("before TLS is done with it is told, too", async () => {
    await using pair = await relayedPair({ waiting: true, timeouts });
    pair.client.write("AMQP");
    await once(pair.accepted, "data");
    pair.relay.reached();
    await until(() => pair.tap.events.length === 1);
    expect(pair.tap.messages[0]).toMatch(
      / accepted the connection, and has not finished the TLS handshake for 0\.01 s$/,
    );
    pair.connect();
    expect(String(await received(pair.broker, 4))).toBe("AMQP");
  });
});

describe("stop", () => {
  it("ends the broker's stream, sends a close frame and waits for the client to end its own", async () => {
    await using pair = await relayedPair({ timeouts: { stopping: 60_000 } });
    pair.client.write("good");
    expect(String(await received(pair.broker, 4))).toBe("good");
    pair.relay.stop(Buffer.from("goodbye."));
    pair.client.write("bad");
    pair.broker.write("ignored");
    expect(String(await received(pair.client, 8))).toBe("goodbye.");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 0 });
    pair.client.end("close-ok");
    pair.broker.end();
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 0 });
    await pair.tap.over;
    expect(pair.tap.octets).toEqual([4, 0]);
    expect(pair.tap.events.toSorted()).toEqual(["closed", "connected", "end 0 fin", "end 1 fin"]);
    expect(pair.tap.events.at(-1)).toBe("closed");
    expect(pair.overs()).toBe(1);
  });

  it("without a close frame ends the client's stream", async () => {
    await using pair = await relayedPair({ timeouts: { stopping: 60_000 } });
    pair.relay.stop(null);
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 0 });
    pair.client.end();
    pair.broker.end();
    await pair.tap.over;
    expect(pair.tap.events.filter(event => event.startsWith("end"))).toHaveLength(2);
  });

  it("does not wait for ever", async () => {
    await using pair = await relayedPair({ timeouts: { stopping: 20 } });
    pair.relay.stop(Buffer.from("goodbye."));
    pair.relay.stop(Buffer.from("again"));
    expect((await fate(pair.client)).octets).toBe(8);
    await pair.tap.over;
    expect(pair.tap.events.toSorted()).toEqual(["closed", "connected", "end 0 rst", "end 1 rst"]);
  });

  it("that a guard asks for comes after what it admits", async () => {
    const guard = new HoldingGuard();
    guard.open = true;
    await using pair = await relayedPair({ guard, timeouts: { stopping: 60_000 } });
    guard.onAdmit = () => pair.relay.stop(Buffer.from("goodbye."));
    pair.client.write("good");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 4 });
    pair.client.end();
    pair.broker.end();
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 8 });
    await pair.tap.over;
  });

  it("that the tap asks for drops what the guard holds back", async () => {
    const guard = new HoldingGuard();
    const tap = new RecordingTap();
    await using pair = await relayedPair({ guard, tap, timeouts: { stopping: 60_000 } });
    tap.data = () => pair.relay.stop(null);
    pair.client.write("bad");
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 0 });
    pair.client.end();
    pair.broker.end();
    await tap.over;
  });

  it("is not disturbed by a broker that resets", async () => {
    await using pair = await relayedPair({ timeouts: { stopping: 60_000 } });
    pair.relay.stop(Buffer.from("goodbye."));
    pair.broker.resetAndDestroy();
    await until(() => pair.upstream.closed);
    pair.client.end();
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 8 });
    await pair.tap.over;
    expect(pair.tap.events.filter(event => event.startsWith("trouble"))).toEqual([]);
  });

  it("before there is a broker, with the client's end already there", async () => {
    await using pair = await relayedPair({ waiting: true });
    pair.client.end("AMQP");
    await once(pair.accepted, "end");
    pair.relay.stop(Buffer.from("goodbye."));
    expect(await fate(pair.client)).toEqual({ how: "fin", octets: 8 });
    await pair.tap.over;
    expect(pair.wasAbandoned()).toBe(true);
    expect(pair.tap.events).toEqual(["end 0 fin", "closed"]);
  });

  it("when everything is over does nothing", async () => {
    await using pair = await relayedPair();
    pair.client.resetAndDestroy();
    await pair.tap.over;
    pair.relay.stop(Buffer.from("goodbye."));
    expect(pair.overs()).toBe(1);
  });
});

describe("a client that is read slowly", () => {
  it("has its octets passed on a few at a time, all of them and in order", async () => {
    const tap = new RecordingTap();
    const sizes: number[] = [];
    tap.onData = (side, bytes) => {
      if (side === 0) sizes.push(bytes.length);
    };
    await using pair = await relayedPair({ tap, pace: { octets: 1000, pauseMs: 1 } });
    const octets = randomBytes(25_500);
    const atBroker = hashed(pair.broker);
    pair.client.end(octets);
    expect(await atBroker).toBe(createHash("sha256").update(octets).digest("hex"));
    expect(Math.max(...sizes)).toBe(1000);
    expect(sizes.length).toBeGreaterThanOrEqual(26);
  });

  it("does not fill the process, and may be reset or stopped at any time", async () => {
    await using pair = await relayedPair({ pace: { octets: 1, pauseMs: 60_000 } });
    pair.client.write(TOO_MUCH);
    await until(() => pair.accepted.isPaused() && pair.accepted.readableLength > 0);
    expect(pair.accepted.bytesRead).toBeLessThanOrEqual(MAX_PENDING_OCTETS);
    pair.broker.resetAndDestroy();
    expect((await fate(pair.client)).how).toBe("rst");
  });

  it("waits for a broker that does not read", async () => {
    await using pair = await relayedPair({ pace: { octets: 1_000_000, pauseMs: 0 } });
    pair.client.end(TOO_MUCH.subarray(0, 20_000_000));
    await until(() => pair.upstream.writableNeedDrain);
    expect(await fate(pair.broker)).toEqual({ how: "fin", octets: 20_000_000 });
  });
});

/** The hash of everything that comes until the end of the stream. */
async function hashed(socket: Socket): Promise<string> {
  const hash = createHash("sha256");
  socket.on("data", chunk => hash.update(chunk)).resume();
  await once(socket, "end");
  return hash.digest("hex");
}

/** Writes random octets in pieces of these sizes, ends the stream, and returns their hash. */
async function send(socket: Socket, { sizes, rest }: { sizes: number[]; rest: number }): Promise<string> {
  const hash = createHash("sha256");
  for (const [index, size] of sizes.entries()) {
    const octets = randomBytes(size);
    hash.update(octets);
    socket.write(octets);
    if (rest > 0 && index % rest === 0) await new Promise(resolve => setImmediate(resolve));
  }
  socket.end();
  return hash.digest("hex");
}

describe("a client before whose first octet no broker is connected", () => {
  it("is connected when it says something, and loses nothing", async () => {
    await using pair = await relayedPair({ waiting: true, probeSilently: true });
    expect(pair.isAsked()).toBe(false);
    pair.client.write("first");
    await until(() => pair.isAsked());
    pair.connect();
    expect(String(await received(pair.broker, 5))).toBe("first");
  });

  it.each<Act>(["fin", "rst"])("that goes away by %s never reaches the broker", async act => {
    await using pair = await relayedPair({ waiting: true, probeSilently: true });
    if (act === "fin") pair.client.end();
    else pair.client.resetAndDestroy();
    pair.client.resume();
    await pair.tap.over;
    expect(pair.isAsked()).toBe(false);
    expect(pair.relay.wasProbe).toBe(true);
    expect(pair.overs()).toBe(1);
  });

  it("that stays silent is closed in the time that a handshake may take", async () => {
    await using pair = await relayedPair({ waiting: true, probeSilently: true, timeouts: { handshake: 20 } });
    pair.client.resume();
    await pair.tap.over;
    expect(pair.isAsked()).toBe(false);
  });
});

it("a connection without an octet for too long is ended, one with octets is not", async () => {
  await using pair = await relayedPair({ timeouts: { idle: 3000, probe: 1000 } });
  for (let i = 0; i < 3; i++) pair.relay.probe();
  pair.client.write("still here");
  await received(pair.broker, 10);
  for (let i = 0; i < 3; i++) pair.relay.probe();
  expect(pair.tap.events).toEqual(["connected"]);
  pair.relay.probe();
  await pair.tap.over;
  expect(pair.tap.events[1]).toBe("trouble idle");
});
