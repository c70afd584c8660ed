import { describe, expect, it } from "vitest";
import { traceParent, traceVariables } from "../../src/telemetry/trace-parent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const context = (sampled: boolean, traceState: string | null = null) => ({
  traceId: TRACE,
  spanId: SPAN,
  sampled,
  traceState,
});

describe("TRACEPARENT", () => {
  it.each<[what: string, text: string | undefined, sampled: boolean | null]>([
    ["names a span", `00-${TRACE}-${SPAN}-01`, true],
    ["names one with blanks around it", ` 00-${TRACE}-${SPAN}-01\n`, true],
    ["names one in a later version", `01-${TRACE}-${SPAN}-01-more`, true],
    ["names one that is not recorded", `00-${TRACE}-${SPAN}-00`, false],
    ["has more than its version may have", `00-${TRACE}-${SPAN}-01-more`, null],
    ["has more without a hyphen", `01-${TRACE}-${SPAN}-01more`, null],
    ["is of the version that there is none of", `ff-${TRACE}-${SPAN}-01`, null],
    ["is of zeros", `00-${"0".repeat(32)}-${SPAN}-01`, null],
    ["has a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`, null],
    ["is in capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`, null],
    ["is something else", "trace", null],
    ["is empty", "", null],
    ["is not set", undefined, null],
  ])("%s", (_, text, sampled) => {
    expect(traceParent({ TRACEPARENT: text })).toEqual(sampled === null ? null : context(sampled));
  });

  it.each<[what: string, text: string | undefined, state: string | null]>([
    ["is that of the trace", " vendor@tenant=t61rcWkgMzE, a=b=c".replace("=c", ""), "vendor@tenant=t61rcWkgMzE, a=b"],
    ["has an empty member", "a=b,,c=d", "a=b,,c=d"],
    ["is none", "nothing", null],
    ["has control characters", "a=\u001b[2J", null],
    ["is longer than what is handed on", `a=${"b".repeat(250)},c=${"d".repeat(250)},e=${"f".repeat(10)}`, null],
    ["is empty", "", null],
  ])("TRACESTATE %s", (_, text, state) => {
    expect(traceParent({ TRACEPARENT: `00-${TRACE}-${SPAN}-01`, TRACESTATE: text })).toEqual(context(true, state));
    expect(traceParent({ TRACESTATE: text })).toBeNull();
  });

  it.each([context(true, "a=b"), context(false, "a=b"), context(true), context(false)])(
    "reads what is written: %j",
    one => {
      expect(traceParent(traceVariables(one))).toEqual(one);
    },
  );

  it("takes another trace's TRACESTATE away", () => {
    expect(traceVariables(context(true))).toHaveProperty("TRACESTATE", undefined);
  });
});
