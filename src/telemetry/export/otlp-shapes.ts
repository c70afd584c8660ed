/** Records in the shapes that OpenTelemetry's serializers take. */
import type { JsonLogsSerializer, JsonMetricsSerializer, JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { VERSION } from "../../version.ts";
import type { Histogram, MetricsSnapshot } from "../instruments.ts";
import { BUCKETS, METRICS } from "../metrics.ts";
import type { Attributes, LogRecord, SpanContext, SpanRecord } from "../records.ts";
import { unixTimeOf } from "../unix-time.ts";

export type ReadableSpan = Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number];
export type ReadableLog = Parameters<typeof JsonLogsSerializer.serializeRequest>[0][number];
export type ReadableMetrics = Parameters<typeof JsonMetricsSerializer.serializeRequest>[0];
type ApiSpanContext = ReturnType<ReadableSpan["spanContext"]>;

/** The sender: one object for all records, by which the serializers group them. */
export interface Origin {
  resource: ReadableSpan["resource"];
  scope: ReadableSpan["instrumentationScope"];
}

/** The conventions that names of attributes follow. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.45.0";

export function originOf(attributes: Attributes): Origin {
  const resource: Origin["resource"] = {
    attributes,
    schemaUrl: SCHEMA_URL,
    merge: () => resource,
    getRawAttributes: () => Object.entries(attributes),
  };
  return { resource, scope: { name: "ghostframe", version: VERSION, schemaUrl: SCHEMA_URL } };
}

// The enumerations of @opentelemetry/api, of which only the types are wanted here.
const KINDS = { internal: 0, client: 2, producer: 3, consumer: 4 } as const;
const STATUS = { unset: 0, error: 2 } as const;
const SAMPLED = 1;

export function readableSpan(span: SpanRecord, { resource, scope }: Origin): ReadableSpan {
  const context = contextOf(span, false);
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(span.parentSpanId === null
      ? {}
      : {
          parentSpanContext: contextOf(
            { traceId: span.traceId, spanId: span.parentSpanId, traceState: span.traceState },
            span.hasRemoteParent === true,
          ),
        }),
    startTime: span.start,
    endTime: span.end,
    status: span.error === null ? { code: STATUS.unset } : { code: STATUS.error, message: span.error },
    attributes: span.attributes,
    links: span.links.map(link => ({ context: contextOf(link, link.isRemote === true), attributes: link.attributes })),
    events: span.events,
    duration: [0, 0],
    ended: true,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
    droppedEventsCount: span.droppedEvents ?? 0,
    droppedLinksCount: span.droppedLinks ?? 0,
  };
}

export function readableLog(record: LogRecord, { resource, scope }: Origin): ReadableLog {
  return {
    hrTime: record.time,
    // Possibly long after it was captured.
    hrTimeObserved: unixTimeOf(Date.now()),
    ...(record.context === null ? {} : { spanContext: contextOf(record.context, false) }),
    severityNumber: record.severityNumber,
    severityText: record.severityText,
    body: record.body,
    eventName: record.eventName,
    attributes: record.attributes,
    resource,
    instrumentationScope: scope,
    droppedAttributesCount: 0,
  };
}

// The enumerations of @opentelemetry/sdk-metrics.
const CUMULATIVE = 1;
const POINT_TYPES = { histogram: 0, gauge: 2, counter: 3 } as const;
const WHOLE = 0;
const FLOATING = 1;

export function readableMetrics(
  { start, time, metrics }: MetricsSnapshot,
  { resource, scope }: Origin,
): ReadableMetrics {
  const shaped = metrics.map(({ name, points }) => {
    const { kind, unit, description } = METRICS[name];
    const valueType = kind === "histogram" ? FLOATING : WHOLE;
    return {
      descriptor: { name, unit, description, valueType },
      aggregationTemporality: CUMULATIVE,
      dataPointType: POINT_TYPES[kind],
      ...(kind === "counter" ? { isMonotonic: true } : {}),
      dataPoints: points.map(({ attributes, value, histogram }) => ({
        startTime: start,
        endTime: time,
        attributes,
        value: histogram === null ? value : histogramValue(histogram),
      })),
    };
  });
  return { resource, scopeMetrics: [{ scope, metrics: shaped as ReadableMetrics["scopeMetrics"][number]["metrics"] }] };
}

function histogramValue({ count, sum, buckets }: Histogram) {
  return { count, sum, buckets: { boundaries: [...BUCKETS], counts: buckets } };
}

function contextOf({ traceId, spanId, traceState }: SpanContext, isRemote: boolean): ApiSpanContext {
  const context = { traceId, spanId, traceFlags: SAMPLED, isRemote };
  return traceState === undefined ? context : { ...context, traceState: traceStateOf(traceState) };
}

/** It is handed on as it is. */
function traceStateOf(text: string): NonNullable<ApiSpanContext["traceState"]> {
  const state = { serialize: () => text, get: () => undefined, set: () => state, unset: () => state };
  return state;
}
