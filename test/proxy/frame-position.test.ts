/** Where the broker's stream stands, as the relay must know before it says something itself. */
import { expect, it } from "vitest";
import { FramePosition } from "../../src/proxy/frame-position.ts";
import { serverHandshake, text, wire } from "../support/wire.ts";

const FRAMES = [serverHandshake().octets, wire().frame(3, 1, text("body")).octets, wire().heartbeat().octets];

it("is between frames behind each, and nowhere else, in chunks of every size", () => {
  const octets = Buffer.concat(FRAMES);
  const ends = new Set<number>();
  for (let at = 0; at < octets.length; at += 8 + octets.readUInt32BE(at + 3)) ends.add(at);
  ends.delete(0);
  ends.add(octets.length);
  for (const size of [1, 2, 3, 7, 8, 11, octets.length]) {
    const position = new FramePosition();
    expect(position.isBetweenFrames).toBe(false);
    for (let at = 0; at < octets.length; at += size) {
      position.take(octets.subarray(at, at + size));
      expect(position.isBetweenFrames).toBe(ends.has(Math.min(at + size, octets.length)));
    }
  }
});

it.each([
  ["TLS", Buffer.from([0x16, 3, 3, 0, 1, 0])],
  ["another version", Buffer.from("AMQP\0\0\x09\x01", "latin1")],
  ["zeros", Buffer.alloc(64)],
])("%s is never there", (_, octets) => {
  const position = new FramePosition();
  for (const octet of octets) {
    position.take(Uint8Array.of(octet));
    expect(position.isBetweenFrames).toBe(false);
  }
});

it("hops over the largest size there is", () => {
  const position = new FramePosition();
  position.take(Uint8Array.of(3, 0, 1, 0xff, 0xff, 0xff, 0xff));
  for (let chunk = 0; chunk < 4096; chunk++) position.take(new Uint8Array(1 << 20));
  expect(position.isBetweenFrames).toBe(true);
});
