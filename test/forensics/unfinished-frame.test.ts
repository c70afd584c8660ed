/**
 * Streams that end inside a frame where that is natural: the capture ended, or something broke before. The frame is whole
 * as far as it goes, unless what stands behind its header proves that it was torn.
 */
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/report.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";
import { clientHandshake, wire } from "../support/wire.ts";
import { body, header, heartbeat, join, method, type Octets } from "./untangle/frames.ts";
import { inspected, segmented } from "./untangle/inspected.ts";

const opened = clientHandshake().channelOpen(1).channelOpen(2).channelOpen(3).octets;
const publish = (channel: number, content: string): Octets =>
  join(method(channel), header(channel, content.length), body(channel, content));
/** More than one incident lasts. */
const order = join(...Array.from({ length: 20 }, (_, i) => publish(2, `in good order ${i}`)));

/** A method that is torn behind its first size octet, 00: with the octets of the next frame its size is 65,537. */
const [first, rest] = [method(1).subarray(0, 4), method(1).subarray(4)];
const tornInHeader = join(first, publish(1, "of another thread"), publish(3, "of a third"), rest);
/** The same behind three octets: its size is too large at once. */
const tooLarge = join(method(1).subarray(0, 3), publish(3, "of a third"), method(1).subarray(3));

function found({ findings }: Report): string[] {
  return findings
    .filter(({ severity }) => severity !== "note")
    .map(({ rule, diagnosis }) => {
      const torn = (diagnosis?.torn ?? []).map(({ size, spans }) => `${size} octets in ${spans.length}`);
      return `${rule}: ${torn.join(", ") || "not explained"}`;
    });
}

describe("a frame that its stream's end cuts off", () => {
  const behind = join(tornInHeader, publish(1, "goes on"), publish(2, "as well"));

  it.each(["FA", "R", null] as const)("was torn: reported behind a tear that is over, and in one (%s)", end => {
    const over = segmented(join(opened, tooLarge, order, behind));
    expect(found(inspected({ segments: over, end }))).toEqual([
      "frame-too-large: 11 octets in 2",
      "stalled-frame: 11 octets in 2",
    ]);
    const within = segmented(join(opened, tooLarge, heartbeat, behind));
    expect(found(inspected({ segments: within, end }))).toEqual(["frame-too-large: 11 octets in 2, 11 octets in 2"]);
  });

  it("was torn: reported where the capture ends, in its words", () => {
    const report = inspected({ segments: segmented(join(opened, order, behind)), end: null });
    expect(found(report)).toEqual(["stalled-frame: 11 octets in 2"]);
    expect(report.findings[0]!.message).toMatch(
      /^The capture ends inside a method frame of 65,537 octets on channel 1: /,
    );
  });

  it("is nothing where the capture ends, wherever it does", () => {
    const whole = join(opened, publish(1, "a".repeat(300)), publish(2, "b".repeat(300)));
    for (let length = opened.length; length < whole.length; length++) {
      const report = inspected({ segments: segmented(whole.subarray(0, length)), end: null });
      expect(report.findings, `${length} octets`).toEqual([]);
    }
  });

  it(`is nothing behind a tear, if it only goes no further (seed ${SEED})`, () => {
    const random = randomNumbers(SEED);
    for (let i = 0; i < 40; i++) {
      /** A body of publishes, one behind the other, as an archive has them. */
      const inner = Array.from({ length: 30 }, () => {
        return wire().publish(
          1 + Math.floor(random() * 3),
          Uint8Array.from({ length: random() * 60 }, () => random() * 256),
        );
      });
      const archive = join(...inner.map(({ octets }) => octets));
      const last = join(method(1), header(1, archive.length), body(1, archive));
      const cut = method(1).length + 22 + 8 + Math.floor(random() * archive.length);
      const segments = segmented(join(opened, tooLarge, order, last.subarray(0, cut)));
      for (const end of ["FA", "R", null] as const) {
        expect(found(inspected({ segments, end })), `stream ${i}, ${end}`).toEqual(["frame-too-large: 11 octets in 2"]);
      }
    }
  });
});
