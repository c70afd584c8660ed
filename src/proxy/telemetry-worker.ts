/** The thread of telemetry: sends the inspector's records by OTLP, and serves metrics and health. */
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { systemSentence } from "../capture/system-error.ts";
import { jsonLine } from "../report/json.ts";
import type { Endpoint } from "../report/report.ts";
import type { TelemetryExporter } from "../telemetry/export/telemetry-exporter.ts";
import { Instruments, type MetricsSnapshot } from "../telemetry/instruments.ts";
import { openMetrics, prometheusText } from "../telemetry/open-metrics.ts";
import type { LogRecord, UnixTime } from "../telemetry/records.ts";
import { TelemetryError } from "../telemetry/settings.ts";
import { AdminServer } from "./admin-server.ts";
import { LiveServer } from "./live-server.ts";
import { LiveState } from "./live-state.ts";
import type {
  FromInspectorPort,
  FromTelemetry,
  InspectorConnections,
  InspectorRecords,
  RelayState,
  TelemetryData,
  ToInspectorPort,
  ToTelemetry,
} from "./telemetry-protocol.ts";
import { UpstreamReachability } from "./upstream-reachability.ts";

/** Milliseconds between two requests with the records that wait. */
const SEND_EVERY = 1000;
/** Milliseconds between two requests with metrics, if OTEL_METRIC_EXPORT_INTERVAL is not set. */
const METRICS_EVERY = 60_000;
/** Milliseconds after which a relay without a report is not well. */
const SILENT_AFTER = 10_000;
/** Milliseconds that the inspector has to show its connections. */
const SHOW_WITHIN = 2000;
/** Findings that are shown: the latest. */
const MAX_FINDINGS = 500;

const parent = parentPort!;
const data = workerData as TelemetryData;
const began = now();
const instruments = new Instruments();
const reachability = new UpstreamReachability(data.upstreams, connect);
const findings: LogRecord[] = [];
let exporter: TelemetryExporter | null = null;
/** What the live page shows; null if there is none. */
const live = data.livePage == null ? null : new LiveState(new Date().toISOString());
let liveServer: LiveServer | null = null;
let relay: RelayState | null = null;
let lastReceivedAt = performance.now();
/** The port of the present inspector. */
let inspector: MessagePort | null = null;
let inspected: MetricsSnapshot | null = null;
/** Records that inspectors dropped: those before, and the one at work. */
const dropped = { before: 0, now: 0 };
const awaited = new Map<number, (shown: InspectorConnections) => void>();
let nextRequest = 1;

function now(): UnixTime {
  const milliseconds = Date.now();
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1e6];
}

function post(message: FromTelemetry): void {
  parent.postMessage(message);
}

function snapshots(): MetricsSnapshot[] {
  const lost = dropped.before + dropped.now + (exporter?.dropped ?? 0);
  instruments.set("ghostframe.telemetry.dropped", lost, {});
  if (relay !== null) {
    instruments.set("ghostframe.connections.refused", relay.refused, {});
    instruments.set("ghostframe.connections.uninspected", relay.uninspected, { "ghostframe.reason": "lost" });
    instruments.set("ghostframe.inspector.behind", relay.behind, {});
    const [client, broker] = relay.octets;
    instruments.set("ghostframe.relay.octets", client, { "ghostframe.direction": "client-to-server" });
    instruments.set("ghostframe.relay.octets", broker, { "ghostframe.direction": "server-to-client" });
    if (relay.pauses !== null) instruments.set("ghostframe.squeeze.pauses", relay.pauses, {});
  }
  return [...(inspected === null ? [] : [inspected]), instruments.snapshot(began, now())];
}

/** All metrics as one, for a request. */
function sendMetrics(): void {
  const all = snapshots();
  exporter?.metrics({ start: began, time: now(), metrics: all.flatMap(({ metrics }) => metrics) });
  exporter?.push();
}

function unhealthy(): string | null {
  return performance.now() - lastReceivedAt > SILENT_AFTER ? "the relay does not answer" : null;
}

async function unready(): Promise<string | null> {
  if (relay === null || !relay.isListening) return "not listening yet";
  if (relay.isDraining) return "stopping";
  return reachability.problem(relay.upstreamReached, performance.now());
}

async function connections(): Promise<string> {
  const request = nextRequest++;
  const shown = await new Promise<InspectorConnections | null>(resolve => {
    const timer = setTimeout(() => resolve(null), SHOW_WITHIN);
    awaited.set(request, found => {
      clearTimeout(timer);
      resolve(found);
    });
    const message: ToInspectorPort = { kind: "connections", request };
    if (inspector === null) resolve(null);
    inspector?.postMessage(message);
  });
  awaited.delete(request);
  if (shown === null) return `{"open":${relay?.open ?? 0},"connections":null}\n`;
  return `{"open":${shown.open},"connections":[${shown.connections.join(",")}]}\n`;
}

function findingsShown(): string {
  return `{"findings":[${findings.map(({ time, severityText, body, attributes, context }) => jsonLine({ time: new Date(time[0] * 1000 + time[1] / 1e6).toISOString(), severity: severityText, message: body, ...attributes, ...context })).join(",")}]}\n`;
}

function fromInspector(port: MessagePort, message: FromInspectorPort): void {
  switch (message.kind) {
    case "connections":
      awaited.get(message.request)?.(message);
      return;
    case "records":
      takeRecords(port, message);
      return;
    case "frames":
      liveServer?.frames(message);
      return;
    case "news":
      live?.news(message);
      port.postMessage({ kind: "news-taken" } satisfies ToInspectorPort);
  }
}

function takeRecords(port: MessagePort, { spans, logs, metrics, dropped: lost }: InspectorRecords): void {
  dropped.now = lost;
  if (metrics !== null) inspected = metrics;
  for (const span of spans) exporter?.span(span);
  for (const log of logs) {
    exporter?.log(log);
    findings.push(log);
  }
  findings.splice(0, findings.length - MAX_FINDINGS);
  if (spans.length + logs.length === 0) return;
  const taken: ToInspectorPort = { kind: "taken", records: spans.length + logs.length };
  port.postMessage(taken);
}

function connectInspector(port: MessagePort): void {
  inspector?.close();
  inspector = port;
  dropped.before += dropped.now;
  dropped.now = 0;
  live?.inspectorBegan();
  liveServer?.inspectorBegan();
  port.on("message", (message: FromInspectorPort) => fromInspector(port, message));
}

async function close(within: number): Promise<void> {
  if (exporter !== null) {
    sendMetrics();
    await Promise.race([exporter.flush(), delay(within)]);
  }
  const lost = dropped.before + dropped.now + (exporter?.dropped ?? 0);
  post({ kind: "closed", dropped: lost, waiting: exporter?.waiting ?? 0 });
}

/** Listening for `what` failed. */
class ListenProblem extends Error {
  readonly what: string;

  constructor(what: string, cause: unknown) {
    super(what, { cause });
    this.what = what;
  }
}

async function begin(): Promise<void> {
  if (data.otlp !== null) {
    const { TelemetryExporter } = await import("../telemetry/export/telemetry-exporter.ts");
    const problem = (message: string): void => post({ kind: "problem", message: `telemetry: ${message}` });
    exporter = await TelemetryExporter.open(data.otlp, { maxFailures: Number.POSITIVE_INFINITY, problem });
    setInterval(() => exporter?.push(), SEND_EVERY);
    const every = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL);
    setInterval(sendMetrics, every >= 1000 && every < 2 ** 31 ? every : METRICS_EVERY);
  }
  const livePort = await beginLive().catch((cause: unknown) => {
    throw new ListenProblem("--ui", cause);
  });
  post({ kind: "ready", admin: await beginAdmin(), live: livePort });
}

/** Where the live page is served; null for nowhere. */
async function beginLive(): Promise<number | null> {
  if (live === null || data.live === undefined) return null;
  liveServer = new LiveServer({
    page: data.livePage!,
    address: data.live,
    state: live,
    visited: () => post({ kind: "visited" }),
    watch: (watch, connection, channel) => toInspector({ kind: "watch", watch, connection, channel }),
    unwatch: watch => toInspector({ kind: "unwatch", watch }),
  });
  return liveServer.listen();
}

function toInspector(message: ToInspectorPort): void {
  inspector?.postMessage(message);
}

/** Where metrics and health are served; null for nowhere. */
async function beginAdmin(): Promise<Endpoint | null> {
  if (data.admin === null) return null;
  const metrics = (isOpen: boolean): string => (isOpen ? openMetrics(snapshots()) : prometheusText(snapshots()));
  const server = new AdminServer({ metrics, unhealthy, unready, connections, findings: findingsShown });
  return server.listen(data.admin);
}

parent.on("message", (message: ToTelemetry) => {
  if (message.kind === "relay") {
    relay = message.state;
    lastReceivedAt = performance.now();
    live?.relayed(message.state, Date.now());
  } else if (message.kind === "new-visit") liveServer?.allow(message.token);
  else if (message.kind === "inspector") connectInspector(message.port);
  else void close(message.within);
});

begin().catch((error: unknown) => {
  const what = error instanceof ListenProblem ? error.what : error instanceof TelemetryError ? "" : "--admin";
  const cause = error instanceof ListenProblem ? error.cause : error;
  const problem = systemSentence(cause) ?? (cause instanceof Error ? cause.message : String(cause));
  post({ kind: "failed", what, problem });
});
