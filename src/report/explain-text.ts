/**
 * `ghostframe explain --format text`: for an engineer on call with a line of a log. The first lines give the error, its
 * most likely cause, and what to do now; then comes the evidence: what happened in full, what the octets are, the
 * likely causes with what would confirm each, and what to do in this client library. For several errors a summary comes
 * first.
 */
import { columns, cut, printable } from "../bytes/printable.ts";
import type { Cause } from "../explain/causes.ts";
import type { OctetHypothesis } from "../explain/explain.ts";
import type { Confidence } from "../explain/reading.ts";
import type { ExplainedIncident, ExplanationReport } from "./explain.ts";
import { DEFAULT_FORMAT_OPTIONS, type FormatOptions } from "./report-format.ts";
import { octetTable } from "./text/octet-table.ts";
import { LABEL_COLUMNS, Page, row, wrap } from "./text/page.ts";
import { clock, counted, joined } from "./text/wording.ts";

/** Incidents shown in full; the others have a line each, and beyond that are counted. */
const MAX_INCIDENTS = 5;
const MAX_LISTED = 20;
/** Hypotheses shown; the JSON has the others. */
const MAX_READINGS = 3;
const MAX_CAUSES = 3;
const MAX_GROUPS = 12;
const QUOTE_COLUMNS = 400;
const SENTENCE_COLUMNS = 1200;

/** No line is wider than `columns`, which is at least 40. Ends in a line feed. */
export function explainText(report: ExplanationReport, options: Partial<FormatOptions> = {}): string {
  const page = new Page({ ...DEFAULT_FORMAT_OPTIONS, ...options });
  const { incidents } = report;
  const inFull = page.all ? incidents : incidents.slice(0, MAX_INCIDENTS);
  const blocks = [
    incidents.length > 1 ? groupLines(report, page) : [],
    ...inFull.flatMap((incident, index) => blocksOf(incident, incidents.length > 1, inFull.slice(0, index), page)),
    next(report, page),
    rest(incidents.slice(inFull.length), report.omitted, page),
    report.lines > 1 ? counts(report, page) : [],
  ];
  return `${blocks
    .filter(lines => lines.length > 0)
    .map(lines => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** The errors by kind: counts, first and last time, clients concerned. */
function groupLines({ groups, incidents: all }: ExplanationReport, page: Page): string[] {
  const shown = page.all ? groups : groups.slice(0, MAX_GROUPS);
  const lines = shown.flatMap(({ name, count, first, last, clients, moreClients, incidents }) => {
    const ids = ranges(incidents);
    const span =
      first === null ? "" : first === last ? clockOf(first) : `${clockOf(first)} to ${clockOf(last ?? first)}`;
    const names = clients.map(client => printable(client, 40)).join(", ") + (moreClients ? ", …" : "");
    return [
      cut(`  ${printable(name, 36)}: ${counted(count, "time")} (${ids})`, page.columns),
      ...(span === "" ? [] : page.prose(`  ${span}`, page.paint.faint)),
      ...(names === "" ? [] : page.prose(`  ${names}`, page.paint.faint)),
    ];
  });
  const total = groups.reduce((sum, { count }) => sum + count, 0);
  const notes = all.reduce((sum, { level, count }) => (level === "note" ? sum + count : sum), 0);
  const counts = [
    ...(total > notes ? [counted(total - notes, "error")] : []),
    ...(notes > 0 ? [counted(notes, "note")] : []),
  ];
  const title = `${counts.join(", ")} of ${counted(groups.length, "kind")}`;
  const left = groups.length - shown.length;
  return [
    page.paint.strong(title),
    ...lines,
    ...(left > 0 ? page.prose(`${counted(left, "more kind")}`, page.paint.faint) : []),
  ];
}

/** `e1–e3, e5`. */
function ranges(ids: readonly string[]): string {
  const numbers = ids.map(id => Number(id.slice(1)));
  const parts = numbers.flatMap((number, at) => {
    if (numbers[at - 1] === number - 1) return [];
    let last = number;
    while (numbers.includes(last + 1)) last++;
    return last === number ? [`e${number}`] : [`e${number}–e${last}`];
  });
  return parts.length > 4 ? `${parts.slice(0, 3).join(", ")}, …` : parts.join(", ");
}

function blocksOf(
  incident: ExplainedIncident,
  numbered: boolean,
  before: readonly ExplainedIncident[],
  page: Page,
): string[][] {
  const cause = before.find(({ id }) => id === incident.follows) ?? before.find(other => sameCauses(other, incident));
  const advised = before.some(other => names(other) === names(incident));
  const table = octetTable(
    incident.octets.map(({ index, hex, takenFor, likely }) => ({ streamOffset: index, hex, takenFor, likely })),
    page,
  );
  const causes = page.all ? incident.causes : incident.causes.slice(0, MAX_CAUSES);
  return [
    answer(incident, numbered, page),
    [...page.prose(say(incident.summary), page.paint.strong), ...where(incident, page)],
    table,
    octetReadings(incident, page),
    ...(cause === undefined
      ? causes.map((each, index) => causeLines(each, index, page))
      : [asBefore(incident, cause, page)]),
    advised || incident.follows !== undefined ? [] : clients(incident, page),
  ];
}

/** What it is, its most likely cause, what to do now: three lines; the rest is below. */
function answer(incident: ExplainedIncident, numbered: boolean, page: Page): string[] {
  const { id, name, level, headline, causes } = incident;
  const word = level.toUpperCase();
  const reference = numbered ? `${id} ` : "";
  const start = `${word}  ${reference}${printable(name, 36)}: `;
  const heading = start + shortened(say(headline), page.columns - columns(start));
  const title = columns(heading) <= page.columns ? [heading] : wrap(heading, page.columns - 2);
  const [first] = causes;
  const room = page.columns - LABEL_COLUMNS;
  const who = first === undefined ? "not stated in this text" : `${first.confidence}: ${first.title}`;
  const now = first === undefined ? "look at the lines around it" : first.now;
  return [
    `${page.paint.error(title[0]!.slice(0, word.length))}${page.paint.strong(title[0]!.slice(word.length))}`,
    ...title.slice(1).map(line => page.paint.strong(`  ${line}`)),
    ...page.labelled("who", shortened(say(who), room)),
    ...page.labelled("now", shortened(say(now), room)),
  ];
}

/** The text up to the last clause that makes sense without the rest and still fits; all of it if none does. */
function shortened(text: string, room: number): string {
  if (columns(text) <= room) return text;
  const ends = Array.from(text.matchAll(/[:;] |, (?:and|with) | \(/g), ({ index }) => index);
  const end = ends.findLast(index => index > 20 && columns(text.slice(0, index)) <= room);
  return end === undefined ? text : text.slice(0, end);
}

function sameCauses(one: ExplainedIncident, other: ExplainedIncident): boolean {
  const key = ({ causes }: ExplainedIncident) => causes.map(({ id, confidence }) => `${id} ${confidence}`).join();
  return one.causes.length > 0 && key(one) === key(other);
}

function names({ clients }: ExplainedIncident): string {
  return clients.map(({ library }) => library).join();
}

/** Causes that were shown with an earlier incident, and why they are not repeated. */
function asBefore({ follows }: ExplainedIncident, { id, causes }: ExplainedIncident, page: Page): string[] {
  const first = causes[0];
  const likeliest = first === undefined ? "" : `; ${first.confidence}: ${say(first.title)}`;
  const reason =
    follows === id
      ? `those of ${id}, for which the connection had been given up when this was logged`
      : `as listed with ${id}: errors of this kind have the same usual causes`;
  return page.labelled("causes", `${reason}${likeliest}`);
}

/** `read by the broker · about frames · 501 FRAME_ERROR`. */
function facts({ code, codeName, seenBy, about, source }: ExplainedIncident): string {
  return row([
    seenBy === null ? "" : `seen by the ${seenBy}`,
    about === null ? "" : `about ${about}`,
    code === null ? "" : `${code} ${codeName ?? ""}`.trim(),
    source === null ? "" : say(source, 120),
  ]);
}

function where(incident: ExplainedIncident, page: Page): string[] {
  const { connection, first, last, count, channel, quote } = incident;
  const lines: string[] = [];
  const kind = facts(incident);
  if (kind !== "") lines.push(...page.labelled("kind", kind));
  if (connection !== null) {
    const peers = connection.peers.map(peer => printable(peer, 60)).join(", ") + (connection.morePeers ? ", …" : "");
    const host = connection.host === null ? "" : ` → ${printable(connection.host, 60)}`;
    const facts = [
      printable(connection.name, 60) || (connection.peers.length === 1 ? "unnamed" : ""),
      connection.vhost === "" ? "" : `vhost ${printable(connection.vhost, 40)}`,
      connection.user === "" ? "" : `user ${printable(connection.user, 40)}`,
      connection.state === "" ? "" : `state ${printable(connection.state, 20)}`,
      channel === null || incident.name === "frame_too_large" ? "" : `channel ${channel}`,
    ];
    lines.push(...page.labelled("client", row(facts)));
    if (peers !== "") lines.push(...page.labelled("", `${peers}${host}`));
  }
  if (first !== null) {
    const span = first === last ? clockOf(first) : `${clockOf(first)} to ${clockOf(last ?? first)}`;
    lines.push(...page.labelled("logged", row([span, count > 1 ? `${counted(count, "time")}` : ""])));
  } else if (count > 1) lines.push(...page.labelled("seen", counted(count, "time")));
  if (connection === null && first === null && quote.length > 60)
    lines.push(...page.labelled("text", say(joined(quote), QUOTE_COLUMNS)));
  return lines;
}

/** `2026-11-21 18:20:02.731572 UTC`, or `… (no time zone)`. */
function clockOf(time: string): string {
  return time.endsWith("Z") ? clock(time, true) : `${printable(time.replace("T", " "), 40)} (no time zone)`;
}

/** What the octets are: the hypotheses, and where a frame really begins. */
function octetReadings({ readings, boundary }: ExplainedIncident, page: Page): string[] {
  if (readings.length === 0) return [];
  const shown = page.all ? readings : readings.slice(0, MAX_READINGS);
  const lines = shown.flatMap((reading, index) => hypothesis(reading, index, page));
  const known = boundary === null ? [] : page.labelled("boundary", say(boundary));
  return [page.paint.strong("WHAT THE OCTETS ARE"), ...lines, ...known];
}

function hypothesis({ meaning, confidence, why }: OctetHypothesis, index: number, page: Page): string[] {
  return [...ranked(index, confidence, meaning, page), ...page.labelled("why", say(why))];
}

/** `1  near certain: a heartbeat frame inside a torn frame header`. */
function ranked(index: number, confidence: Confidence, text: string, page: Page): string[] {
  const ink = index === 0 ? page.paint.warning : page.paint.strong;
  return wrap(`${index + 1}  ${confidence}: ${say(text)}`, page.columns - 5).map(
    (line, at) => `${at === 0 ? "  " : "     "}${ink(line)}`,
  );
}

function causeLines({ title, confidence, why, confirm, remedy }: Cause, index: number, page: Page): string[] {
  return [
    ...(index === 0 ? [page.paint.strong("WHAT USUALLY CAUSES IT")] : []),
    ...ranked(index, confidence, title, page),
    ...page.labelled("why", say(why)),
    ...page.labelled("confirm", say(confirm)),
    ...page.labelled("remedy", say(remedy)),
  ];
}

function clients({ clients }: ExplainedIncident, page: Page): string[] {
  if (clients.length === 0) return [];
  const [first] = clients;
  if (first?.recognised === true) {
    const { name, writes, remedy } = first;
    return [
      page.paint.strong(`THE CLIENT: ${name}`),
      ...page.labelled("it", say(`${writes}.`)),
      ...page.labelled("remedy", say(remedy)),
    ];
  }
  return [
    page.paint.strong("IF THE CLIENT IS"),
    ...clients.flatMap(({ label, remedy }) => page.labelled(label, say(remedy))),
  ];
}

/** The commands that prove which cause it is. */
function next({ next: { capture, inspect } }: ExplanationReport, page: Page): string[] {
  return [
    page.paint.strong("TO PROVE IT"),
    ...page.labelled("capture", capture, page.paint.note),
    ...page.labelled("then", inspect, page.paint.note),
  ];
}

/** Incidents not shown in full, a line each. */
function rest(incidents: readonly ExplainedIncident[], omitted: number, page: Page): string[] {
  const listed = incidents.slice(0, MAX_LISTED);
  const lines = listed.map(({ id, name, count, summary }) =>
    cut(`  ${id}  ${printable(name, 30)}, ${counted(count, "time")}: ${say(summary)}`, page.columns),
  );
  const left = incidents.length - listed.length + omitted;
  if (left > 0) lines.push(...page.prose(`${counted(left, "more error")}`, page.paint.faint));
  if (lines.length === 0) return [];
  const hint = incidents.length > 0 ? page.prose("--all explains each of them.", page.paint.faint) : [];
  return [page.paint.strong("MORE ERRORS"), ...lines, ...hint];
}

function counts({ lines, unrelatedLines, incidents, omitted }: ExplanationReport, page: Page): string[] {
  const errors = incidents.reduce((sum, { count }) => sum + count, omitted);
  const distinct = incidents.length + (omitted > 0 ? omitted : 0);
  const same = errors > distinct ? `, ${distinct} of them different` : "";
  const areNotes = omitted === 0 && incidents.every(({ level }) => level === "note");
  // Lines of notes are among those on other topics.
  const others = areNotes ? "." : `; ${counted(unrelatedLines, "line")} about other things.`;
  const what = counted(errors, areNotes ? "note" : "error");
  return page.prose(`${what}${same} in ${counted(lines, "line")}${others}`, page.paint.faint);
}

/** A sentence of ours, which may contain a quote. */
function say(text: string, most: number = SENTENCE_COLUMNS): string {
  return printable(text.replaceAll("\n", " "), most);
}
