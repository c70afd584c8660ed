/**
 * `--format markdown`: the answer to paste into an issue, a pull request or a chat: which connections are sick, why,
 * what was lost, what to do, and the picture that shows it. Wire strings show as they are, and form no markup.
 */
import { grouped } from "../bytes/grouped.ts";
import { printable } from "../bytes/printable.ts";
import type { IncidentGroup } from "./incidents/groups.ts";
import type { Incident } from "./incidents/incident.ts";
import { brokerWords, fateWords, incidentSentence } from "./incidents/sentence.ts";
import { MARKUP, type Markup } from "./markdown/markup.ts";
import type { Report } from "./report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { ruleFile } from "./rule-pages.ts";
import { diagnosisPicture, proof } from "./text/diagnosis.ts";
import { answer, behindStop, causeWords, costWords, shownConfidences, who } from "./text/first-screen.ts";
import { marksOf } from "./text/incident.ts";
import { lostByFate, tornTraces } from "./text/lost-messages.ts";
import { MAX_NOTES, noteWords } from "./text/notes.ts";
import { fairShare, type Overview, overview } from "./text/overview.ts";
import { Page, row } from "./text/page.ts";
import { byRule, confidenceMeaning, counted, displayFilter, joined, packetRange, size } from "./text/wording.ts";

/** Groups of incidents in full, and files that are named. */
const MAX_GROUPS = 20;
const MAX_INPUTS = 20;
/** Columns of a picture: what a page of a forge shows without scrolling. */
const PICTURE_COLUMNS = 100;

export function markdown(report: Report, options: Partial<FormatOptions> = {}): string {
  const settings = { ...DEFAULT_FORMAT_OPTIONS, ...options, columns: PICTURE_COLUMNS, colour: false };
  const found = overview(report);
  const markup = MARKUP[options.flavor ?? "github"];
  const page = new Page(settings);
  const shown = settings.all ? found.groups : found.groups.slice(0, MAX_GROUPS);
  const rest = found.groups.length - shown.length;
  const parts = [
    markup.heading(2, answer(found)),
    inputs(report, markup),
    ...shown.flatMap((group, at) => [
      markup.heading(3, `${at + 1}. ${who(group, found)}`),
      ...incidentParts(group, { found, page, markup }, [
        group.incidents.length > 1
          ? `${counted(group.incidents.length, "incident")} on ${counted(group.connections.length, "connection")}; this is the first.`
          : "",
        behindStop(group),
      ]),
    ]),
    rest > 0 ? markup.text(`${counted(rest, "more client")} and cause left out: --all shows them.`) : "",
    ...notes(found, settings.all, markup),
    markup.text(confidenceMeaning(shownConfidences(shown.map(({ first }) => first)))),
  ];
  return `${parts.filter(part => part !== "").join("\n\n")}\n`;
}

function inputs({ inputs: all }: Report, markup: Markup): string {
  const lines = all.slice(0, MAX_INPUTS).map(({ path, format, packets, octets, error }) => {
    const facts = `${format} · ${counted(packets, "packet")} · ${size(octets)}`;
    const problem =
      error === undefined ? "" : ` · ${packets === 0 ? "could not be read" : "not read to its end"}: ${error}`;
    return markup.text(printable(`${path === "-" ? "standard input" : path} · ${facts}${problem}`));
  });
  if (all.length > MAX_INPUTS) lines.push(markup.text(counted(all.length - MAX_INPUTS, "more file")));
  return markup.list(lines);
}

interface Drawing {
  found: Overview;
  page: Page;
  markup: Markup;
}

function incidentParts(group: IncidentGroup, { found, page, markup }: Drawing, remarks: readonly string[]): string[] {
  const { first: incident } = group;
  const { finding, connection, cause } = incident;
  const { diagnosis, packets } = finding;
  const sentence = incidentSentence(incident);
  const lost = costWords(group);
  const cost = lost !== null && group.incidents.length > 1 ? `${lost}, in all` : lost;
  const text = (words: string) => (words === "" ? "" : markup.text(words));
  const facts: [label: string, markup: string][] = [
    ["Cause", text(causeWords(cause))],
    [cost === null ? "Broker" : "Lost", text(row([cost ?? "", brokerWords(incident)]))],
    ["Messages", messages(incident, page.all, markup)],
    ["Trace", traces(incident, page.all, markup)],
    ["Do", text(cause.todo)],
    ["Remedy", text(printable(diagnosis?.remedy ?? "", 800))],
    ["Proof", text(printable(diagnosis?.summary ?? "", 1_200))],
    ["Fault", sentence === joined(finding.message) ? "" : text(printable(joined(finding.message), 1_000))],
    ["Seen", packets.length === 0 ? "" : text(packetRange(packets))],
    [
      "Rule",
      `${markup.code(printable(finding.rule, 30))} ${text(`(${printable(finding.id, 12)}): ${ruleFile(finding.rule)} in the package, or: ghostframe explain ${printable(finding.rule, 30)}`)}`,
    ],
    ["Wireshark", packets.length === 0 ? "" : markup.code(displayFilter(packets, connection ?? undefined))],
  ];
  const picture =
    diagnosis === undefined ? [] : diagnosisPicture(diagnosis, marksOf(finding, connection ?? undefined, found), page);
  const repeats = diagnosis === undefined ? [] : proof({ ...diagnosis, summary: "" }, page);
  const items = facts.filter(([, words]) => words !== "").map(([label, words]) => `${markup.strong(label)} ${words}`);
  return [
    markup.text([sentence, ...remarks].filter(part => part !== "").join(" ")),
    markup.list(items),
    picture.length === 0 ? "" : markup.block([...picture, ...repeats]),
  ];
}

/** The messages of the first incident by name, each as code: to be looked up elsewhere. */
function messages({ finding }: Incident, all: boolean, markup: Markup): string {
  return lostByFate(finding, all)
    .map(({ fate, count, names, doubt }) => {
      const more = count > names.length ? ` and ${grouped(count - names.length)} more` : "";
      return `${markup.text(fateWords(fate))}: ${names.map(name => markup.code(name)).join(", ")}${more}${markup.text(doubt)}`;
    })
    .join(" · ");
}

function traces({ finding }: Incident, all: boolean, markup: Markup): string {
  return tornTraces(finding, all)
    .map(({ trace, span, message }) => {
      const whose = message === "" ? "" : ` (${markup.code(message)})`;
      return `${markup.code(trace)} · span ${markup.code(span)}${whose}`;
    })
    .join("; ");
}

/** What limits the answer, or is no error: as in the text report. */
function notes({ notes: every }: Overview, all: boolean, markup: Markup): string[] {
  if (every.length === 0) return [];
  const shown = all ? every : fairShare(every, MAX_NOTES);
  const inFull = new Set(shown);
  const rest = every.filter(note => !inFull.has(note));
  const items = shown.map(note => `${markup.code(printable(note.rule, 30))} ${markup.text(noteWords(note))}`);
  if (rest.length > 0) items.push(markup.text(`and ${grouped(rest.length)} more: ${byRule(rest)}. --all shows each.`));
  return [markup.heading(3, "Notes"), markup.list(items)];
}
