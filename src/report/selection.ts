/** A report of some connections and findings only: those that were asked for. The others are counted. */
import { countsOf } from "./incidents/counts.ts";
import { incidentsOf } from "./incidents/incident.ts";
import type { Connection, Finding, Report } from "./report.ts";

/** What is asked for; a list means any of its entries. */
export interface Selection {
  /** c1; address:port of either end; or the client's name for the connection. */
  connection?: readonly string[];
  user?: readonly string[];
  vhost?: readonly string[];
  channel?: readonly number[];
  /** Ids of the connections that carried a message that is asked for. */
  carriers?: ReadonlySet<string>;
  /** Whether a time is within the requested range. */
  takesTime?: (moment: { seconds: number; nanoseconds: number }) => boolean;
}

/** The names of a connection that options may use. */
export function connectionNames({ id, client, server, clientProperties }: Connection): string[] {
  const name = clientProperties.connection_name;
  const ends = [client, server].map(({ address, port }) => `${address}:${port}`);
  return [id, ...ends, ...(name === undefined ? [] : [name])];
}

export function takesConnection(
  connection: Connection,
  { connection: names, user, vhost, carriers }: Pick<Selection, "connection" | "user" | "vhost" | "carriers">,
): boolean {
  return (
    (carriers === undefined || carriers.has(connection.id)) &&
    (names === undefined || connectionNames(connection).some(name => names.includes(name))) &&
    isIn(user, connection.user) &&
    isIn(vhost, connection.virtualHost)
  );
}

/**
 * The same report with the connections and findings asked for; their ids stay. Findings on files stay, too: what was
 * not read may hold what is asked for. `summary` counts what is left, `leftOut` the others.
 */
export function select(report: Report, selection: Selection): Report {
  const connections = report.connections.filter(connection => takesConnection(connection, selection));
  const ids = new Set(connections.map(({ id }) => id));
  const chosen = new Set<string>();
  for (const finding of report.findings) if (takesFinding(finding, ids, selection)) chosen.add(finding.id);
  // A finding is reported with what it led to.
  const findings = report.findings.filter(
    ({ id, cause }) => chosen.has(id) || (cause !== undefined && chosen.has(cause)),
  );
  const count = (severity: Finding["severity"]) => findings.filter(each => each.severity === severity).length;
  const left = { ...report, connections, findings };
  const { connections: _, ...counts } = countsOf(left, incidentsOf(left));
  return {
    ...left,
    summary: {
      ...report.summary,
      errors: count("error"),
      warnings: count("warning"),
      notes: count("note"),
      ...counts,
      leftOut: {
        connections: report.connections.length - connections.length,
        findings: report.findings.length - findings.length,
        incidents: (report.summary.incidents ?? 0) - counts.incidents,
      },
    },
  };
}

function takesFinding(finding: Finding, ids: ReadonlySet<string>, selection: Selection): boolean {
  if (finding.connection === null) return true;
  const { channel, takesTime } = selection;
  if (!ids.has(finding.connection)) return false;
  if (takesTime !== undefined && (finding.time === null || !takesTime(momentOf(finding.time)))) return false;
  // A note on the whole connection, such as a gap: anything may hide in it.
  if (finding.severity === "note" && finding.frame === null) return true;
  return channel === undefined || channelsOf(finding).some(each => channel.includes(each));
}

/** What has no frame concerns the connection: channel 0. */
export function channelsOf({ frame, diagnosis }: Finding): number[] {
  const torn = diagnosis?.torn.map(({ channel }) => channel) ?? [];
  return [frame?.channel ?? 0, ...torn, ...(diagnosis?.writers.flatMap(w => w.channels) ?? [])];
}

function isIn(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  return wanted === undefined || (value !== undefined && wanted.includes(value));
}

function momentOf(time: string): { seconds: number; nanoseconds: number } {
  const [whole, fraction = ""] = time.replace("Z", "").split(".") as [string, string?];
  return { seconds: Date.parse(`${whole}Z`) / 1000, nanoseconds: Number(fraction.padEnd(9, "0")) };
}
