import { describe, expect, it } from "vitest";
import type { Incident } from "../../src/connection/incident.ts";
import { connectionClose } from "../../src/proxy/close-frame.ts";
import { Guard } from "../../src/proxy/guard.ts";
import { chunkings, deliver } from "../support/chunkings.ts";
import { clientHandshake, join, serverHandshake, text, wire } from "../support/wire.ts";

interface Guarded {
  passed: Uint8Array;
  incidents: Incident[];
  guard: Guard;
}

/** Has a guard see the server's handshake, then the client's octets, in the pieces that `pieces` makes. */
function guarded(pieces: Iterable<Uint8Array>): Guarded {
  const incidents: Incident[] = [];
  const guard = new Guard("rabbitmq-3.10", { broken: incident => incidents.push(incident) });
  const passed: Uint8Array[] = [];
  for (const octets of guard.admit(1, serverHandshake().octets)) expect(octets.length).toBeGreaterThan(0);
  for (const piece of pieces) passed.push(...guard.admit(0, piece));
  passed.push(...guard.rest(0));
  return { passed: join(...passed), incidents, guard };
}

const good = clientHandshake().channelOpen(1).publish(1, "good").octets;
const cases = [
  { name: "an end octet that is none", bad: wire().frame(3, 1, text("torn"), { end: 0x41 }).octets },
  { name: "a size beyond frame-max", bad: wire().frame(3, 1, text("torn"), { size: 0x5c0a0000 }).octets },
  { name: "a type that is none", bad: wire().frame(0x41, 1, text("torn")).octets },
  { name: "content without a method", bad: wire().body(1, "body").octets },
  { name: "a channel that is not open", bad: wire().publish(9, "body").octets },
  { name: "a heartbeat elsewhere", bad: wire().frame(8, 1, []).octets },
  { name: "a method that does not decode", bad: wire().frame(1, 1, [0, 60, 0, 40, 0, 0, 250]).octets },
];

describe("a guard", () => {
  it.each(cases)("stops a stream at $name, in every chunking", ({ bad }) => {
    const stream = join(good, bad, wire().heartbeat(3).octets);
    for (const chunking of chunkings([stream])) {
      const pieces: Uint8Array[] = [];
      deliver(chunking, (bytes, start, end) => pieces.push(Uint8Array.from(bytes.subarray(start, end))));
      const { passed, incidents } = guarded(pieces);
      expect(Buffer.from(passed).equals(good), chunking.name).toBe(true);
      expect(
        incidents.map(({ streamOffset }) => streamOffset),
        chunking.name,
      ).toEqual([good.length]);
    }
  });

  it("lets a good stream pass whole, in every chunking", () => {
    for (const chunking of chunkings([good])) {
      const pieces: Uint8Array[] = [];
      deliver(chunking, (bytes, start, end) => pieces.push(Uint8Array.from(bytes.subarray(start, end))));
      const { passed, incidents } = guarded(pieces);
      expect(Buffer.from(passed).equals(good), chunking.name).toBe(true);
      expect(incidents).toEqual([]);
    }
  });

  it("passes on what is unfinished when the stream ends", () => {
    const { passed } = guarded([good, Uint8Array.of(3, 0, 1, 0)]);
    expect(passed.length).toBe(good.length + 4);
  });

  it("holds a frame back until it is whole", () => {
    const body = wire().publish(1, "x".repeat(1000)).octets;
    const guard = new Guard("rabbitmq-3.10", { broken: () => expect.unreachable() });
    guard.admit(1, serverHandshake().octets);
    guard.admit(0, good);
    const before = join(...guard.admit(0, body.subarray(0, body.length - 1)));
    expect(before.length).toBe(body.length - 1008);
    expect(join(...guard.admit(0, body.subarray(-1))).length).toBe(1008);
  });

  it("leaves what is no AMQP to the broker", () => {
    const incidents: Incident[] = [];
    const guard = new Guard("rabbitmq-3.10", { broken: incident => incidents.push(incident) });
    const request = text("GET / HTTP/1.1\r\nHost: broker\r\n\r\n");
    const passed = [...guard.admit(0, request)];
    const answer = [...guard.admit(1, text("AMQP\0\0\t\x01"))];
    passed.push(...guard.admit(0, text("more")), ...guard.rest(0));
    expect(join(...passed)).toEqual(join(request, text("more")));
    expect(join(...answer)).toEqual(text("AMQP\0\0\t\x01"));
    expect(incidents).toEqual([]);
  });

  it("holds nothing of a chunk that it fails at: the relay passes that on", () => {
    const guard = new Guard("rabbitmq-3.10", { broken: () => {} });
    const held = Uint8Array.of(3, 0, 1, 0);
    expect(join(...guard.admit(0, join(good, held))).length).toBe(good.length);
    const unreadable = new Proxy(new Uint8Array(8), {
      get() {
        throw new Error("unreadable");
      },
    });
    expect(() => guard.admit(0, unreadable)).toThrow("unreadable");
    expect(join(...guard.rest(0))).toEqual(held);
  });

  it("hands over what it held of small chunks in one piece", () => {
    const body = wire().publish(1, "x".repeat(10_000), { pieces: 10_000 }).octets;
    const guard = new Guard("rabbitmq-3.10", { broken: () => expect.unreachable() });
    guard.admit(1, serverHandshake().octets);
    guard.admit(0, good);
    const passed: Uint8Array[][] = [];
    for (const octet of body) passed.push([...guard.admit(0, Uint8Array.of(octet))]);
    // What passed stays as it is, whatever is held after it.
    guard.admit(0, new Uint8Array(4).fill(8));
    expect(join(...passed.flat())).toEqual(body);
    expect(passed.at(-1)!.map(({ length }) => length)).toEqual([10_007, 1]);
  });

  it("lets a frame beyond a mebibyte pass before its end, and stops behind it what is broken", () => {
    const handshake = clientHandshake({ frameMax: 0 }).channelOpen(1).octets;
    const huge = wire().publish(1, new Uint8Array(3 << 20), { pieces: 3 << 20 }).octets;
    const incidents: Incident[] = [];
    const guard = new Guard("rabbitmq-3.10", { broken: incident => incidents.push(incident) });
    guard.admit(1, serverHandshake().octets);
    const stream = join(handshake, huge, cases[0]!.bad);
    const passed: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += 65_536) {
      passed.push(...guard.admit(0, stream.subarray(at, at + 65_536)));
      if (at === 2 << 20) expect(join(...passed).length).toBeGreaterThan(1 << 20);
    }
    expect(Buffer.from(join(...passed)).equals(join(handshake, huge))).toBe(true);
    expect(incidents.map(({ streamOffset }) => streamOffset)).toEqual([handshake.length + huge.length]);
  });

  it.each([
    { name: "a body out of order", bad: wire().body(1, "body").octets },
    { name: "an end octet that is none", bad: wire().frame(1, 1, text("torn"), { end: 0x41 }).octets },
  ])("guards the client although the broker broke: $name", ({ bad }) => {
    const incidents: Incident[] = [];
    const ofBroker: Incident[] = [];
    const guard = new Guard("rabbitmq-3.10", {
      broken: incident => incidents.push(incident),
      brokerBroken: incident => ofBroker.push(incident),
    });
    const greeting = serverHandshake().channelOpenOk(1).octets;
    guard.admit(1, greeting);
    guard.admit(0, good);
    expect(guard.clientAtBoundary).toBe(true);
    // Behind the fault nothing is held any more, and nothing is said of another one.
    const behind = join(bad, wire().heartbeat().octets, bad, text("half a fra"));
    expect(join(...guard.admit(1, behind.subarray(0, 5)), ...guard.admit(1, behind.subarray(5)))).toEqual(behind);
    expect(ofBroker.map(({ streamOffset }) => streamOffset)).toEqual([greeting.length]);
    expect(guard.clientAtBoundary).toBe(false);
    expect(guard.stopped).toBe(false);
    expect(guard.admit(0, cases[0]!.bad)).toEqual([]);
    expect(incidents.map(({ streamOffset }) => streamOffset)).toEqual([good.length]);
    expect(guard.stopped).toBe(true);
    expect(guard.admit(0, wire().heartbeat().octets)).toEqual([]);
    expect(guard.rest(0)).toEqual([]);
    guard.admit(1, wire().heartbeat().octets);
    expect(guard.clientAtBoundary).toBe(false);
  });

  it("knows whether the client's stream is at a frame boundary", () => {
    const guard = new Guard("rabbitmq-3.10", { broken: () => {} });
    guard.admit(1, serverHandshake().channelOpenOk(1).octets);
    expect(guard.clientAtBoundary).toBe(true);
    const delivery = wire().deliver(1, "x".repeat(100)).octets;
    const passed = guard.admit(1, delivery.subarray(0, delivery.length - 5));
    expect(join(...passed).length).toBe(delivery.length - 108);
    expect(guard.clientAtBoundary).toBe(true);
  });
});

describe("connectionClose", () => {
  it("is the frame of the specification", () => {
    const octets = connectionClose(501, "ghostframe: torn");
    expect(octets).toEqual(wire().close(501, "FRAME_ERROR - ghostframe: torn").octets);
  });

  it.each(["x".repeat(400), "ü".repeat(400), "→".repeat(90)])("cuts a long text between characters", long => {
    const octets = connectionClose(501, long);
    const length = octets[13]!;
    const reply = new TextDecoder("utf-8", { fatal: true }).decode(octets.subarray(14, 14 + length));
    expect(length).toBeLessThanOrEqual(255);
    expect(reply.endsWith("…")).toBe(true);
    expect(octets).toEqual(wire().close(501, reply).octets);
  });
});
