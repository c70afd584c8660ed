/** Where things are, when the files of a ring are one stream: each place names the file that its packet counts in. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { inspectPart } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { formats } from "../../src/report/formats.ts";
import { asOneInput } from "../../src/report/partial/reduce.ts";
import type { Report } from "../../src/report/report.ts";
import { temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const CAPTURE = join(FIXTURES, "interleaving/message-inside-a-body.pcap");
const PCAP_HEADER = 24;
const RECORD_HEADER = 16;

/** Where each record of a classic pcap file begins, and where the last one ends. */
function records(file: Buffer): number[] {
  const starts = [PCAP_HEADER];
  const little = file.readUInt32LE(0) === 0xa1b2c3d4 || file.readUInt32LE(0) === 0xa1b23c4d;
  for (let at = PCAP_HEADER; at < file.length; starts.push(at)) {
    at += RECORD_HEADER + (little ? file.readUInt32LE(at + 8) : file.readUInt32BE(at + 8));
  }
  return starts;
}

/** The capture in two files, the first of them with so many packets. */
function split(packets: number, onTestFinished: TestContext["onTestFinished"]): string[] {
  const file = readFileSync(CAPTURE);
  const cut = records(file)[packets]!;
  const folder = temporaryFolder(onTestFinished);
  const paths = [join(folder, "ring-1.pcap"), join(folder, "ring-2.pcap")];
  writeFileSync(paths[0]!, file.subarray(0, cut));
  writeFileSync(paths[1]!, Buffer.concat([file.subarray(0, PCAP_HEADER), file.subarray(cut)]));
  return paths;
}

/** All places of a report, in the order in which they stand in it. */
function places(data: unknown): { input: number; packet: number | null }[] {
  if (typeof data !== "object" || data === null) return [];
  if ("input" in data && "packet" in data) return [data as { input: number; packet: number | null }];
  return Object.values(data).flatMap(places);
}

const torn = ({ findings }: Report) => findings.flatMap(({ diagnosis }) => diagnosis?.torn ?? []);

describe("a torn frame in two files", async () => {
  const whole = await inspectPart([CAPTURE]);
  const report = buildReport(whole);
  const count = report.inputs[0]!.packets;
  const cuts = Array.from({ length: count - 1 }, (_, i) => i + 1);

  it("is in this capture", () => {
    expect(torn(report)).toHaveLength(1);
    expect(places(torn(report)).length).toBeGreaterThan(3);
  });

  it("has its places in the files where its packets are, wherever it is cut", async ({ onTestFinished }) => {
    let across = 0;
    for (const cut of cuts) {
      const found = await inspectPart(split(cut, onTestFinished));
      const ring = buildReport(found);
      const moved = places(report.findings).map(({ packet, ...rest }) =>
        packet === null || packet <= cut ? { ...rest, packet } : { ...rest, input: 1, packet: packet - cut },
      );
      expect(places(ring.findings), `cut behind packet ${cut}`).toEqual(moved);
      if (torn(ring).some(({ at }) => new Set(places(at).map(({ input }) => input)).size === 2)) across++;
      // Counted on from file to file, all is as it was.
      const one = buildReport(asOneInput(found, CAPTURE));
      expect(one.findings, `cut behind packet ${cut}`).toEqual(report.findings);
    }
    expect(across).toBeGreaterThan(0);
  });

  it("names both files in the text", async ({ onTestFinished }) => {
    const { packets } = report.findings[0]!;
    const paths = split(packets[0]!, onTestFinished);
    const text = (await formats.text())(buildReport(await inspectPart(paths)), {
      columns: 300,
      colour: false,
      all: true,
    });
    expect(text).toContain(`packet ${packets[0]} of ${paths[0]} to packet ${packets[1]! - packets[0]!} of ${paths[1]}`);
    expect(text).toContain(`frame.number >= ${packets[0]} in the first, frame.number <= ${packets[1]! - packets[0]!}`);
  });
});
