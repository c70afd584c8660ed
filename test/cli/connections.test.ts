/** ghostframe connections: who, how long it took to open, how it ended and why. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import connectionSchema from "../../src/report/connection.schema.json" with { type: "json" };
import { type ConnectionSummary, steps } from "../../src/report/connection-line.ts";
import reportSchema from "../../src/report/report.schema.json" with { type: "json" };
import { ghostframe } from "../support/command.ts";

const isConnection = new Ajv2020({ strict: false }).addSchema(reportSchema).compile(connectionSchema);

async function lines(...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await ghostframe(["connections", ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").slice(0, -1);
}

describe("a line a connection", { concurrent: true }, () => {
  it.each([
    [
      "clean/go-three-connections.pcap.gz",
      "AMQP 0.9.1 Client 1.5.0  guest @ /  open in 4.3 ms  372/371 frames  122 published, 121 delivered  Open when the capture ended.",
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
    expect(await lines(fixture, "--connection", "127.0.0.1:50778,c1")).toHaveLength(2);
    expect(await lines(fixture, "--user", "guest", "--vhost", "/")).toHaveLength(3);
    const nobody = await ghostframe(["connections", fixture, "--user", "nobody"]);
    expect(nobody).toMatchObject({
      code: 1,
      stdout: "",
      stderr: 'ghostframe: no connection is of the user "nobody" among 3\n',
    });
  });

  it("is JSON with --format ndjson, with the time of each phase", async () => {
    const [line] = await lines("clean/confirms-and-acks.pcap", "--format", "ndjson");
    expect(isConnection(JSON.parse(line!)), JSON.stringify(isConnection.errors)).toBe(true);
    const { schema, user, virtualHost, phases, messages } = JSON.parse(line!) as ConnectionSummary;
    expect({ schema, user, virtualHost, messages }).toEqual({
      schema: "ghostframe.connection/1",
      user: "guest",
      virtualHost: "/",
      messages: { published: 4, delivered: 4 },
    });
    const names = "syn synAck protocolHeader start startOk tune tuneOk open openOk firstChannel close closeOk fin rst";
    expect(Object.keys(phases).join(" ")).toBe(names);
    const times = Object.values(phases);
    expect(times).toEqual(times.toSorted());
  });
});

it.each([
  [
    "of TCP, TLS and AMQP in it",
    "tls/clean-with-key-log.pcapng",
    /^syn synAck clientHello serverHello protocolHeader start .*fin$/,
  ],
  ["of TCP and TLS where nobody has the keys", "tls/torn-record.pcap", /^syn synAck clientHello serverHello rst$/],
  ["to the reset", "connections/heartbeats-stop.pcap", /^syn synAck protocolHeader .* firstChannel rst$/],
  ["behind the first of several losses", "loss/go-from-mid-stream.pcap.gz", /^$/],
])("tells the steps %s", async (_, fixture, names) => {
  const [line] = await lines(fixture, "--format", "ndjson");
  expect(Object.keys((JSON.parse(line!) as ConnectionSummary).phases).join(" ")).toMatch(names);
  const [text] = await lines(fixture);
  expect(text).toMatch(/ {2}syn \d\d:\d\d:\d\d\.\d+, synAck \+| {2}(?:Open when the capture ended|The client .*)\.$/);
});

it("knows the time between two steps that follow each other, over midnight, and between no others", () => {
  const phases = {
    syn: "2026-11-30T23:59:59.8Z",
    synAck: "2026-11-30T23:59:59.9Z",
    protocolHeader: "2026-11-30T23:59:59.950Z",
    start: "2026-12-01T00:00:00.1Z",
    startOk: "2026-12-01T00:00:00.350Z",
    open: "2026-12-01T00:00:01Z",
  };
  const lines = steps({ phases } as unknown as ConnectionSummary).map(
    ([step, latency]) => `${step} ${latency.toFixed(3)}`,
  );
  expect(lines).toEqual([
    "syn → synAck 0.100",
    "synAck → protocolHeader 0.050",
    "protocolHeader → start 0.150",
    "start → startOk 0.250",
  ]);
});
