/** A finding in telemetry: its attributes, the event on its connection's span, its log record. */
import type { Finding } from "../report/report.ts";
import type { Attributes, LogRecord, RelayedStretch, SpanContext, SpanEvent, UnixTime } from "./records.ts";
import { shownText } from "./shown.ts";
import { timeOf } from "./unix-time.ts";

export const FINDING_EVENT = "ghostframe.finding";

const SEVERITIES = {
  error: [17, "ERROR"],
  warning: [13, "WARN"],
  note: [9, "INFO"],
} as const satisfies Record<Finding["severity"], [LogRecord["severityNumber"], LogRecord["severityText"]]>;

/** Trace ids of messages that one record names. */
const MAX_TRACES = 64;

export interface TelemetryFinding {
  finding: Finding;
  /** The kind of finding: the same when the same mistake is made again. */
  fingerprint: string;
  /** Trace ids of its messages, as producers wrote them. */
  traceIds: readonly string[];
  /** For a live finding: whether it may come again with more. */
  isFinal: boolean;
  /** The file that its packets are numbered in; null if there is none, or it is not known yet. */
  capture: string | null;
  /** For a live finding, if it is recorded. */
  stretch?: RelayedStretch | undefined;
}

export function findingAttributes({ finding, fingerprint, traceIds, isFinal, capture }: TelemetryFinding): Attributes {
  const { id, rule, severity, connection, direction, streamOffset, packets, diagnosis, lost, cause } = finding;
  const of: Attributes = {
    "ghostframe.finding.id": id,
    "ghostframe.finding.rule": rule,
    "ghostframe.finding.severity": severity,
    "ghostframe.finding.fingerprint": fingerprint,
  };
  if (cause !== undefined) of["ghostframe.finding.cause"] = cause;
  if (connection !== null) of["ghostframe.connection.id"] = connection;
  if (direction !== null) of["ghostframe.direction"] = direction;
  if (streamOffset !== null) of["ghostframe.stream_offset"] = streamOffset;
  if (packets.length > 0) {
    of["ghostframe.packet.first"] = packets[0]!;
    of["ghostframe.packet.last"] = packets.at(-1)!;
  }
  if (capture !== null) of["ghostframe.capture"] = shownText(capture);
  if (diagnosis !== undefined) {
    of["ghostframe.diagnosis.kind"] = diagnosis.kind;
    of["ghostframe.diagnosis.confidence"] = diagnosis.confidence;
    of["ghostframe.diagnosis.summary"] = shownText(diagnosis.summary);
    of["ghostframe.remedy"] = shownText(diagnosis.remedy);
  }
  if (lost !== undefined) of["ghostframe.lost.messages"] = lost.length;
  if (traceIds.length > 0) of["ghostframe.trace_ids"] = traceIds.slice(0, MAX_TRACES);
  if (!isFinal) of["ghostframe.finding.final"] = false;
  return of;
}

/** `otherwise`: its time if it has none of its own. */
export function findingEvent(telemetryFinding: TelemetryFinding, otherwise: UnixTime): SpanEvent {
  return {
    name: FINDING_EVENT,
    time: timeOf(telemetryFinding.finding.time) ?? otherwise,
    stretch: telemetryFinding.stretch,
    attributes: {
      ...findingAttributes(telemetryFinding),
      "ghostframe.finding.message": shownText(telemetryFinding.finding.message),
    },
  };
}

export function findingLog(
  telemetryFinding: TelemetryFinding,
  context: SpanContext | null,
  otherwise: UnixTime,
): LogRecord {
  const { finding } = telemetryFinding;
  const [severityNumber, severityText] = SEVERITIES[finding.severity];
  return {
    time: timeOf(finding.time) ?? otherwise,
    severityNumber,
    severityText,
    eventName: FINDING_EVENT,
    body: shownText(finding.message),
    stretch: telemetryFinding.stretch,
    attributes: findingAttributes(telemetryFinding),
    context: context === null ? null : { traceId: context.traceId, spanId: context.spanId },
  };
}
