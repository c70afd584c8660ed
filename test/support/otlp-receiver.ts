/**
 * An OTLP receiver: decodes what really comes, protobuf by the published schema's field numbers or JSON, and answers as the test
 * says.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

const SCHEMA = protobuf.parse(`
  syntax = "proto3";
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; ArrayValue array_value = 5; } }
  message ArrayValue { repeated AnyValue values = 1; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
  message Scope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
  message Traces { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
  message ScopeSpans { Scope scope = 1; repeated Span spans = 2; string schema_url = 3; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    fixed64 start_time_unix_nano = 7; fixed64 end_time_unix_nano = 8; repeated KeyValue attributes = 9; repeated Event events = 11;
    uint32 dropped_events_count = 12; repeated Link links = 13; uint32 dropped_links_count = 14; Status status = 15; fixed32 flags = 16;
  }
  message Event { fixed64 time_unix_nano = 1; string name = 2; repeated KeyValue attributes = 3; }
  message Link { bytes trace_id = 1; bytes span_id = 2; string trace_state = 3; repeated KeyValue attributes = 4; fixed32 flags = 6; }
  message Status { string message = 2; int32 code = 3; }
  message Logs { repeated ResourceLogs resource_logs = 1; }
  message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
  message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
  message LogRecord {
    fixed64 time_unix_nano = 1; int32 severity_number = 2; string severity_text = 3; AnyValue body = 5; repeated KeyValue attributes = 6;
    fixed32 flags = 8; bytes trace_id = 9; bytes span_id = 10; fixed64 observed_time_unix_nano = 11; string event_name = 12;
  }
  message Metrics { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
  message Metric { string name = 1; string description = 2; string unit = 3; oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; } }
  message Gauge { repeated NumberDataPoint data_points = 1; }
  message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
  message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
  message NumberDataPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; }
    repeated KeyValue attributes = 7;
  }
  message HistogramDataPoint {
    fixed64 start_time_unix_nano = 2; fixed64 time_unix_nano = 3; fixed64 count = 4; optional double sum = 5;
    repeated fixed64 bucket_counts = 6; repeated double explicit_bounds = 7; repeated KeyValue attributes = 9;
  }
  message Answer { PartialSuccess partial_success = 1; }
  message PartialSuccess { int64 rejected = 1; string error_message = 2; }
`).root;

const KINDS = { traces: "Traces", logs: "Logs", metrics: "Metrics" } as const;
export type ReceivedSignal = keyof typeof KINDS;

export interface Received {
  signal: ReceivedSignal;
  /** Path and query. */
  url: string;
  headers: IncomingMessage["headers"];
  /** As OTLP/JSON has it: ids in hexadecimal digits, 64-bit integers as text. */
  data: Record<string, unknown>;
}

/** How a request is answered. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body?: string }
  /** Taken, but for so many of it. */
  | { rejected: number; message: string }
  /** Never. */
  | "hang";

export const TAKEN: Answer = { status: 200 };

export class OtlpReceiver {
  readonly received: Received[] = [];
  /** Answers that are used up one after another; then all is taken. */
  readonly answers: Answer[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async listen(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await new Promise<void>(resolve => receiver.#server.listen(0, "127.0.0.1", resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** All spans, log records or metrics that came. */
  items<Item>(signal: ReceivedSignal): Item[] {
    const [resources, scopes, items] = PATHS[signal];
    return this.received
      .filter(each => each.signal === signal)
      .flatMap(({ data }) => data[resources] as Record<string, unknown>[])
      .flatMap(resource => resource[scopes] as Record<string, unknown>[])
      .flatMap(scope => scope[items] as Item[]);
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const octets = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    const signal = request.url!.split("?")[0]!.split("/").at(-1) as ReceivedSignal;
    const isJson = request.headers["content-type"] === "application/json";
    const data = isJson ? JSON.parse(octets.toString()) : decoded(KINDS[signal], octets);
    const answer = this.answers.shift() ?? TAKEN;
    if (answer === "hang") return;
    this.received.push({ signal, url: request.url!, headers: request.headers, data: data as Record<string, unknown> });
    if ("status" in answer) response.writeHead(answer.status, answer.headers).end(answer.body);
    else
      response.writeHead(200, { "content-type": request.headers["content-type"] }).end(partial(signal, answer, isJson));
  }
}

const PATHS = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const;

const REJECTED = { traces: "rejectedSpans", logs: "rejectedLogRecords", metrics: "rejectedDataPoints" } as const;

function partial(
  signal: ReceivedSignal,
  { rejected, message }: { rejected: number; message: string },
  isJson: boolean,
) {
  if (isJson) return JSON.stringify({ partialSuccess: { [REJECTED[signal]]: rejected, errorMessage: message } });
  const type = SCHEMA.lookupType("Answer");
  return Buffer.from(type.encode(type.create({ partialSuccess: { rejected, errorMessage: message } })).finish());
}

function decoded(kind: string, octets: Uint8Array): unknown {
  const type = SCHEMA.lookupType(kind);
  return withHexIds(
    type.toObject(type.decode(octets), { longs: String, bytes: Buffer, defaults: false, arrays: true }),
  );
}

/** Octets as hexadecimal digits, at whatever depth. */
function withHexIds(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString("hex");
  if (Array.isArray(value)) return value.map(withHexIds);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withHexIds(each)]));
}

interface AnyValue {
  stringValue?: string;
  intValue?: string | number;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: AnyValue[] };
}

/** Attributes as they came, plain. */
export function plainAttributes(attributes: { key: string; value: AnyValue }[]): Record<string, unknown> {
  const plain = ({ stringValue, intValue, doubleValue, boolValue, arrayValue }: AnyValue): unknown =>
    stringValue ??
    (intValue === undefined ? undefined : Number(intValue)) ??
    doubleValue ??
    boolValue ??
    arrayValue?.values.map(plain);
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}
