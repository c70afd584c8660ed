/**
 * A report on a capture in which nothing was found, without what only its JSON would tell of its connections: counts and
 * days are left. A call may check thousands of captures, and keeps the reports of all of them.
 */
import type { Connection, Report } from "../report/report.ts";

const NOWHERE = { address: "", port: 0 };
const NOTHING = {};
const NO_VERDICT = { predicted: null, observed: null };

/** One on a capture with findings stays as it is: they are told with their connections. */
export function leanReport(report: Report): Report {
  if (report.findings.length > 0) return report;
  return { ...report, connections: report.connections.map(leanConnection) };
}

function leanConnection({ id, input, start, end, ended, midStream, frames, octets, gaps }: Connection): Connection {
  return {
    id,
    input,
    client: NOWHERE,
    server: NOWHERE,
    start,
    end,
    ended,
    midStream,
    clientProperties: NOTHING,
    negotiated: null,
    frames,
    octets,
    gaps,
    verdict: NO_VERDICT,
  };
}
