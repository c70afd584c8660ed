/** What is measured of messages, findings and connections. */
import type { Message } from "../messages/message.ts";
import type { Connection } from "../report/report.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { verdictName } from "./connection-span.ts";
import { destinationOf } from "./destination.ts";
import { count, type Exemplar, type Instruments, type Point, record } from "./instruments.ts";
import { failureOf } from "./message-span.ts";
import type { Attributes, SpanContext } from "./records.ts";
import { shownName } from "./shown.ts";
import type { TelemetryFinding } from "./telemetry-finding.ts";
import { later, timeOf, unixTime } from "./unix-time.ts";

/** The series that a message is measured in. */
interface MessageSeries {
  messages: Point;
  outcomes: Point;
  attributes: Attributes;
  /** null until one of them was settled. */
  durations: Point | null;
}

/** Kinds of messages of one connection whose series are kept: most connections have few. */
const MAX_KEPT = 64;

const kept = new WeakMap<ConnectionSource, Map<string, MessageSeries>>();

/** `context`: its span, if it has one; `errorType`: the rule of the finding that cost it. */
export function measureMessage(
  instruments: Instruments,
  source: ConnectionSource,
  message: Message,
  context: SpanContext | null,
  errorType: string | null,
): void {
  const { operation, outcome, latency, exchange, routingKey, queue, code } = message;
  let series = kept.get(source);
  if (series === undefined) {
    series = new Map();
    kept.set(source, series);
  }
  // Lengths separate what names of the wire could make look the same.
  const key = `${operation} ${outcome} ${code} ${errorType ?? ""} ${exchange.length} ${routingKey.length} ${exchange}${routingKey}${queue ?? ""}`;
  let own = series.get(key);
  if (own === undefined) {
    own = messageSeries(instruments, source, message, errorType);
    if (series.size >= MAX_KEPT) series.clear();
    series.set(key, own);
  }
  count(own.messages, 1, null);
  count(own.outcomes, 1, null);
  if (latency < 0) return;
  const duration = operation === "publish" ? "messaging.client.operation.duration" : "messaging.process.duration";
  own.durations ??= instruments.point(duration, own.attributes);
  const time = later(unixTime(message), latency);
  const exemplar = context && { traceId: context.traceId, spanId: context.spanId, value: latency, time };
  record(own.durations, latency, exemplar);
}

function messageSeries(
  instruments: Instruments,
  { attributes: common, discretion }: ConnectionSource,
  message: Message,
  errorType: string | null,
): MessageSeries {
  const { operation, outcome } = message;
  const { template } = destinationOf(
    shownName(message.exchange, discretion),
    shownName(message.routingKey, discretion),
    message.queue === null ? null : shownName(message.queue, discretion),
  );
  const attributes: Attributes = {
    "messaging.system": "rabbitmq",
    "messaging.operation.name": operation,
    "messaging.destination.name": template,
    "server.address": common["server.address"]!,
    "server.port": common["server.port"]!,
  };
  const failure = errorType ?? failureOf(message)?.errorType;
  if (failure !== undefined) attributes["error.type"] = failure;
  const counter = operation === "publish" ? "messaging.client.sent.messages" : "messaging.client.consumed.messages";
  const outcomes = { "messaging.operation.name": operation, "ghostframe.outcome": outcome };
  return {
    messages: instruments.point(counter, attributes),
    outcomes: instruments.point("ghostframe.messages", outcomes),
    attributes,
    durations: null,
  };
}

/** `context`: the span of its connection, or of its message. */
export function measureFinding(
  instruments: Instruments,
  { finding, fingerprint }: TelemetryFinding,
  context: SpanContext | null,
): void {
  const { rule, severity, time, cause } = finding;
  const attributes: Attributes = {
    "ghostframe.finding.rule": rule,
    "ghostframe.finding.severity": severity,
    "ghostframe.finding.fingerprint": fingerprint,
    "ghostframe.finding.has_cause": cause !== undefined,
  };
  const at = timeOf(time);
  const exemplar: Exemplar | null =
    context === null || at === null ? null : { traceId: context.traceId, spanId: context.spanId, value: 1, time: at };
  instruments.add("ghostframe.findings", 1, attributes, exemplar);
}

/** For a connection that is over. */
export function measureEnd(instruments: Instruments, { ended, verdict, tls }: Connection): void {
  instruments.add("ghostframe.connections.closed", 1, { "ghostframe.ended": ended });
  const predicted = verdict.predicted === null ? "none" : verdictName(verdict.predicted);
  const observed = verdict.observed === null ? "none" : verdictName(verdict.observed);
  instruments.add("ghostframe.verdicts", 1, {
    "ghostframe.verdict.predicted": predicted,
    "ghostframe.verdict.observed": observed,
  });
  if (tls !== undefined) measureTls(instruments, tls.version?.replace("TLS ", "") ?? null);
}

/** A TLS session; `version`: "1.3". */
export function measureTls(instruments: Instruments, version: string | null): void {
  instruments.add("ghostframe.tls.sessions", 1, { "tls.protocol.version": version ?? "unknown" });
}

const DIRECTIONS = { clientToServer: "client-to-server", serverToClient: "server-to-client" } as const;

export type Traffic = Pick<Connection, "frames" | "octets">;

/** Frames and octets of a connection, without those that were measured before. */
export function measureTraffic(
  instruments: Instruments,
  { frames, octets }: Traffic,
  before: Traffic = NO_TRAFFIC,
): void {
  for (const side of ["clientToServer", "serverToClient"] as const) {
    const direction = { "ghostframe.direction": DIRECTIONS[side] };
    instruments.add("ghostframe.frames", frames[side] - before.frames[side], direction);
    instruments.add("ghostframe.octets", octets[side] - before.octets[side], direction);
  }
}

const NONE = { clientToServer: 0, serverToClient: 0 };
export const NO_TRAFFIC: Traffic = { frames: NONE, octets: NONE };
