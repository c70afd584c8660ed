/**
 * Every wrapping over recorded conversations: ghostframe says the same as of the conversation without it, and the same as
 * tshark where tshark reads it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Connection, Report } from "../../src/report/report.ts";
import { frameCounter } from "../support/frame-counter.ts";
import { FIXTURES } from "../support/golden.ts";
import { askTshark, hasTshark, type Oracle } from "../support/oracle-tools.ts";
import { clientPort, recordedPackets, wrappedCapture } from "../support/wrapped-captures.ts";
import { WRAPPINGS } from "../support/wrappings.ts";

const SOURCES: readonly [path: string, serverPort: number][] = [
  ["links/raw-ip-clean.pcap", 5672],
  ["links/raw-ip-torn.pcap", 5672],
  ["links/bsd-loop-ipv6-clean.pcap", 5672],
  ["links/bsd-loop-ipv6-torn.pcap", 5672],
];

interface Wrapped {
  report: Report;
  counts: Map<string, Map<string, number>>;
  oracle: Oracle | null;
}

describe.each(SOURCES)("%s", (source, serverPort) => {
  const folder = mkdtempSync(join(tmpdir(), "ghostframe-wrappings-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let wrapped: Wrapped;

  beforeAll(async () => {
    const path = join(folder, "wrapped.pcapng");
    writeFileSync(path, wrappedCapture(await recordedPackets(join(FIXTURES, source)), serverPort, WRAPPINGS));
    const { counts, listener } = frameCounter();
    const report = await inspect([path], { listener });
    wrapped = { report, counts, oracle: hasTshark() ? await askTshark(path, [serverPort], OPTIONS) : null };
  }, 120_000);

  it("is read in every wrapping, to the last packet", () => {
    const { connections, inputs } = wrapped.report;
    const found = new Set(connections.map(({ client }) => client.port));
    expect(WRAPPINGS.filter((_, i) => !found.has(clientPort(i))).map(({ name }) => name)).toEqual([]);
    expect(connections).toHaveLength(WRAPPINGS.length);
    expect(inputs[0]!.unread).toBeUndefined();
  });

  it.each(WRAPPINGS.map(({ name, notByTshark }, index) => ({ name, notByTshark, index })))(
    "$name",
    ({ index, notByTshark }) => {
      const { report, counts, oracle } = wrapped;
      const connection = connectionOf(report, index);
      expect(facts(report, connection)).toEqual(facts(report, connectionOf(report, 0)));
      expect(frames(counts, connection)).toEqual(frames(counts, connectionOf(report, 0)));
      if (oracle === null || notByTshark !== undefined) return;
      const seen = oracle.connections.filter(({ ports }) => ports.includes(clientPort(index)));
      expect(seen).toHaveLength(1);
      const side = seen[0]!.ports[0] === clientPort(index) ? 0 : 1;
      const octets = {
        clientToServer: seen[0]!.streams[side]!.octets,
        serverToClient: seen[0]!.streams[1 - side]!.octets,
      };
      expect(connection.octets).toEqual(octets);
      if (report.findings.some(each => each.connection === connection.id)) return;
      expect(frames(counts, connection)).toEqual(Object.fromEntries(seen[0]!.counts));
    },
  );
});

/** What tshark does only when it is told. */
const OPTIONS = [
  "-o",
  "ip.defragment:TRUE",
  "-o",
  "ipv6.defragment:TRUE",
  "-d",
  "mpls.label==17,pwethcw",
  "-d",
  "mpls.label==18,pwethnocw",
];

function frames(counts: Wrapped["counts"], { id }: Connection): Record<string, number> {
  return Object.fromEntries(counts.get(id) ?? []);
}

function connectionOf({ connections }: Report, index: number): Connection {
  const found = connections.filter(({ client }) => client.port === clientPort(index));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** What is told of a connection, without its port and the numbers of its packets. */
function facts({ findings }: Report, { id, ended, octets, gaps, midStream, verdict }: Connection): unknown {
  const about = findings
    .filter(({ connection }) => connection === id)
    .map(({ rule, severity, direction, streamOffset, length, frame, faults }) => {
      return { rule, severity, direction, streamOffset, length, frame, faults };
    });
  const { predicted, observed } = verdict;
  return { ended, octets, gaps, midStream, about, predicted: predicted?.outcome, observed: observed?.outcome };
}
