/** What is found while it happens is what is found in a capture of it: every fixture is fed to both. */
import { describe, expect, it } from "vitest";
import { inspect } from "../../src/inspect.ts";
import type { ConnectionEvent, FindingEvent } from "../../src/report/live-event.ts";
import type { Connection } from "../../src/report/report.ts";
import { fixturesReadLive } from "../support/golden.ts";
import { liveEvents, unnumbered } from "../support/played-connections.ts";

function finalFindings(events: readonly ConnectionEvent[]): FindingEvent[] {
  return events.filter((event): event is FindingEvent => event.event === "finding" && event.final);
}

const fixtures = fixturesReadLive();
let played = 0;

describe("a live inspection finds what the capture's inspection finds", () => {
  it.each(fixtures.map(fixture => [fixture.name, fixture] as const))("%s", async (_, { captures }) => {
    const events = await liveEvents(captures);
    if (events === null) return;
    played++;
    const report = await inspect(captures);
    const inConnections = report.findings.filter(finding => finding.connection !== null);
    const emitted = finalFindings(events);
    const known = emitted.map(({ connection }) => connection);
    expect(
      unnumbered(
        emitted.map(({ finding }) => finding),
        known,
      ),
    ).toEqual(unnumbered(inConnections, report.connections));
    // The verdict is settled when the connection is closed.
    const closed = events.filter(event => event.event === "closed").map(({ connection }) => connection);
    expect(verdicts(closed)).toEqual(verdicts(report.connections));
  });

  it("plays most of them", () => expect(played).toBeGreaterThan(40));
});

function verdicts(connections: readonly Connection[]): string[] {
  return connections
    .filter(({ frames }) => frames.clientToServer > 0)
    .map(({ client, verdict, frames, octets }) => JSON.stringify([client, verdict, frames, octets]))
    .toSorted();
}
