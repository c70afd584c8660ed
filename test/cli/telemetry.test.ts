/** --otlp of the commands, as a user gives it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ghostframe, ROOT } from "../support/command.ts";

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
  status: { code: number };
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
