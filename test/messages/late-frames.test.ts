/**
 * What follows octets that a capture lacks is read late, behind answers to it: no outcome may come of that which the whole
 * capture contradicts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import type { ObservedDirection } from "../../src/connection/observers.ts";
import { inspect } from "../../src/inspect.ts";
import { LateFrames } from "../../src/messages/late-frames.ts";
import { Moment } from "../../src/net/connection-observer.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { temporaryFolder } from "../support/command.ts";
import { conversationCapture, type Segment } from "../support/conversation-capture.ts";
import { FIXTURES } from "../support/golden.ts";
import { clientHandshake, longlong, serverHandshake, type Wire, wire } from "../support/wire.ts";

/** Returns, nacks, transactions and deliveries of three clients. */
const WHOLE = gunzipSync(readFileSync(join(FIXTURES, "clean/returns-and-nacks.pcap.gz")));
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

const PACKETS: Buffer[] = [];
for (let at = FILE_HEADER; at < WHOLE.length; at += PACKETS.at(-1)!.length) {
  PACKETS.push(WHOLE.subarray(at, at + RECORD_HEADER + WHOLE.readUInt32LE(at + 8)));
}

const keyOf = ({ time, operation }: MessageRecord): string => `${time} ${operation}`;

async function outcomes(path: string, packets: readonly Buffer[]): Promise<Map<string, string>> {
  writeFileSync(path, Buffer.concat([WHOLE.subarray(0, FILE_HEADER), ...packets]));
  const found = new Map<string, string>();
  await inspect([path], { onMessage: record => void found.set(keyOf(record), record.outcome) });
  return found;
}

it("are contradicted by no part of the capture", async ({ onTestFinished }) => {
  const path = join(temporaryFolder(onTestFinished), "part.pcap");
  const whole = await outcomes(path, PACKETS);
  expect(new Set(whole.values()).size).toBeGreaterThan(4);
  const wrong: string[] = [];
  let known = 0;
  const parts = PACKETS.flatMap((_, i) =>
    i % 12 > 0 ? [] : [PACKETS.toSpliced(i, 1), PACKETS.toSpliced(i, 5), PACKETS.slice(i)],
  );
  for (const [number, part] of parts.entries()) {
    for (const [key, outcome] of await outcomes(path, part)) {
      if (outcome === "unknown") continue;
      known++;
      if (whole.get(key) !== outcome) wrong.push(`part ${number}: ${key} ${outcome}, not ${whole.get(key)}`);
    }
  }
  expect(wrong).toEqual([]);
  // Not by saying nothing.
  expect(known).toBeGreaterThan(parts.length * 10);
}, 60_000);

const [SELECT, SELECT_OK, COMMIT, COMMIT_OK, ROLLBACK, ROLLBACK_OK] = [10, 11, 20, 21, 30, 31];
const tx = (methodId: number | undefined): Wire => wire().method(1, 90, methodId!);

/** Publishes with confirms, every other one refused by a nack, on a channel that is opened again and again. */
function confirmed(): Segment[] {
  const steps: [0 | 1, Wire][] = [];
  const publish = (messageId: string): void => {
    steps.push([0, wire().publish(1, "abc", { properties: { messageId } })]);
  };
  const nack = (tag: number): Wire => wire().method(1, 60, 120, longlong(tag), [0]);
  for (let life = 0; life < 8; life++) {
    steps.push([0, wire().channelOpen(1)], [1, wire().channelOpenOk(1)]);
    steps.push([0, wire().confirmSelect(1)], [1, wire().confirmSelectOk(1)]);
    const isFirst = life % 2 === 0;
    publish(`${life} ${isFirst ? "confirmed" : "nacked"}`);
    publish(`${life} ${isFirst ? "nacked" : "confirmed"}`);
    steps.push([1, isFirst ? wire().ack(1, 1) : nack(1)], [1, isFirst ? nack(2) : wire().ack(1, 2)]);
    steps.push([0, wire().channelClose(1)], [1, wire().channelCloseOk(1)]);
  }
  return steps.map(([side, { octets }]) => ({ side, octets }));
}

/** Each is answered before the client goes on: publishes of a transaction, and of one that is rolled back, on a channel opened twice. */
function transactions(): Segment[] {
  const steps: [0 | 1, Wire][] = [];
  const messages = (kind: string): void => {
    for (let i = 0; i < 3; i++) {
      const messageId = `${kind}-${i}`;
      steps.push([0, wire().publish(1, "abc", { properties: { messageId } })]);
    }
  };
  for (const life of ["first", "second"]) {
    steps.push([0, wire().channelOpen(1)], [1, wire().channelOpenOk(1)], [0, tx(SELECT)], [1, tx(SELECT_OK)]);
    messages(`${life} committed`);
    steps.push([0, tx(COMMIT)], [1, tx(COMMIT_OK)]);
    messages(`${life} rolled-back`);
    steps.push([0, tx(ROLLBACK)], [1, tx(ROLLBACK_OK)], [0, wire().channelClose(1)], [1, wire().channelCloseOk(1)]);
  }
  return steps.map(([side, { octets }]) => ({ side, octets }));
}

it.for([
  ["transactions", transactions()],
  ["confirms", confirmed()],
] as const)("are right or unknown whichever packets of %s are missing", async ([, steps], { onTestFinished }) => {
  const path = join(temporaryFolder(onTestFinished), "part.pcap");
  const opening: Segment[] = [
    { side: 0, octets: clientHandshake().octets },
    { side: 1, octets: serverHandshake().octets },
  ];
  const wrong: string[] = [];
  let known = 0;
  for (let from = 0; from < steps.length; from++) {
    for (const count of [0, 1, 5]) {
      const segments = steps.map((step, i) => ({ ...step, lost: i >= from && i < from + count }));
      writeFileSync(path, conversationCapture([{ port: 40_000, segments: [...opening, ...segments] }]));
      await inspect([path], {
        onMessage: ({ messageId, outcome }) => {
          if (outcome === "unknown") return;
          known++;
          if (messageId?.includes(outcome) !== true) wrong.push(`${count} from ${from} on: ${messageId} ${outcome}`);
        },
      });
    }
  }
  expect(wrong).toEqual([]);
  expect(known).toBeGreaterThan(4 * steps.length);
});

it("are those that come before what was read of the other direction, once octets are missing", () => {
  const late = new LateFrames();
  const at = (isClient: boolean, seconds: number): ObservedDirection => {
    const moment = Object.assign(new Moment(), { seconds });
    return { isClient, moment } as unknown as ObservedDirection;
  };
  expect(late.take(at(false, 5))).toBe(false);
  // Out of order, and all there.
  expect(late.take(at(true, 3))).toBe(false);
  late.missed(true);
  expect(late.take(at(true, 4))).toBe(true);
  expect(late.take(at(false, 6))).toBe(false);
  expect(late.take(at(true, 5))).toBe(true);
  expect(late.take(at(true, 6))).toBe(false);
  expect(late.take(at(false, 9))).toBe(false);
  expect(late.take(at(true, 8))).toBe(false);
});
