/** OTLP over HTTP to a receiver that decodes what really comes, and that has bad days. */
import { once } from "node:events";
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signalExports } from "../../../src/telemetry/export/signal-export.ts";
import { Instruments } from "../../../src/telemetry/instruments.ts";
import type { LogRecord, SpanRecord } from "../../../src/telemetry/records.ts";
import { telemetrySetting } from "../../../src/telemetry/settings.ts";
import { Certificates } from "../../proxy/certificates.ts";
import { temporaryFolder } from "../../support/command.ts";
import { OtlpReceiver, plainAttributes } from "../../support/otlp-receiver.ts";

const SPAN: SpanRecord = {
  traceId: "a9aced7e03919e74c034902c8aab312a",
  spanId: "1995d170d7c29e1a",
  parentSpanId: "848a8f85b8a57e1d",
  name: "publish tasks",
  kind: "client",
  start: [1_795_285_191, 905_717_512],
  end: [1_795_285_192, 5],
  attributes: { text: "ü", whole: 50_743, part: 0.5, is: true, list: ["a", "b"] },
  events: [{ name: "event", time: [1_795_285_191, 1], attributes: { a: 1 } }],
  links: [{ traceId: "ab5e3a210e51c70c3aefeac4767cab9a", spanId: "9156d8ffabbb5f6b", attributes: { why: "torn-by" } }],
  error: "torn",
};
const LOG: LogRecord = {
  time: [1_795_285_191, 905_717_512],
  severityNumber: 17,
  severityText: "ERROR",
  eventName: "ghostframe.finding",
  body: "it broke",
  attributes: { rule: "frame-end" },
  context: { traceId: SPAN.traceId, spanId: SPAN.spanId },
};

let receiver: OtlpReceiver;
beforeEach(async () => {
  receiver = await OtlpReceiver.listen();
});
afterEach(() => {
  receiver.close();
  vi.unstubAllEnvs();
});

async function opened(environment: Record<string, string> = {}) {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  const problems: string[] = [];
  const setting = telemetrySetting(receiver.url, environment)!;
  const { traces, logs } = await signalExports(setting, problem => problems.push(problem));
  return { traces: traces!, logs: logs!, problems };
}

describe.each(["http/protobuf", "http/json"])("%s", protocol => {
  const environment = { OTEL_EXPORTER_OTLP_PROTOCOL: protocol };

  it("brings a span as it is", async () => {
    const { traces } = await opened({ ...environment, OTEL_RESOURCE_ATTRIBUTES: "k=v", OTEL_SERVICE_NAME: "s" });
    expect(await traces([SPAN])).toEqual({ rejected: 0, problem: null });
    const [{ resourceSpans }] = receiver.received.map(({ data }) => data) as [
      { resourceSpans: [{ resource: { attributes: [] } }] },
    ];
    expect(plainAttributes(resourceSpans[0].resource.attributes)).toMatchObject({ "service.name": "s", k: "v" });
    const [span] = receiver.items<{ attributes: []; events: { attributes: [] }[]; links: { attributes: [] }[] }>(
      "traces",
    );
    expect(span).toMatchObject({
      traceId: SPAN.traceId,
      spanId: SPAN.spanId,
      parentSpanId: SPAN.parentSpanId,
      name: "publish tasks",
      kind: 3,
      startTimeUnixNano: "1795285191905717512",
      endTimeUnixNano: "1795285192000000005",
      status: { code: 2, message: "torn" },
      links: [{ traceId: SPAN.links[0]!.traceId, spanId: SPAN.links[0]!.spanId }],
      events: [{ name: "event", timeUnixNano: "1795285191000000001" }],
    });
    expect(plainAttributes(span!.attributes)).toEqual(SPAN.attributes);
    expect(plainAttributes(span!.links[0]!.attributes)).toEqual({ why: "torn-by" });
  });

  it("brings what W3C's context has, tells remote spans from its own, and says who sends", async () => {
    const { traces } = await opened(environment);
    const links = [
      { ...SPAN.links[0]!, isRemote: true, traceState: "c=d" },
      { ...SPAN.links[0]!, isRemote: false },
    ];
    const own = { ...SPAN, traceState: "a=b", hasRemoteParent: true, links, droppedLinks: 3, droppedEvents: 2 };
    await traces([own, { ...SPAN, links: [] }]);
    const [of, other] = receiver.items<{ flags: number; links: { flags: number }[] }>("traces");
    expect(of).toMatchObject({ traceState: "a=b", droppedLinksCount: 3, droppedEventsCount: 2 });
    expect(of!.links[0]).toMatchObject({ traceState: "c=d" });
    // https://github.com/open-telemetry/opentelemetry-proto, SpanFlags: it is known whether it is remote, and it is.
    const remote = (flags: number): boolean => (flags & 0x300) === 0x300;
    expect([of!, ...of!.links, other!].map(({ flags }) => remote(flags))).toEqual([true, true, false, false]);
    const [{ resourceSpans }] = receiver.received.map(({ data }) => data) as [
      { resourceSpans: [{ schemaUrl: string; resource: { attributes: [] }; scopeSpans: [{ schemaUrl: string }] }] },
    ];
    expect(plainAttributes(resourceSpans[0].resource.attributes)).toMatchObject({
      "service.instance.id": expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      "telemetry.sdk.language": "nodejs",
    });
    const schema = "https://opentelemetry.io/schemas/1.45.0";
    expect([resourceSpans[0].schemaUrl, resourceSpans[0].scopeSpans[0].schemaUrl]).toEqual([schema, schema]);
  });

  it("brings a log record as it is", async () => {
    const { logs } = await opened(environment);
    const before = BigInt(Date.now()) * 1_000_000n;
    expect(await logs([LOG])).toEqual({ rejected: 0, problem: null });
    const [{ observedTimeUnixNano }] = receiver.items<{ observedTimeUnixNano: string }>("logs") as [
      { observedTimeUnixNano: string },
    ];
    expect(BigInt(observedTimeUnixNano)).toBeGreaterThanOrEqual(before - 1_000_000n);
    expect(receiver.items("logs")).toMatchObject([
      {
        timeUnixNano: "1795285191905717512",
        severityNumber: 17,
        severityText: "ERROR",
        body: { stringValue: "it broke" },
        eventName: "ghostframe.finding",
        traceId: SPAN.traceId,
        spanId: SPAN.spanId,
      },
    ]);
  });

  it("counts what is not taken of a batch that is", async () => {
    receiver.answers.push({ rejected: 2, message: "too old" });
    const { traces } = await opened(environment);
    expect(await traces([SPAN, SPAN, SPAN])).toEqual({
      rejected: 2,
      problem: `${receiver.url}/v1/traces: 2 of a batch were not taken: too old`,
    });
  });
});

it("writes files that are the user's own", async ({ onTestFinished }) => {
  const directory = join(temporaryFolder(onTestFinished), "a", "out");
  const { traces } = await signalExports(telemetrySetting(`file:${directory}`, {})!, () => {});
  await traces!([SPAN]);
  const modes = ["", "traces.jsonl", "logs.jsonl", "metrics.jsonl"].map(name => statSync(join(directory, name)).mode);
  const expected = process.platform === "win32" ? modes : [0o40700, 0o100600, 0o100600, 0o100600];
  expect(modes).toEqual(expected);
});

it("writes numbers of 64 bits in JSON as strings, and texts as they are", async ({ onTestFinished }) => {
  const directory = temporaryFolder(onTestFinished);
  const text = '"intValue":7,\\"count":8';
  const { traces, metrics } = await signalExports(telemetrySetting(`file:${directory}`, {})!, () => {});
  await traces!([{ ...SPAN, attributes: { text, whole: 50_743, negative: -1, part: 0.5 } }]);
  const instruments = new Instruments();
  instruments.add("ghostframe.octets", 12, {});
  instruments.record("messaging.process.duration", 0.2, {});
  await metrics!([instruments.snapshot([1, 0], [2, 0])]);
  const line = (name: string): string => readFileSync(join(directory, name), "utf8");
  const [span] = JSON.parse(line("traces.jsonl")).resourceSpans[0].scopeSpans[0].spans;
  expect(span.attributes.map(({ value }: { value: unknown }) => value)).toEqual([
    { stringValue: text },
    { intValue: "50743" },
    { intValue: "-1" },
    { doubleValue: 0.5 },
  ]);
  const [octets, duration] = JSON.parse(line("metrics.jsonl")).resourceMetrics[0].scopeMetrics[0].metrics;
  expect(octets.sum.dataPoints[0].asInt).toBe("12");
  const [{ count, bucketCounts, sum }] = duration.histogram.dataPoints;
  expect({ count, sum }).toEqual({ count: "1", sum: 0.2 });
  expect(bucketCounts.filter((each: unknown) => each !== "0")).toEqual(["1"]);
});

it.skipIf(!existsSync("/dev/full"))("says what it could not write", async ({ onTestFinished }) => {
  const directory = temporaryFolder(onTestFinished);
  symlinkSync("/dev/full", join(directory, "traces.jsonl"));
  const { traces } = await signalExports(telemetrySetting(`file:${directory}`, {})!, () => {});
  const problem = `${join(directory, "traces.jsonl")}: there is no space left`;
  expect(await traces!([SPAN, SPAN])).toEqual({ rejected: 2, problem });
});

describe("a receiver", () => {
  it("gets the headers and the compression that the variables name", async () => {
    const { traces } = await opened({
      OTEL_EXPORTER_OTLP_HEADERS: "api-key=s%20k",
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-team=t",
      OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    });
    await traces([SPAN]);
    expect(receiver.received[0]!.headers).toMatchObject({
      "api-key": "s k",
      "x-team": "t",
      "content-encoding": "gzip",
      "content-type": "application/x-protobuf",
    });
    expect(receiver.received[0]!.headers["user-agent"]).toMatch(/^ghostframe\//);
  });

  it("that is busy is asked again when it says", async () => {
    receiver.answers.push({ status: 429, headers: { "retry-after": "1" } });
    const { traces } = await opened();
    const began = performance.now();
    expect(await traces([SPAN])).toEqual({ rejected: 0, problem: null });
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(receiver.received).toHaveLength(2);
  });

  it("that refuses is not asked again", async () => {
    receiver.answers.push({ status: 400, body: "bad" });
    const { traces } = await opened();
    expect(await traces([SPAN, SPAN])).toEqual({
      rejected: 2,
      problem: `${receiver.url}/v1/traces: HTTP 400 Bad Request`,
    });
    expect(receiver.received).toHaveLength(1);
  });

  it.each<[what: string, answer: "hang" | { status: number; headers: Record<string, string> }]>([
    ["hangs", "hang"],
    ["stays busy for longer than there is time", { status: 503, headers: { "retry-after": "60" } }],
  ])("that %s is given up within the time limit", async (_, answer) => {
    receiver.answers.push(answer);
    const { traces } = await opened({ OTEL_EXPORTER_OTLP_TIMEOUT: "300" });
    const sent = await traces([SPAN]);
    expect(sent.rejected).toBe(1);
    expect(sent.problem).toContain(`${receiver.url}/v1/traces: `);
    if (answer !== "hang") expect(sent.problem).toContain("HTTP 503 Service Unavailable");
  });

  it("that is not there costs the batch", async () => {
    const { traces } = await opened({ OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
    receiver.close();
    expect(await traces([SPAN])).toMatchObject({ rejected: 1, problem: expect.stringContaining("ECONNREFUSED") });
  });

  it("whose certificate nobody signed costs the batch, with a sentence", async () => {
    using certificates = new Certificates();
    const { key, cert } = certificates.issue("receiver", "IP:127.0.0.1");
    const secure = createServer({ key: readFileSync(key), cert: readFileSync(cert) }).listen(0, "127.0.0.1");
    await once(secure, "listening");
    const { port } = secure.address() as AddressInfo;
    const setting = telemetrySetting(`https://127.0.0.1:${port}?api-key=S3CRET`, {})!;
    const { traces } = await signalExports(setting, () => {});
    const { problem } = await traces!([SPAN]);
    secure.close();
    expect(problem).toBe(
      `https://127.0.0.1:${port}/v1/traces: the TLS connection failed: unable to verify the first certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE)`,
    );
  });

  it("gets the query of the URL, which is shown to nobody", async () => {
    receiver.answers.push({ status: 400 });
    const { traces } = await signalExports(telemetrySetting(`${receiver.url}?api-key=S3CRET`, {})!, () => {});
    expect((await traces!([SPAN])).problem).toBe(`${receiver.url}/v1/traces: HTTP 400 Bad Request`);
    expect(receiver.received[0]!.url).toBe("/v1/traces?api-key=S3CRET");
  });

  it("is told of settings that cannot be used", async () => {
    const { problems } = await opened({
      OTEL_EXPORTER_OTLP_COMPRESSION: "zip",
      OTEL_EXPORTER_OTLP_CERTIFICATE: "/none",
    });
    expect(problems.join("\n")).toMatch(/OTEL_EXPORTER_OTLP_COMPRESSION is invalid/);
    expect(problems.join("\n")).toMatch(/Failed to read root certificate file/);
  });
});
