/** What becomes of a recording's files. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RunRecording } from "../../src/cli/run-recording.ts";
import { inspectPart } from "../../src/inspect.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { asOneInput } from "../../src/report/partial/reduce.ts";
import { temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const paths = ["clean/confirms-and-acks.pcap", "interleaving/message-inside-a-body.pcap", "files/empty.pcap"];
const captures = paths.map(path => join(FIXTURES, path));

describe("several files as one", () => {
  it("count on", async () => {
    const found = await inspectPart(captures);
    const report = buildReport(found);
    const [clean, sick, empty] = report.inputs;
    const one = buildReport(asOneInput(found, "all"));
    expect(one.inputs).toHaveLength(1);
    expect(one.inputs[0]).toMatchObject({
      path: "all",
      format: "pcap",
      packets: clean!.packets + sick!.packets,
      octets: clean!.octets + sick!.octets,
      error: empty!.error,
    });
    expect(report.findings.map(({ input }) => input)).toContain(1);
    for (const [i, { packets, input }] of one.findings.entries()) {
      const before = report.findings[i]!.input === 0 ? 0 : clean!.packets;
      expect(packets).toEqual(report.findings[i]!.packets.map(packet => packet + before));
      expect(input).toBe(0);
    }
    expect(one.connections.map(({ input }) => input)).toEqual([0, 0]);
    expect(one.summary).toEqual(report.summary);
  });

  it("of which there is none stay none", async () => {
    expect(asOneInput(await inspectPart([]), "all").inputs).toEqual([]);
  });
});

describe("a recording", () => {
  it("has the files that came since it began, in their order, and nothing else", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    writeFileSync(join(folder, "ghostframe-1.pcapng"), "");
    const recording = await RunRecording.begin(folder);
    for (const name of ["ghostframe-3.pcapng", "ghostframe-2.pcapng", "notes.txt"])
      writeFileSync(join(folder, name), "");
    expect(await recording.files()).toEqual([join(folder, "ghostframe-2.pcapng"), join(folder, "ghostframe-3.pcapng")]);
    await recording.discard();
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it("makes the folders that it is kept in", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    mkdirSync(join(folder, "a"));
    const { directory, isKept } = await RunRecording.begin(join(folder, "a", "b", "c"));
    expect({ directory, isKept }).toEqual({ directory: join(folder, "a", "b", "c"), isKept: true });
    expect(readdirSync(directory)).toEqual([]);
  });
});
