import { describe, expect, it } from "vitest";
import { contextBefore, NearContexts } from "../../../src/forensics/untangle/near-contexts.ts";
import { randomNumbers } from "../../support/chunkings.ts";

const text = (words: string) => new TextEncoder().encode(words);

describe("contexts near a place", () => {
  it("are those of the last octets before it, counted one by one", () => {
    const random = randomNumbers(3);
    const octets = Uint8Array.from({ length: 400 }, () => Math.floor(random() * 4));
    const near = new NearContexts(octets, 100);
    for (const [before, from] of [
      [50, 0],
      [200, 0],
      [200, 0],
      [399, 350],
      [4, 0],
      [3, 0],
    ] as const) {
      near.begin(before, from);
      for (let context = 0; context < 64; context++) {
        const wanted = ((context >> 4) << 16) | (((context >> 2) & 3) << 8) | (context & 3);
        let [stood, followed] = [0, 0];
        for (let at = Math.max(from, before - 100) + 3; at < before; at++) {
          if (contextBefore(octets, at) !== wanted || wanted % 0x010101 === 0) continue;
          stood++;
          if (octets[at] === 2) followed++;
        }
        const where = `before ${before}, ${wanted.toString(16)}`;
        expect(near.look(wanted, 2), where).toBe(stood > 0);
        expect([near.stood, near.followed], where).toEqual([stood, followed]);
        expect(near.look(wanted, 2), `again, ${where}`).toBe(false);
      }
    }
  });

  it("have equal octets left out", () => {
    const near = new NearContexts(text("aaaaaaaab"), 256);
    near.begin(9, 0);
    expect(near.look(0x616161, 0x61)).toBe(false);
  });
});
