/** Octets of no frame that stand before: a replay is as sure as they are rare. */
import { expect, it } from "vitest";
import { clientHandshake } from "../support/wire.ts";
import { body, header, join, method } from "./untangle/frames.ts";
import { inspected, segmented } from "./untangle/inspected.ts";

const opened = clientHandshake().channelOpen(1).octets;
const lines = Array.from({ length: 40 }, (_, i) => `line ${(i + 3) ** 5}`).join("\n");

it.each([
  ["lines, each another", lines, 0.9],
  ["one letter", "a".repeat(lines.length), 0.6],
  ["two letters in turn", "ab".repeat(lines.length / 2), 0.6],
])("the end of a body, sent again: %s", (_, content, confidence) => {
  const publish = join(method(1), header(1, content.length), body(1, content));
  const end = publish.subarray(publish.length - 90);
  const stream = join(opened, publish, end, publish, publish, publish);
  const [finding] = inspected({ segments: segmented(stream) }).findings;
  expect(finding?.diagnosis).toMatchObject({ kind: "replayed-octets", confidence });
});
