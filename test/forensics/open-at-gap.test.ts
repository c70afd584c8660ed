/** What a gap may hold is not captured: nobody says that it was never written. */
import { describe, expect, it } from "vitest";
import { clientHandshake } from "../support/wire.ts";
import { body, header, join, method } from "./untangle/frames.ts";
import { inspected } from "./untangle/inspected.ts";

const opened = clientHandshake().channelOpen(1).channelOpen(2).octets;
const whole = body(1, new Uint8Array(3000).fill(0x61));
const begun = join(method(1), header(1, 3000), whole.subarray(0, 1007));
const other = join(method(2), header(2, 3), body(2, "abc"));
const others = join(...Array.from({ length: 60 }, () => other));
const rest = whole.subarray(1007);

const missing = (segments: readonly Uint8Array[], lost: ReadonlySet<number>): number[] =>
  inspected({ segments, lost }).findings.flatMap(
    ({ diagnosis }) => diagnosis?.missing.map(({ octets }) => octets) ?? [],
  );

describe("a frame that others came into", () => {
  it("whose rest is in a gap lacks nothing", () => {
    expect(missing([opened, begun, others, rest, others], new Set([3]))).toEqual([]);
  });
  it("whose rest may be in a gap is not told with spans that may not be all", () => {
    const { findings } = inspected({ segments: [opened, begun, others, rest, others], lost: new Set([3]) });
    const [diagnosis] = findings.flatMap(finding => finding.diagnosis ?? []);
    expect(diagnosis).toMatchObject({ kind: "torn-frame", torn: [], confidence: 0.6 });
    expect(diagnosis?.summary).toContain("was interrupted after 1,007 octets");
    expect(diagnosis?.summary).toContain("the rest may be among those");
  });
  it("whose rest never comes lacks it", () => {
    expect(missing([opened, begun, others], new Set())).toEqual([2001]);
  });
});
