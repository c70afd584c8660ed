/** What `ghostframe frames` tells of a connection: who its two ends are, and which of them sent what. */
import { describe, expect, it } from "vitest";
import { FrameEvents } from "../../src/cli/frame-events.ts";
import { FrameFilter, type FrameFilterOptions } from "../../src/cli/frame-filter.ts";
import type { Direction } from "../../src/connection/direction.ts";
import { Inspection, type InspectOptions } from "../../src/inspect.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { type FramesEvent, frameLine } from "../../src/report/frame-event.ts";
import { carrying } from "../support/segments.ts";
import { clientHandshake, serverHandshake, type Wire, wire } from "../support/wire.ts";

/** An end of the connection: its port. In mid-stream the one with the higher port is taken for the client. */
const LOW = 5000;
const HIGH = 40_000;

interface Segment {
  from: typeof LOW | typeof HIGH;
  octets?: Wire | Uint8Array;
  flags?: string;
  /** Octets not captured before it. */
  missed?: number;
}

/** The events of one connection, of which `segments` were captured. */
function eventsOf(segments: readonly Segment[], filter: FrameFilterOptions = {}, options: InspectOptions = {}) {
  const collected: FramesEvent[] = [];
  const events = new FrameEvents(new FrameFilter(filter), event => collected.push(event));
  const inspection = new Inspection({
    ...options,
    listener: events,
    onConnection: (number, tcp, clientKnown) => events.connection(number, tcp, clientKnown),
  });
  inspection.beginInput();
  const next = new Map<number, number>([
    [LOW, 100],
    [HIGH, 500],
  ]);
  for (const [i, { from, octets = new Uint8Array(0), flags = "A", missed = 0 }] of segments.entries()) {
    const bytes = octets instanceof Uint8Array ? octets : octets.octets;
    const to = from === LOW ? HIGH : LOW;
    const address = (port: number) => (port === LOW ? "10.0.0.1" : "10.0.0.2");
    const sequence = next.get(from)! + missed;
    next.set(from, sequence + bytes.length + (flags.includes("S") ? 1 : 0));
    const packet = carrying(bytes)
      .tcp({ from, to, flags, sequence, acknowledgment: next.get(to)! })
      .ipv4({ source: address(from), destination: address(to) })
      .ethernet();
    inspection.packet(packet.record(1, i + 1));
  }
  inspection.finish();
  events.finish();
  return collected;
}

/** The events as lines, without their times. */
function lines(...args: Parameters<typeof eventsOf>): string[] {
  return eventsOf(...args).map(event => frameLine(event).slice(15).replaceAll(/ +/g, " ").trim());
}

const publish = wire().publish(1, "hello");
const deliver = wire().deliver(1, "hello");
const heartbeat = wire().heartbeat();
const ack = wire().ack(1, 1);

describe("a connection in mid-stream, its broker on the higher port", () => {
  it("is named by its first frame where that is one only a client sends", () => {
    expect(lines([{ from: LOW, octets: publish }])[0]).toBe("1 c1 10.0.0.1:5000 -> 10.0.0.2:40000");
  });

  it("is named by its first frame where that is one only a broker sends", () => {
    expect(lines([{ from: HIGH, octets: deliver }]).slice(0, 2)).toEqual([
      "1 c1 10.0.0.1:5000 -> 10.0.0.2:40000",
      expect.stringMatching(/^1 c1 <- 0 ch 1 method \d+ basic.deliver/),
    ]);
  });

  it("is not said to have a client before one shows, and then both arrows are its", () => {
    const printed = lines([
      { from: HIGH, octets: wire().heartbeat(2) },
      { from: LOW, octets: wire().ack(1, 1).heartbeat() },
      { from: HIGH, octets: wire().deliverMethod(1).header(1, 0) },
      { from: LOW, octets: wire().ack(1, 2).heartbeat() },
    ]);
    expect(printed).toEqual([
      "1 c1 10.0.0.2:40000 <?> 10.0.0.1:5000 (not known yet which one is the client)",
      "1 c1 ?> 0 ch 0 heartbeat 0",
      "1 c1 ?> 8 ch 0 heartbeat 0",
      "2 c1 <? 0 == frames go on here",
      "2 c1 <? 0 ch 1 method 13 basic.ack delivery-tag=1",
      "2 c1 <? 21 ch 0 heartbeat 0",
      "3 c1 10.0.0.1:5000 -> 10.0.0.2:40000",
      expect.stringMatching(/^3 c1 <- 16 ch 1 method \d+ basic.deliver/),
      "3 c1 <- 49 ch 1 header 14 body-size=0",
      "4 c1 -> 29 ch 1 method 13 basic.ack delivery-tag=2",
      "4 c1 -> 50 ch 0 heartbeat 0",
    ]);
  });

  it("tells programs the same: no direction, but the end that sent it", () => {
    const collected = eventsOf([{ from: LOW, octets: wire().ack(1, 1).heartbeat() }]);
    expect(collected[0]).toMatchObject({
      event: "endpoints",
      connection: "c1",
      endpoints: [
        { address: "10.0.0.2", port: 40_000 },
        { address: "10.0.0.1", port: 5000 },
      ],
    });
    expect(collected[0]).not.toHaveProperty("client");
    expect(collected[1]).toMatchObject({ event: "frame", direction: null, sender: 1, method: "basic.ack" });
  });

  it("has its client named even where the frame that shows it is not asked for", () => {
    const segments: Segment[] = [
      { from: HIGH, octets: wire().heartbeat(2) },
      { from: HIGH, octets: deliver },
      { from: HIGH, octets: heartbeat },
    ];
    expect(lines(segments, { type: ["heartbeat"] })).toEqual([
      "1 c1 10.0.0.2:40000 <?> 10.0.0.1:5000 (not known yet which one is the client)",
      "1 c1 ?> 0 ch 0 heartbeat 0",
      "1 c1 ?> 8 ch 0 heartbeat 0",
      "2 c1 10.0.0.1:5000 -> 10.0.0.2:40000",
      "3 c1 <- 84 ch 0 heartbeat 0",
    ]);
  });
});

describe("a connection in mid-stream, its broker on the lower port", () => {
  it("is told as it is", () => {
    const printed = lines([
      { from: HIGH, octets: wire().ack(1, 1).heartbeat() },
      { from: HIGH, octets: publish },
    ]);
    expect(printed.slice(0, 4)).toEqual([
      "1 c1 10.0.0.2:40000 <?> 10.0.0.1:5000 (not known yet which one is the client)",
      "1 c1 ?> 0 ch 1 method 13 basic.ack delivery-tag=1",
      "1 c1 ?> 21 ch 0 heartbeat 0",
      "2 c1 10.0.0.2:40000 -> 10.0.0.1:5000",
    ]);
  });
});

describe("a connection whose beginning was seen", () => {
  const opened: Segment[] = [
    { from: LOW, flags: "S" },
    { from: HIGH, flags: "SA" },
  ];

  it("has a client from the first packet on, whatever its port", () => {
    const collected = eventsOf([
      ...opened,
      { from: LOW, octets: clientHandshake() },
      { from: HIGH, octets: serverHandshake() },
    ]);
    expect(collected.map(event => event.event)).toContain("frame");
    expect(collected[0]).toMatchObject({
      event: "connection",
      packet: 1,
      client: { port: LOW },
      server: { port: HIGH },
    });
    for (const event of collected) if (event.event === "frame") expect(event.direction).not.toBeNull();
  });

  it("has one although its first octets were missed", () => {
    const printed = lines([...opened, { from: LOW, octets: wire().heartbeat(2), missed: 500 }]);
    expect(printed.slice(0, 2)).toEqual(["1 c1 10.0.0.1:5000 -> 10.0.0.2:40000", "3 c1 -> 500 ch 0 heartbeat 0"]);
  });
});

describe("a connection of which no frame was seen", () => {
  it("is told at the end where it was taken for AMQP", () => {
    const printed = lines([{ from: LOW, octets: new Uint8Array(100) }], {}, { decodeAs: [LOW] });
    expect(printed).toEqual(["1 c1 10.0.0.2:40000 <?> 10.0.0.1:5000 (not known yet which one is the client)"]);
  });
});

it("what breaks is told of the end that sent it", () => {
  // So many writes that begin with a frame prove the boundary.
  const writes = Array.from({ length: 8 }, (): Segment => ({ from: LOW, octets: ack }));
  const printed = lines([...writes, { from: LOW, octets: wire().heartbeat(2).frame(4, 1, []).heartbeat(2) }]);
  expect(printed.slice(-4, -2)).toEqual([
    "9 c1 <? 184 !! broken frame: header says type 4, channel 1, size 0",
    "9 c1 <? 192 == frames go on here",
  ]);
});

it("frames that may turn out to stand inside a body are told to", () => {
  const printed = lines([{ from: LOW, octets: wire().heartbeat(2).frame(4, 1, []).heartbeat(2) }]);
  expect(printed.slice(3, 5)).toEqual([
    "1 c1 <? 16 == the frames since 0 may have stood inside a body: they break here",
    "1 c1 <? 24 == frames go on here",
  ]);
});

it("a frame that is not asked for is neither decoded nor dated", () => {
  const collected: FramesEvent[] = [];
  const events = new FrameEvents(new FrameFilter({ type: ["heartbeat"] }), event => collected.push(event));
  const unlooked = {
    connection: 1,
    isClient: true,
    senderKnown: true,
    get scanner(): never {
      throw new Error("looked at");
    },
  } as unknown as Direction;
  const tcp = { first: new Moment(), address: () => "10.0.0.1", port: () => 5672 } as unknown as TcpConnection;
  events.connection(1, tcp, true);
  const bytes = new Uint8Array(100);
  for (const type of [1, 2, 3]) {
    events.frame(unlooked, type, 1, bytes, 0, 100);
    events.hiddenFrame(unlooked, type, 1, 100);
  }
  expect(collected.map(event => event.event)).toEqual(["connection"]);
  expect(() => events.frame(unlooked, 8, 0, bytes, 0, 0)).toThrow("looked at");
});
