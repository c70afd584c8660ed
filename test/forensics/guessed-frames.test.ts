/** Captures that begin inside a body full of frames: nothing is broken, and nobody may say so. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as pathTo } from "node:path";
import { afterAll, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";
import { conversationCapture } from "../support/conversation-capture.ts";
import { join, wire } from "../support/wire.ts";

const SEGMENT = 1448;
const folder = mkdtempSync(pathTo(tmpdir(), "ghostframe-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([0, 1, 2])(`a body of frames that others end is no tear (seed ${SEED} + %i)`, async more => {
  const random = randomNumbers(SEED + more);
  const pick = (most: number): number => Math.floor(random() * most);
  /** Publishes one behind the other, as an archive or a relay has them, and the last one cut. */
  const archive = (size: number): Uint8Array => {
    const pieces: Uint8Array[] = [];
    for (let octets = 0; octets < size; octets += pieces.at(-1)!.length) {
      const body = Uint8Array.from({ length: pick(300) }, () => (random() < 0.5 ? pick(256) : 0x61 + pick(26)));
      const properties = { messageId: `inner ${pieces.length}` };
      pieces.push(wire().publish(1 + pick(4), body, { properties }).octets);
    }
    return join(...pieces).subarray(0, size);
  };
  const sizes = Array.from({ length: 10 }, () => (pick(3) === 0 ? 300 : 20_000 + pick(60_000)));
  const sent = sizes.map(size => wire().publish(1 + pick(4), archive(size), { pieces: 131_064 }).octets);
  const seen = join(...sent).subarray(1000 + pick(8000));
  const segments = Array.from({ length: Math.ceil(seen.length / SEGMENT) }, (_, i) => {
    return { side: 0 as const, octets: seen.subarray(i * SEGMENT, (i + 1) * SEGMENT) };
  });
  const path = pathTo(folder, `${more}.pcap`);
  writeFileSync(path, conversationCapture([{ port: 40_000, segments, end: "rst", midStream: true }]));
  const { findings } = await inspect([path]);
  expect(findings.filter(({ severity }) => severity !== "note")).toEqual([]);
});
