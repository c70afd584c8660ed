/** What a send buffer leaves on the wire that two writers share, and what leaves the same octets. */
import { describe, expect, it } from "vitest";
import type { Diagnosis } from "../../src/forensics/diagnosis.ts";
import { clientHandshake } from "../support/wire.ts";
import { body, header, join, method } from "./untangle/frames.ts";
import { inspected, segmented } from "./untangle/inspected.ts";

const OPENED = clientHandshake().channelOpen(1).channelOpen(2).octets;
const TEXT = Array.from({ length: 40 }, (_, i) => `line ${i} of it;`).join("");
const BODY = body(1, TEXT);
const MESSAGE = join(method(1), header(1, TEXT.length), BODY);
const CALM = join(...Array.from({ length: 6 }, (_, i) => join(method(2), header(2, 6), body(2, `calm ${i}`))));

function diagnosisOf(...writes: Uint8Array[]): Diagnosis {
  const { findings } = inspected({ segments: segmented(join(OPENED, CALM, ...writes, CALM)) });
  const [finding] = findings.filter(({ diagnosis }) => diagnosis !== undefined);
  return finding!.diagnosis!;
}

describe("the beginning of a body", () => {
  it.each([24, 90, 300])("of %i octets, and the body again: it was written over a shorter frame", octets => {
    const begins = join(method(1), header(1, TEXT.length));
    const diagnosis = diagnosisOf(begins, BODY.subarray(0, octets), BODY);
    const from = OPENED.length + CALM.length + begins.length;
    expect(diagnosis).toMatchObject({
      kind: "overwritten-octets",
      confidence: 0.8,
      overwritten: [{ span: [from, octets] }],
    });
    expect(diagnosis.summary).toContain(`the buffer of another frame of ${octets} octets`);
  });

  it("and another body is no copy of it", () => {
    const other = body(1, TEXT.replaceAll("line", "page"));
    const { kind } = diagnosisOf(method(1), header(1, TEXT.length), BODY.subarray(0, 90), other);
    expect(kind).toBe("missing-octets");
  });
});

describe("a message that was cut", () => {
  it.each([5, 30, 100, 400])("after %i octets and comes again has two histories", octets => {
    const { confidence, summary } = diagnosisOf(MESSAGE.subarray(0, 41 + octets), MESSAGE);
    expect(confidence).toBe(0.6);
    expect(summary).toContain("comes again right behind it");
  });

  it("and does not come again has one", () => {
    const { kind, confidence, summary } = diagnosisOf(MESSAGE.subarray(0, 141));
    expect({ kind, confidence }).toEqual({ kind: "missing-octets", confidence: 0.9 });
    expect(summary).not.toContain("again");
  });
});

describe("a method that another channel's overwrote", () => {
  const other = join(header(1, 6), body(1, "orphan"));
  const { kind, writers } = diagnosisOf(MESSAGE, method(2), other, method(1), header(1, 5), body(1, "third"));
  const first = OPENED.length + CALM.length;
  const orphan = first + MESSAGE.length + method(2).length;

  it("leaves a message that begins with its header, and is no part of the one before", () => {
    expect(kind).toBe("overwritten-octets");
    const { messages } = writers.find(({ channels }) => channels[0] === 1)!;
    expect(messages.map(({ spans, size }) => [spans, size])).toEqual([
      [[[orphan, other.length]], 6],
      [[[orphan + other.length, method(1).length + header(1, 5).length + body(1, "third").length]], 5],
    ]);
  });
});
