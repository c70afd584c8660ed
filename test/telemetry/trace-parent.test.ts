import { describe, expect, it } from "vitest";
import { traceParent, traceParentText } from "../../src/telemetry/trace-parent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("TRACEPARENT", () => {
  it.each<[what: string, text: string | undefined, isOne: boolean]>([
    ["names a span", `00-${TRACE}-${SPAN}-01`, true],
    ["names one with blanks around it", ` 00-${TRACE}-${SPAN}-01\n`, true],
    ["names one in a later version", `01-${TRACE}-${SPAN}-01-more`, true],
    ["names one that is not recorded", `00-${TRACE}-${SPAN}-00`, false],
    ["has more than its version may have", `00-${TRACE}-${SPAN}-01-more`, false],
    ["is of the version that there is none of", `ff-${TRACE}-${SPAN}-01`, false],
    ["is of zeros", `00-${"0".repeat(32)}-${SPAN}-01`, false],
    ["has a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`, false],
    ["is in capitals", `00-${TRACE.toUpperCase()}-${SPAN}-01`, false],
    ["is something else", "trace", false],
    ["is empty", "", false],
    ["is not set", undefined, false],
  ])("%s", (_, text, isOne) => {
    expect(traceParent(text)).toEqual(isOne ? { traceId: TRACE, spanId: SPAN } : null);
  });

  it("reads what is written", () => {
    expect(traceParent(traceParentText({ traceId: TRACE, spanId: SPAN }))).toEqual({ traceId: TRACE, spanId: SPAN });
  });
});
