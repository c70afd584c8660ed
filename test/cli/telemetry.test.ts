/** --otlp of the commands, as a user gives it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ghostframe, ROOT } from "../support/command.ts";
import { startSmallBroker } from "../support/small-broker.ts";

const GHOST = "interleaving/two-publishers-one-socket.pcapng.gz";
const LOADED = { NODE_OPTIONS: `--require ${join(ROOT, "test", "cli", "loaded-packages.cjs")}` };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ghostframe-otlp-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  status: { code: number; message?: string };
  attributes: unknown[];
  links: { traceId: string; spanId: string }[];
}

/** Lines of a file, each of them parsed. */
function lines<Line>(directory: string, name: string): Line[] {
  const text = readFileSync(join(directory, name), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line) as Line);
}

describe("ghostframe inspect --otlp", { concurrent: true }, () => {
  it("writes JSON lines that a Collector reads, and the report all the same", async () => {
    const out = join(folder, "lines");
    const plain = await ghostframe(["inspect", GHOST]);
    const sending = await ghostframe(["inspect", GHOST, `--otlp=file:${out}`]);
    expect(sending).toEqual(plain);
    const traces = lines<{ resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }>(out, "traces.jsonl");
    const spans = traces.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(each => each.scopeSpans.flatMap(s => s.spans)),
    );
    const torn = spans.find(({ traceId }) => traceId === "a9aced7e03919e74c034902c8aab312a")!;
    expect(torn).toMatchObject({
      parentSpanId: "848a8f85b8a57e1d",
      kind: 3,
      startTimeUnixNano: "1795285191905717512",
      status: { code: 2 },
    });
    expect(torn.links.map(({ traceId }) => traceId)).toContain("ab5e3a210e51c70c3aefeac4767cab9a");
    const logs = lines<{ resourceLogs: { scopeLogs: { logRecords: { eventName: string }[] }[] }[] }>(out, "logs.jsonl");
    expect(logs[0]!.resourceLogs[0]!.scopeLogs[0]!.logRecords[0]!.eventName).toBe("ghostframe.finding");
  });

  it("adds to what is there", async () => {
    const out = join(folder, "twice");
    for (const _ of [1, 2]) await ghostframe(["inspect", GHOST, `--otlp=file:${out}`]);
    const [first, second] = lines(out, "traces.jsonl");
    expect(second).toEqual(first);
  });

  it("refuses what it cannot use before it reads anything", async () => {
    const badUrl = await ghostframe(["inspect", "--otlp", GHOST, GHOST]);
    expect(badUrl).toMatchObject({ code: 2, stdout: "" });
    expect(badUrl.stderr).toMatch(/^ghostframe: --otlp: expected http/);
    const noEnd = await ghostframe(["inspect", GHOST, "--otlp=file:/proc/none/x"]);
    expect(noEnd).toMatchObject({ code: 2, stdout: "" });
    const noFolder = await ghostframe(["inspect", GHOST, "--otlp=file:/dev/null/x"]);
    expect(noFolder).toMatchObject({ code: 2, stdout: "" });
    expect(noFolder.stderr).toMatch(
      /^ghostframe: --otlp file:\/dev\/null\/x: a part of the path is not a directory\n$/,
    );
  });

  it("is on by the variables alone, and a dead receiver changes nothing but a line on stderr", async () => {
    const plain = await ghostframe(["inspect", GHOST]);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_TIMEOUT: "100" };
    const { code, stdout, stderr } = await ghostframe(["inspect", GHOST], { env });
    expect({ code, stdout }).toEqual({ code: plain.code, stdout: plain.stdout });
    expect(stderr).toMatch(/^ghostframe: telemetry: http:\/\/127\.0\.0\.1:1\/v1\/(traces|logs): /);
    expect(stderr).toMatch(/ghostframe: telemetry: \d+ records could not be sent\n$/);
  });
});

it("variables that are meant for others stop nothing, and are told once", async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  const { code, stdout, stderr } = await ghostframe(["inspect", GHOST], { env });
  expect([code, stdout.length > 0]).toEqual([1, true]);
  expect(stderr).toBe(
    "ghostframe: OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf or http/json, found grpc: no telemetry is sent\n",
  );
});

describe("OpenTelemetry's packages", { concurrent: true }, () => {
  it.each([["inspect"], ["messages"], ["check"]])("are not loaded by %s without --otlp", async command => {
    const { stderr } = await ghostframe([command, GHOST], { env: LOADED });
    expect(stderr).toContain("loaded: 0\n");
  });

  it("are loaded with it", async () => {
    const out = join(folder, "loaded");
    const { stderr } = await ghostframe(["inspect", GHOST, `--otlp=file:${out}`], { env: LOADED });
    expect(stderr).toMatch(/loaded: [1-9]/);
    expect(readdirSync(out)).toContain("traces.jsonl");
  });
});

describe("in a CI job's trace", { concurrent: true }, () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const PARENT = "b7ad6b7169203331";
  const env = { TRACEPARENT: `00-${TRACE}-${PARENT}-01` };
  const spansIn = (out: string): OtlpSpan[] =>
    lines<{ resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[] }>(out, "traces.jsonl").flatMap(
      ({ resourceSpans }) => resourceSpans.flatMap(each => each.scopeSpans.flatMap(({ spans }) => spans)),
    );

  it("check has a span, and each capture's connections under it", async () => {
    const out = join(folder, "check");
    const other = "clean/php-amqplib.pcapng.gz";
    const { code } = await ghostframe(["check", GHOST, other, `--otlp=file:${out}`], { env });
    expect(code).toBe(1);
    const spans = spansIn(out);
    const own = spans.find(({ name }) => name === "ghostframe check")!;
    expect(own).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, status: { code: 2 } });
    const connections = spans.filter(({ name }) => name === "amqp connection");
    expect(connections).toHaveLength(2);
    for (const each of connections) expect(each).toMatchObject({ traceId: TRACE, parentSpanId: own.spanId });
    // Known by its finding although the capture is inspected as a part.
    expect(spans.find(({ traceId }) => traceId === "a9aced7e03919e74c034902c8aab312a")).toMatchObject({
      status: { code: 2 },
    });
  });

  it("check has no span of its own without one", async () => {
    const out = join(folder, "check-alone");
    await ghostframe(["check", GHOST, `--otlp=file:${out}`]);
    expect(spansIn(out).filter(({ name }) => name === "ghostframe check")).toEqual([]);
    expect(spansIn(out).find(({ name }) => name === "amqp connection")!.parentSpanId).toBeUndefined();
  });

  const ran = async (name: string, status: number, more: Record<string, string>) => {
    const broker = await startSmallBroker();
    const out = join(folder, name);

    const program = `process.stdout.write(JSON.stringify([process.env.TRACEPARENT, process.env.TRACESTATE ?? null])); process.exitCode = ${status}`;
    const url = `amqp://127.0.0.1:${broker.port}`;
    const args = ["run", "--min-frames", "0", `--otlp=file:${out}`, "--", process.execPath, "-e", program];
    const { code, stdout } = await ghostframe(args, { env: { ...more, AMQP_URL: url } });
    await broker.close();
    expect(code).toBe(status);
    const [traceparent, tracestate] = JSON.parse(stdout) as [string, string | null];
    return { out, traceparent, tracestate };
  };

  it("run hands its own span on to the command, and says how that ended", async () => {
    const { out, traceparent, tracestate } = await ran("run", 3, { ...env, TRACESTATE: "ci=7" });
    const own = spansIn(out).find(({ name }) => name === "ghostframe run")!;
    expect(own).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: "ci=7" });
    expect(own.status).toEqual({ code: 2, message: "the command ended with exit status 3" });
    expect(own.attributes).toContainEqual({ key: "process.exit.code", value: { intValue: "3" } });
    expect([traceparent, tracestate]).toEqual([`00-${TRACE}-${own.spanId}-01`, "ci=7"]);
  });

  it("run sends no span of a trace that is not recorded, and hands it on as such", async () => {
    const unrecorded = { TRACEPARENT: `00-${TRACE}-${PARENT}-00`, TRACESTATE: "ci=7" };
    const { out, traceparent, tracestate } = await ran("unrecorded", 0, unrecorded);
    expect(readFileSync(join(out, "traces.jsonl"), "utf8")).toBe("");
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-00$`));
    expect(tracestate).toBe("ci=7");
  });

  it("run hands no other trace's state on with a trace of its own", async () => {
    const { out, traceparent, tracestate } = await ran("new", 0, { TRACEPARENT: "00-nonsense", TRACESTATE: "ci=7" });
    const own = spansIn(out).find(({ name }) => name === "ghostframe run")!;
    expect([traceparent, tracestate]).toEqual([`00-${own.traceId}-${own.spanId}-01`, null]);
  });
});
