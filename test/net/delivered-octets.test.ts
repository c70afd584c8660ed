import { describe, expect, it } from "vitest";
import { ComparedStreams, DeliveredOctets } from "../../src/net/delivered-octets.ts";

const START = -5; // wraps around while the stream goes on
const text = (words: string) => new TextEncoder().encode(words);

/** A stream's octets, added piece by piece. */
function delivered(...pieces: string[]): DeliveredOctets {
  const octets = new DeliveredOctets(START);
  let sequence = START;
  for (const piece of pieces) {
    octets.add(sequence, text(`..${piece}`), 2, 2 + piece.length);
    sequence += piece.length;
  }
  return octets;
}

describe("a copy", () => {
  it.each<[string, number, string, string]>([
    ["of a piece", 3, "defg", "same"],
    ["cut in another way", 2, "cde", "same"],
    ["of everything", 0, "abcdefghi", "same"],
    ["that differs in its first octet", 3, "Defg", "different"],
    ["that differs in its last octet", 3, "defG", "different"],
    ["that began before what is kept", -2, "xyabc", "unknown"],
    ["that began before, and differs in what is kept", -2, "xyaBc", "different"],
    ["of what is not kept at all", -4, "wx", "unknown"],
    ["of what has not come yet", 9, "jk", "unknown"],
  ])("%s", (_what, at, octets, likeness) => {
    const stream = delivered("abc", "defg", "hi");
    expect(stream.compare(START + at, text(octets), 0, octets.length)).toBe(likeness);
  });

  it("is compared with what follows a gap only", () => {
    const stream = delivered("abc");
    stream.add(START + 10, text("xyz"), 0, 3);
    expect(stream.compare(START + 10, text("xyz"), 0, 3)).toBe("same");
    expect(stream.compare(START, text("abc"), 0, 3)).toBe("unknown");
  });
});

it("keeps the last 64 Ki octets, whatever the pieces", () => {
  for (const size of [1000, 65_536, 200_000]) {
    const stream = new DeliveredOctets(0);
    const whole = Uint8Array.from({ length: 600_000 }, (_, at) => (at * at) >> 3);
    for (let at = 0; at < whole.length; at += size) stream.add(at, whole, at, Math.min(at + size, whole.length));
    expect(stream.compare(whole.length - 65_000, whole, whole.length - 65_000, whole.length)).toBe("same");
    expect(stream.compare(0, whole, 0, 1000)).toBe("unknown");
  }
});

it("gives up streams without copies, and those of too many", () => {
  const streams = new ComparedStreams();
  const many = Array.from({ length: 300 }, () => ({ next: 0, delivered: null as DeliveredOctets | null }));
  for (const stream of many) streams.add(stream, false);
  expect(many.filter(({ delivered: kept }) => kept !== null)).toHaveLength(256);
  const last = many.at(-1)!.delivered!;
  for (let i = 0; i < 17; i++) last.add(i, text("x"), 0, 1);
  expect(last.isIdle).toBe(true);
  streams.add(many.at(-1)!, true);
  expect(last.isIdle).toBe(false);
});
