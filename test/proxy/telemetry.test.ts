/** `ghostframe proxy --otlp --admin`: what a receiver and a scrape get while clients publish, and one tears. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProxyEvent } from "../../src/report/live-event.ts";
import { OtlpReceiver, plainAttributes } from "../support/otlp-receiver.ts";
import { type Proxied, startProxy } from "../support/proxied.ts";
import { type SmallBroker, startSmallBroker } from "../support/small-broker.ts";
import { TEARING, TORN, tornStream, WHOLE } from "../support/torn-stream.ts";

let broker: SmallBroker;
let receiver: OtlpReceiver;
beforeEach(async () => {
  [broker, receiver] = await Promise.all([startSmallBroker(), OtlpReceiver.listen()]);
});
afterEach(async () => {
  receiver.close();
  await broker.close();
});

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  status: { code?: number };
  attributes: [];
  links: { traceId: string; spanId: string; attributes: [] }[];
  events: { attributes: [] }[];
}

/** Writes piece after piece, then says goodbye. */
async function send(port: number, pieces: readonly Uint8Array[]): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.resume();
  await once(socket, "connect");
  for (const piece of pieces) await new Promise(resolve => socket.write(piece, resolve));
  socket.end();
  await once(socket, "close");
}

async function get(
  base: string,
  path: string,
  accept = "*/*",
): Promise<{ status: number; text: string; type: string }> {
  const response = await fetch(base + path, { headers: { accept } });
  return { status: response.status, text: await response.text(), type: response.headers.get("content-type") ?? "" };
}

async function adminOf(proxied: Proxied): Promise<string> {
  const { message } = await proxied.until(
    "where metrics are served",
    (event): event is ProxyEvent => event.event === "proxy" && event.message.includes("metrics and health"),
  );
  return /(http:\S+)/.exec(message)![1]!;
}

describe("a proxy with telemetry", () => {
  it("sends torn and tearing message linked both ways, the finding, and serves the same as metrics", async ({
    onTestFinished,
  }) => {
    const args = ["--admin", "127.0.0.1:0", `--otlp=${receiver.url}`];
    const proxied = await startProxy({ upstream: broker.port, args, onTestFinished });
    const admin = await adminOf(proxied);
    await send(proxied.port, tornStream());
    const shown = async (): Promise<string> => (await get(admin, "/metrics", "application/openmetrics-text")).text;
    await expect.poll(shown, { timeout: 20_000 }).toMatch(/ghostframe_findings_total\{[^}]*frame-end/);
    // The relay counts on its own thread, and says so from time to time.
    await expect
      .poll(shown, { timeout: 10_000 })
      .toMatch(/ghostframe_relay_octets_bytes_total\{ghostframe_direction="client-to-server"\} [1-9]/);
    const metrics = await shown();
    expect(metrics).toMatch(/^# EOF$/m);
    expect(metrics).toMatch(/ghostframe_findings_total\{.*\} 1 # \{trace_id="[0-9a-f]{32}"/);
    expect(metrics).toMatch(
      /ghostframe_messages_total\{messaging_operation_name="publish",ghostframe_outcome="torn"\} 1\n/,
    );
    expect((await get(admin, "/healthz")).status).toBe(200);
    expect(await get(admin, "/")).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^\/metrics .*\n\/healthz /),
    });
    expect(await get(admin, "/metric")).toMatchObject({ status: 404, text: expect.stringContaining("/metrics") });
    await expect.poll(async () => (await get(admin, "/readyz")).status, { timeout: 10_000 }).toBe(200);
    const findings = JSON.parse((await get(admin, "/findings")).text) as { findings: Record<string, unknown>[] };
    expect(findings.findings[0]).toMatchObject({ "ghostframe.finding.rule": "frame-end", severity: "ERROR" });
    const end = await proxied.stop();
    expect(end.stderr).not.toContain("telemetry");

    const spans = receiver.items<Span>("traces");
    const of = ({ traceId, spanId }: typeof TORN) =>
      spans.find(span => span.traceId === traceId && span.parentSpanId === spanId)!;
    const [torn, tearing] = [of(TORN), of(TEARING)];
    expect(torn.status.code).toBe(2);
    expect(plainAttributes(torn.attributes)).toMatchObject({ "error.type": "frame-end", "ghostframe.outcome": "torn" });
    expect(torn.links).toContainEqual(expect.objectContaining({ traceId: TEARING.traceId, spanId: tearing.spanId }));
    expect(tearing.links).toContainEqual(expect.objectContaining({ traceId: TORN.traceId, spanId: torn.spanId }));
    expect(of(WHOLE).status.code ?? 0).toBe(0);
    const root = spans.find(({ name }) => name === "amqp connection")!;
    expect(plainAttributes(root.attributes)).toMatchObject({ "server.port": broker.port, "error.type": "frame-end" });
    const under = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId).map(({ name }) => name);
    expect(under).toEqual(expect.arrayContaining(["tcp connect", "amqp transport", "amqp login", "amqp open"]));
    const logs = receiver.items<{ attributes: []; traceId: string; spanId: string }>("logs");
    const log = logs.find(({ attributes }) => plainAttributes(attributes)["ghostframe.finding.rule"] === "frame-end")!;
    expect(log).toMatchObject({ traceId: root.traceId, spanId: root.spanId });
    expect(plainAttributes(log.attributes)["ghostframe.trace_ids"]).toEqual(
      expect.arrayContaining([TORN.traceId, TEARING.traceId]),
    );
    const names = receiver.items<{ name: string }>("metrics").map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(["messaging.client.sent.messages", "ghostframe.findings", "ghostframe.octets"]),
    );
  });

  it("relays and inspects where the receiver hangs, and says at the end what was not sent", async ({
    onTestFinished,
  }) => {
    receiver.answers.push(...Array.from({ length: 1000 }, () => "hang" as const));
    const proxied = await startProxy({
      upstream: broker.port,
      args: [`--otlp=${receiver.url}`],
      env: { OTEL_EXPORTER_OTLP_TIMEOUT: "300" },
      onTestFinished,
    });
    await send(proxied.port, tornStream());
    const { stderr, counters } = await proxied.stop();
    expect(counters).toMatchObject({ connections: 1, uninspected: 0 });
    expect(counters.errors).toBeGreaterThan(0);
    expect(stderr).toMatch(/telemetry: \d+ records could not be sent/);
  });

  it("refuses a port that is taken, and a URL that is none, before it listens", async ({ onTestFinished }) => {
    await expect(
      startProxy({ upstream: broker.port, args: ["--admin", `127.0.0.1:${broker.port}`], onTestFinished }),
    ).rejects.toThrow(/--admin/);
    await expect(startProxy({ upstream: broker.port, args: ["--otlp=localhost"], onTestFinished })).rejects.toThrow(
      /--otlp/,
    );
  });
});
