/** The trace that a command runs in, by the environment: TRACEPARENT and TRACESTATE, as CI systems and otel-cli set them. */
import { type W3cContext, w3cContext } from "../messages/trace-context.ts";
import type { Environment } from "./settings.ts";

/** The span that TRACEPARENT names; null if it names none. */
export function traceParent({ TRACEPARENT = "", TRACESTATE = "" }: Environment): W3cContext | null {
  return w3cContext(TRACEPARENT.trim(), TRACESTATE);
}

/** The variables for a command under a span. Another trace's TRACESTATE must not reach it: undefined removes it. */
export function traceVariables({ traceId, spanId, sampled, traceState }: W3cContext): Environment {
  const flags = sampled ? "01" : "00";
  return { TRACEPARENT: `00-${traceId}-${spanId}-${flags}`, TRACESTATE: traceState ?? undefined };
}
