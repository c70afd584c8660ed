/**
 * A block per incident: what broke, in which client's connection, where, which packets to open in Wireshark, how the
 * octets were read, the broker's answer, and what it led to.
 */

import { grouped } from "../../bytes/grouped.ts";
import { columns, cut, printable } from "../../bytes/printable.ts";
import { capital } from "../../bytes/words.ts";
import type { IncidentGroup } from "../incidents/groups.ts";
import type { Incident } from "../incidents/incident.ts";
import { incidentSentence } from "../incidents/sentence.ts";
import type { Connection, Finding } from "../report.ts";
import { ruleFile } from "../rule-pages.ts";
import { logged } from "./broker-log-lines.ts";
import { diagnosisPicture, proof, remedy } from "./diagnosis.ts";
import { behindStop, causeWords } from "./first-screen.ts";
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

/** Incidents shown in full. If there are more, the first of each kind is shown; the rest is counted. */
const MAX_INCIDENTS = 20;
/** Ids that are named of those that are not shown. */
const MAX_NAMED = 8;
const MESSAGE_COLUMNS = 2048;
/** Below it the evidence is shown without a request. */
const LIKELY = 0.75;

/** A block for each client and cause; for each incident with `all`. */
export function incidentBlocks(overview: Overview, page: Page): string[][] {
  const { incidents: all, groups } = overview;
  const ruled = groups.map(group => ({ rule: group.first.finding.rule, group }));
  const inFull = page.all ? null : fairShare(ruled, MAX_INCIDENTS).map(({ group }) => group);
  const shown =
    inFull === null ? all.map(incident => ({ incident })) : inFull.map(group => ({ incident: group.first, group }));
  const introduced = new Map<string, Finding>();
  const blocks = shown.map(({ incident, group }: { incident: Incident; group?: IncidentGroup }) => {
    const { connection, finding } = incident;
    // A connection is introduced, and the broker's words on it quoted, with its first incident here.
    const before = connection === null ? undefined : introduced.get(connection.id);
    if (connection !== null && !before) introduced.set(connection.id, finding);
    return [...incidentBlock(incident, before, overview, page), ...(group === undefined ? [] : sameAgain(group, page))];
  });
  const rest =
    inFull === null ? [] : groups.filter(group => !inFull.includes(group)).flatMap(({ incidents }) => incidents);
  if (rest.length > 0) {
    const rules = byRule(rest.map(({ finding }) => finding));
    blocks.push(page.prose(`${counted(rest.length, "more incident")}: ${rules}. --all shows each.`));
  }
  const { length: unexplained } = overview.report.connections.filter(connection => connection.unexplained === true);
  if (unexplained > 0) {
    const which = unexplained === 1 ? "1 connection" : `${grouped(unexplained)} connections`;
    blocks.push(page.prose(`Not all that broke in ${which} was explained: too much is broken in these captures.`));
  }
  return blocks;
}

/** How often the same happened again, and what came behind the broker's last octet. */
function sameAgain(group: IncidentGroup, page: Page): string[] {
  const others = group.incidents.slice(1);
  const named = (incidents: readonly Incident[]) => {
    const ids = incidents
      .slice(0, MAX_NAMED)
      .map(({ finding: { id, connection } }) => (connection === null ? id : `${id} (${connection})`));
    return `${printable(ids.join(", "))}${incidents.length > ids.length ? ", …" : ""}`;
  };
  const times = others.length === 1 ? "once more" : `${grouped(others.length)} times more`;
  const again = others.length === 0 ? [] : [`The same, ${times}: ${named(others)}`];
  const { afterStop } = group;
  const behind =
    afterStop.length === 0 ? [] : [`${capital(behindStop(group))}: ${named(afterStop)}. --all shows each.`];
  const lines = [...again, ...behind].flatMap(line => page.prose(line, page.paint.strong));
  return lines.length === 0 ? [] : ["", ...lines];
}

function incidentBlock(incident: Incident, before: Finding | undefined, overview: Overview, page: Page): string[] {
  const { finding, connection, consequences } = incident;
  const { diagnosis } = finding;
  const weak = diagnosis === undefined || diagnosis.confidence < LIKELY || diagnosis.unexplained.length > 0;
  const table = page.all || weak ? octetTable(evidence(finding, page), page) : [];
  const ending = [
    ...outcome(finding, before ? undefined : (connection ?? undefined), consequences, page),
    ...(connection && !before ? logged(connection, page) : []),
  ];
  const place = where(finding, connection ?? undefined, overview, page);
  const sentence = incidentSentence(incident);
  const fault = printable(joined(finding.message), MESSAGE_COLUMNS);
  const lost = lostLines(finding, incident.lost, page);
  const blocks = diagnosis
    ? [
        introduction(incident, before, page),
        diagnosisPicture(diagnosis, marksOf(finding, connection ?? undefined, overview), page),
        [...proof(diagnosis, page), ...lost, ...remedy(diagnosis, page)],
        ending,
        page.all || weak ? writerLines(diagnosis, page) : [],
        [...(sentence === fault ? [] : page.labelled("fault", fault)), ...place],
        table,
      ]
    : [[...introduction(incident, before, page), ...place, ...lost], table, table.length > 0 ? ending : []];
  return [
    title(finding, page),
    ...page.prose(sentence, page.paint.strong),
    ...blocks.filter(lines => lines.length > 0).flatMap(lines => ["", ...lines]),
    ...(diagnosis || table.length > 0 ? [] : ending),
  ];
}

/** The client's connection, the likely cause, and what to do first. */
function introduction({ finding, connection, cause }: Incident, before: Finding | undefined, page: Page): string[] {
  return [
    ...(connection ? who(connection, before, page) : []),
    ...(finding.sameAs === undefined ? [] : page.labelled("same as", printable(finding.sameAs, 8))),
    ...page.labelled("cause", causeWords(cause)),
    ...page.labelled("do", cause.todo),
  ];
}

/** What the picture shows about single octets: when the incident began, and how far a broker reads. */
export function marksOf(finding: Finding, connection: Connection | undefined, overview: Overview): Marks {
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

/** `ERROR  frame-end  f1 · AMQP 0-9-1 §4.2.3 · docs/rules.md#frame-end` */
function title({ severity, rule, id, spec }: Finding, page: Page): string {
  const word = `${severity.toUpperCase()}  ${printable(rule, 20)}`;
  const section = spec === "" ? "" : ` · AMQP 0-9-1 §${printable(spec, 8)}`;
  const reference = cut(
    `${printable(id, 8)}${section} · ${printable(ruleFile(rule), 60)}`,
    page.columns - columns(word) - 2,
  );
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
