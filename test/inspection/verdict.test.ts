/**
 * A prediction that the broker's own answers refute is taken back, with a note. Nothing is known to be lost by one of a
 * channel's process: the reader may have given channel 2 what came behind it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { afterAll, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, field, serverHandshake, wire } from "../support/wire.ts";

const folder = mkdtempSync(joinPath(tmpdir(), "ghostframe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const client = ({ octets }: { octets: Uint8Array }): Segment => ({ side: 0, octets });
const broker = ({ octets }: { octets: Uint8Array }): Segment => ({ side: 1, octets });
/** Two channels; the client closes one, and acknowledges on it a second later. */
const begun = [
  client(clientHandshake()),
  broker(serverHandshake({ properties: { product: field.S("RabbitMQ"), version: field.S("3.10.8") } })),
  client(wire().channelOpen(1).channelOpen(2)),
  broker(wire().channelOpenOk(1).channelOpenOk(2)),
  client(wire().channelClose(1)),
  client(wire().ack(1, 1)),
  client(wire().publish(2, "body")),
];
const TEXT = "CHANNEL_ERROR - expected 'channel.open'";

it.each([
  {
    rule: "a broker that reads on and answers connection.close had no objection",
    end: [broker(wire().channelCloseOk(1)), client(wire().close()), broker(wire().closeOk())],
    predicted: null,
    reported: ["channel-state error", "verdict-mismatch note"],
  },
  {
    rule: "one that says nothing may have",
    end: [broker(wire().channelCloseOk(1)), client(wire().close())],
    predicted: TEXT,
    reported: ["channel-state error"],
  },
  {
    rule: "one that objects is right, whatever it answers then",
    end: [broker(wire().channelCloseOk(1).close(504, TEXT, 60, 80)), client(wire().close()), broker(wire().closeOk())],
    predicted: TEXT,
    reported: ["broker-close error", "channel-state error"],
  },
])("$rule", async ({ rule, end, predicted, reported }) => {
  const path = joinPath(folder, `${rule.replaceAll(/\W/g, "-")}.pcap`);
  writeFileSync(path, conversationCapture([{ port: 40_000, segments: [...begun, ...end], end: "fin" }]));
  const report = await inspect([path]);
  const { verdict } = report.connections[0]!;
  expect(verdict.predicted?.outcome === "close" ? verdict.predicted.text : null).toBe(predicted);
  expect(report.findings.map(finding => `${finding.rule} ${finding.severity}`).sort()).toEqual(reported);
  expect(report.summary.lost?.messages ?? 0).toBe(0);
});

it("takes a broker that offers no frame-max at its word, where its client is not captured", async () => {
  const body = new Uint8Array(262_128);
  const large = wire()
    .method(1, 60, 60, [1, 116], [0, 0, 0, 0, 0, 0, 0, 1], [0], [0], [1, 113])
    .content(1, body, { pieces: 262_128 });
  const path = joinPath(folder, "broker-only.pcap");
  const sent = serverHandshake({ frameMax: 0 }).channelOpenOk(1).octets;
  const pieces = Array.from({ length: Math.ceil(large.octets.length / 60_000) }, (_, i) =>
    broker({ octets: large.octets.subarray(i * 60_000, (i + 1) * 60_000) }),
  );
  writeFileSync(
    path,
    conversationCapture([{ port: 40_000, segments: [broker({ octets: sent }), ...pieces], end: "open" }]),
  );
  const { findings } = await inspect([path]);
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
});
