/**
 * Never surer than right: bodies of random octets, of two or three writers that tore each other, where several readings fit to
 * the octet. What is said to be sure is what was sent, and a high confidence is right.
 */
import { writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { describe, expect, it, onTestFinished, type TestContext } from "vitest";
import { recover } from "../../src/recover/recover.ts";
import { type RecoveredRecord, recoveredRecord } from "../../src/recover/recovered-record.ts";
import type { Finding } from "../../src/report/report.ts";
import { Chance } from "../forensics/untangle/traffic.ts";
import { randomNumbers } from "../support/chunkings.ts";
import { temporaryFolder } from "../support/command.ts";
import { conversationCapture } from "../support/conversation-capture.ts";
import { clientHandshake, wire } from "../support/wire.ts";
import { opaqueScene } from "./opaque-scenes.ts";

const FIRST_SEED = Number(process.env.OPAQUE_SEED ?? 20261130);
const SCENES = 40;

interface Recovered {
  findings: Finding[];
  messages: { record: RecoveredRecord; body: Uint8Array }[];
}

async function recovered(segments: readonly Uint8Array[], path: string): Promise<Recovered> {
  const client = segments.map(octets => ({ side: 0 as const, octets }));
  writeFileSync(path, conversationCapture([{ port: 40_000, segments: client }]));
  const messages: Recovered["messages"] = [];
  const { report } = await recover([path], { includeUnconfirmed: false }, async message => {
    messages.push({ record: recoveredRecord(message), body: message.content?.body ?? new Uint8Array(0) });
  });
  return { findings: report.findings, messages };
}

function pathOf(onTestFinished: TestContext["onTestFinished"]): string {
  return joinPath(temporaryFolder(onTestFinished), "scene.pcap");
}

const equal = (a: Uint8Array, b: Uint8Array | undefined): boolean => b !== undefined && Buffer.compare(a, b) === 0;

describe(`bodies of ${SCENES} scenes, from seed ${FIRST_SEED} on (OPAQUE_SEED)`, () => {
  it("that are sure are what was sent, and 0.9 is right nine times in ten", async () => {
    const path = pathOf(onTestFinished);
    let reported = 0;
    let right = 0;
    let sure = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCENES; seed++) {
      const { segments, sent } = opaqueScene(seed);
      const { findings, messages } = await recovered(segments, path);
      const named = messages.filter(({ record }) => record.messageId !== undefined && record.whole);
      for (const { record, body } of named) {
        if (!record.sure) continue;
        sure++;
        expect(equal(body, sent.get(record.messageId!)), `seed ${seed}: ${record.messageId} is sure, and wrong`).toBe(
          true,
        );
      }
      for (const { id, diagnosis } of findings) {
        if (diagnosis === undefined || diagnosis.confidence < 0.9) continue;
        reported++;
        const own = named.filter(({ record }) => record.finding === id);
        if (own.every(({ record, body }) => equal(body, sent.get(record.messageId!)))) right++;
      }
    }
    // Not by saying nothing.
    expect(reported).toBeGreaterThan(SCENES / 8);
    expect(sure).toBeGreaterThan(SCENES / 8);
    expect(right / reported).toBeGreaterThanOrEqual(0.9);
  });
});

const chance = new Chance(randomNumbers(13));
const BODIES = { A: chance.octets(3000), B: chance.octets(3000) };
const OPENED = clientHandshake().channelOpen(1).channelOpen(2).channelOpen(9).octets;
const CALM = Array.from({ length: 6 }, () => wire().publish(9, "calm").octets);

function message(channel: number, messageId: keyof typeof BODIES): [Uint8Array, Uint8Array] {
  const whole = wire().publish(channel, BODIES[messageId], { properties: { messageId } }).octets;
  const cut = whole.length - 2001;
  return [whole.subarray(0, cut), whole.subarray(cut)];
}

describe("two bodies of one size, cut after as many octets", () => {
  const [a, restOfA] = message(1, "A");
  const [b, restOfB] = message(2, "B");
  it.each([
    ["crossed", [a, b, restOfA, restOfB]],
    ["one inside the other", [a, b, restOfB, restOfA]],
  ])("%s: both readings are told, and neither body is sure", async (_, writes) => {
    const octets = [OPENED, Buffer.concat([...writes, ...CALM])];
    const { findings, messages } = await recovered(octets, pathOf(onTestFinished));
    const { diagnosis } = findings.find(each => each.diagnosis !== undefined)!;
    expect(diagnosis!.confidence).toBeLessThanOrEqual(0.6);
    expect(diagnosis!.summary).toContain("Another reading fits as well, or nearly so: the 2,001 octets at ");
    const own = messages.filter(({ record }) => record.messageId !== undefined);
    expect(own.map(({ record }) => [record.messageId, record.whole, record.sure])).toEqual([
      ["A", true, false],
      ["B", true, false],
    ]);
    for (const { record, body } of own) {
      expect(record.doubtful!.reduce((sum, [, count]) => sum + count, 0)).toBe(2001);
      expect(record.proof).toContain("another reading fits as well, in which 2,001 octets of these");
      expect(equal(body.subarray(0, 1000), BODIES[record.messageId as "A" | "B"].subarray(0, 1000))).toBe(true);
    }
  });
});

describe("a body that was never completed", () => {
  it("may hold the publishes in it: they are not sure", async () => {
    const inner = wire().publish(2, chance.octets(80), { properties: { messageId: "inner" } }).octets;
    const content = Buffer.concat([chance.octets(1500), inner, chance.octets(3000)]);
    const whole = wire().publish(1, content, { properties: { messageId: "A" }, pieces: 100_000 }).octets;
    const octets = [OPENED, Buffer.concat([whole.subarray(0, -1000), ...CALM])];
    const { findings, messages } = await recovered(octets, pathOf(onTestFinished));
    const { diagnosis } = findings.find(each => each.diagnosis !== undefined)!;
    expect(diagnosis!.confidence).toBeLessThanOrEqual(0.6);
    for (const { record } of messages) if (record.messageId === "inner") expect(record.sure).toBe(false);
  });
});
