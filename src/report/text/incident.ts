/**
 * A block per incident: what broke, in whose connection, where, which packets to open in Wireshark, how the octets were
 * read, what the broker said to it, and what it led to.
 */

import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { Connection, Finding } from "../report.ts";
import { octetTable } from "./octet-table.ts";
import { type Page, row, unbroken } from "./page.ts";
import {
  arrow,
  byRule,
  clientName,
  clock,
  counted,
  displayFilter,
  endpoint,
  frameHeader,
  joined,
  library,
  packetRange,
  platform,
  verdict,
} from "./phrases.ts";
import { fairShare, type Survey } from "./survey.ts";

/** Incidents told in full; the rest is counted by rule. */
const MAX_INCIDENTS = 20;
/** Consequences told with an incident. */
const MAX_CONSEQUENCES = 3;

export function incidents(survey: Survey, page: Page): string[][] {
  const shown = page.all ? survey.incidents : fairShare(survey.incidents, MAX_INCIDENTS);
  const judged = new Set<string>();
  const blocks = shown.map(finding => {
    const connection = finding.connection === null ? undefined : survey.connections.get(finding.connection);
    // The broker judges a connection once; its words stand under the first incident.
    const judge = connection !== undefined && !judged.has(connection.id);
    if (judge) judged.add(connection.id);
    return incident(finding, connection, judge, survey, page);
  });
  const inFull = new Set(shown);
  const rest = survey.incidents.filter(finding => !inFull.has(finding));
  if (rest.length > 0) {
    blocks.push(page.prose(`${counted(rest.length, "more incident")}: ${byRule(rest)}. --all tells each.`));
  }
  return blocks;
}

function incident(
  finding: Finding,
  connection: Connection | undefined,
  judge: boolean,
  survey: Survey,
  page: Page,
): string[] {
  const lines = [title(finding, page), ...page.prose(printable(joined(finding.message), 2048), page.paint.strong), ""];
  if (connection) lines.push(...who(connection, page));
  lines.push(...where(finding, connection, survey, page));
  const table = octetTable(finding.octets, page);
  if (table.length > 0) lines.push("", ...table);
  const ledTo = survey.consequences.get(finding.id) ?? [];
  const outcome = connection && judge ? told(connection, ledTo, page) : consequences(ledTo, page);
  if (outcome.length > 0) lines.push(...(table.length > 0 ? [""] : []), ...outcome);
  return lines;
}

/** `ERROR  frame-end  f1 · AMQP 0-9-1 §4.2.3` */
function title({ severity, rule, id, spec }: Finding, page: Page): string {
  const word = `${severity.toUpperCase()}  ${printable(rule, 20)}`;
  const section = spec === "" ? "" : ` · AMQP 0-9-1 §${printable(spec, 8)}`;
  return `${page.paint[severity](word)}  ${page.paint.faint(printable(id, 8) + section)}`;
}

function who(connection: Connection, page: Page): string[] {
  const name = clientName(connection) || (connection.midStream ? "name not captured" : "unnamed");
  const route = `${endpoint(connection.client)} → ${endpoint(connection.server)}`;
  return [
    ...page.labelled("client", row([name, library(connection), platform(connection)])),
    ...page.labelled("", row([route, `connection ${printable(connection.id, 12)}`])),
  ];
}

function where(finding: Finding, connection: Connection | undefined, survey: Survey, page: Page): string[] {
  const { direction, streamOffset, length, packets, time, frame, faults, octets } = finding;
  const { inputs } = survey.report;
  const days = survey.tallies[finding.input];
  const stream = row([
    direction === null ? "" : arrow(direction),
    streamOffset === null ? "" : `offset ${streamOffset}`,
    length === null ? "" : counted(length, "octet"),
    faults > 1 ? counted(faults, "broken frame") : "",
  ]);
  const seen = row([
    time === null ? "" : clock(time, days?.firstDay !== days?.lastDay),
    packets.length === 0 ? "" : packetRange(packets),
    inputs.length > 1 ? printable(inputs[finding.input]?.path ?? "", 200) : "",
  ]);
  return [
    ...(stream === "" ? [] : page.labelled("stream", stream)),
    ...(frame && octets.length === 0 ? page.labelled("frame", frameHeader(frame)) : []),
    ...(seen === "" ? [] : page.labelled("seen", seen)),
    ...(packets.length === 0 ? [] : page.labelled("Wireshark", displayFilter(packets, connection), page.paint.note)),
  ];
}

/** The end of the connection: the broker's answer in the capture, and what the client's octets alone let expect. */
function told(connection: Connection, ledTo: readonly Finding[], page: Page): string[] {
  const { predicted, observed } = connection.verdict;
  const answer = observed === null ? null : verdict(observed);
  const expected = predicted === null ? null : verdict(predicted);
  // The finding about connection.close (channel 0) has its words quoted here, and needs no line of its own.
  const close = ledTo.find(
    ({ rule, frame, connection: id }) => rule === "broker-close" && frame?.channel === 0 && id === connection.id,
  );
  const quoted = observed?.outcome === "close" ? close : undefined;
  const lines: string[] = [];
  if (answer !== null) lines.push(...page.labelled("broker", answer + (quoted ? reference(quoted) : "")));
  if (expected !== null) lines.push(...page.labelled("predicted", expected === answer ? "the same" : expected));
  return [
    ...lines,
    ...consequences(
      ledTo.filter(finding => finding !== quoted),
      page,
    ),
  ];
}

function consequences(findings: readonly Finding[], page: Page): string[] {
  const shown = page.all ? findings : findings.slice(0, MAX_CONSEQUENCES);
  const lines = shown.flatMap(finding => {
    const sentence = printable(joined(finding.message), 512);
    return page.labelled("led to", `${printable(finding.rule, 30)}: ${sentence}${reference(finding)}`);
  });
  const rest = findings.slice(shown.length);
  if (rest.length > 0) lines.push(...page.labelled("", `and ${grouped(rest.length)} more: ${byRule(rest)}`));
  return lines;
}

/** ` (f2, packet 41)`, behind what is told of another finding. */
function reference({ id, packets }: Finding): string {
  return ` ${unbroken(`(${printable(id, 12)}${packets.length > 0 ? `, ${packetRange(packets)}` : ""})`)}`;
}
