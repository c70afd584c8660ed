/** How long a message lasted that nothing settled: to its last octet, or to where nothing more could answer it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Message } from "../../src/messages/message.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, serverHandshake, type Wire, wire } from "../support/wire.ts";
import { consume, deliver, publish } from "./life-lines.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A packet each, a second apart. */
const from = (side: 0 | 1, ...sent: (Wire | Uint8Array)[]): Segment[] =>
  sent.map(each => ({ side, octets: each instanceof Uint8Array ? each : each.octets }));
const { octets } = publish("m");
const pieces = [octets.subarray(0, 30), octets.subarray(30, 50), octets.subarray(50)];
const opened = [
  ...from(0, clientHandshake()),
  ...from(1, serverHandshake()),
  ...from(0, wire().channelOpen(1)),
  ...from(1, wire().channelOpenOk(1)),
];
const confirms = [...from(0, wire().confirmSelect(1)), ...from(1, wire().confirmSelectOk(1))];
const close = [...from(0, wire().close()), ...from(1, wire().closeOk())];

it.each<[what: string, segments: Segment[], end: "rst" | "open", outcome: string, seconds: number]>([
  ["whole in one packet", [...from(0, publish("m")), ...close], "open", "accepted", 0],
  ["in three packets", [...from(0, ...pieces), ...close], "open", "accepted", 2],
  [
    "behind the client's close",
    [...from(0, wire().close(), ...pieces), ...from(1, wire().closeOk())],
    "open",
    "unread",
    2,
  ],
  ["never confirmed, until the connection is reset", [...confirms, ...from(0, ...pieces)], "rst", "unconfirmed", 3],
  ["cut by the reset", from(0, pieces[0]!, pieces[1]!), "rst", "torn", 2],
  [
    "torn by a heartbeat, until its own last octet",
    from(0, octets.subarray(0, -6), wire().heartbeat(), octets.subarray(-6), wire().heartbeat()),
    "rst",
    "torn",
    2,
  ],
  [
    "delivered and not settled, until the reset",
    [
      ...from(0, consume("q")),
      ...from(1, wire().consumeOk(1, "ctag"), deliver(1, "m")),
      ...from(0, wire().heartbeat()),
    ],
    "rst",
    "requeued",
    2,
  ],
])("a message %s", async (what, segments, end, outcome, seconds) => {
  const path = join(folder, `${what.replaceAll(/\W/g, "-")}.pcap`);
  writeFileSync(path, conversationCapture([{ port: 40_000, segments: [...opened, ...segments], end }]));
  const messages: Message[] = [];
  await inspect([path], { onMessageFacts: message => messages.push(message) });
  expect(messages.map(each => [each.outcome, each.lasted])).toEqual([[outcome, seconds]]);
});
