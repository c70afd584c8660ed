/** What an incident cost: all that is behind it, however much that is, and each message once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Diagnosis } from "../../src/forensics/diagnosis.ts";
import { inspect } from "../../src/inspect.ts";
import { IncidentLosses } from "../../src/messages/incident-losses.ts";
import { Message, type MessageConnection } from "../../src/messages/message.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import type { Report } from "../../src/report/report.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { clientHandshake, serverHandshake, wire } from "../support/wire.ts";
import { publish } from "./life-lines.ts";

/** More than a channel without confirms keeps, and more than a finding lists. */
const BEHIND = 1500;
const folder = mkdtempSync(join(tmpdir(), "ghostframe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const sent = (side: 0 | 1, ...octets: Uint8Array[]): Segment[] => octets.map(each => ({ side, octets: each }));
const torn = publish("torn").octets;

it.each([
  {
    rule: "behind a torn frame",
    first: [torn.subarray(0, 30), wire().heartbeat(1).octets, torn.subarray(30)],
    torn: 1,
  },
  { rule: "behind a broken order", first: [torn.subarray(0, 22), publish("whole").octets], torn: undefined },
  {
    rule: "behind a torn frame and the client's own close",
    first: [torn.subarray(0, 30), wire().heartbeat(1).octets, torn.subarray(30), wire().close().octets],
    torn: 1,
  },
  { rule: "behind the client's own close", first: [wire().close().octets], torn: 0 },
])("$rule all are unread", async ({ rule, first, torn: count }) => {
  const behind = Array.from({ length: BEHIND }, (_, i) => publish(`m${i}`).octets);
  const open = [
    ...sent(0, clientHandshake().octets),
    ...sent(1, serverHandshake().octets),
    ...sent(0, wire().channelOpen(1).octets),
    ...sent(1, wire().channelOpenOk(1).octets),
  ];
  const path = join(folder, `${rule.replaceAll(/\W/g, "-")}.pcap`);
  const segments = [...open, ...sent(0, publish("before").octets, ...first, ...behind)];
  writeFileSync(path, conversationCapture([{ port: 40_000, segments, end: "rst" }]));
  const messages: MessageRecord[] = [];
  const report: Report = await inspect([path], { onMessage: message => messages.push(message) });

  const unread = messages.filter(({ outcome }) => outcome === "unread");
  expect(unread).toHaveLength(BEHIND);
  expect(new Set(unread.map(({ finding }) => finding))).toEqual(new Set(["f1"]));
  // None is told twice.
  expect(new Set(messages.map(({ streamOffset }) => streamOffset)).size).toBe(messages.length);
  const { lost } = report.summary;
  expect(lost).toMatchObject({ unread: unread.length, messages: messages.filter(each => each.finding).length });
  if (count !== undefined) expect(lost?.torn).toBe(count);
  expect(report.findings[0]).toMatchObject({ lostCount: lost?.messages, lostFates: { unread: unread.length } });
  expect(report.findings[0]?.lost).toHaveLength(1000);
});

it("what was read inside a body that a diagnosis knows is no message", () => {
  const writer = {
    channels: [1],
    messages: [
      {
        fate: "torn",
        spans: [
          [1000, 500],
          [2000, 100],
        ],
      },
    ],
  };
  const diagnosis = { writers: [writer], confidence: 0.9 } as unknown as Diagnosis;
  const losses = new IncidentLosses();
  losses.add({ identity: "frame-end 0 1400", streamOffset: 1400, breaksFrame: true, diagnosis });
  const read = (streamOffset: number, endOffset: number): Message => {
    const connection = { inspected: {} } as MessageConnection;
    const message = new Message("publish", { connection, channel: 2, streamOffset, moment: new Moment() });
    message.endOffset = endOffset;
    message.settle("unread", null);
    return message;
  };
  const taken = ([from, to]: readonly [number, number]): boolean => losses.take(read(from, to));
  // In it; between its pieces; from inside it to outside; behind it.
  expect(
    (
      [
        [1100, 1200],
        [1400, 1500],
        [2010, 2100],
      ] as const
    ).map(taken),
  ).toEqual([false, false, false]);
  expect(
    (
      [
        [1500, 2000],
        [1400, 1501],
        [2100, 2200],
      ] as const
    ).map(taken),
  ).toEqual([true, true, true]);
  // One that did not come to its end.
  losses.cut.push(read(1450, 0), read(1550, 0));
  const counted = losses.messages({ inspected: {} } as MessageConnection, -1);
  expect(counted.map(({ streamOffset }) => streamOffset)).toEqual([1000, 1550]);
});

it.each([
  { where: "between a broken frame and where the broker stopped", at: 1500, becomes: "swallowed" },
  { where: "in front of it", at: 900, becomes: "unknown" },
  { where: "behind where the broker stopped", at: 3000, becomes: "unknown" },
  { where: "in the message that broke", at: 1200, becomes: "unknown" },
  { where: "behind frames in a wrong order", at: 1500, becomes: "unknown", breaksFrame: false },
  { where: "behind a frame that nobody explains", at: 1500, becomes: "unknown", isExplained: false },
  { where: "where nobody knows when the broker stopped", at: 1500, becomes: "unknown", stoppedAt: -1 },
])("whole frames $where are $becomes", ({ at, becomes, breaksFrame = true, isExplained = true, stoppedAt = 3000 }) => {
  const broken = { fate: "torn", spans: [[1000, 500]], exchange: "", routingKey: "", headers: {} };
  const diagnosis = { writers: [{ channels: [1], messages: [broken] }], confidence: 0.9 } as unknown as Diagnosis;
  const losses = new IncidentLosses();
  losses.add({
    identity: "frame-end 0 1050",
    streamOffset: 1050,
    breaksFrame,
    diagnosis: isExplained ? diagnosis : null,
  });
  const connection = { inspected: {} } as MessageConnection;
  losses.messages(connection, stoppedAt);
  const message = new Message("publish", { connection, channel: 1, streamOffset: at, moment: new Moment() });
  message.endOffset = at + 100;
  message.settle("unknown", null);
  expect(losses.take(message)).toBe(true);
  expect(message.outcome).toBe(becomes);
  const isLost = becomes === "swallowed";
  expect(message.incident).toBe(isLost ? "frame-end 0 1050" : null);
  expect(losses.lost.listed).toEqual(isLost ? [message] : []);
});
