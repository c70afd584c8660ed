/** Trace contexts of every kind, in the headers of a message. */
import { describe, expect, it } from "vitest";
import { readTraceContext, readTraceHeaders, type Traced } from "../../src/messages/trace-context.ts";
import { type Field, field, table, text } from "../support/wire.ts";

function traced(headers: Readonly<Record<string, Field>>): string {
  const into: Traced = { traceId: null, spanId: null, sampled: null, traceState: null };
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
    ["of the version that there is none of", { traceparent: field.S(`ff-${TRACE}-${SPAN}-01`) }, "– –"],
    ["with more fields than its version has", { traceparent: field.S(`${PARENT}-more`) }, "– –"],
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

describe("whether a trace is recorded", () => {
  const sampled = (headers: Readonly<Record<string, string>>): boolean | null => {
    const fromOctets: Traced = { traceId: null, spanId: null, sampled: null, traceState: null };
    const fields = Object.entries(headers).map(([name, value]) => [name, field.S(value)]);
    readTraceContext(table(Object.fromEntries(fields)), 0, fromOctets);
    const fromHeaders: Traced = { traceId: null, spanId: null, sampled: null, traceState: null };
    readTraceHeaders(headers, fromHeaders);
    expect(fromHeaders).toEqual(fromOctets);
    return fromOctets.sampled;
  };
  const b3 = { "x-b3-traceid": TRACE, "x-b3-spanid": SPAN };
  const datadog = { "x-datadog-trace-id": "1", "x-datadog-parent-id": "2" };

  it.each<[kind: string, headers: Record<string, string>, sampled: boolean | null]>([
    ["traceparent", { traceparent: `00-${TRACE}-${SPAN}-01` }, true],
    ["traceparent, other flags beside it", { traceparent: `00-${TRACE}-${SPAN}-03` }, true],
    ["traceparent, not", { traceparent: `00-${TRACE}-${SPAN}-02` }, false],
    ["b3", { b3: `${TRACE}-${SPAN}-1` }, true],
    ["b3, debugging", { b3: `${TRACE}-${SPAN}-d-${SPAN}` }, true],
    ["b3, not", { b3: `${TRACE}-${SPAN}-0` }, false],
    ["b3, not decided", { b3: `${TRACE}-${SPAN}` }, null],
    ["b3 in several headers", { ...b3, "X-B3-Sampled": "1" }, true],
    ["b3 in several headers, not", { ...b3, "x-b3-sampled": "0" }, false],
    ["Jaeger", { "uber-trace-id": `${TRACE}:${SPAN}:0:3` }, true],
    ["Jaeger, not", { "uber-trace-id": `${TRACE}:${SPAN}:0:0` }, false],
    ["Datadog", { ...datadog, "x-datadog-sampling-priority": "2" }, true],
    ["Datadog, not", { ...datadog, "x-datadog-sampling-priority": "-1" }, false],
    ["Datadog, not decided", datadog, null],
    ["SkyWalking, not", { sw8: `0-${base64("t")}-${base64("s")}-3` }, false],
    ["New Relic", { newrelic: base64(`{"d":{"tr":"${TRACE}","id":"${SPAN}","sa":true}}`) }, true],
    ["AWS X-Ray, not", { "X-Amzn-Trace-Id": `Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0` }, false],
    ["without a context", { "x-b3-sampled": "1" }, null],
  ])("%s", (_, headers, expected) => {
    expect(sampled(headers)).toBe(expected);
  });
});

it.each<[what: string, headers: Record<string, string>, state: string | null]>([
  [
    "is what systems on the way added",
    { traceparent: PARENT, TraceState: "congo=t61rcWkgMzE,a@b=1" },
    "congo=t61rcWkgMzE,a@b=1",
  ],
  ["is none without a traceparent", { tracestate: "a=b" }, null],
  ["is none of another kind of context", { b3: `${TRACE}-${SPAN}-1`, tracestate: "a=b" }, null],
  ["is left out where it is none", { traceparent: PARENT, tracestate: "a=b,\u001b" }, null],
  [
    "is left out where it is too long",
    { traceparent: PARENT, tracestate: Array.from({ length: 200 }, () => "a=b").join() },
    null,
  ],
])("tracestate %s", (_, headers, state) => {
  const into: Traced = { traceId: null, spanId: null, sampled: null, traceState: null };
  readTraceHeaders(headers, into);
  expect(into.traceState).toBe(state);
});
