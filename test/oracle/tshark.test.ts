/**
 * tshark as an independent oracle, on every fixture and on every capture in the folder that GHOSTFRAME_CAPTURES names.
 *
 * Compared everywhere: the packet records, and the payload octets of each direction, retransmissions counted once.
 * Compared where tshark can be right: frames by type, methods by class and method, and the place of every frame in the
 * stream that its segments make. It cannot be right where
 *
 * - a frame is broken: it takes the header's size at its word, and everything behind it for payload;
 * - octets are missing, or the capture begins in mid-stream: it goes on at whatever the next segment begins with, and a
 *   segment need not begin with a frame;
 * - the octets are TLS (test/tls asks it with the key log);
 * - the snap length cut a segment: it dissects what is there, and ghostframe counts a frame by its header.
 */
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { readCapture } from "../../src/capture/capture-source.ts";
import { InputError } from "../../src/capture/input-error.ts";
import type { FrameListener } from "../../src/connection/observers.ts";
import { inspect } from "../../src/inspect.ts";
import type { Connection, Report } from "../../src/report/report.ts";
import { FIXTURES, walkFixtures } from "../support/golden.ts";
import {
  askTshark,
  count,
  hasTshark,
  type Oracle,
  type OracleConnection,
  type OraclePacket,
} from "../support/oracle-tools.ts";

const CAPTURES = process.env.GHOSTFRAME_CAPTURES;
/** Larger captures are left to npm run bench. */
const MOST_OCTETS = 64 << 20;

const PROTOCOL_HEADER_OCTETS = 8;
const FRAME_HEADER_OCTETS = 7;
const FRAME_END = 0xce;

/** What ghostframe read of one connection. */
class Seen {
  readonly counts = new Map<string, number>();
  /** Where each frame of client and server stands, and what its header says. */
  readonly frames: [string[], string[]] = [[], []];
}

describe.skipIf(!hasTshark())("tshark agrees", { concurrent: true }, () => {
  it.each(captures())("%s", { timeout: 120_000 }, async path => {
    const file = join(FIXTURES, path);
    const { report, seen } = await read(file);
    const oracle = await askTshark(file, [...new Set(report.connections.map(each => each.server.port))]);

    expect(await packets(file)).toEqual(oracle.packets);

    for (const [connection, expected] of paired(report, oracle)) {
      const { id, octets } = connection;
      const side = expected.ports[0] === connection.client.port ? 0 : 1;
      const [client, server] = [expected.streams[side], expected.streams[1 - side]!];
      expect({ id, octets }).toEqual({ id, octets: { clientToServer: client!.octets, serverToClient: server.octets } });
      if (!isComparable(connection, report)) continue;

      const own = seen.get(id) ?? new Seen();
      expect(Object.fromEntries(own.counts), `frames of ${id}`).toEqual(Object.fromEntries(expected.counts));
      expect(own.frames[0], `frames of ${id}'s client`).toEqual(walk(client!.whole()!, PROTOCOL_HEADER_OCTETS));
      expect(own.frames[1], `frames of ${id}'s server`).toEqual(walk(server.whole()!, 0));
    }
  });

  it("is asked about connections that are sound, too", async () => {
    const reports = await Promise.all(walkFixtures().fixtures.map(fixture => inspect(fixture.captures)));
    const comparable = reports.flatMap(report => report.connections.filter(each => isComparable(each, report)));
    expect(comparable.length).toBeGreaterThan(20);
  });
});

/** Paths relative to fixtures/. */
function captures(): string[] {
  const own = walkFixtures().fixtures.flatMap(fixture => fixture.captures);
  const more = CAPTURES === undefined ? [] : readdirSync(CAPTURES).map(name => join(CAPTURES, name));
  return [...own, ...more.filter(isCapture)].map(path => relative(FIXTURES, path));
}

function isCapture(path: string): boolean {
  return /\.pcap(?:ng)?(?:\.gz)?$/.test(path) && statSync(path).size < MOST_OCTETS;
}

/** The packet records, in the oracle's words. None for a file that is no capture. */
async function packets(file: string): Promise<OraclePacket[]> {
  const records: OraclePacket[] = [];
  try {
    await readCapture(file, ({ seconds, nanoseconds, start, end, originalLength }) => {
      const time = `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
      records.push({ time, captured: end - start, original: originalLength });
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  return records;
}

async function read(file: string): Promise<{ report: Report; seen: Map<string, Seen> }> {
  const seen = new Map<string, Seen>();
  const of = (connection: number) => {
    const known = seen.get(`c${connection}`) ?? new Seen();
    seen.set(`c${connection}`, known);
    return known;
  };
  const listener: FrameListener = {
    wantsMessages: true,
    frame({ connection, isClient, scanner }, type, channel, bytes, start, size) {
      const own = of(connection);
      count(own.counts, `type ${type}`);
      if (type === 1 && size >= 4) {
        const ids = Buffer.from(bytes.subarray(start, start + 4));
        count(own.counts, `${ids.readUInt16BE(0)}.${ids.readUInt16BE(2)}`);
      }
      own.frames[isClient ? 0 : 1].push(`@${scanner.frameOffset} type ${type} channel ${channel} size ${size}`);
    },
    hiddenFrame({ connection }, type) {
      count(of(connection).counts, `type ${type}`);
    },
    brokenEnvelope() {},
    boundaryFound() {},
    guessRefuted() {},
  };
  return { report: await inspect([file], { listener }), seen };
}

/** Each AMQP connection beside what the oracle has between the same ports: the first with the first, and so on. */
function paired(report: Report, oracle: Oracle): [Connection, OracleConnection][] {
  const left = [...oracle.connections];
  const byStart = report.connections.toSorted((a, b) => (a.start < b.start ? -1 : 1));
  return byStart.map(connection => {
    const { client, server } = connection;
    const at = left.findIndex(each => each.ports.includes(client.port) && each.ports.includes(server.port));
    expect(at, `${connection.id} is not among tshark's connections`).toBeGreaterThanOrEqual(0);
    return [connection, ...left.splice(at, 1)] as [Connection, OracleConnection];
  });
}

function isComparable(connection: Connection, report: Report): boolean {
  if (
    connection.tls !== undefined ||
    connection.midStream ||
    connection.gaps.clientToServer + connection.gaps.serverToClient > 0
  )
    return false;
  return !report.findings.some(({ connection: id, rule }) => id === connection.id && rule !== "broker-close");
}

/** The frames of a stream, as long as they are whole and end in their end octet. */
function walk(stream: Buffer, start: number): string[] {
  const frames: string[] = [];
  for (let at = start; at + FRAME_HEADER_OCTETS <= stream.length; ) {
    const size = stream.readUInt32BE(at + 3);
    const end = at + FRAME_HEADER_OCTETS + size;
    if (stream[end] !== FRAME_END) break;
    frames.push(`@${at} type ${stream[at]} channel ${stream.readUInt16BE(at + 1)} size ${size}`);
    at = end + 1;
  }
  return frames;
}
