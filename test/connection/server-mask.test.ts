/** What a recording holds of a server's octets: no challenge, and nothing in a close that repeats what was masked of the client. */
import { describe, expect, it } from "vitest";
import { PieceSet } from "../../src/connection/piece-set.ts";
import { ServerMask } from "../../src/connection/server-mask.ts";
import { chunkings, deliver } from "../support/chunkings.ts";
import { join, text, type Wire, wire } from "../support/wire.ts";

const SECRET = "S3cr3tP4ssw0rdXYZ";

function secrets(): PieceSet {
  const pieces = new PieceSet();
  pieces.add(text(SECRET));
  return pieces;
}

const masked = (octets: Uint8Array) => Buffer.from(new ServerMask(secrets()).mask(octets)).toString("latin1");
const opened = (): Wire => wire().start().tune().openOk().channelOpenOk(1);
const QUOTING = [
  ["text", `x <<"${SECRET.slice(0, 16)}">>: {y,97}`, `x <<${"*".repeat(18)}>>: {y,97}`],
  ["a part of it", `x <<"ab${SECRET.slice(0, 6)}cd">>`, `x <<${"*".repeat(12)}>>`],
  ["decimals", `x <<${text("S3cr3").join(",")}>> y`, `x <<${"*".repeat(text("S3cr3").join(",").length)}>> y`],
  ["no quote", `invalid '${SECRET}'`, `invalid '${"*".repeat(SECRET.length)}'`],
  ["what is named as one", "password='q7Zk', pwd: Bearer q7Zk", "password='****', pwd: Bearer ****"],
  ["nothing of it", `x <<"lorem ipsum">>`, `x <<"lorem ipsum">>`],
] as const;

describe("a server's octets", () => {
  it("are the same array where nothing is masked", () => {
    const { octets } = opened().close();
    expect(new ServerMask(secrets()).mask(octets)).toBe(octets);
  });

  it("hide a challenge", () => {
    const whole = masked(wire().start().secure("tell me 42").tune().octets);
    expect(whole).toBe(Buffer.from(wire().start().secure("*".repeat(10)).tune().octets).toString("latin1"));
  });

  it.each(QUOTING)("hide what a close repeats of a secret: %s", (_, quote, expected) => {
    for (const closing of ["close", "channelClose"] as const) {
      const closed = (reply: string): Wire => {
        return closing === "close" ? opened().close(501, reply) : opened().channelClose(1, 501, reply);
      };
      expect(masked(closed(quote).octets)).toBe(Buffer.from(closed(expected).octets).toString("latin1"));
    }
  });

  it("hide it in whatever pieces they come, and behind a gap", () => {
    const octets = opened().secure(SECRET).close(501, `x <<"${SECRET}">> y`).octets;
    for (const chunking of chunkings([octets])) {
      const mask = new ServerMask(secrets());
      const pieces: Uint8Array[] = [];
      deliver(chunking, (bytes, start, end) => pieces.push(new Uint8Array(mask.mask(bytes.subarray(start, end)))));
      const shown = Buffer.from(join(...pieces)).toString("latin1");
      expect(shown, chunking.name).toHaveLength(octets.length);
      expect(shown, chunking.name).not.toMatch(/S3cr3|ssw0r|rdXYZ/);
    }
    const mask = new ServerMask(secrets());
    mask.gap();
    expect(Buffer.from(mask.mask(octets.subarray(3))).toString("latin1")).not.toContain("S3cr3");
  });
});
