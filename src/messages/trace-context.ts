/**
 * Where a message carries its trace: headers of OpenTelemetry (W3C trace context), Zipkin (B3), Jaeger, Datadog,
 * SkyWalking, New Relic and AWS X-Ray. Names are compared without case.
 */
import { FIELD_SIZES, TYPE_LONGSTR, TYPE_OCTETS } from "../amqp/spec/field-types.ts";
import { long } from "../bytes/big-endian.ts";
import { textAt } from "../bytes/cursor.ts";

export interface Traced {
  /** Hexadecimal digits (SkyWalking's is a text of its own); null for none. */
  traceId: string | null;
  spanId: string | null;
  /** Whether the trace is recorded, by its context; null if the context does not contain that. */
  sampled: boolean | null;
  /** What systems on its way added to a W3C context (`tracestate`), in its own form; null for none. */
  traceState: string | null;
}

/** A context as W3C has them: whole. */
export interface W3cContext {
  traceId: string;
  spanId: string;
  sampled: boolean;
  traceState: string | null;
}

/** What one kind of headers contains. Headers of one kind complete each other. */
interface Found {
  trace: string;
  span: string;
  /** Datadog sends the upper half of a trace id by itself. */
  upper: string;
  sampled: boolean | null;
  state: string;
}

// https://www.w3.org/TR/trace-context/#traceparent-header: a later version is read by its first four fields; there is no ff.
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
const TRACEPARENT_SIZE = 55;
// https://www.w3.org/TR/trace-context/#tracestate-header: what stands between commas.
const STATE_MEMBER = /^(?:[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256})?$/;
/** Octets of a tracestate that systems have to hand on; a longer one is left out. */
const MAX_TRACESTATE = 512;
const B3 = /^([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?=-|$)|-|$)/i;
const B3_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i;
const JAEGER = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/i;
const DECIMAL = /^\d{1,20}$/;
const UPPER_TAG = /(?:^|,)_dd\.p\.tid=([0-9a-f]{16})(?:,|$)/;
const XRAY_ROOT = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})(?:;|$)/;
const XRAY_PARENT = /(?:^|;)\s*Parent=([0-9a-f]{16})(?:;|$)/;
const XRAY_SAMPLED = /(?:^|;)\s*Sampled=([01])(?:;|$)/;
const NEW_RELIC_TRACE = /"tr":"([0-9a-f]{16,32})"/i;
const NEW_RELIC_SPAN = /"id":"([0-9a-f]{16})"/i;
const NEW_RELIC_SAMPLED = /"sa":(true|false)/;
const ZEROS = /^0+$/;

interface Header {
  name: string;
  /** If a message has several kinds, the lowest counts. */
  kind: number;
  read: (value: string, into: Found) => void;
}

const HEADERS: readonly Header[] = [
  {
    name: "traceparent",
    kind: 0,
    read: (value, into) => {
      const flags = take(into, w3c(value));
      if (flags !== null) into.sampled = isSampled(flags);
    },
  },
  {
    name: "tracestate",
    kind: 0,
    read: (value, into) => {
      into.state = traceState(value) ?? "";
    },
  },
  {
    name: "b3",
    kind: 1,
    read: (value, into) => {
      const state = take(into, B3.exec(value));
      if (state !== null) into.sampled = state !== "0";
    },
  },
  {
    name: "x-b3-traceid",
    kind: 2,
    read: (value, into) => {
      if (B3_ID.test(value)) into.trace = value.toLowerCase();
    },
  },
  {
    name: "x-b3-spanid",
    kind: 2,
    read: (value, into) => {
      if (B3_ID.test(value)) into.span = value.toLowerCase();
    },
  },
  {
    name: "x-b3-sampled",
    kind: 2,
    read: (value, into) => {
      if (/^(?:[01]|true|false)$/i.test(value)) into.sampled = /^[1t]/i.test(value);
    },
  },
  {
    name: "uber-trace-id",
    kind: 3,
    read: (value, into) => {
      const flags = take(into, JAEGER.exec(value.replaceAll(/%3a/gi, ":")));
      if (flags !== null) into.sampled = isSampled(flags);
      // Leading zeros may be left out.
      if (into.trace !== "") into.trace = into.trace.padStart(into.trace.length > 16 ? 32 : 16, "0");
      if (into.span !== "") into.span = into.span.padStart(16, "0");
    },
  },
  {
    name: "x-datadog-trace-id",
    kind: 4,
    read: (value, into) => {
      if (DECIMAL.test(value)) into.trace = hex64(value);
    },
  },
  {
    name: "x-datadog-parent-id",
    kind: 4,
    read: (value, into) => {
      if (DECIMAL.test(value)) into.span = hex64(value);
    },
  },
  {
    name: "x-datadog-tags",
    kind: 4,
    read: (value, into) => {
      into.upper = UPPER_TAG.exec(value)?.[1] ?? "";
    },
  },
  {
    name: "x-datadog-sampling-priority",
    kind: 4,
    read: (value, into) => {
      if (/^-?[0-9]$/.test(value)) into.sampled = Number(value) > 0;
    },
  },
  {
    name: "sw8",
    kind: 5,
    read: (value, into) => {
      // sample, trace id, segment id, …; the ids in Base64
      const [sample = "", trace = "", segment = ""] = value.split("-");
      if (sample === "0" || sample === "1") into.sampled = sample === "1";
      into.trace = base64Text(trace);
      into.span = base64Text(segment);
    },
  },
  {
    name: "newrelic",
    kind: 6,
    read: (value, into) => {
      const payload = base64Text(value);
      into.trace = (NEW_RELIC_TRACE.exec(payload)?.[1] ?? "").toLowerCase();
      into.span = (NEW_RELIC_SPAN.exec(payload)?.[1] ?? "").toLowerCase();
      const sampled = NEW_RELIC_SAMPLED.exec(payload);
      if (sampled !== null) into.sampled = sampled[1] === "true";
    },
  },
  {
    name: "x-amzn-trace-id",
    kind: 7,
    read: (value, into) => {
      const root = XRAY_ROOT.exec(value);
      if (root !== null) into.trace = root[1]! + root[2]!;
      into.span = XRAY_PARENT.exec(value)?.[1] ?? "";
      const sampled = XRAY_SAMPLED.exec(value);
      if (sampled !== null) into.sampled = sampled[1] === "1";
    },
  },
];

/** By length of the name. */
const BY_LENGTH: readonly (readonly Header[])[] = Array.from({ length: 256 }, (_, size) =>
  HEADERS.filter(({ name }) => name.length === size),
);
/** Octets of a header's value that are read. */
const MAX_VALUE = 4096;

/**
 * Reads the trace context in a field table that is known to decode: its length stands at bytes[at]. If it has headers
 * of several kinds with a context, W3C's count first.
 */
export function readTraceContext(bytes: Uint8Array, at: number, into: Traced): void {
  const end = at + 4 + long(bytes, at);
  let kinds: (Found | undefined)[] | null = null;
  for (let entry = at + 4; entry < end; ) {
    const nameSize = bytes[entry]!;
    const type = bytes[entry + 1 + nameSize]!;
    const value = entry + 2 + nameSize;
    const fixed = FIELD_SIZES[type]!;
    const size = fixed >= 0 ? fixed : long(bytes, value);
    const header = headerNamed(BY_LENGTH[nameSize]!, bytes, entry + 1);
    if (header !== null && (type === TYPE_LONGSTR || type === TYPE_OCTETS) && size <= MAX_VALUE) {
      kinds ??= [];
      readHeader(header, textAt(bytes, value + 4, size), kinds);
    }
    entry = value + (fixed >= 0 ? fixed : 4 + size);
  }
  if (kinds !== null) takeFirst(kinds, into);
}

/** The same of headers that were decoded. */
export function readTraceHeaders(headers: Readonly<Record<string, string>>, into: Traced): void {
  const kinds: (Found | undefined)[] = [];
  for (const [name, value] of Object.entries(headers)) {
    const header = HEADERS.find(each => each.name === name.toLowerCase());
    if (header !== undefined && value.length <= MAX_VALUE) readHeader(header, value, kinds);
  }
  takeFirst(kinds, into);
}

function readHeader(header: Header, value: string, kinds: (Found | undefined)[]): void {
  const found = kinds[header.kind] ?? { trace: "", span: "", upper: "", sampled: null, state: "" };
  kinds[header.kind] = found;
  header.read(value, found);
}

/** Of several kinds the first that names a trace. */
function takeFirst(kinds: readonly (Found | undefined)[], into: Traced): void {
  const found = kinds.find(each => each !== undefined && each.trace !== "" && !ZEROS.test(each.trace));
  if (found === undefined) return;
  into.traceId = found.upper + found.trace;
  into.sampled = found.sampled;
  into.traceState = found.state === "" ? null : found.state;
  if (found.span !== "" && !ZEROS.test(found.span)) into.spanId = found.span;
}

function headerNamed(headers: readonly Header[], bytes: Uint8Array, at: number): Header | null {
  for (let which = 0; which < headers.length; which++) {
    const { name } = headers[which]!;
    let i = 0;
    while (i < name.length && lower(bytes[at + i]!) === name.charCodeAt(i)) i++;
    if (i === name.length) return headers[which]!;
  }
  return null;
}

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

/** The context that a traceparent is, as TRACEPARENT matches it. */
function w3c(value: string): RegExpExecArray | null {
  const match = TRACEPARENT.exec(value);
  return match === null || (value.startsWith("00") && value.length !== TRACEPARENT_SIZE) ? null : match;
}

/** The context of a traceparent and its tracestate; null if there is none. */
export function w3cContext(traceparent: string, tracestate: string): W3cContext | null {
  const match = w3c(traceparent);
  if (match === null || ZEROS.test(match[1]!) || ZEROS.test(match[2]!)) return null;
  return { traceId: match[1]!, spanId: match[2]!, sampled: isSampled(match[3]!), traceState: traceState(tracestate) };
}

/** null if it is none, or is too long. */
function traceState(value: string): string | null {
  const text = value.trim();
  if (text === "" || text.length > MAX_TRACESTATE) return null;
  return text.split(",").every(member => STATE_MEMBER.test(member.trim())) ? text : null;
}

/** Takes trace and span; returns what stands behind them, null if nothing does. */
function take(into: Found, match: RegExpExecArray | null): string | null {
  if (match === null) return null;
  into.trace = match[1]!.toLowerCase();
  into.span = match[2]!.toLowerCase();
  return match[3] ?? null;
}

/** The lowest bit of the flags, two hexadecimal digits. */
function isSampled(flags: string): boolean {
  return (Number.parseInt(flags, 16) & 1) === 1;
}

function hex64(decimal: string): string {
  return BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, "0");
}

function base64Text(value: string): string {
  try {
    return atob(value);
  } catch {
    return "";
  }
}
