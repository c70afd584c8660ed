import { expect, it } from "vitest";
import { MAX_CHANNELS } from "../../src/connection/channel-states.ts";
import { inspected, segmented } from "../forensics/untangle/inspected.ts";
import { clientHandshake } from "../support/wire.ts";

it("a connection that uses more channels than are followed is not inspected further, and that is reported", () => {
  const opened = (channels: number) => {
    const client = clientHandshake();
    for (let channel = 1; channel <= channels; channel++) client.channelOpen(channel);
    return inspected({ segments: segmented(client.octets, 60_000) }).findings;
  };
  expect(opened(MAX_CHANNELS).filter(({ rule }) => rule === "internal-error")).toEqual([]);
  expect(opened(MAX_CHANNELS + 1).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([
    expect.stringMatching(
      /^internal-error: Its inspection ended behind [\d,]+ octets from the client and 0 from the broker: more channels are in use than are followed \(8,192\)\.$/,
    ),
  ]);
});

it("a connection that opens one channel after another is inspected to its end", () => {
  const client = clientHandshake();
  for (let channel = 1; channel <= MAX_CHANNELS + 100; channel++) client.channelOpen(channel).channelClose(channel);
  const { findings, connections } = inspected({ segments: segmented(client.octets, 60_000) });
  expect(findings.filter(({ rule }) => rule === "internal-error")).toEqual([]);
  expect(connections[0]?.frames.clientToServer).toBeGreaterThan(2 * MAX_CHANNELS);
});
