import { describe, expect, it } from "vitest";
import { WholeContents } from "../../src/repair/whole-contents.ts";
import { frame, headerPayload, text, wire } from "../support/wire.ts";

/** Frames of a channel's publish of a two-octet body: its method, its header, its body. */
const publishOf = (name: string, channel = 1): Record<"m" | "h" | "b", Uint8Array> => {
  const body = text(name.repeat(2));
  const whole = wire().publish(channel, body).octets;
  const h = frame(2, channel, headerPayload(body.length));
  const b = frame(3, channel, body);
  return { m: whole.subarray(0, whole.length - h.length - b.length), h, b };
};
const FRAMES = { A: publishOf("A"), B: publishOf("B"), C: publishOf("C"), D: publishOf("D", 2) };

/** `Am Ah Ab`: the frames by their names; `x`: a method without content; `z`: a heartbeat. */
function written(frames: string): { names: string; leftOut: number } {
  const names: string[] = [];
  const octetsOf = (name: string): Uint8Array =>
    name === "x"
      ? wire().ack(1, 1).octets
      : name === "z"
        ? wire().heartbeat().octets
        : FRAMES[name[0] as "A"][name[1] as "m"];
  const contents = new WholeContents((_, comment) => names.push(comment!));
  // The octets are used again.
  for (const name of frames.split(" ")) {
    const octets = new Uint8Array(octetsOf(name));
    contents.frame(octets, name);
    octets.fill(0);
  }
  contents.end();
  return { names: names.join(" "), leftOut: contents.leftOut };
}

describe("of frames of a writer", () => {
  it.each([
    ["whole messages go on", "Am Ah Ab x Bm Bh Bb", "Am Ah Ab x Bm Bh Bb"],
    ["channels do not wait for each other", "Am Dm Ah Dh Ab Db", "Am Ah Ab Dm Dh Db"],
    ["heartbeats go on at once", "Am z Ah Ab", "z Am Ah Ab"],
    ["a header whose method went elsewhere is left out with its body", "Ah Ab Bm Bh Bb", "Bm Bh Bb"],
    ["a body alone is left out", "Ab Bm Bh Bb", "Bm Bh Bb"],
    ["a body behind a whole message is left out", "Am Ah Ab Bb Cm Ch Cb", "Am Ah Ab Cm Ch Cb"],
    ["a message without its end is left out", "Am Ah Ab Bm Bh", "Am Ah Ab"],
    ["another channel does not wait for a message without its end", "Am Ah Ab Bm Bh Dm Dh Db", "Am Ah Ab Dm Dh Db"],
    ["a method between others goes on, the message around it does not", "Am x Ah Ab Bm Bh Bb", "x Bm Bh Bb"],
    [
      "nothing is guessed of two messages whose headers come behind both methods",
      "Am Bm Ah Ab Bh Bb Cm Ch Cb",
      "Cm Ch Cb",
    ],
    ["nor of those that follow while a header is due", "Am Bm Bh Bb Cm Ch Cb", ""],
    [
      "a header that never comes is not waited for without end",
      `Am Bm${" Bh Bb Bm".repeat(8)} Bh Bb Cm Ch Cb`,
      "Bm Bh Bb Cm Ch Cb",
    ],
  ])("%s", (_, frames, expected) => {
    const { names, leftOut } = written(frames);
    expect(names).toBe(expected);
    const octets = (list: string): number =>
      list
        .split(" ")
        .reduce((sum, name) => sum + (/^[A-D]/.test(name) ? FRAMES[name[0] as "A"][name[1] as "m"].length : 0), 0);
    expect(leftOut).toBe(octets(frames) - octets(expected));
  });
});
