/** The findings that a report has of a connection, without anyone who explains them. */
import type { AmqpConnection } from "../../src/connection/amqp-connection.ts";
import type { Incident } from "../../src/connection/incident.ts";
import { causeOf, type IdentifiedIncident, identityOf } from "../../src/inspection/identity.ts";
import type { InspectedConnection } from "../../src/inspection/inspected-connection.ts";
import { buildReport } from "../../src/report/build-report.ts";
import { findingPart } from "../../src/report/partial/finding-part.ts";
import type { ConnectionPart, InputPart } from "../../src/report/partial/partial-result.ts";
import type { Finding } from "../../src/report/report.ts";

export function findingsOf(amqp: AmqpConnection): Finding[] {
  const incidents = [...amqp.directions.flatMap(direction => direction.incidents), ...amqp.incidents];
  const reported: IdentifiedIncident[] = incidents.map(incident => ({ incident, identity: identityOf(incident) }));
  const cause = (incident: Incident) => causeOf(incident, reported);
  const connection = { amqp, diagnosis: () => null, cause } as unknown as InspectedConnection;
  const findings = reported.map(each => findingPart({ kind: "finding", connection, ...each, final: true }));
  return buildReport({ inputs: [INPUT], connections: [{ ...CONNECTION, findings }] }).findings;
}

const INPUT: InputPart = {
  position: 0,
  path: "made.pcap",
  begin: null,
  file: {
    format: "pcap",
    packets: 1,
    octets: 1,
    notes: [],
    error: null,
    unread: [],
    findings: [],
  },
  traffic: { excluded: 0, leftAlone: [], resynchronisations: 0, evictedConnections: 0 },
};

const NONE = { clientToServer: 0, serverToClient: 0 };

const CONNECTION: ConnectionPart = {
  key: "1",
  first: { input: 0, packet: 1, time: null, streamOffset: null },
  recognised: { input: 0, packet: 1 },
  explained: false,
  counts: { start: "", end: "", ended: "open", midStream: false, frames: NONE, octets: NONE, gaps: NONE },
  details: null,
  findings: [],
};
