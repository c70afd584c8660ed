/** The trace that a command runs in, by the environment: TRACEPARENT and TRACESTATE, as CI systems and otel-cli set them. */
import type { SpanContext } from "./records.ts";

// https://www.w3.org/TR/trace-context/#traceparent-header: a later version is read by its first four fields.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** The span that TRACEPARENT names; null where it names none, or one that is not recorded. */
export function traceParent(text: string | undefined): SpanContext | null {
  const match = TRACEPARENT.exec(text?.trim() ?? "");
  if (match === null || (match[1] === "00" && text!.trim().length !== 55)) return null;
  const isSampled = (Number.parseInt(match[4]!, 16) & 1) === 1;
  return isSampled ? { traceId: match[2]!, spanId: match[3]! } : null;
}

/** What TRACEPARENT holds for whoever runs under a span. */
export function traceParentText({ traceId, spanId }: SpanContext): string {
  return `00-${traceId}-${spanId}-01`;
}
