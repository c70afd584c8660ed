/** Several reports as one, to show all captures of a check in one page: every id is given anew. */
import { withIncidents } from "./incidents/with-incidents.ts";
import { mapPlaces } from "./partial/map-places.ts";
import { type Finding, REPORT_SCHEMA, type Report } from "./report.ts";

/**
 * The connections and findings of all of them, in their order: c1, c2, …, f1, f2, …. `input` counts on from report to
 * report, and packets stay those of their file.
 */
export function joinedReport(reports: readonly Report[], tool: Report["tool"]): Report {
  const joined: Report = {
    schema: REPORT_SCHEMA,
    tool,
    inputs: [],
    connections: [],
    findings: [],
    summary: { errors: 0, warnings: 0, notes: 0 },
  };
  for (const report of reports) add(report, joined);
  return withIncidents(joined);
}

function add({ inputs, connections, findings, summary }: Report, joined: Report): void {
  const before = joined.inputs.length;
  const connectionIds = numbered(connections, "c", joined.connections.length);
  const findingIds = numbered(findings, "f", joined.findings.length);
  joined.inputs.push(...inputs);
  for (const connection of connections) {
    joined.connections.push({
      ...connection,
      id: connectionIds.get(connection.id)!,
      input: connection.input + before,
    });
  }
  const here = (input: number, packet: number | null) => ({ input: input + before, packet });
  for (const finding of findings) {
    const { cause, sameAs, ...rest } = before === 0 ? finding : mapPlaces(finding, here);
    joined.findings.push({
      ...rest,
      id: findingIds.get(finding.id)!,
      input: finding.input + before,
      connection: finding.connection === null ? null : (connectionIds.get(finding.connection) ?? null),
      // The finding that it refers to may have been left out: then there is no reference.
      ...renamed("cause", cause, findingIds),
      ...renamed("sameAs", sameAs, findingIds),
    });
  }
  const sums = joined.summary;
  sums.errors += summary.errors;
  sums.warnings += summary.warnings;
  sums.notes += summary.notes;
  if (summary.masked !== undefined) sums.masked = (sums.masked ?? 0) + summary.masked;
}

function numbered(each: readonly { id: string }[], letter: string, before: number): Map<string, string> {
  return new Map(each.map(({ id }, at) => [id, `${letter}${before + at + 1}`]));
}

function renamed(key: "cause" | "sameAs", id: string | undefined, ids: ReadonlyMap<string, string>): Partial<Finding> {
  const now = id === undefined ? undefined : ids.get(id);
  return now === undefined ? {} : { [key]: now };
}
