/** What is taken out of a recording around a finding: one connection's packets, from whichever files have them. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { inspect } from "../../src/inspect.ts";
import { Recorder } from "../../src/proxy/recorder.ts";
import { copyExcerpt } from "../../src/proxy/recording-excerpt.ts";
import type { Excerpt } from "../../src/proxy/telemetry-protocol.ts";
import { temporaryFolder } from "../support/command.ts";
import { tornStream } from "../support/torn-stream.ts";
import { join as joined, wire } from "../support/wire.ts";

const SECONDS = 1_795_256_100;

function scene({ onTestFinished }: Pick<TestContext, "onTestFinished">, address: string, fileOctets = 64 << 20) {
  const folder = temporaryFolder(onTestFinished);
  const rest = { files: 10, on: "always", credentials: false, ringOctets: 0, ringBudget: 0 } as const;
  const recorder = new Recorder({ directory: folder, fileOctets, problem: () => {}, ...rest });
  onTestFinished(() => recorder.close());
  const client = { address, port: 40_001 };
  const server = { address, port: 5673 };
  let microseconds = 0;
  const record = (number: number, port: number, pieces: readonly Uint8Array[]): void => {
    recorder.opened(number, { ...client, port }, server, SECONDS, ++microseconds * 1000);
    for (const piece of pieces) recorder.data(number, 0, piece, 0, piece.length, SECONDS, ++microseconds * 1000);
    recorder.flush();
  };
  const excerpt = (around = 0): Excerpt => ({
    path: recorder.file!,
    ends: [client, server],
    opened: SECONDS * 1e6,
    around: SECONDS * 1e6 + around,
  });
  const copied = async (what: Excerpt): Promise<{ path: string; packets: number; octets: number }> => {
    const pieces: Uint8Array[] = [];
    const packets = await copyExcerpt(what, async bytes => {
      pieces.push(bytes);
    });
    const path = join(folder, "excerpt.pcapng");
    writeFileSync(path, joined(...pieces));
    return { path, packets, octets: pieces.reduce((sum, { length }) => sum + length, 0) };
  };
  return { record, excerpt, copied, recorder };
}

describe("an excerpt", () => {
  it.for(["127.0.0.1", "::1"])(
    "has the packets of one connection of %s, and what is found in them",
    async (address, context) => {
      const { record, excerpt, copied } = scene(context, address);
      record(1, 40_000, tornStream());
      record(2, 40_001, tornStream());
      record(3, 40_002, tornStream());
      const { path, packets } = await copied(excerpt());
      const report = await inspect([path]);
      expect(report.inputs[0]).toMatchObject({ packets, notes: [] });
      expect(report.connections.map(({ client }) => client)).toEqual([{ address, port: 40_001 }]);
      expect(report.findings.map(({ rule }) => rule)).toContain("frame-end");
    },
  );

  it("begins in the file before, where the recording went on in the next one", async context => {
    const { record, excerpt, copied, recorder } = scene(context, "127.0.0.1");
    const pieces = tornStream();
    record(2, 40_001, pieces.slice(0, 3));
    recorder.reopen();
    for (const piece of pieces.slice(3)) recorder.data(2, 0, piece, 0, piece.length, SECONDS, 900_000);
    recorder.flush();
    const report = await inspect([(await copied(excerpt())).path]);
    expect(report.findings.map(({ rule }) => rule)).toContain("frame-end");
    expect(report.connections[0]).toMatchObject({ midStream: false, gaps: { clientToServer: 0 } });
  });

  it("is bounded, and keeps the beginning and what stands around the moment", async context => {
    const { record, excerpt, copied } = scene(context, "127.0.0.1");
    const body = wire().publish(1, "x".repeat(30_000)).octets;
    record(2, 40_001, [tornStream()[0]!, ...Array.from({ length: 1500 }, () => body)]);
    const { octets, path } = await copied(excerpt(750));
    expect(octets).toBeGreaterThan(15 << 20);
    expect(octets).toBeLessThan(18 << 20);
    const [connection] = (await inspect([path])).connections;
    expect(connection).toMatchObject({ midStream: false, gaps: { clientToServer: 1 } });
  });
});
