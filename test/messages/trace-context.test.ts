/** Trace contexts of every kind, in the headers of a message. */
import { describe, expect, it } from "vitest";
import { readTraceContext, type Traced } from "../../src/messages/trace-context.ts";
import { type Field, field, table, text } from "../support/wire.ts";

function traced(headers: Readonly<Record<string, Field>>): string {
  const into: Traced = { traceId: null, spanId: null };
  readTraceContext(
    table({ before: field.S("1"), nested: field.F({ traceparent: field.S("no") }), ...headers }),
    0,
    into,
  );
  return `${into.traceId ?? "–"} ${into.spanId ?? "–"}`;
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const PARENT = `00-${TRACE}-${SPAN}-01`;
const base64 = (value: string) => btoa(value);

describe("a trace context", () => {
  it.each<[kind: string, headers: Record<string, Field>, ids: string]>([
    ["traceparent (W3C)", { traceparent: field.S(PARENT) }, `${TRACE} ${SPAN}`],
    ["in octets", { traceparent: field.x(text(PARENT)) }, `${TRACE} ${SPAN}`],
    ["whatever its case", { TraceParent: field.S(PARENT) }, `${TRACE} ${SPAN}`],
    [
      "of a later version, with more fields",
      { traceparent: field.S(`01-${TRACE}-${SPAN}-01-more`) },
      `${TRACE} ${SPAN}`,
    ],
    ["of zeros, which is none", { traceparent: field.S(`00-${"0".repeat(32)}-${SPAN}-01`) }, "– –"],
    ["in capitals, which is none", { traceparent: field.S(PARENT.toUpperCase()) }, "– –"],
    ["b3", { b3: field.S(`${TRACE}-${SPAN}-1`) }, `${TRACE} ${SPAN}`],
    ["b3 that only says not to sample", { b3: field.S("0") }, "– –"],
    ["b3 in several headers", { "X-B3-TraceId": field.S(SPAN), "X-B3-SpanId": field.S(SPAN) }, `${SPAN} ${SPAN}`],
    ["Jaeger", { "uber-trace-id": field.S(`${TRACE.slice(1)}:${SPAN.slice(2)}:0:1`) }, `0${TRACE.slice(1)} ${SPAN}`],
    ["Jaeger, percent-encoded", { "uber-trace-id": field.S(`${TRACE}%3A${SPAN}%3A0%3A1`) }, `${TRACE} ${SPAN}`],
    [
      "Datadog: decimals, the upper half in a tag",
      {
        "x-datadog-trace-id": field.S("11803532876627986230"),
        "x-datadog-parent-id": field.S("67667974448284343"),
        "x-datadog-tags": field.S("_dd.p.dm=-0,_dd.p.tid=4bf92f3577b34da6"),
      },
      `${TRACE} ${SPAN}`,
    ],
    ["Datadog, the upper half alone", { "x-datadog-tags": field.S("_dd.p.tid=4bf92f3577b34da6") }, "– –"],
    ["SkyWalking", { sw8: field.S(`1-${base64("trace.1.2")}-${base64("segment")}-3-a-b-c-d`) }, "trace.1.2 segment"],
    [
      "New Relic",
      { newrelic: field.S(base64(`{"v":[0,1],"d":{"tr":"${TRACE}","id":"${SPAN}"}}`)) },
      `${TRACE} ${SPAN}`,
    ],
    [
      "AWS X-Ray",
      { "X-Amzn-Trace-Id": field.S(`Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${SPAN};Sampled=1`) },
      `5759e988bd862e3fe1be46a994272793 ${SPAN}`,
    ],
    [
      "of two kinds: W3C's counts",
      { b3: field.S(`${SPAN}-${SPAN}-1`), traceparent: field.S(PARENT) },
      `${TRACE} ${SPAN}`,
    ],
    [
      "of two kinds, in the other order",
      { traceparent: field.S(PARENT), b3: field.S(`${SPAN}-${SPAN}-1`) },
      `${TRACE} ${SPAN}`,
    ],
    [
      "of two kinds, W3C's broken",
      { traceparent: field.S("?"), b3: field.S(`${TRACE}-${SPAN}-1`) },
      `${TRACE} ${SPAN}`,
    ],
    ["a number where a text must be", { traceparent: field.I(1) }, "– –"],
    ["none", {}, "– –"],
  ])("%s", (_, headers, ids) => {
    expect(traced(headers)).toBe(ids);
  });
});
