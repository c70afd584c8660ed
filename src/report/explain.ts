/**
 * The result of `ghostframe explain`: `--format json` prints it as it is, the text is made from it.
 *
 * Version 1 changes only by addition. Strings may come from a log unchanged: make them safe before showing them. Octets
 * are counted from the first that was read as the header (or as `takenFor`); times are ISO 8601, in UTC, or without a Z
 * in a time zone that the log does not give.
 *
 *   { "schema": "ghostframe.explanation/1", "tool": { "name": "ghostframe", "version": "…" },
 *     "lines": 7, "unrelatedLines": 3, "omitted": 0,
 *     "incidents": [{
 *       "id": "e1", "name": "frame_too_large", "code": 501, "codeName": "FRAME_ERROR", "count": 1,
 *       "first": "2026-11-21T18:20:02.733286Z", "last": "2026-11-21T18:20:02.733286Z",
 *       "connection": { "peers": ["127.0.0.1:54264"], "morePeers": false, "host": "127.0.0.1:5673",
 *         "name": "orders-api", "vhost": "/", "user": "guest", "state": "closed", "channel": 16962 },
 *       "seenBy": "broker", "about": "frames", "level": "error", "headline": "…", "between": null, "source": null, "masked": false,
 *       "quote": "type 66, all octets = …", "error": { "kind": "frame-too-large", "type": 66, "size": …, "limit": … },
 *       "summary": "…",
 *       "octets": [{ "index": 0, "hex": "42", "takenFor": "type 66", "likely": "text “BBBBBBB”" }],
 *       "boundary": "…",
 *       "readings": [{ "kind": "payload-text", "meaning": "…", "confidence": "near certain", "why": "…", "boundary": null }],
 *       "causes": [{ "id": "shared-connection", "title": "…", "confidence": "likely", "why": "…", "confirm": "…",
 *         "remedy": "…" }],
 *       "library": null,
 *       "clients": [{ "library": "pika", "name": "pika", "label": "pika", "recognised": false, "writes": "…",
 *         "remedy": "…" }] }],
 *     "groups": [{ "name": "frame_too_large", "about": "frames", "seenBy": "broker", "incidents": ["e1"], "count": 1,
 *       "first": "…", "last": "…", "clients": ["orders-api"], "moreClients": false }],
 *     "next": { "capture": "tcpdump …", "inspect": "ghostframe inspect …" } }
 *
 * `seenBy` is the end that read the octets or had the error (broker, client), `about` one of frames, transport,
 * heartbeat, handshake, channel, limits; null only if the text does not show it. `between` names a proxy or mesh that
 * the text names, `source` where the line is known from. `masked`: octets that may hold a credential were left out.
 * explanation.schema.json beside this file is the schema. `confidence` is one of near certain, likely, possible,
 * unlikely. `readings` are what the octets may be and `causes` what led to it, the likeliest first. `follows` is the id
 * of the error that had ended the connection when this one was logged. `clients` has advice for the library that wrote
 * the text (`recognised`), or for those that are known to break this way. `octets[].hex` is "??" if an octet is not
 * known.
 */
import type { BrokerError, LogEndpoint } from "../explain/error-report.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import type { CountedIncident, IncidentCounts } from "../explain/incident-counts.ts";
import { VERSION } from "../version.ts";
import { type ErrorGroup, errorGroups } from "./explanation-groups.ts";

export const EXPLANATION_SCHEMA = "ghostframe.explanation/1";

export interface ExplanationReport {
  schema: typeof EXPLANATION_SCHEMA;
  tool: { name: "ghostframe"; version: string };
  /** Lines read, and those of them that do not concern a broken connection. */
  lines: number;
  unrelatedLines: number;
  /** Errors beyond those kept. */
  omitted: number;
  incidents: ExplainedIncident[];
  /** The incidents by kind, the most frequent first. */
  groups: ErrorGroup[];
  /** The commands that prove which of the causes it is. */
  next: { capture: string; inspect: string };
}

const NEXT = { capture: "tcpdump -i any -s 0 -w trace.pcap port 5672", inspect: "ghostframe inspect trace.pcap" };

export interface ExplainedIncident extends Explanation {
  id: string;
  /** Id of the error that had ended the connection when this one was logged. */
  follows?: string;
  /** How often it was logged. */
  count: number;
  first: string | null;
  last: string | null;
  /** Null if the text names no connection. */
  connection: ExplainedConnection | null;
  channel: number | null;
  /** The text it was read from. */
  quote: string;
  error: JsonError;
}

export interface ExplainedConnection {
  peers: string[];
  morePeers: boolean;
  host: string | null;
  name: string;
  vhost: string;
  user: string;
  state: string;
}

/** The error with its octets in hex. */
export type JsonError = { kind: BrokerError["kind"] } & Record<string, unknown>;

/** The explanations of everything a counts found. */
export function explainAll(counts: IncidentCounts): ExplanationReport {
  const ids = new Map(counts.incidents.map((incident, index) => [incident, `e${index + 1}`]));
  const incidents = counts.incidents.map(incident => explained(incident, ids));
  return {
    schema: EXPLANATION_SCHEMA,
    tool: { name: "ghostframe", version: VERSION },
    lines: counts.lines,
    unrelatedLines: counts.unrelatedLines,
    omitted: counts.omitted,
    incidents,
    groups: errorGroups(incidents),
    next: NEXT,
  };
}

function explained(incident: CountedIncident, ids: ReadonlyMap<CountedIncident, string>): ExplainedIncident {
  const { report, count, first, last, peers, morePeers, follows, tornLater } = incident;
  const { site } = report;
  return {
    id: ids.get(incident)!,
    ...(follows === null ? {} : { follows: ids.get(follows)! }),
    count,
    first: first?.iso ?? null,
    last: last?.iso ?? null,
    connection:
      site === null || (site.peer === null && site.state === "")
        ? null
        : {
            peers,
            morePeers,
            host: site.host === null ? null : endpointText(site.host),
            name: site.name,
            vhost: site.vhost,
            user: site.user,
            state: site.state,
          },
    channel: report.channel,
    quote: report.quote,
    error: jsonError(report.error),
    ...explain(report, tornLater),
  };
}

function endpointText({ address, port }: LogEndpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function jsonError(error: BrokerError): JsonError {
  const plain: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error) as [string, unknown][]) plain[key] = jsonValue(key, value);
  return { ...plain, kind: error.kind };
}

function jsonValue(key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return hex(Array.from(value));
  if (key === "octets" && Array.isArray(value)) return hex(value as (number | null)[]);
  if (key === "snippet" && typeof value === "object" && value !== null && "octets" in value) {
    return { ...value, octets: hex(Array.from(value.octets as Uint8Array)) };
  }
  return value;
}

function hex(octets: readonly (number | null)[]): string {
  return octets.map(octet => (octet === null ? "??" : octet.toString(16).padStart(2, "0"))).join(" ");
}
