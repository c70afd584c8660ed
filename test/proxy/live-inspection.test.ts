/** What is found while it happens is what is found in a capture of it: every fixture is fed to both. */
import { describe, expect, it } from "vitest";
import { readCapture } from "../../src/capture/capture-source.ts";
import { InputError } from "../../src/capture/input-error.ts";
import { inspect } from "../../src/inspect.ts";
import { Moment, type Side } from "../../src/net/connection-observer.ts";
import { TcpAssembler } from "../../src/net/tcp-assembler.ts";
import type { TcpConnection } from "../../src/net/tcp-connection.ts";
import { LiveInspection } from "../../src/proxy/live-inspection.ts";
import type { ConnectionEvent, FindingEvent } from "../../src/report/live-event.ts";
import type { Connection, Finding } from "../../src/report/report.ts";
import { type Fixture, walkFixtures } from "../support/golden.ts";

const UPSTREAM = { address: "192.0.2.1", port: 5672 };

/** Plays a capture's connections to a live inspection. Null where it lacks octets, which a proxy never does. */
async function live(captures: readonly string[]): Promise<ConnectionEvent[] | null> {
  const events: ConnectionEvent[] = [];
  const moment = new Moment();
  const inspection = new LiveInspection({ broker: "rabbitmq-3.10", moment, tell: event => events.push(event) });
  let whole = true;
  let number = 0;
  const assembler = new TcpAssembler((tcp: TcpConnection) => {
    number++;
    const mine = number;
    const end = (side: Side) => ({ address: tcp.address(side), port: tcp.port(side) });
    const now = (): void => {
      moment.set(assembler.moment);
      moment.packet = 0;
    };
    if (!tcp.sawSyn) whole = false;
    now();
    moment.set(tcp.first);
    inspection.opened({
      number: mine,
      client: end(0),
      listener: end(1),
      upstream: UPSTREAM,
      encrypted: { client: false, upstream: false },
    });
    inspection.connected(mine, UPSTREAM);
    return {
      data: (side, bytes, start, to) => {
        now();
        inspection.data(mine, side, bytes, start, to);
      },
      gap: () => {
        whole = false;
      },
      end: (side, reason) => {
        now();
        if (reason !== "capture-ended") inspection.end(mine, side, reason);
      },
    };
  });
  try {
    for (const path of captures) await readCapture(path, record => assembler.packet(record), {});
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
  assembler.finish();
  for (const connection of inspection.open) inspection.closed(connection.number);
  return whole ? events : null;
}

/** A finding without what numbers it: packets, ids, the order of connections. */
function bare(finding: Finding, connections: ReadonlyMap<string, Connection>): object {
  const { id: _, packets: __, cause: ___, input: ____, time: _____, connection, ...rest } = finding;
  const client = connection === null ? null : connections.get(connection)?.client;
  return JSON.parse(JSON.stringify({ ...rest, client }, (key, value) => (key === "packets" ? [] : value)));
}

function bareAll(findings: readonly Finding[], connections: readonly Connection[]): string[] {
  const byId = new Map(connections.map(each => [each.id, each]));
  return findings.map(finding => JSON.stringify(bare(finding, byId))).toSorted();
}

const { fixtures } = walkFixtures();
const played: Fixture[] = [];

describe("a live inspection finds what the capture's inspection finds", () => {
  it.each(fixtures.map(fixture => [fixture.name, fixture] as const))("%s", async (_, fixture) => {
    const events = await live(fixture.captures);
    if (events === null) return;
    played.push(fixture);
    const report = await inspect(fixture.captures);
    const inConnections = report.findings.filter(finding => finding.connection !== null);
    const final = events.filter((event): event is FindingEvent => event.event === "finding" && event.final);
    const connections = final.map(({ connection }) => connection);
    expect(
      bareAll(
        final.map(each => each.finding),
        connections,
      ),
    ).toEqual(bareAll(inConnections, report.connections));
    // The verdict is settled when the connection is closed.
    const closed = events.filter(event => event.event === "closed");
    const verdicts = (all: readonly Connection[]) =>
      all.map(each => JSON.stringify([each.client, each.verdict, each.frames, each.octets])).toSorted();
    const recognised = closed.map(({ connection }) => connection).filter(each => each.frames.clientToServer > 0);
    const inReport = report.connections.filter(each => each.frames.clientToServer > 0);
    expect(verdicts(recognised)).toEqual(verdicts(inReport));
  });

  it("plays most of them", () => expect(played.length).toBeGreaterThan(40));
});
