/** The ghosts of real captures in telemetry: torn and tearing message by the trace ids that their producers wrote. */

import { fileURLToPath } from "node:url";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { describe, expect, it } from "vitest";
import type { Message as ExplainedMessage } from "../../src/forensics/diagnosis.ts";
import { inspect } from "../../src/inspect.ts";
import { Message } from "../../src/messages/message.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import { CaptureTelemetry } from "../../src/telemetry/capture-telemetry.ts";
import type { SpanRecord } from "../../src/telemetry/records.ts";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { digest, KeptTelemetry, linked, type Seen, telemetryOf } from "../support/telemetry.ts";

const TWO_PUBLISHERS = "interleaving/two-publishers-one-socket.pcapng.gz";
const FORKED = "interleaving/forked-workers-one-socket.pcapng.gz";

/** As a producer's tracing library wrote it, in a message that a diagnosis names. */
function traceparent({ traceparent: text }: ExplainedMessage): { traceId: string; spanId: string } {
  const [, traceId = "", spanId = ""] = text!.split("-");
  return { traceId, spanId };
}

function spanOf(seen: Seen, message: ExplainedMessage): SpanRecord {
  const { traceId, spanId } = traceparent(message);
  const found = seen.spans.filter(span => span.traceId === traceId && span.parentSpanId === spanId);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe("two publishers on one socket", async () => {
  const seen = await telemetryOf(TWO_PUBLISHERS);
  const [finding] = seen.report.findings;
  const messages = finding!.diagnosis!.writers.flatMap(writer => writer.messages);
  const torn = messages.find(({ messageId }) => messageId === "t1-3")!;
  const root = seen.spans.find(({ name }) => name === "amqp connection")!;

  it("the torn message's span hangs under the producer's, failed, with rule, packets and remedy", () => {
    const span = spanOf(seen, torn);
    expect(span).toMatchObject({ name: "publish tasks", kind: "client" });
    // In a word: what was said of the finding is not said again for each message that it cost.
    expect(span.error).toBe("Not whole when its stream broke");
    expect(span.attributes["ghostframe.diagnosis.summary"]).toContain("interrupted after 48,435 octets");
    expect(span.attributes).toMatchObject({
      "error.type": "frame-end",
      "messaging.message.id": "t1-3",
      "ghostframe.outcome": "torn",
      "ghostframe.packet.first": 31,
      "ghostframe.packet.last": 42,
      "ghostframe.finding.rule": "frame-end",
      "ghostframe.remedy": finding!.diagnosis!.remedy,
    });
  });

  it("links it to each message that was written into it, and these back", () => {
    const tornSpan = spanOf(seen, torn);
    const tearing = messages.filter(({ messageId }) => messageId?.startsWith("t0-"));
    expect(tearing.map(({ messageId }) => messageId)).toEqual(["t0-1", "t0-2", "t0-3", "t0-4"]);
    const tearingSpans = tearing.map(each => spanOf(seen, each));
    expect(linked(tornSpan, "torn-by").map(each => seen.at(each))).toEqual(tearingSpans);
    for (const [i, span] of tearingSpans.entries()) {
      expect(linked(span, "tore").map(each => seen.at(each))).toEqual([tornSpan]);
      expect(span.traceId).toBe(traceparent(tearing[i]!).traceId);
      expect(linked(span, "torn-by")).toEqual([]);
    }
  });

  it("tells the finding on the connection's span, which is linked to what was lost", () => {
    expect(root.parentSpanId).toBeNull();
    expect(root.attributes).toMatchObject({ "error.type": "frame-end", "ghostframe.verdict.observed": "FRAME_ERROR" });
    expect(root.events.map(({ attributes }) => attributes["ghostframe.finding.rule"])).toEqual([
      "frame-end",
      "broker-close",
    ]);
    const lost = linked(root, "lost").map(each => String(seen.at(each)?.attributes["messaging.message.id"]));
    expect(new Set(lost)).toEqual(new Set(["t0-1", "t0-2", "t0-3", "t0-4", "t1-3", "t1-4"]));
    for (const span of seen.spans.filter(({ name }) => name.startsWith("publish"))) {
      expect(linked(span, "connection").map(each => seen.at(each))).toEqual([root]);
    }
  });

  it("has the connection's steps under it, one after another", () => {
    const steps = seen.spans.filter(({ parentSpanId }) => parentSpanId === root.spanId);
    expect(steps.map(({ name }) => name)).toEqual([
      "amqp transport",
      "amqp start",
      "amqp login",
      "amqp tune",
      "amqp open",
    ]);
    expect(steps.every(({ traceId }) => traceId === root.traceId)).toBe(true);
    const times = steps
      .flatMap(({ start, end }) => [start, end])
      .map(([s, ns]) => BigInt(s) * 1_000_000_000n + BigInt(ns));
    expect(times).toEqual(times.toSorted((a, b) => Number(a - b)));
    expect(steps[0]!.start).toEqual(root.start);
  });

  it("logs each finding once, with severity, fingerprint, remedy, the connection's span and the producers' traces", () => {
    expect(seen.logs.map(({ severityNumber, severityText }) => [severityNumber, severityText])).toEqual([
      [17, "ERROR"],
      [17, "ERROR"],
    ]);
    const [log] = seen.logs;
    expect(log!.context).toEqual({ traceId: root.traceId, spanId: root.spanId });
    expect(log!.body).toBe(finding!.message);
    expect(log!.attributes).toMatchObject({
      "ghostframe.finding.rule": "frame-end",
      "ghostframe.finding.fingerprint": expect.stringMatching(/^[0-9a-f]{16}$/),
      "ghostframe.remedy": finding!.diagnosis!.remedy,
    });
    expect(log!.attributes["ghostframe.trace_ids"]).toEqual(
      expect.arrayContaining(messages.map(message => traceparent(message).traceId)),
    );
  });

  it("names only what OpenTelemetry's conventions name, or what begins with ghostframe", () => {
    const known = new Set<unknown>(Object.values(conventions));
    const { metrics } = seen.instruments.snapshot([0, 0], [0, 0]);
    const names = [
      ...[...seen.spans, ...seen.logs].flatMap(({ attributes }) => Object.keys(attributes)),
      ...seen.spans.flatMap(span =>
        [...span.links, ...span.events].flatMap(({ attributes }) => Object.keys(attributes)),
      ),
      ...metrics.flatMap(({ name, points }) => [name, ...points.flatMap(({ attributes }) => Object.keys(attributes))]),
    ];
    const others = new Set(names.filter(name => !name.startsWith("ghostframe.") && !known.has(name)));
    expect([...others]).toEqual([]);
    expect(new Set(names.filter(name => known.has(name))).size).toBeGreaterThan(15);
  });

  it("gives the same ids when it is sent again", async () => {
    const again = await telemetryOf(TWO_PUBLISHERS);
    expect(again.spans).toEqual(seen.spans);
    expect(new Set(seen.spans.map(({ spanId }) => spanId)).size).toBe(seen.spans.length);
  });

  it("hangs the connection under a span that is handed in", async () => {
    const parent = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" };
    const inJob = await telemetryOf(TWO_PUBLISHERS, "traced", parent);
    const moved = inJob.spans.find(({ name }) => name === "amqp connection")!;
    expect(moved).toMatchObject({ traceId: parent.traceId, parentSpanId: parent.spanId, spanId: root.spanId });
    // Messages stay in their producers' traces.
    expect(spanOf(inJob, torn).spanId).toBe(spanOf(seen, torn).spanId);
  });
});

it("links every torn message of forked workers to who tore it, both ways", async () => {
  const seen = await telemetryOf(FORKED);
  const tears = seen.spans.flatMap(span =>
    linked(span, "torn-by").map(other => ({ torn: span, tearing: seen.at(other)! })),
  );
  expect(tears.length).toBeGreaterThanOrEqual(4);
  for (const { torn, tearing } of tears) {
    expect(linked(tearing, "tore")).toContainEqual(
      expect.objectContaining({ spanId: torn.spanId, traceId: torn.traceId }),
    );
    expect(torn.attributes["ghostframe.outcome"]).toBe("torn");
    expect(torn.error).not.toBeNull();
  }
  // Several were written into one, and each of them is linked.
  expect(Math.max(...seen.spans.map(span => linked(span, "torn-by").length))).toBeGreaterThan(1);
  const written = seen.report.findings[0]!.diagnosis!.writers.flatMap(({ messages }) => messages.map(traceparent));
  const traces = new Set(seen.spans.map(({ traceId }) => traceId));
  expect(written.filter(({ traceId }) => !traces.has(traceId))).toEqual([]);
});

it("links a message that a cut write left unfinished to what stands in it, both ways", async () => {
  const seen = await telemetryOf("interleaving/two-publishers-one-channel.pcapng.gz");
  const [torn, tearing] = ["t0-0", "t2-0"].map(
    id => seen.spans.find(span => span.attributes["messaging.message.id"] === id)!,
  );
  expect(linked(torn!, "torn-by").map(each => seen.at(each))).toEqual([tearing]);
  expect(linked(tearing!, "tore").map(each => seen.at(each))).toEqual([torn]);
});

describe("messages that get spans", () => {
  const count = async (fixture: string, choice: "traced" | "all" | "incidents"): Promise<number> => {
    const { spans } = await telemetryOf(fixture, choice);
    return spans.filter(({ name }) => name.startsWith("publish")).length;
  };

  it("are those of recorded traces, unless all are asked for, or only those of incidents", async () => {
    expect(await count(TWO_PUBLISHERS, "traced")).toBe(10);
    expect(await count(TWO_PUBLISHERS, "all")).toBe(10);
    expect(await count(TWO_PUBLISHERS, "incidents")).toBe(6);
  });

  it("are none of a capture without traces", async () => {
    expect(await count("clean/php-amqplib.pcapng.gz", "traced")).toBe(0);
    expect(await count("clean/php-amqplib.pcapng.gz", "all")).toBe(40);
  });
});

it("makes records of very many messages that are told at once no faster than they can be sent", async () => {
  const kept = new KeptTelemetry();
  const parts = { ids: new TraceIds(digest, null), choice: "all" as const, sink: kept, instruments: kept.instruments };
  const found: number[] = [];
  const telemetry = new CaptureTelemetry(parts, async () => {
    found.push(kept.spans.length);
  });
  const { connection } = await oneMessage();
  const moment = new Moment();
  for (let i = 0; i < 3000; i++) {
    telemetry.message(new Message("publish", { connection, channel: 1, streamOffset: 100 * i, moment }));
  }
  expect(kept.spans).toHaveLength(0);
  await telemetry.ready();
  expect(kept.spans).toHaveLength(3000);
  const steps = found.map((at, i) => at - (found[i - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(512);
});

async function oneMessage(): Promise<Message> {
  let first: Message | null = null;
  const onMessageFacts = (message: Message): void => {
    first ??= message;
  };
  await inspect([fileURLToPath(new URL(`../../fixtures/${TWO_PUBLISHERS}`, import.meta.url))], { onMessageFacts });
  return first!;
}
