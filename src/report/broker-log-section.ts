/** Adds a broker's log to a report: messages about a connection to that connection, the others to the report. */
import { type BrokerLog, type LogEntry, logDiffers, tieEntries } from "../explain/broker-log.ts";
import { unsupportedRecordType } from "../explain/tls-alert-lines.ts";
import type { BrokerLogEntry, Connection, Report } from "./report.ts";

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
      const differs =
        logDiffers(entries, predicted === null ? null : (predicted.log ?? [])) ??
        missedRecord(entries, connection, report);
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

/** One sentence if the broker logged a broken TLS record header that the capture does not have; else null. */
function missedRecord(entries: readonly LogEntry[], { id }: Connection, { findings }: Report): string | null {
  const type = entries.map(({ lines }) => unsupportedRecordType(lines)).find(found => found !== null) ?? null;
  const ofClient = findings.filter(each => each.connection === id && each.direction === "client-to-server");
  if (
    type === null ||
    ofClient.some(({ diagnosis, rule }) => rule === "tls-record" && isBrokenHeader(diagnosis?.kind))
  ) {
    return null;
  }
  const logged = `The broker logged unsupported_record_type,${type}: octet ${type} stood where a TLS record must begin.`;
  const gap = ofClient.find(({ rule }) => rule === "capture-gap");
  const packet = gap?.packets[0];
  if (packet === undefined) return `${logged} No record in the capture begins so.`;
  return `${logged} All records in front of packet ${packet} begin as they must: the torn one is among the octets that are missing there, or behind them.`;
}

/** A tear whose header was seen, or no diagnosis that names the octets. */
function isBrokenHeader(kind: string | undefined): boolean {
  return kind !== "replayed-record" && kind !== "unfinished-record";
}

function entryOf({ site, lines }: LogEntry): BrokerLogEntry {
  return { time: site.time?.iso ?? null, lines };
}
