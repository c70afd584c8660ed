/** From records of the relay to events and recordings: what is told live is what `inspect` says of the recording. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { Moment, Side } from "../../src/net/connection-observer.ts";
import { MAX_SEGMENT } from "../../src/net/synthetic-tcp.ts";
import { BatchInspection } from "../../src/proxy/batch-inspection.ts";
import * as records from "../../src/proxy/octet-batch.ts";
import { Recorder } from "../../src/proxy/recorder.ts";
import type { ConnectionEvent, FindingEvent } from "../../src/report/live-event.ts";
import { fixturesReadLive } from "../support/golden.ts";
import { playConnections, UPSTREAM, unnumbered } from "../support/played-connections.ts";
import { clientHandshake, field, serverHandshake } from "../support/wire.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-batches-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOTHING = new Uint8Array(0);

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

interface Played {
  whole: boolean;
  events: ConnectionEvent[];
  recordings: string[];
}

async function playAsBatches(captures: readonly string[], on: "always" | "finding", name: string): Promise<Played> {
  const directory = join(folder, name);
  const problems: string[] = [];
  const recorder = new Recorder({
    directory,
    fileOctets: 1 << 30,
    files: 10,
    on,
    credentials: true,
    ringOctets: 1 << 20,
    ringBudget: 64 << 20,
    problem: message => problems.push(message),
  });
  const events: ConnectionEvent[] = [];
  const inspection = new BatchInspection({ broker: "rabbitmq-3.10", recorder, emit: event => events.push(event) });
  const batch = new Uint8Array(1 << 20);
  let last: Moment | null = null;
  const write = (kind: number, side: Side, number: number, bytes: Uint8Array, moment: Moment): void => {
    last = moment;
    const { seconds, nanoseconds } = moment;
    const microseconds = Math.floor(nanoseconds / 1000);
    for (let from = 0; from === 0 || from < bytes.length; from += MAX_SEGMENT) {
      const to = Math.min(bytes.length, from + MAX_SEGMENT);
      const used = records.writeRecord(batch, 0, kind, side, number, seconds, microseconds, bytes, from, to);
      inspection.read(batch, used);
    }
  };
  const numbers: number[] = [];
  const whole = await playConnections(captures, {
    opened: (connection, moment) => {
      numbers.push(connection.number);
      write(records.OPENED, 0, connection.number, json(connection), moment);
      write(records.CONNECTED, 1, connection.number, json(UPSTREAM), moment);
    },
    data: (number, side, bytes, start, end, moment) =>
      write(records.DATA, side, number, bytes.subarray(start, end), moment),
    end: (number, side, reason, moment) =>
      write(reason === "fin" ? records.ENDED_BY_FIN : records.ENDED_BY_RST, side, number, NOTHING, moment),
  });
  if (last !== null) for (const number of numbers) write(records.CLOSED, 0, number, NOTHING, last);
  inspection.finish();
  expect(problems).toEqual([]);
  const recordings = whole && numbers.length > 0 ? files(directory) : [];
  return { whole, events, recordings };
}

function files(directory: string): string[] {
  try {
    return readdirSync(directory)
      .toSorted()
      .map(file => join(directory, file));
  } catch {
    return [];
  }
}

function findings(events: readonly ConnectionEvent[]): FindingEvent[] {
  return events.filter((event): event is FindingEvent => event.event === "finding" && event.final);
}

const fixtures = fixturesReadLive();

describe.each(["always", "finding"] as const)("recorded (%s), a finding is what it was live", on => {
  it.each(fixtures.map(fixture => [fixture.name, fixture] as const))("%s", async (name, { captures }) => {
    const { whole, events, recordings } = await playAsBatches(captures, on, `${on}-${name.replaceAll("/", "-")}`);
    if (!whole) return;
    // Notes are no incident: of those alone nothing is recorded where only findings are.
    const emitted = findings(events).filter(({ finding }) => finding.severity !== "note");
    if (on === "finding" && emitted.length === 0) {
      expect(recordings).toEqual([]);
      return;
    }
    const report = await inspect(recordings);
    const recorded = report.findings.filter(finding => finding.severity !== "note");
    expect(unnumbered(recorded, report.connections)).toEqual(
      unnumbered(
        emitted.map(({ finding }) => finding),
        emitted.map(({ connection }) => connection),
      ),
    );
    expect(emitted.every(({ recording }) => recording !== undefined && recordings.includes(recording))).toBe(true);
  });
});

it("records what is found of a connection as it is lost", async () => {
  const directory = join(folder, "lost");
  const recorder = new Recorder({
    directory,
    fileOctets: 1 << 30,
    files: 10,
    on: "finding",
    credentials: true,
    ringOctets: 1 << 20,
    ringBudget: 64 << 20,
    problem: message => expect.unreachable(message),
  });
  const events: ConnectionEvent[] = [];
  const inspection = new BatchInspection({ broker: "rabbitmq-3.10", recorder, emit: event => events.push(event) });
  const batch = new Uint8Array(1 << 16);
  const write = (kind: number, side: Side, bytes: Uint8Array): void => {
    inspection.read(batch, records.writeRecord(batch, 0, kind, side, 1, 1_795_285_200, 0, bytes, 0, bytes.length));
  };
  const client = { address: "127.0.0.1", port: 40_001 };
  const listener = { address: "127.0.0.1", port: 5673 };
  write(records.OPENED, 0, json({ number: 1, client, listener, upstream: UPSTREAM }));
  write(records.CONNECTED, 1, json(UPSTREAM));
  write(records.DATA, 1, serverHandshake().octets);
  const properties = { product: field.S("Pika Python Client Library") };
  const splits = clientHandshake({ properties }).channelOpen(1).channelOpen(2);
  for (let i = 0; i < 12; i++) splits.publishMethod(1).publish(2, "inside").content(1, "outside");
  write(records.DATA, 0, splits.octets);
  expect(files(directory)).toEqual([]);
  write(records.LOST, 0, NOTHING);
  write(records.DATA, 0, splits.octets);
  write(records.CLOSED, 0, NOTHING);
  inspection.finish();
  const recordings = files(directory);
  expect(findings(events).map(({ finding, recording }) => [finding.rule, recording])).toEqual([
    ["split-content", recordings[0]],
  ]);
  const report = await inspect(recordings);
  expect(report.findings.map(({ rule }) => rule)).toContain("split-content");
  expect(report.connections[0]!.octets.clientToServer).toBe(splits.length);
});
