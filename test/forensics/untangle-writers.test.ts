/** Who wrote what: writers and their messages, of torn streams of which the truth is known. */
import { describe, expect, it } from "vitest";
import type { Diagnosis, Report } from "../../src/report/report.ts";
import { tangledStream } from "../support/tangled-streams.ts";
import { clientHandshake, field, join, wire } from "../support/wire.ts";
import { inspected } from "./untangle/inspected.ts";
import { SHAPES } from "./untangle/shapes.ts";

function diagnosisOf({ findings }: Report): Diagnosis {
  const diagnosis = findings.find(finding => finding.diagnosis !== undefined)?.diagnosis;
  if (diagnosis === undefined) throw new Error("nothing is explained");
  return diagnosis;
}

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/** A publish by a thread: what the thread is called is in the message. */
function message(channel: number, thread: string, body: string): Uint8Array {
  const headers = { thread: field.S(thread), traceparent: field.S(TRACEPARENT), attempt: field.I(2) };
  const properties = { headers, messageId: `m-${thread}`, correlationId: `c-${thread}`, appId: "shop" };
  return wire().publish(channel, body, { exchange: "orders", routingKey: `created.${thread}`, properties }).octets;
}

const opened = clientHandshake().channelOpen(1).channelOpen(2).octets;

function segments(...octets: Uint8Array[]): { segments: Uint8Array[] } {
  return { segments: [opened, ...octets] };
}

describe("a message torn by another one", () => {
  const a = message(1, "A", "a".repeat(300));
  const b = message(2, "B", "b".repeat(40));
  const later = message(2, "B2", "later");
  const cut = a.length - 100;
  const first = opened.length + cut;
  const diagnosis = diagnosisOf(inspected(segments(a.subarray(0, cut), b, a.subarray(cut), later, later)));

  it("is told with its exchange, routing key, ids, headers and trace", () => {
    const [writer] = diagnosis.writers;
    expect(writer?.channels).toEqual([1]);
    expect(writer?.messages).toMatchObject([
      {
        exchange: "orders",
        routingKey: "created.A",
        messageId: "m-A",
        correlationId: "c-A",
        appId: "shop",
        traceparent: TRACEPARENT,
        headers: { thread: "A", attempt: "2" },
        spans: [
          [opened.length, cut],
          [first + b.length, 100],
        ],
        fate: "torn",
      },
    ]);
  });

  it("and the other one is unread: the broker stops at the torn frame", () => {
    const other = diagnosis.writers.find(({ channels }) => channels[0] === 2);
    expect(other?.messages[0]).toMatchObject({ messageId: "m-B", fate: "unread", spans: [[first, b.length]] });
  });

  it("the torn frame is the first writer's", () => {
    expect(diagnosis.torn.map(({ writer, channel }) => `${writer} on ${channel}`)).toEqual(["A on 1"]);
  });

  it("who tore whom is said in words", () => {
    expect(diagnosis.summary).toBe(
      `The body frame of writer A on channel 1 (300 octets, offset ${opened.length + a.length - 308}) was interrupted after 208 octets: taking out ${b.length} octets at ${first}, 3 frames of writer B on channel 2, its end octet lands on 0xce at ${first + b.length + 99} and the stream goes on in order.`,
    );
  });
});

describe("two writers on one channel", () => {
  it("are told apart where one's frame stands inside the other's", () => {
    const a = message(1, "A", "a".repeat(300));
    const b = message(1, "B", "b".repeat(40));
    const end = message(2, "C", "end");
    const cut = a.length - 100;
    const { writers, torn } = diagnosisOf(inspected(segments(a.subarray(0, cut), b, a.subarray(cut), end, end)));
    const threads = writers
      .filter(({ channels }) => channels[0] === 1)
      .map(({ messages }) => messages.map(m => m.headers.thread));
    expect(threads).toEqual([["A"], ["B"]]);
    expect(torn.map(({ writer }) => writer)).toEqual([writers[0]!.name]);
  });
});

describe("over many torn streams", () => {
  it.each(["torn body", "torn, nested", "torn twice"])("%s: every torn message is its sender's, with its ids", name => {
    let right = 0;
    let all = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const stream = tangledStream(name, SHAPES[name]!, seed);
      const { writers } = diagnosisOf(inspected(stream));
      const torn = writers.flatMap(({ messages }) => messages).filter(({ fate }) => fate === "torn");
      for (const [sent, spans] of stream.frames) {
        if (spans.length < 2 || sent.message === null) continue;
        all++;
        const { messageId, exchange, routingKey, traceparent, thread } = sent.message;
        const found = torn.find(each => each.messageId === messageId);
        if (found === undefined) continue;
        expect(found).toMatchObject({ exchange, routingKey, traceparent, headers: { thread } });
        right++;
      }
    }
    expect(right / all).toBeGreaterThanOrEqual(0.95);
  });

  it("spans of different writers never overlap", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { writers } = diagnosisOf(inspected(tangledStream("torn, nested", SHAPES["torn, nested"]!, seed)));
      const spans = writers.flatMap(each => each.spans).sort((a, b) => a[0] - b[0]);
      for (const [i, [offset, octets]] of spans.entries()) {
        expect(offset + octets).toBeLessThanOrEqual(spans[i + 1]?.[0] ?? Number.POSITIVE_INFINITY);
      }
    }
  });
});

describe("the bare header of a frame torn by a heartbeat", () => {
  it("is not the heartbeat's", () => {
    const a = message(1, "A", "a".repeat(50));
    const beat = wire().heartbeat().octets;
    const octets = join(a.subarray(0, a.length - 55), beat, a.subarray(a.length - 55), beat, beat, beat, beat);
    const { torn, writers } = diagnosisOf(inspected(segments(octets)));
    expect(torn.map(({ spans }) => spans.map(([, count]) => count))).toEqual([[3, 55]]);
    expect(writers.map(({ channels }) => channels)).toEqual([[1], [0]]);
  });
});
