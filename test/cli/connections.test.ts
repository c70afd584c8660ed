/** ghostframe connections: who, how long it took to open, how it ended and why. */
import { describe, expect, it } from "vitest";
import type { ConnectionSummary } from "../../src/report/connection-line.ts";
import { ghostframe } from "../support/command.ts";

async function lines(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await ghostframe(["connections", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

describe("a line a connection", { concurrent: true }, () => {
  it.each([
    [
      "clean/go-three-connections.pcap.gz",
      "AMQP 0.9.1 Client 1.5.0  guest @ /  open in 4.3 ms  372/371 frames  121 published, 121 delivered  Open when the capture ended.",
    ],
    ["connections/heartbeats-stop.pcap", "after 4.6 s without an octet from the client (heartbeat 2 s)."],
    [
      "connections/closed-by-operator.pcap",
      "The broker closed the connection: 320 CONNECTION_FORCED - maintenance at 23:00",
    ],
    // A reply text may be folded into lines.
    ["interleaving/two-publishers-one-socket.pcapng.gz", "{invalid_frame_end_marker, 97}"],
    ["loss/go-from-mid-stream.pcap.gz", "Open when the capture ended."],
  ])("%s", async (fixture, words) => {
    const [first] = await lines(fixture);
    expect(first).toContain(words);
  });

  it("is chosen by name, user and virtual host", async () => {
    const fixture = "clean/go-three-connections.pcap.gz";
    expect(await lines(fixture, "--connection", "127.0.0.1:50778")).toHaveLength(1);
    expect(await lines(fixture, "--user", "guest", "--vhost", "/")).toHaveLength(3);
    expect(await lines(fixture, "--user", "nobody")).toEqual([]);
  });

  it("is JSON with --format ndjson, with the time of each phase", async () => {
    const [line] = await lines("clean/confirms-and-acks.pcap", "--format", "ndjson");
    const { schema, user, virtualHost, phases, messages } = JSON.parse(line!) as ConnectionSummary;
    expect({ schema, user, virtualHost, messages }).toEqual({
      schema: "ghostframe.connection/1",
      user: "guest",
      virtualHost: "/",
      messages: { published: 4, delivered: 4 },
    });
    const names = "syn start startOk tune tuneOk open openOk firstChannel close closeOk";
    expect(Object.keys(phases).join(" ")).toBe(names);
    const times = Object.values(phases);
    expect(times).toEqual(times.toSorted());
  });
});
