/**
 * Telemetry before it has a form: spans and log records as plain data, which one thread can hand to another. Names
 * follow OpenTelemetry; times are unix time in seconds and nanoseconds.
 */
export type AttributeValue = string | number | boolean | string[];
export type Attributes = Record<string, AttributeValue>;
export type UnixTime = [seconds: number, nanoseconds: number];

/** The identity of a span: lower-case hexadecimal digits, 32 and 16 of them. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  /** W3C's `tracestate` of a trace that began elsewhere; missing for none. */
  readonly traceState?: string | undefined;
}

/** Octets [from, to) of a relayed connection's stream: their packets are known when they are recorded. */
export interface RelayedStretch {
  /** The proxy's number of the connection. */
  readonly connection: number;
  readonly isClients: boolean;
  readonly from: number;
  readonly to: number;
}

/** Something in a relayed stream; missing for captures, and if nothing is recorded. */
interface Relayed {
  attributes: Attributes;
  stretch?: RelayedStretch | undefined;
}

export type SpanKind = "internal" | "client" | "producer" | "consumer";

export interface SpanRecord extends SpanContext, Relayed {
  parentSpanId: string | null;
  /** The parent belongs to another process: a producer's, or a CI job's. */
  hasRemoteParent?: boolean;
  name: string;
  kind: SpanKind;
  start: UnixTime;
  end: UnixTime;
  events: SpanEvent[];
  links: SpanLink[];
  /** Events and links beyond those that are sent. */
  droppedEvents?: number;
  droppedLinks?: number;
  /** What went wrong: then the status is Error. null: unset. */
  error: string | null;
}

export interface SpanEvent extends Relayed {
  name: string;
  time: UnixTime;
}

export interface SpanLink extends SpanContext {
  /** The span belongs to another process. */
  isRemote?: boolean;
  attributes: Attributes;
}

export interface LogRecord extends Relayed {
  time: UnixTime;
  /** Of OpenTelemetry's log data model: 17 error, 13 warning, 9 note. */
  severityNumber: 17 | 13 | 9;
  severityText: "ERROR" | "WARN" | "INFO";
  eventName: string;
  body: string;
  /** The span that it belongs to; null for none. */
  context: SpanContext | null;
}

/** Receives telemetry. `metrics` are those of Instruments. */
export interface TelemetrySink {
  span(span: SpanRecord): void;
  log(record: LogRecord): void;
}
