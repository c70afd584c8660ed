/**
 * What follows octets that a capture lacks is read late, behind answers to it: no outcome may come of that which the whole
 * capture contradicts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { MessageRecord } from "../../src/report/message-record.ts";
import { temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

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
    i % 6 > 0 ? [] : [PACKETS.toSpliced(i, 1), PACKETS.toSpliced(i, 5), PACKETS.slice(i)],
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
