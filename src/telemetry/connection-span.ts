/**
 * Spans of a connection: one for all of it, and under it one for each step of its opening and closing, as far as both ends of
 * the step were seen. Findings are events of the first one.
 */
import type { Phase } from "../messages/connection-phases.ts";
import type { ConnectionFacts } from "../messages/ledger-context.ts";
import type { UpstreamSteps } from "../report/live-event-sink.ts";
import type { Connection, Verdict } from "../report/report.ts";
import { type Broker, brokerAttributes } from "./connection-source.ts";
import { linkTo } from "./message-span.ts";
import type { Attributes, SpanContext, SpanRecord, UnixTime } from "./records.ts";
import { shownText } from "./shown.ts";
import { findingEvent, type TelemetryFinding } from "./telemetry-finding.ts";
import type { ConnectionTrace, TraceIds } from "./trace-ids.ts";
import { compareTimes, timeOf, unixTime, unixTimeOf } from "./unix-time.ts";

/** Findings sent as events, and messages that a span is linked to; of more, only the number is sent. */
const MAX_EVENTS = 128;
const MAX_LINKS = 128;

/**
 * The steps: the name of each, from which moment to which. "transport" is all up to the broker's first method: TCP,
 * TLS, the protocol header.
 */
const STEPS: readonly [name: string, from: Phase | "first", to: Phase][] = [
  ["transport", "first", "start"],
  ["start", "start", "startOk"],
  ["login", "startOk", "tune"],
  ["tune", "tune", "tuneOk"],
  ["open", "open", "openOk"],
  ["close", "close", "closeOk"],
];

export interface TelemetryConnection {
  connection: Connection;
  trace: ConnectionTrace;
  /** The connection's server, unless that is a proxy. */
  broker: Broker;
  /** How a proxy reached it; null for a capture. */
  upstreamSteps: UpstreamSteps | null;
  /** The version of TLS, if TLS ends at a proxy. */
  clientTlsVersion?: string | null;
  /** null if its messages were not followed. */
  facts: Pick<ConnectionFacts, "phases" | "published" | "delivered"> | null;
  findings: readonly TelemetryFinding[];
  /** Spans of the messages that its incidents cost. */
  lost: readonly SpanContext[];
}

export function connectionSpans(ids: TraceIds, telemetryConnection: TelemetryConnection): SpanRecord[] {
  const { connection, trace, findings, lost } = telemetryConnection;
  const start = timeOf(connection.start) ?? [0, 0];
  const end = latest(start, timeOf(connection.end) ?? start);
  const worst = findings.find(({ finding }) => finding.severity === "error");
  const attributes = connectionAttributes(telemetryConnection);
  if (worst !== undefined) attributes["error.type"] = worst.finding.rule;
  const root: SpanRecord = {
    traceId: trace.traceId,
    spanId: trace.spanId,
    traceState: trace.traceState,
    parentSpanId: trace.parentSpanId,
    name: "amqp connection",
    kind: "client",
    start,
    end,
    attributes,
    events: findings.slice(0, MAX_EVENTS).map(each => findingEvent(each, end)),
    droppedEvents: Math.max(findings.length - MAX_EVENTS, 0),
    links: lost.slice(0, MAX_LINKS).map(each => linkTo(each, "lost")),
    droppedLinks: Math.max(lost.length - MAX_LINKS, 0),
    error: worst === undefined ? null : shownText(worst.finding.diagnosis?.summary ?? worst.finding.message),
  };
  const beginning = connection.midStream ? null : start;
  const steps = STEPS.flatMap(step => stepSpan(ids, telemetryConnection, beginning, step));
  return [root, ...upstreamSpans(ids, telemetryConnection), ...steps];
}

/** What came before AMQP when a proxy connected to the broker: the look-up of its name, TCP, TLS. */
function upstreamSpans(ids: TraceIds, { trace, broker, upstreamSteps }: TelemetryConnection): SpanRecord[] {
  if (upstreamSteps === null) return [];
  const { host, began, resolved, reached, secured, tlsVersion } = upstreamSteps;
  const tls: Attributes = tlsVersion == null ? {} : { "tls.protocol.version": tlsVersion };
  const server = brokerAttributes(broker);
  const steps: [name: string, from: number, to: number | null, attributes: Attributes][] = [
    ["dns lookup", began, resolved, { "dns.question.name": shownText(host) }],
    ["tcp connect", resolved ?? began, reached, { "network.transport": "tcp", ...server }],
    ["tls handshake", reached, secured, { ...server, ...tls }],
  ];
  return steps.flatMap(([name, from, to, attributes]) => {
    return to === null
      ? []
      : [childSpan(ids, trace, { name, start: unixTimeOf(from), end: unixTimeOf(to), attributes })];
  });
}

function childSpan(
  ids: TraceIds,
  trace: ConnectionTrace,
  of: Pick<SpanRecord, "name" | "start" | "end" | "attributes">,
): SpanRecord {
  const { spanId } = ids.part(trace, of.name);
  const { traceId, traceState, spanId: parentSpanId } = trace;
  return { traceId, spanId, traceState, parentSpanId, kind: "client", events: [], links: [], error: null, ...of };
}

function stepSpan(
  ids: TraceIds,
  { trace, facts }: TelemetryConnection,
  beginning: UnixTime | null,
  [name, from, to]: (typeof STEPS)[number],
): SpanRecord[] {
  const at = (phase: Phase): UnixTime | null => {
    const moment = facts?.phases.at(phase) ?? null;
    return moment === null ? null : unixTime(moment);
  };
  const begin = from === "first" ? beginning : at(from);
  const end = at(to);
  // The two directions of a capture may be out of step.
  if (begin === null || end === null || compareTimes(begin, end) > 0) return [];
  return [childSpan(ids, trace, { name: `amqp ${name}`, start: begin, end, attributes: {} })];
}

function connectionAttributes({ connection, broker, facts, clientTlsVersion }: TelemetryConnection): Attributes {
  const { id, client, clientProperties, user, virtualHost, negotiated, frames, octets, gaps } = connection;
  const of: Attributes = {
    "messaging.system": "rabbitmq",
    "network.transport": "tcp",
    "client.address": client.address,
    "client.port": client.port,
    ...brokerAttributes(broker),
    "ghostframe.connection.id": id,
    "ghostframe.ended": connection.ended,
    "ghostframe.mid_stream": connection.midStream,
    "ghostframe.frames.client_to_server": frames.clientToServer,
    "ghostframe.frames.server_to_client": frames.serverToClient,
    "ghostframe.octets.client_to_server": octets.clientToServer,
    "ghostframe.octets.server_to_client": octets.serverToClient,
    "ghostframe.gaps": gaps.clientToServer + gaps.serverToClient,
  };
  const texts = {
    "messaging.client.id": clientProperties.connection_name,
    "ghostframe.client.product": clientProperties.product,
    "ghostframe.client.version": clientProperties.version,
    "ghostframe.user": user,
    "ghostframe.virtual_host": virtualHost,
    "ghostframe.broker.product": connection.broker?.product,
    "ghostframe.broker.version": connection.broker?.version,
    "tls.protocol.version": connection.tls?.version?.replace("TLS ", "") ?? clientTlsVersion ?? undefined,
  };
  for (const [name, text] of Object.entries(texts)) if (text !== undefined) of[name] = shownText(text);
  if (negotiated !== null) of["ghostframe.frame_max"] = negotiated.frameMax;
  if (facts !== null) {
    of["ghostframe.messages.published"] = facts.published;
    of["ghostframe.messages.delivered"] = facts.delivered;
  }
  const { predicted, observed } = connection.verdict;
  if (predicted !== null) of["ghostframe.verdict.predicted"] = verdictName(predicted);
  if (observed !== null) of["ghostframe.verdict.observed"] = verdictName(observed);
  return of;
}

/** `FRAME_ERROR`, `reset`. */
export function verdictName(verdict: Verdict): string {
  return verdict.outcome === "close" ? verdict.name : "reset";
}

function latest(a: UnixTime, b: UnixTime): UnixTime {
  return compareTimes(a, b) < 0 ? b : a;
}
