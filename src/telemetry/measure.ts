/** What is measured of messages, findings and connections. */
import type { Message } from "../messages/message.ts";
import type { Connection } from "../report/report.ts";
import type { ConnectionSource } from "./connection-source.ts";
import { verdictName } from "./connection-span.ts";
import { destinationOf } from "./destination.ts";
import type { Exemplar, Instruments } from "./instruments.ts";
import { failureOf } from "./message-span.ts";
import type { Attributes, SpanContext } from "./records.ts";
import { shownName } from "./shown.ts";
import type { ToldFinding } from "./told-finding.ts";
import { later, timeOf, unixTime } from "./unix-time.ts";

/** `context`: its span, where it has one; `errorType`: the rule of what cost it. */
export function measureMessage(
  instruments: Instruments,
  source: ConnectionSource,
  message: Message,
  context: SpanContext | null,
  errorType: string | null,
): void {
  const { operation, outcome, latency } = message;
  const { discretion } = source;
  const { template } = destinationOf(
    shownName(message.exchange, discretion),
    shownName(message.routingKey, discretion),
    message.queue === null ? null : shownName(message.queue, discretion),
  );
  const attributes: Attributes = {
    "messaging.system": "rabbitmq",
    "messaging.operation.name": operation,
    "messaging.destination.name": template,
    "server.address": source.attributes["server.address"]!,
    "server.port": source.attributes["server.port"]!,
  };
  const failure = errorType ?? failureOf(message)?.errorType;
  if (failure !== undefined) attributes["error.type"] = failure;
  const isPublish = operation === "publish";
  instruments.add(isPublish ? "messaging.client.sent.messages" : "messaging.client.consumed.messages", 1, attributes);
  instruments.add("ghostframe.messages", 1, {
    "messaging.operation.name": operation,
    "ghostframe.outcome": outcome,
  });
  if (latency < 0) return;
  const exemplar: Exemplar | null =
    context === null ? null : { ...context, value: latency, time: later(unixTime(message), latency) };
  const duration = isPublish ? "messaging.client.operation.duration" : "messaging.process.duration";
  instruments.record(duration, latency, attributes, exemplar);
}

/** `context`: the span of its connection, or of the message that it is about. */
export function measureFinding(
  instruments: Instruments,
  { finding, fingerprint }: ToldFinding,
  context: SpanContext | null,
): void {
  const { rule, severity, time } = finding;
  const attributes: Attributes = {
    "ghostframe.finding.rule": rule,
    "ghostframe.finding.severity": severity,
    "ghostframe.finding.fingerprint": fingerprint,
  };
  const at = timeOf(time);
  const exemplar: Exemplar | null =
    context === null || at === null ? null : { traceId: context.traceId, spanId: context.spanId, value: 1, time: at };
  instruments.add("ghostframe.findings", 1, attributes, exemplar);
}

/** Of a connection that is over. */
export function measureEnd(instruments: Instruments, { ended, verdict, tls }: Connection): void {
  instruments.add("ghostframe.connections.closed", 1, { "ghostframe.ended": ended });
  const predicted = verdict.predicted === null ? "none" : verdictName(verdict.predicted);
  const observed = verdict.observed === null ? "none" : verdictName(verdict.observed);
  instruments.add("ghostframe.verdicts", 1, {
    "ghostframe.verdict.predicted": predicted,
    "ghostframe.verdict.observed": observed,
  });
  if (tls !== undefined) {
    instruments.add("ghostframe.tls.sessions", 1, {
      "tls.protocol.version": tls.version?.replace("TLS ", "") ?? "unknown",
    });
  }
}

const DIRECTIONS = { clientToServer: "client-to-server", serverToClient: "server-to-client" } as const;

export type Traffic = Pick<Connection, "frames" | "octets">;

/** Frames and octets of a connection, but for those that were measured before. */
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
