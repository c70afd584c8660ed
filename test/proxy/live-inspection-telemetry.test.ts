/** Telemetry of a live inspection: what is sent when, at a time that only the test moves on. */
import { describe, expect, it } from "vitest";
import { TraceIds } from "../../src/telemetry/trace-ids.ts";
import { LiveScene } from "../support/live-scene.ts";
import { digest, KeptTelemetry, linked } from "../support/telemetry.ts";
import { TEARING, TORN, tornStream, WHOLE } from "../support/torn-stream.ts";
import { clientHandshake, field, join, serverHandshake, wire } from "../support/wire.ts";

function scene(more: { sendsSpans?: boolean } = {}) {
  const kept = new KeptTelemetry();
  const ids = new TraceIds(digest, null);
  const live = new LiveScene({
    telemetry: { ids, choice: "traced", sink: kept, instruments: kept.instruments, ...more },
  });
  const value = (name: string, attributes: Record<string, unknown> = {}): number | undefined => {
    const { metrics } = kept.instruments.snapshot([0, 0], [0, 0]);
    const points = metrics.find(metric => metric.name === name)?.points ?? [];
    const found = points.find(point => Object.entries(attributes).every(([key, is]) => point.attributes[key] === is));
    return found?.histogram?.count ?? found?.value;
  };
  return { kept, live, value };
}

describe("telemetry while it happens", () => {
  it("logs a finding when it is explained, once, and sends the spans when the connection is over", () => {
    const { kept, live, value } = scene();
    live.open().broker(serverHandshake().channelOpenOk(1).channelOpenOk(2).octets);
    for (const piece of tornStream()) live.client(piece);
    live.pass(3);
    expect(kept.logs).toEqual([]);
    expect(value("ghostframe.connections", { "ghostframe.connection.state": "broken" })).toBe(1);
    live.end(0).end(1).close();
    expect(kept.logs).toHaveLength(1);
    expect(kept.logs[0]!.attributes).toMatchObject({ "ghostframe.finding.rule": "frame-end" });
    expect(kept.logs[0]!.attributes["ghostframe.trace_ids"]).toEqual(
      expect.arrayContaining([TORN.traceId, TEARING.traceId]),
    );
    expect(value("ghostframe.findings", { "ghostframe.finding.rule": "frame-end" })).toBe(1);
    const under = ({ traceId, spanId }: typeof TORN) =>
      kept.spans.find(span => span.traceId === traceId && span.parentSpanId === spanId)!;
    const [torn, tearing, whole] = [under(TORN), under(TEARING), under(WHOLE)];
    expect(linked(torn, "torn-by").map(each => kept.at(each))).toEqual([tearing]);
    expect(linked(tearing, "tore").map(each => kept.at(each))).toEqual([torn]);
    expect(torn.attributes).toMatchObject({ "error.type": "frame-end", "server.address": "192.0.2.1" });
    expect(whole.error).toBeNull();
    const root = kept.spans.find(({ name }) => name === "amqp connection")!;
    expect(kept.logs[0]!.context).toEqual({ traceId: root.traceId, spanId: root.spanId });
    expect(root.events.length).toBeGreaterThan(0);
    expect(value("messaging.client.sent.messages", { "error.type": "frame-end" })).toBeGreaterThan(0);
    live.pass(1);
    expect(value("ghostframe.connections", { "ghostframe.connection.state": "broken" })).toBe(0);
  });

  it("has how the broker was reached as steps before those of AMQP", () => {
    const { kept, live, value } = scene();
    const upstream = { address: "192.0.2.9", port: 5671 };
    const times = { began: 1000.25, resolved: 1010.5, reached: 1030.75, secured: 1100 };
    const steps = { host: "rabbit.example", ...times, tlsVersion: "1.3" };
    live.accept(1).inspection.connected(1, { upstream, steps, clientTlsVersion: "1.2" });
    const plain = { ...steps, resolved: null, secured: null, tlsVersion: null };
    live.accept(2).inspection.connected(2, { upstream, steps: plain });
    for (const number of [1, 2]) live.client(clientHandshake().octets, number).end(0, "fin", number).close(number);
    const [first, second] = kept.spans.filter(({ name }) => name === "amqp connection");
    const under = (root = first!) =>
      kept.spans
        .filter(({ parentSpanId, name }) => parentSpanId === root.spanId && !name.startsWith("amqp"))
        .map(({ name, start, end }) => [name, start, end]);
    expect(under()).toEqual([
      ["dns lookup", [1, 250_000], [1, 10_500_000]],
      ["tcp connect", [1, 10_500_000], [1, 30_750_000]],
      ["tls handshake", [1, 30_750_000], [1, 100_000_000]],
    ]);
    expect(under(second)).toEqual([["tcp connect", [1, 250_000], [1, 30_750_000]]]);
    const dns = kept.spans.find(({ name }) => name === "dns lookup")!;
    expect(dns).toMatchObject({ traceId: first!.traceId, attributes: { "dns.question.name": "rabbit.example" } });
    // The name that was given, and where it led.
    const named = { "server.address": "rabbit.example", "server.port": 5671 };
    const peer = { "network.peer.address": "192.0.2.9", "network.peer.port": 5671 };
    const tls = kept.spans.find(({ name }) => name === "tls handshake")!;
    expect(tls.attributes).toEqual({ ...named, ...peer, "tls.protocol.version": "1.3" });
    expect(first!.attributes).toMatchObject({ ...named, ...peer, "tls.protocol.version": "1.2" });
    expect(second!.attributes).not.toHaveProperty(["tls.protocol.version"]);
    for (const version of ["1.2", "1.3"]) {
      expect(value("ghostframe.tls.sessions", { "tls.protocol.version": version })).toBe(1);
    }
  });

  it("logs what nothing has explained after some seconds, and not again", () => {
    const { kept, live } = scene();
    live.open().broker(serverHandshake().channelOpenOk(1).channelOpenOk(2).octets);
    for (const piece of tornStream()) live.client(piece);
    live.pass(15);
    expect(kept.logs.map(({ attributes }) => attributes["ghostframe.finding.final"])).toEqual([false]);
    live.end(0).end(1).close();
    expect(kept.logs).toHaveLength(1);
    expect(kept.spans.find(({ name }) => name === "amqp connection")!.events[0]!.attributes).toHaveProperty([
      "ghostframe.remedy",
    ]);
  });

  it("sends a message's span when its outcome is known, and measures all of them", () => {
    const { kept, live, value } = scene();
    const headers = { traceparent: field.S(`00-${WHOLE.traceId}-${WHOLE.spanId}-01`) };
    const unsampled = { traceparent: field.S(`00-${TORN.traceId}-${TORN.spanId}-00`) };
    live.open().broker(serverHandshake().channelOpenOk(1).octets);
    live.client(join(clientHandshake().channelOpen(1).octets, wire().confirmSelect(1).octets));
    live.broker(wire().confirmSelectOk(1).octets);
    live.client(wire().publish(1, "a", { properties: { headers } }).octets);
    live.client(wire().publish(1, "b", { properties: { headers: unsampled } }).octets);
    live.client(wire().publish(1, "c").octets);
    expect(kept.spans).toEqual([]);
    live.broker(wire().ack(1, 3, true).octets);
    expect(kept.spans).toMatchObject([
      {
        name: "publish tasks",
        traceId: WHOLE.traceId,
        parentSpanId: WHOLE.spanId,
        attributes: { "ghostframe.outcome": "confirmed" },
      },
    ]);
    expect(value("messaging.client.sent.messages")).toBe(3);
    expect(value("messaging.client.operation.duration")).toBe(3);
    expect(value("ghostframe.messages", { "ghostframe.outcome": "confirmed" })).toBe(3);
    expect(kept.logs).toEqual([]);
  });

  it("has producers' spans as exemplars where no spans are sent, and names none that nobody knows", () => {
    const { kept, live } = scene({ sendsSpans: false });
    const headers = { traceparent: field.S(`00-${WHOLE.traceId}-${WHOLE.spanId}-01`) };
    const unsampled = { traceparent: field.S(`00-${TORN.traceId}-${TORN.spanId}-00`) };
    live.open().broker(serverHandshake().channelOpenOk(1).channelOpenOk(2).octets);
    live.client(join(clientHandshake().channelOpen(1).octets, wire().confirmSelect(1).octets));
    live.broker(wire().confirmSelectOk(1).octets);
    for (const each of [{ headers }, { headers: unsampled }, {}]) {
      live.client(wire().publish(1, "a", { properties: each }).octets);
    }
    live
      .broker(wire().ack(1, 2, true).octets)
      .pass(1)
      .broker(wire().ack(1, 3).octets)
      .end(0)
      .end(1)
      .close();
    live.open(2).broker(serverHandshake().channelOpenOk(1).channelOpenOk(2).octets, 2);
    for (const piece of tornStream()) live.client(piece, 2);
    live.end(0, "fin", 2).end(1, "fin", 2).close(2);
    const { metrics } = kept.instruments.snapshot([0, 0], [0, 0]);
    const exemplars = metrics.flatMap(({ name, points }) =>
      points.flatMap(({ exemplar, histogram }) =>
        [exemplar, ...(histogram?.exemplars ?? [])].flatMap(each =>
          each === null ? [] : [[name, each.traceId, each.spanId]],
        ),
      ),
    );
    expect(exemplars).toEqual([
      ["messaging.client.operation.duration", WHOLE.traceId, WHOLE.spanId],
      ["ghostframe.findings", expect.stringMatching(`${TORN.traceId}|${TEARING.traceId}`), expect.any(String)],
    ]);
    expect(kept.spans).toEqual([]);
    expect(kept.logs.every(({ context }) => context === null)).toBe(true);
  });
});
