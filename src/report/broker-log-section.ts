/** Adds a broker's log to a report: messages about a connection to that connection, the others to the report. */
import { type BrokerLog, type LogEntry, logDiffers, tieEntries } from "../explain/broker-log.ts";
import type { BrokerLogEntry, Report } from "./report.ts";

/** Untied entries that are listed. */
const MAX_UNTIED = 1000;

/** The report with the log's messages. `error`: why the log could not be read, or not to its end. */
export function withBrokerLog(report: Report, path: string, log: BrokerLog, error: string | null = null): Report {
  const candidates = report.connections.map(({ id, client, server, start, end }) => ({
    id,
    client,
    server,
    start: Date.parse(start),
    end: Date.parse(end),
  }));
  const { tied, untied } = tieEntries(log.entries, candidates);
  return {
    ...report,
    connections: report.connections.map(connection => {
      const entries = tied.get(connection.id);
      if (entries === undefined) return connection;
      const { predicted } = connection.verdict;
      const differs = logDiffers(entries, predicted === null ? null : (predicted.log ?? []));
      return {
        ...connection,
        brokerLog: entries.map(entryOf),
        ...(differs === null ? {} : { brokerLogDiffers: differs }),
      };
    }),
    brokerLog: {
      path,
      lines: log.lines,
      tied: log.entries.length - untied.length,
      untied: untied.slice(0, MAX_UNTIED).map(({ entry, reason }) => ({ ...entryOf(entry), reason })),
      omitted: log.omitted + Math.max(0, untied.length - MAX_UNTIED),
      ...(error === null ? {} : { error }),
    },
  };
}

function entryOf({ site, lines }: LogEntry): BrokerLogEntry {
  return { time: site.time?.iso ?? null, lines };
}
