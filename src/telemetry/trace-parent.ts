/** The trace that a command runs in, by the environment: TRACEPARENT and TRACESTATE, as CI systems and otel-cli set them. */
import { type W3cContext, w3cContext } from "../messages/trace-context.ts";
import type { Environment } from "./settings.ts";

/** The span that TRACEPARENT names; null where it names none. */
export function traceParent({ TRACEPARENT = "", TRACESTATE = "" }: Environment): W3cContext | null {
  return w3cContext(TRACEPARENT.trim(), TRACESTATE);
}

/** The variables of whoever runs under a span. Another trace's TRACESTATE is none of its: undefined takes it away. */
export function traceVariables({ traceId, spanId, sampled, traceState }: W3cContext): Environment {
  const flags = sampled ? "01" : "00";
  return { TRACEPARENT: `00-${traceId}-${spanId}-${flags}`, TRACESTATE: traceState ?? undefined };
}
