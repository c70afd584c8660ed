/** Incidents of the same client and cause, reported once: a thousand alike need one remedy. */
import { lastingName } from "../fingerprint.ts";
import type { Connection, LostCounts } from "../report.ts";
import { library } from "../text/wording.ts";
import type { Incident } from "./incident.ts";
import { addLost, noneLost } from "./lost.ts";

export interface IncidentGroup {
  /** The one that is reported in full. */
  first: Incident;
  /** All of them, the first included, without those sent behind the broker's last octet. */
  incidents: Incident[];
  /** Those that came on the same connections after the broker had stopped reading. */
  afterStop: Incident[];
  /** Ids of the connections. */
  connections: string[];
  lost: LostCounts;
}

/** The gravest first: errors before warnings, then those that cost most messages, then in the report's order. */
export function groupsOf(incidents: readonly Incident[]): IncidentGroup[] {
  const groups = new Map<string, IncidentGroup>();
  const ofConnection = new Map<string, IncidentGroup>();
  for (const incident of incidents) {
    const id = incident.finding.connection;
    const stopped = incident.afterStop && id !== null ? ofConnection.get(id) : undefined;
    const group = stopped ?? groupFor(incident, groups);
    (stopped ? group.afterStop : group.incidents).push(incident);
    addLost(group.lost, incident.lost);
    if (id === null) continue;
    if (!group.connections.includes(id)) group.connections.push(id);
    if (!ofConnection.has(id)) ofConnection.set(id, group);
  }
  const order = [...groups.values()];
  const gravity = ({ first }: IncidentGroup) => (first.finding.severity === "error" ? 1 : 0);
  return order
    .map((group, at) => ({ group, at }))
    .sort((a, b) => gravity(b.group) - gravity(a.group) || b.group.lost.messages - a.group.lost.messages || a.at - b.at)
    .map(({ group }) => group);
}

function groupFor(incident: Incident, groups: Map<string, IncidentGroup>): IncidentGroup {
  const { cause, connection, finding, group: kind } = incident;
  const key = JSON.stringify([clientKey(connection), cause.kind, finding.severity, kind]);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const made: IncidentGroup = { first: incident, incidents: [], afterStop: [], connections: [], lost: noneLost() };
  groups.set(key, made);
  return made;
}

/** The identity of a client over connections: its name without what differs in every run, or library and host. */
export function clientKey(connection: Connection | null): string {
  if (connection === null) return "";
  const name = lastingName(connection.clientProperties.connection_name ?? "");
  return JSON.stringify(
    name === "" ? [library(connection), connection.client.address] : [name, library(connection), connection.user ?? ""],
  );
}
