/**
 * The first screen: how many connections are sick and what that cost, in a sentence; then for each client and cause:
 * who, when, why, what was lost, and what to do.
 */
import { grouped } from "../../bytes/grouped.ts";
import { printable } from "../../bytes/printable.ts";
import type { IncidentCounts } from "../incidents/counts.ts";
import type { IncidentGroup } from "../incidents/groups.ts";
import type { Incident } from "../incidents/incident.ts";
import { brokerWords, incidentSentence, lostSentence } from "../incidents/sentence.ts";
import type { LikelyCause, LostCounts, Report, Summary } from "../report.ts";
import type { Overview } from "./overview.ts";
import { type Page, row } from "./page.ts";
import { clientName, clock, confidence, counted, endpoint, library, tlsName } from "./wording.ts";

/** Groups that are shown here. */
const MAX_GROUPS = 12;
/** Up to this many groups each has its sentence, too. */
const MAX_SENTENCES = 4;

/** `3 of 300 connections sick. 15 messages lost.` */
export function answer(overview: Pick<Overview, "report" | "counts">): string {
  return answerOfShown(overview) + leftOutWords(overview.report.summary);
}

/** What was not asked for is never called clean. */
function leftOutWords({ leftOut }: Summary): string {
  if (leftOut === undefined) return "";
  const { connections, findings, incidents } = leftOut;
  const what = [
    connections > 0 ? counted(connections, "more connection") : "",
    incidents > 0 ? counted(incidents, "more incident") : "",
    incidents === 0 && findings > 0 ? counted(findings, "more finding") : "",
  ].filter(part => part !== "");
  return what.length === 0 ? "" : ` Not asked for: ${what.join(", ")}.`;
}

function answerOfShown({ report, counts }: Pick<Overview, "report" | "counts">): string {
  const { connections, sick, atRisk, incidents, lost } = counts;
  if (sick > 0) return `${grouped(sick)} of ${counted(connections, "connection")} sick.${lostWords(lost)}`;
  if (incidents > 0) return `${counted(incidents, "incident")}.${lostWords(lost)}`;
  const unread = report.inputs.filter(({ error }) => error !== undefined).length;
  const isSelected = report.summary.leftOut !== undefined;
  if (connections === 0) {
    if (isSelected) return "No connection of those asked for.";
    if (unread === report.inputs.length && unread > 0) return "Nothing could be read.";
    return unread > 0 ? "No AMQP in what could be read." : "No AMQP found.";
  }
  if (atRisk > 0) {
    return `No connection is sick, ${grouped(atRisk)} of ${grouped(connections)} at risk.${lostWords(lost)}`;
  }
  if (isSelected) return `No finding on what was asked for, in ${counted(connections, "connection")}.`;
  if (lost.messages > 0)
    return `No broken frame as far as can be seen, in ${counted(connections, "connection")}.${lostWords(lost)}`;
  if (isPartlySeen(report)) return `Nothing wrong as far as can be seen, in ${counted(connections, "connection")}.`;
  return `Clean. ${counted(connections, "connection")}, nothing wrong.`;
}

function lostWords({ messages, atLeast }: LostCounts): string {
  if (messages === 0) return "";
  return ` ${atLeast ? `At least ${counted(messages, "message")}` : counted(messages, "message")} lost.`;
}

/** Something may be hidden in what was not captured, not decrypted, not read or not asked for. */
export function isPartlySeen({ connections, findings, inputs, summary }: Report): boolean {
  return (
    summary.leftOut !== undefined ||
    inputs.some(({ error, unread }) => error !== undefined || unread?.some(({ mayHoldAmqp }) => mayHoldAmqp)) ||
    findings.some(({ severity }) => severity === "note") ||
    connections.some(
      ({ gaps, midStream, tls }) =>
        midStream || gaps.clientToServer + gaps.serverToClient > 0 || tls?.decrypted === false,
    )
  );
}

/** Decides its colour. */
export function isTrouble({ sick, incidents, atRisk }: IncidentCounts): "error" | "warning" | null {
  if (sick + incidents > 0) return "error";
  return atRisk > 0 ? "warning" : null;
}

/** The sentence, and a block for each group of incidents if there are several. */
export function firstScreen(overview: Overview, page: Page): string[][] {
  const { counts, groups } = overview;
  const trouble = isTrouble(counts);
  const ink = trouble === null ? page.paint.strong : page.paint[trouble];
  const title = page.flush(answer(overview), ink);
  if (groups.length < 2) return [title];
  const shown = page.all ? groups : groups.slice(0, MAX_GROUPS);
  const blocks = shown.map((group, at) => block(group, at, shown.length <= MAX_SENTENCES, overview, page));
  const rest = groups.slice(shown.length);
  if (rest.length > 0) {
    const more = rest.reduce((sum, { incidents }) => sum + incidents.length, 0);
    const clients = `${counted(rest.length, "more client")} and cause${rest.length === 1 ? "" : "s"}`;
    blocks.push(page.prose(`${clients}, ${counted(more, "incident")}: --all shows them.`, page.paint.faint));
  }
  return [title, ...blocks];
}

function block(group: IncidentGroup, at: number, withSentence: boolean, overview: Overview, page: Page): string[] {
  const { first, incidents, connections } = group;
  const many = incidents.length > 1;
  const sentence = many
    ? `${counted(incidents.length, first.finding.severity === "error" ? "incident" : "warning")} on ${counted(connections.length, "connection")}.`
    : withSentence
      ? incidentSentence(first)
      : "";
  const mark = first.finding.severity === "error" ? "✗" : "!";
  const cost = row([costWords(group) ?? "", brokerWords(first), behindStop(group)]);
  return [
    ...page.flush(`${mark} ${at + 1}  ${who(group, overview)}`, page.paint[first.finding.severity]),
    ...(sentence === "" ? [] : page.prose(sentence)),
    ...page.labelled("cause", causeWords(first.cause)),
    ...(cost === "" ? [] : page.labelled(costWords(group) === null ? "broker" : "lost", cost)),
    ...page.labelled("do", first.cause.todo),
  ];
}

/** `rails-worker-fork · Bunny 2.19.0 · guest · / · 127.0.0.1:58622 · 18:23:06.143336 UTC`. */
export function who({ first, connections }: IncidentGroup, { inputCounts }: Pick<Overview, "inputCounts">): string {
  const { connection, finding } = first;
  const days = inputCounts[finding.input];
  const time = finding.time === null ? "" : clock(finding.time, days?.firstDay !== days?.lastDay);
  if (connection === null) return row([printable(finding.rule, 30), time]);
  const name = clientName(connection);
  const user = connection.user === undefined ? "" : `user ${printable(connection.user, 40)}`;
  const host = connection.virtualHost === undefined ? "" : `vhost ${printable(connection.virtualHost, 40)}`;
  const more = connections.length > 1 ? ` and ${grouped(connections.length - 1)} more` : "";
  const address = `${endpoint(connection.client)}${more}`;
  return row([name, name === "" ? tlsName(connection) : "", library(connection), user, host, address, time]);
}

/** What was lost; null for a warning that loses nothing. */
export function costWords({ first, lost }: Pick<IncidentGroup, "first" | "lost">): string | null {
  return lostSentence(lost) ?? (first.finding.severity === "error" ? "no message is known to be lost" : null);
}

/** `Several threads write to this connection at once, near certain (0.99)`. */
export function causeWords({ words, confidence: sure }: LikelyCause): string {
  return sure === null ? words : `${words}, ${confidence(sure)}`;
}

/** The confidences of causes and diagnoses of incidents that have one. */
export function shownConfidences(incidents: readonly Incident[]): number[] {
  return incidents.flatMap(({ cause, finding }) =>
    [cause.confidence, finding.diagnosis?.confidence].filter(value => typeof value === "number"),
  );
}

/** `and 28 more torn frames sent after it`. */
export function behindStop({ afterStop }: IncidentGroup): string {
  if (afterStop.length === 0) return "";
  const torn = afterStop.reduce((sum, { finding }) => sum + (finding.diagnosis?.torn.length ?? 0), 0);
  const what = torn > 0 ? counted(torn, "more torn frame") : counted(afterStop.length, "more incident");
  return `and ${what} sent after the broker stopped reading`;
}
