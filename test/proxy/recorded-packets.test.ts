/** Where telemetry says that octets are recorded is where `inspect` finds them in the recording. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessagePort } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import type { Side } from "../../src/net/connection-observer.ts";
import { BatchInspection } from "../../src/proxy/batch-inspection.ts";
import * as records from "../../src/proxy/octet-batch.ts";
import { MAX_OF_DIRECTION, MAX_PACKETS, RecordedPackets } from "../../src/proxy/recorded-packets.ts";
import { Recorder } from "../../src/proxy/recorder.ts";
import { TelemetryLink } from "../../src/proxy/telemetry-link.ts";
import type { InspectorRecords } from "../../src/proxy/telemetry-protocol.ts";
import type { LogRecord, SpanRecord } from "../../src/telemetry/records.ts";
import { UPSTREAM } from "../support/played-connections.ts";
import { telemetryOfFiles } from "../support/telemetry.ts";
import { TORN, tornStream, WHOLE } from "../support/torn-stream.ts";
import { serverHandshake } from "../support/wire.ts";

const folder = mkdtempSync(join(tmpdir(), "ghostframe-packets-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BEGIN = 1_795_285_200;
const client = { address: "127.0.0.1", port: 40_001 };
const listener = { address: "127.0.0.1", port: 5673 };

/** A torn stream through the proxy, recorded: what was sent, and the files. */
function relayTorn(name: string, on: "always" | "finding", fileOctets = 1 << 30) {
  const directory = join(folder, name);
  const packets = new RecordedPackets(10);
  const recorder = new Recorder({
    directory,
    fileOctets,
    files: 10,
    on,
    credentials: false,
    ringOctets: 1 << 20,
    ringBudget: 64 << 20,
    problem: message => expect.unreachable(message),
    packets,
  });
  const spans: SpanRecord[] = [];
  const logs: LogRecord[] = [];
  const link = new TelemetryLink({ messages: "all", sendsSpans: true }, packets, () => [], [BEGIN, 0]);
  const port = {
    on: () => {},
    postMessage: (message: InspectorRecords) => {
      // As a thread gets them.
      spans.push(...structuredClone(message.spans));
      logs.push(...structuredClone(message.logs));
    },
  };
  link.connect(port as unknown as MessagePort);
  const inspection = new BatchInspection({ broker: "rabbitmq-3.10", recorder, emit: () => {}, telemetry: link.parts });
  const batch = new Uint8Array(1 << 16);
  const write = (kind: number, side: Side, bytes: Uint8Array = new Uint8Array(0)): void => {
    inspection.read(batch, records.writeRecord(batch, 0, kind, side, 1, BEGIN, 0, bytes, 0, bytes.length));
    link.flush();
  };
  const json = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  write(records.OPENED, 0, json({ number: 1, client, listener, upstream: UPSTREAM }));
  write(records.CONNECTED, 1, json({ upstream: UPSTREAM }));
  write(records.DATA, 1, serverHandshake().channelOpenOk(1).channelOpenOk(2).octets);
  for (const piece of tornStream()) write(records.DATA, 0, piece);
  write(records.ENDED_BY_FIN, 0);
  write(records.ENDED_BY_FIN, 1);
  write(records.CLOSED, 0);
  inspection.finish();
  const files = readdirSync(directory).map(file => join(directory, file));
  return { spans, logs, files };
}

function placeOf({ attributes }: Pick<SpanRecord, "attributes">): unknown[] {
  return ["capture", "packet.first", "packet.last"].map(name => attributes[`ghostframe.${name}`]);
}

describe("packets of what is recorded", () => {
  it.each(["always", "finding"] as const)("are those that inspect finds (%s)", async on => {
    const { spans, logs, files } = relayTorn(on, on);
    expect(files).toHaveLength(1);
    const read = await telemetryOfFiles(files, "all");
    const messages = spans.filter(({ attributes }) => attributes["ghostframe.stream_offset"] !== undefined);
    expect(messages.length).toBeGreaterThanOrEqual(3);
    for (const span of messages) {
      const [, ...packets] = placeOf(read.at(span)!);
      expect(placeOf(span)).toEqual([files[0], ...packets]);
      expect(packets[0]).toBeGreaterThan(0);
    }
    expect(messages.map(({ traceId }) => traceId)).toEqual(expect.arrayContaining([TORN.traceId, WHOLE.traceId]));
    const [root, rootRead] = [spans, read.spans].map(all => all.find(({ name }) => name === "amqp connection")!);
    const found = [...root!.events, ...logs].map(placeOf);
    const foundRead = [...rootRead!.events, ...read.logs].map(placeOf);
    expect(found.map(([path, first]) => [path, first])).toEqual(foundRead.map(([path, first]) => [path, first]));
    // A report's last packet is the one that showed it to be over: the next one, mostly.
    for (const [i, [, , last]] of found.entries()) expect([last, Number(last) + 1]).toContain(foundRead[i]![2]);
    expect(JSON.stringify([spans, logs])).not.toContain('"stretch"');
  });

  it("count in the file that has the first octet, and say no last one where that is in another file", async () => {
    const { spans, files } = relayTorn("rotating", "always", 3000);
    expect(files.length).toBeGreaterThan(1);
    const torn = spans.find(({ traceId }) => traceId === TORN.traceId)!;
    const [path, first, last] = placeOf(torn);
    expect(files).toContain(path);
    const read = (await telemetryOfFiles(files, "all")).at(torn)!;
    expect([first, last]).toEqual([read.attributes["ghostframe.packet.first"], undefined]);
  });
});

describe("RecordedPackets", () => {
  const found = (packets: RecordedPackets, from: number, to: number) => packets.find(1, 0, from, to);

  it("finds the packets of a stretch, and none where nothing was recorded", () => {
    const packets = new RecordedPackets(2);
    packets.add(1, 0, { offset: 0, octets: 10, file: 1, packet: 4 }, "a");
    packets.add(1, 0, { offset: 10, octets: 10, file: 1, packet: 6 }, "a");
    packets.add(1, 0, { offset: 40, octets: 10, file: 2, packet: 1 }, "b");
    expect(found(packets, 9, 11)).toEqual({ path: "a", first: 4, last: 6 });
    expect(found(packets, 12, 12)).toEqual({ path: "a", first: 6, last: 6 });
    expect(found(packets, 12, 45)).toEqual({ path: "a", first: 6, last: null });
    expect(found(packets, 49, 50)).toEqual({ path: "b", first: 1, last: 1 });
    for (const from of [20, 39, 50]) expect(found(packets, from, from + 1)).toBeNull();
    expect(packets.find(1, 1, 0, 1)).toBeNull();
    // Two files are kept.
    packets.add(1, 0, { offset: 50, octets: 10, file: 3, packet: 1 }, "c");
    expect(found(packets, 0, 1)).toBeNull();
    packets.closed(1);
    expect(found(packets, 50, 51)).toEqual({ path: "c", first: 1, last: 1 });
    packets.release();
    expect(found(packets, 50, 51)).toBeNull();
  });

  it("knows the latest ones of a direction, and so many of all", () => {
    const packets = new RecordedPackets(2);
    const add = (connection: number, packet: number): void =>
      packets.add(connection, 0, { offset: packet * 10, octets: 10, file: 1, packet }, "a");
    for (let packet = 1; packet <= MAX_OF_DIRECTION + 5; packet++) add(1, packet);
    expect(found(packets, 59, 60)).toBeNull();
    expect(found(packets, 60, 70)).toEqual({ path: "a", first: 6, last: 6 });
    expect(found(packets, 10 * MAX_OF_DIRECTION + 50, 10 * MAX_OF_DIRECTION + 60)).toMatchObject({
      last: MAX_OF_DIRECTION + 5,
    });
    const fits = MAX_PACKETS / 64;
    for (let connection = 2; connection <= fits + 2; connection++) add(connection, 1);
    expect(packets.find(fits + 2, 0, 10, 11)).toBeNull();
    expect(packets.find(2, 0, 10, 11)).not.toBeNull();
    for (const connection of [1, 2]) packets.closed(connection);
    packets.release();
    add(fits + 3, 1);
    expect(packets.find(fits + 3, 0, 10, 11)).not.toBeNull();
    packets.forget();
    expect(packets.find(fits + 3, 0, 10, 11)).toBeNull();
  });
});
