/**
 * A block per incident: what broke, in whose connection, where, which packets to open in Wireshark, how the octets were
 * read, what the broker said to it, and what it led to.
 */

import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, printable } from "../../bytes/printable.ts";
import { fingerprint } from "../fingerprint.ts";
import type { Connection, Finding } from "../report.ts";
import { logged } from "./broker-log-lines.ts";
import { diagnosisBlocks } from "./diagnosis.ts";
import { lostLines } from "./lost-messages.ts";
import { octetTable } from "./octet-table.ts";
import { outcome } from "./outcome.ts";
import { fairShare, type Overview } from "./overview.ts";
import { type Page, row } from "./page.ts";
import type { Marks } from "./picture.ts";
import {
  arrow,
  byRule,
  clientName,
  clock,
  counted,
  displayFilter,
  displayFilters,
  endpoint,
  frameHeader,
  isEncrypted,
  joined,
  library,
  packetRange,
  packetsOfFiles,
  platform,
  tlsName,
  tunnelNames,
} from "./wording.ts";
import { writerLines } from "./writer-lines.ts";

/** Incidents shown in full. Of more of them the first of each kind is; the rest is counted. */
const MAX_INCIDENTS = 20;
/** Ids that are named of those that are not shown. */
const MAX_NAMED = 8;
const MESSAGE_COLUMNS = 2048;

export function incidents(overview: Overview, page: Page): string[][] {
  const { incidents: all } = overview;
  const kinds = page.all || all.length <= MAX_INCIDENTS ? null : byKind(overview);
  const shown = kinds === null ? all : fairShare([...kinds.keys()], MAX_INCIDENTS);
  const introduced = new Map<string, Finding>();
  const blocks = shown.map(finding => {
    const connection = finding.connection === null ? undefined : overview.connections.get(finding.connection);
    // A connection is introduced, and the broker's words about it quoted, with the first incident it has here.
    const before = connection && introduced.get(connection.id);
    if (connection && !before) introduced.set(connection.id, finding);
    const same = kinds?.get(finding) ?? [];
    return [...incident(finding, connection, before, overview, page), ...sameAgain(same, page)];
  });
  const told = new Set(shown.flatMap(finding => [finding, ...(kinds?.get(finding) ?? [])]));
  const rest = all.filter(finding => !told.has(finding));
  if (rest.length > 0) {
    blocks.push(page.prose(`${counted(rest.length, "more incident")}: ${byRule(rest)}. --all tells each.`));
  }
  const { length: unexplained } = overview.report.connections.filter(connection => connection.unexplained === true);
  if (unexplained > 0) {
    const which = unexplained === 1 ? "1 connection" : `${grouped(unexplained)} connections`;
    blocks.push(page.prose(`Not all that broke in ${which} was explained: too much is broken in these captures.`));
  }
  return blocks;
}

/** The incidents that are the first of their kind, each with the others of that kind. */
function byKind({ incidents, report }: Overview): Map<Finding, Finding[]> {
  const findings = new Map(report.findings.map(finding => [finding.id, finding]));
  const kinds = new Map<string, Finding[]>();
  for (const finding of incidents) {
    const kind = finding.group ?? fingerprint(finding, findings.get(finding.cause ?? ""));
    const same = kinds.get(kind);
    if (same === undefined) kinds.set(kind, [finding]);
    else same.push(finding);
  }
  return new Map(Array.from(kinds.values(), ([first, ...others]) => [first!, others]));
}

/** How often the same happened again: the same rule, direction, frames, and explanation. */
function sameAgain(others: readonly Finding[], page: Page): string[] {
  if (others.length === 0) return [];
  const named = others
    .slice(0, MAX_NAMED)
    .map(({ id, connection }) => (connection === null ? id : `${id} (${connection})`));
  const more = others.length > named.length ? ", …" : "";
  const times = others.length === 1 ? "once more" : `${grouped(others.length)} times more`;
  return ["", ...page.prose(`The same, ${times}: ${printable(named.join(", "))}${more}`, page.paint.strong)];
}

function incident(
  finding: Finding,
  connection: Connection | undefined,
  before: Finding | undefined,
  overview: Overview,
  page: Page,
): string[] {
  const table = octetTable(evidence(finding, page), page);
  const ending = [
    ...outcome(finding, before ? undefined : connection, overview.consequences.get(finding.id) ?? [], page),
    ...(connection && !before ? logged(connection, page) : []),
  ];
  const introduction = connection ? who(connection, before, page) : [];
  if (finding.sameAs !== undefined) introduction.push(...page.labelled("same as", printable(finding.sameAs, 8)));
  const place = where(finding, connection, overview, page);
  const { diagnosis } = finding;
  const blocks = diagnosis
    ? [
        introduction,
        ...diagnosisBlocks(diagnosis, finding.lost, marksOf(finding, connection, overview), page),
        ending,
        writerLines(diagnosis, page),
        place,
        table,
      ]
    : [[...introduction, ...place, ...lostLines(finding.lost, undefined, page)], table, table.length > 0 ? ending : []];
  return [
    title(finding, page),
    ...page.prose(printable(joined(finding.message), MESSAGE_COLUMNS), page.paint.strong),
    ...blocks.filter(lines => lines.length > 0).flatMap(lines => ["", ...lines]),
    ...(diagnosis || table.length > 0 ? [] : ending),
  ];
}

/** What the picture tells of single octets: when the incident began, and how far a broker reads. */
function marksOf(finding: Finding, connection: Connection | undefined, overview: Overview): Marks {
  const { direction, streamOffset, time, input } = finding;
  const days = overview.inputCounts[input];
  const withDay = days?.firstDay !== days?.lastDay;
  const stops = direction === "client-to-server" ? connection?.verdict.predicted?.streamOffset : undefined;
  return {
    begun: streamOffset === null || time === null ? null : { streamOffset, time: clock(time, withDay) },
    brokerStops: stops ?? null,
  };
}

/** With a diagnosis the octets are evidence, and those that are what they seem need not be shown. */
function evidence({ octets, diagnosis }: Finding, page: Page): Finding["octets"] {
  if (!diagnosis || page.all) return octets;
  return octets.filter(({ takenFor, likely }) => likely !== "" || takenFor !== "payload");
}

/** `ERROR  frame-end  f1 · AMQP 0-9-1 §4.2.3` */
function title({ severity, rule, id, spec }: Finding, page: Page): string {
  const word = `${severity.toUpperCase()}  ${printable(rule, 20)}`;
  const section = spec === "" ? "" : ` · AMQP 0-9-1 §${printable(spec, 8)}`;
  const reference = cut(printable(id, 8) + section, page.columns - columns(word) - 2);
  return `${page.paint[severity](word)}  ${page.paint.faint(reference)}`;
}

function who(connection: Connection, before: Finding | undefined, page: Page): string[] {
  const name = clientName(connection) || (connection.midStream ? "name not captured" : "unnamed");
  if (before) {
    const same = `connection ${printable(connection.id, 12)}, as in ${printable(before.id, 8)}`;
    return page.labelled("client", row([name, same]));
  }
  if (isEncrypted(connection)) {
    return [
      ...page.labelled(
        "client",
        row([tlsName(connection), printable(connection.tls?.cipherSuite ?? "", 60), "encrypted"]),
      ),
      ...page.labelled("", row([route(connection), `connection ${printable(connection.id, 12)}`])),
    ];
  }
  return [
    ...page.labelled("client", row([name, library(connection), platform(connection)])),
    ...page.labelled("", row([route(connection), `connection ${printable(connection.id, 12)}`])),
  ];
}

function route(connection: Connection): string {
  const { client, server } = connection;
  const tunnel = tunnelNames(connection);
  return `${endpoint(client)} → ${endpoint(server)}${tunnel === "" ? "" : ` in ${tunnel}`}`;
}

function where(finding: Finding, connection: Connection | undefined, overview: Overview, page: Page): string[] {
  const { direction, streamOffset, length, packets, time, frame, octets } = finding;
  const { inputs } = overview.report;
  const days = overview.inputCounts[finding.input];
  const stream = row([
    direction === null ? "" : arrow(direction),
    streamOffset === null ? "" : `offset ${streamOffset}`,
    length === null || length === 0 ? "" : counted(length, "octet"),
  ]);
  const ofFiles = packetsOfFiles(finding, inputs);
  const seen = row([
    time === null ? "" : clock(time, days?.firstDay !== days?.lastDay),
    ofFiles ?? (packets.length === 0 ? "" : packetRange(packets)),
    inputs.length > 1 && ofFiles === null ? printable(inputs[finding.input]?.path ?? "", 200) : "",
  ]);
  const filter = ofFiles === null ? displayFilter(packets, connection) : displayFilters(finding);
  return [
    ...(stream === "" ? [] : page.labelled("stream", stream)),
    ...(frame && octets.length === 0 ? page.labelled("frame", frameHeader(frame)) : []),
    ...(seen === "" ? [] : page.labelled("seen", seen)),
    ...(packets.length === 0 ? [] : page.labelled("Wireshark", filter, page.paint.note)),
  ];
}
