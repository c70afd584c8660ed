/** The ways out: JSON lines in a file, or OTLP over HTTP. OpenTelemetry's packages are loaded here, and only here. */
import { randomUUID } from "node:crypto";
import { subscribe } from "node:diagnostics_channel";
import { appendFile, open, writeFile } from "node:fs/promises";
import { type Agent, type IncomingMessage, STATUS_CODES } from "node:http";
import { dirname } from "node:path";
import { codeOf, isOfTls, meaningOf, tlsReason } from "../../capture/system-error.ts";
import { VERSION } from "../../version.ts";
import type { MetricsSnapshot } from "../instruments.ts";
import type { LogRecord, SpanRecord } from "../records.ts";
import { type Signal, shownUrl, signalFile, TelemetryError, type TelemetrySetting } from "../settings.ts";
import { makeFolder } from "./folder.ts";
import { type Origin, originOf, readableLog, readableMetrics, readableSpan } from "./otlp-shapes.ts";

/** The result of a batch: how many of it were not accepted, and why; `problem` is null if all were. */
export interface Sent {
  rejected: number;
  problem: string | null;
}

/** Sends batches of one signal, one after another. Never rejects. */
export type SignalExport<Item> = (batch: readonly Item[]) => Promise<Sent>;

export interface SignalExports {
  traces: SignalExport<SpanRecord> | null;
  logs: SignalExport<LogRecord> | null;
  metrics: SignalExport<MetricsSnapshot> | null;
}

interface Serializer<Request> {
  serializeRequest(request: Request): Uint8Array | undefined;
  deserializeResponse(data: Uint8Array): unknown;
}

const PROCESS = randomUUID();

/**
 * Loads what is needed. Throws a TelemetryError if the folder cannot be made. `problem` gets what is wrong in the
 * environment, which is then ignored. `instance`: the sender, as an id.
 */
export async function signalExports(
  setting: TelemetrySetting,
  problem: (problem: string) => void,
  instance: string = PROCESS,
): Promise<SignalExports> {
  const serializers = await import("@opentelemetry/otlp-transformer");
  const origin = originOf({
    "service.name": setting.serviceName,
    "service.version": VERSION,
    "service.instance.id": instance,
    "telemetry.sdk.name": "ghostframe",
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.version": VERSION,
    ...setting.resource,
  });
  if (setting.target.kind === "folder") await beginFiles(setting.target.directory, setting.target.signals);
  if (setting.target.kind === "file") await beginFile(setting.target.path);
  return {
    traces: await signalExport(setting, "traces", shaped(readableSpan, origin), {
      json: serializers.JsonTraceSerializer,
      protobuf: serializers.ProtobufTraceSerializer,
      problem,
    }),
    logs: await signalExport(setting, "logs", shaped(readableLog, origin), {
      json: serializers.JsonLogsSerializer,
      protobuf: serializers.ProtobufLogsSerializer,
      problem,
    }),
    // If several wait, the latest contains everything.
    metrics: await signalExport(setting, "metrics", batch => readableMetrics(batch.at(-1)!, origin), {
      json: serializers.JsonMetricsSerializer,
      protobuf: serializers.ProtobufMetricsSerializer,
      problem,
    }),
  };
}

function shaped<Item, Shape>(shape: (item: Item, origin: Origin) => Shape, origin: Origin) {
  return (batch: readonly Item[]): Shape[] => batch.map(item => shape(item, origin));
}

async function signalExport<Item, Request>(
  { target }: TelemetrySetting,
  signal: Signal,
  request: (batch: readonly Item[]) => Request,
  {
    problem,
    ...serializers
  }: { json: Serializer<Request>; protobuf: Serializer<Request>; problem: (problem: string) => void },
): Promise<SignalExport<Item> | null> {
  const json = exactJson(serializers.json);
  if (target.kind !== "http") {
    if (!target.signals.includes(signal)) return null;
    const path = target.kind === "file" ? target.path : signalFile(target.directory, signal);
    return async batch => appended(path, json.serializeRequest(request(batch)), batch.length);
  }
  const to = target.signals[signal];
  if (to === undefined) return null;
  const isJson = to.protocol === "http/json";
  const send = await httpSender(signal, to.url, isJson, isJson ? json : serializers.protobuf, problem);
  return batch => send(request(batch), batch.length);
}

/** As for recordings: names of the wire must not be readable by everybody on the machine. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

async function beginFiles(directory: string, signals: readonly Signal[]): Promise<void> {
  try {
    makeFolder(directory, FOLDER_MODE);
    // Appending nothing shows whether the file can be written.
    for (const signal of signals) await appendFile(signalFile(directory, signal), "", { mode: FILE_MODE });
  } catch (error) {
    throw new TelemetryError(`--otlp file:${directory}`, writeProblem(error));
  }
}

async function beginFile(path: string): Promise<void> {
  try {
    makeFolder(dirname(path));
    await writeFile(path, "");
  } catch (error) {
    throw new TelemetryError(`--output otlp=${path}`, writeProblem(error));
  }
}

/** Numbers of 64 bits are strings in JSON (https://protobuf.dev/programming-guides/json/): the serializers write numbers. */
function exactJson<Request>(serializer: Serializer<Request>): Serializer<Request> {
  return {
    ...serializer,
    serializeRequest: request => {
      const octets = serializer.serializeRequest(request);
      if (octets === undefined) return undefined;
      // In a string every quote has a backslash before it: these are names of fields.
      const text = new TextDecoder().decode(octets).replace(NUMBER_OF_64_BITS, '$1"$2"');
      return new TextEncoder().encode(text.replace(BUCKET_COUNTS, counts => counts.replace(/\d+/g, '"$&"')));
    },
  };
}

const NUMBER_OF_64_BITS = /("(?:intValue|asInt|count)":)(-?\d+)/g;
const BUCKET_COUNTS = /"bucketCounts":\[[\d,]*\]/g;

function writeProblem(error: unknown): string {
  return meaningOf(codeOf(error), "write") ?? (error instanceof Error ? error.message : String(error));
}

/** Writes all of a line or nothing: a line behind an incomplete one could not be read. */
async function appendLine(path: string, line: Uint8Array): Promise<void> {
  const file = await open(path, "a", FILE_MODE);
  try {
    const { size } = await file.stat();
    try {
      await file.appendFile(line);
    } catch (error) {
      // What made the write fail may make this fail as well.
      await file.truncate(size).catch(() => {});
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** By path: what is being written to the end of a file. */
const appending = new Map<string, Promise<unknown>>();

async function appended(path: string, octets: Uint8Array | undefined, count: number): Promise<Sent> {
  if (octets === undefined) return { rejected: count, problem: `${path}: nothing could be made of the records` };
  const line = new Uint8Array(octets.length + 1);
  line.set(octets);
  line[octets.length] = 0x0a;
  // Signals may share a file: a line is whole before the next one begins.
  const before = appending.get(path) ?? Promise.resolve();
  const written = before.then(() => appendLine(path, line));
  appending.set(
    path,
    written.catch(() => {}),
  );
  try {
    await written;
    return { rejected: 0, problem: null };
  } catch (error) {
    return { rejected: count, problem: `${path}: ${writeProblem(error)}` };
  }
}

/** Milliseconds beyond the exporter's own limit after which an export counts as failed: an answer may drip in for ever. */
const OVERTIME = 2000;

async function httpSender<Request>(
  signal: Signal,
  url: string,
  isJson: boolean,
  serializer: Serializer<Request>,
  problem: (problem: string) => void,
): Promise<(request: Request, count: number) => Promise<Sent>> {
  const { convertLegacyHttpOptions, createOtlpHttpExportDelegate } = await import(
    "@opentelemetry/otlp-exporter-base/node-http"
  );
  // Values of the environment that it cannot use are reported only to its logger.
  const { diag, DiagLogLevel } = await import("@opentelemetry/api");
  const ignore = (): void => {};
  const warn = (message: string): void => problem(message);
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
  const type = isJson ? "application/json" : "application/x-protobuf";
  // Headers, time limit, compression and certificates stand in the environment.
  const options = convertLegacyHttpOptions({ url, userAgent: `ghostframe/${VERSION}` }, signal.toUpperCase(), "", {
    "Content-Type": type,
  });
  diag.disable();
  let answer: unknown = null;
  const shown = shownUrl(url);
  const listening: Serializer<Request> = {
    serializeRequest: request => serializer.serializeRequest(request),
    deserializeResponse: data => {
      answer = serializer.deserializeResponse(data);
      return answer;
    },
  };
  const statusOf = statusListener(options);
  // Its own metrics go nowhere.
  const counting = { name: "span", countItems: () => 0 } as const;
  const delegate = createOtlpHttpExportDelegate(options, listening, `otlp_http_${signal}`, counting, undefined);
  return (request, count) =>
    new Promise(resolve => {
      const failed = (problem: string): void => resolve({ rejected: count, problem: `${shown}: ${problem}` });
      const limit = setTimeout(
        () => failed(`no whole answer within ${options.timeoutMillis / 1000} s`),
        options.timeoutMillis + OVERTIME,
      );
      answer = null;
      delegate.export(request, ({ code, error }) => {
        clearTimeout(limit);
        if (code === SUCCESS) resolve(partly(answer, shown));
        else failed(failureText(error, statusOf()));
      });
    });
}

/** ExportResultCode.SUCCESS of @opentelemetry/core. */
const SUCCESS = 0;

/** For an answer of success: how much of it was still not accepted. */
function partly(answer: unknown, url: string): Sent {
  const { partialSuccess } = (answer ?? {}) as { partialSuccess?: Record<string, unknown> | null };
  const { errorMessage, ...counts } = partialSuccess ?? {};
  const rejected = Object.values(counts).reduce<number>((sum, count) => sum + (Number(count) || 0), 0);
  const said = typeof errorMessage === "string" && errorMessage !== "" ? `: ${errorMessage}` : "";
  if (rejected === 0 && said === "") return { rejected, problem: null };
  return { rejected, problem: `${url}: ${rejected} of a batch were not taken${said}` };
}

/** For the requests of these options: the latest answer's status, which a failure after retries does not have. */
function statusListener(options: { agentFactory: (protocol: string) => Agent | Promise<Agent> }): () => number | null {
  let status: number | null = null;
  const { agentFactory } = options;
  options.agentFactory = async protocol => {
    const agent = await agentFactory(protocol);
    subscribe("http.client.response.finish", message => {
      const { request, response } = message as { request: { agent?: unknown }; response: IncomingMessage };
      if (request.agent === agent) status = response.statusCode ?? null;
    });
    return agent;
  };
  return () => {
    const latest = status;
    status = null;
    return latest;
  };
}

function failureText(error: (Error & { code?: unknown }) | undefined, latest: number | null): string {
  if (error === undefined) return "it could not be sent";
  if (isOfTls(error)) return `the TLS connection failed: ${tlsReason(error)}`;
  const said = typeof error.code === "number" ? error.code : latest;
  if (said === null) return error.message || codeOf(error);
  const meaning = STATUS_CODES[said] ?? "";
  return `HTTP ${said} ${typeof error.code === "number" ? error.message : meaning}`.trim();
}
