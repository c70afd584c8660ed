/** Tears soon behind octets that were not captured: frames found there may lie in a body, and are told when they tear each other. */
import { describe, expect, it } from "vitest";
import { clientHandshake, text } from "../support/wire.ts";
import { body, header, join, method } from "./untangle/frames.ts";
import { inspected } from "./untangle/inspected.ts";

const opened = clientHandshake().channelOpen(1).octets;
const whole = (channel: number, content: string): Uint8Array =>
  join(method(channel), header(channel, content.length), body(channel, content));
const some = join(whole(1, "one"), whole(2, "two"));
const inOrder = join(...Array.from({ length: 6 }, (_, i) => whole(1 + (i % 2), `in order ${i}`)));
const content = "the quick brown fox jumps over the lazy dog, and over another one";
const torn = body(1, content);
const begun = join(method(1), header(1, content.length), torn.subarray(0, 27));
const rest = torn.subarray(27);

/** Of what is told of the client as an error: kind, spans of what is torn. `before` is lost. */
function findingsOf(behind: Uint8Array): string[] {
  const { findings } = inspected({ segments: [opened, behind], lost: new Set([0]) });
  return findings
    .filter(({ severity }) => severity === "error")
    .map(({ diagnosis }) => {
      const spans = diagnosis?.torn.map(frame => frame.spans.map(([at, octets]) => `${at - opened.length}+${octets}`));
      return `${diagnosis?.kind} ${spans?.map(each => each.join(" ")).join(", ")}`;
    });
}

describe("behind octets that were not captured", () => {
  const at = some.length + begun.length - 27;
  const tear = join(some, begun, whole(2, "other"), rest, inOrder);
  const expected = `torn-frame ${at}+27 ${some.length + begun.length + whole(2, "other").length}+${rest.length}`;

  it("frames that tear each other to the octet are the stream's own", () => {
    expect(findingsOf(tear)).toEqual([expected]);
  });
  it("the rest of a frame that began before them is nobody's tear, and hides none", () => {
    const rests = join(text("rest of a body"), Uint8Array.of(0xce));
    expect(findingsOf(join(some, rests, inOrder))).toEqual([]);
    const moved = expected.replace(/\d+(?=\+)/g, offset => `${Number(offset) + some.length + rests.length}`);
    expect(findingsOf(join(some, rests, tear))).toEqual([moved]);
  });
  it("frames that break off in a body are not", () => {
    for (const cut of [1, 7, 9, 27, torn.length - 1]) {
      const inBody = join(some, method(1), header(1, content.length), torn.subarray(0, cut), Uint8Array.of(0xce));
      expect(findingsOf(join(inBody, inOrder, inOrder)), `${cut} octets of a frame at the body's end`).toEqual([]);
    }
  });
  it("a channel is in use when a frame on it is whole", () => {
    const onNew = join(method(3), header(3, 3), body(3, "new"));
    const between = join(some, begun, onNew, rest, inOrder);
    expect(findingsOf(between)).toEqual([
      `torn-frame ${at}+27 ${some.length + begun.length + onNew.length}+${rest.length}`,
    ]);
  });
});
