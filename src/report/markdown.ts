/**
 * `--format markdown`: the answer to paste into an issue, a pull request or a chat: who is sick, why, what was lost, what
 * to do, and the picture that shows it. Wire strings show as they are, and form nothing.
 */
import { printable } from "../bytes/printable.ts";
import type { Incident } from "./incidents/incident.ts";
import { brokerWords, incidentSentence, lostSentence } from "./incidents/sentence.ts";
import { MARKUP, type Markup } from "./markdown/markup.ts";
import type { Report } from "./report.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { ruleLink } from "./rule-pages.ts";
import { diagnosisPicture, proof } from "./text/diagnosis.ts";
import { answer, behindStop, causeWords, who } from "./text/first-screen.ts";
import { marksOf } from "./text/incident.ts";
import { type Overview, overview } from "./text/overview.ts";
import { Page } from "./text/page.ts";
import { counted, displayFilter, joined, packetRange, size } from "./text/wording.ts";

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
      ...incidentParts(group.first, { found, page, markup }, [
        group.incidents.length > 1
          ? `${counted(group.incidents.length, "incident")} on ${counted(group.connections.length, "connection")}; this is the first.`
          : "",
        behindStop(group),
      ]),
    ]),
    rest > 0 ? markup.text(`${counted(rest, "more client")} and cause left out: --all tells them.`) : "",
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

function incidentParts(incident: Incident, { found, page, markup }: Drawing, remarks: readonly string[]): string[] {
  const { finding, connection, cause, lost } = incident;
  const { diagnosis, packets } = finding;
  const sentence = incidentSentence(incident);
  const told = brokerWords(incident);
  const cost = lostSentence(lost) ?? "no message is known to be lost";
  const facts: [label: string, text: string][] = [
    ["Cause", causeWords(cause)],
    ["Lost", told === "" ? cost : `${cost} · ${told}`],
    ["Do", cause.todo],
    ["Proof", diagnosis === undefined ? "" : printable(diagnosis.summary, 1_200)],
    ["Fault", sentence === joined(finding.message) ? "" : printable(joined(finding.message), 1_000)],
    ["Seen", packets.length === 0 ? "" : packetRange(packets)],
  ];
  const picture =
    diagnosis === undefined ? [] : diagnosisPicture(diagnosis, marksOf(finding, connection ?? undefined, found), page);
  const repeats = diagnosis === undefined ? [] : proof({ ...diagnosis, summary: "" }, page);
  const filter = packets.length === 0 ? "" : displayFilter(packets, connection ?? undefined);
  const items = facts
    .filter(([, text]) => text !== "")
    .map(([label, text]) => `${markup.strong(label)} ${markup.text(text)}`);
  items.push(`${markup.strong("Rule")} ${markup.link(printable(finding.rule, 30), ruleLink(finding.rule))}`);
  if (filter !== "") items.push(`${markup.strong("Wireshark")} ${markup.code(filter)}`);
  return [
    markup.text([sentence, ...remarks].filter(part => part !== "").join(" ")),
    markup.list(items),
    picture.length === 0 ? "" : markup.block([...picture, ...repeats]),
  ];
}
