/** The first view: the answer, a block for each client and cause, when it happened, and all connections. */
import { grouped } from "../../../bytes/grouped.ts";
import type { IncidentGroup } from "../../incidents/groups.ts";
import { placesOf } from "../../incidents/places.ts";
import { brokerWords, incidentSentence } from "../../incidents/sentence.ts";
import { answer, behindStop, costWords, isPartlySeen } from "../../text/first-screen.ts";
import { clock, confidence, counted, endpoint, library } from "../../text/wording.ts";
import { MOST_PIECES } from "../layout/cut.ts";
import { laidOut, placePieces } from "../layout/scale.ts";
import { piecesOf } from "../layout/wire.ts";
import type { LivePart } from "../page-data.ts";
import { connectionTable } from "./connection-table.ts";
import { cutPicture } from "./cut-picture.ts";
import { h, s } from "./dom.ts";
import { liveAnswer, liveLimits } from "./live-words.ts";
import { called, type Model } from "./model.ts";
import { outcomePanel } from "./outcome-panel.ts";
import { ratesPanel } from "./rates-panel.ts";
import { timeline } from "./timeline.ts";

const MAX_BLOCKS = 12;
const LIKELY = 0.75;

export function overviewView(model: Model): HTMLElement {
  const { report, groups, data } = model;
  const shown = groups.slice(0, MAX_BLOCKS);
  const rest = groups.length - shown.length;
  const notes = report.findings.filter(({ severity }) => severity === "note");
  return h(
    "div",
    {},
    headline(model),
    h("p", { class: "quiet" }, data.live === undefined ? sourceLine(model) : liveSource(data.live)),
    ...(data.live === undefined ? [] : liveLimits(model, data.live).map(words => h("p", { class: "unsure" }, words))),
    data.live === undefined ? null : ratesPanel(data.live.rates),
    data.outcome === undefined ? null : outcomePanel(data.outcome),
    report.connections.length === 0 && data.live === undefined ? nothingToRead(model) : null,
    ...shown.map(group => block(group, model)),
    rest > 0
      ? h(
          "p",
          {},
          `${counted(rest, "more client")} and cause: they are in the table of connections, and in the text report with --all.`,
        )
      : null,
    report.connections.length === 0 ? null : h("h2", {}, "When"),
    report.connections.length === 0 ? null : timeline(model),
    report.connections.length === 0 ? null : h("h2", {}, "All connections"),
    report.connections.length === 0 ? null : connectionTable(model),
    notes.length === 0 ? null : h("h2", {}, "What could not be seen, and other notes"),
    notes.length === 0 ? null : noteList(notes),
  );
}

function headline(model: Model): HTMLElement {
  const { live } = model.data;
  if (live !== undefined && model.counts.sick + model.counts.incidents + model.counts.atRisk === 0) {
    const { words: said, isWell } = liveAnswer(model, live);
    return h("h1", {}, h("span", { class: isWell ? "good" : "unsure" }, said));
  }
  const words = answer(model);
  const { sick, incidents, atRisk } = model.counts;
  const end = words.indexOf(".") + 1;
  const partly = isPartlySeen(model.report);
  const trouble =
    sick + incidents > 0 ? "sick" : atRisk > 0 || partly || model.report.connections.length === 0 ? "unsure" : "good";
  return h("h1", {}, h("span", { class: trouble }, words.slice(0, end)), words.slice(end));
}

function liveSource({ counts }: LivePart): string {
  return `${counted(counts.open, "connection")} open, ${grouped(counts.accepted)} accepted since the proxy began.`;
}

function sourceLine({ report }: Model): string {
  const names = report.inputs.slice(0, 6).map(({ path }) => fileName(path));
  const more = report.inputs.length > names.length ? ` and ${report.inputs.length - names.length} more` : "";
  const frames = report.connections.reduce(
    (sum, { frames: each }) => sum + each.clientToServer + each.serverToClient,
    0,
  );
  const gaps = report.connections.reduce((sum, { gaps: each }) => sum + each.clientToServer + each.serverToClient, 0);
  const seen =
    report.connections.length === 0
      ? ""
      : ` — ${counted(frames, "frame")}, ${gaps === 0 ? "no gap" : `${counted(gaps, "gap")}: what they hold is not known`}`;
  return `${names.join(" · ")}${more}${seen}`;
}

function fileName(path: string): string {
  return path === "-" ? "standard input" : (path.split(/[\\/]/).at(-1) ?? path);
}

function nothingToRead({ report }: Model): HTMLElement {
  return h(
    "div",
    {},
    ...report.inputs.map(({ path, error, notes }) =>
      h("p", {}, `${path}: ${error ?? (notes.join(" ") || "no AMQP 0-9-1 connection")}`),
    ),
    h(
      "p",
      {},
      "Try ",
      h("code", {}, "--decode-as PORT"),
      " for connections on another port, and ",
      h("code", {}, "--tls-keys FILE"),
      " for TLS.",
    ),
  );
}

function block(group: IncidentGroup, { report, data }: Model): HTMLElement {
  const { first, incidents, connections } = group;
  const { finding, connection, cause } = first;
  const many = incidents.length > 1;
  const standing = data.outcome?.standing[finding.id] ?? "";
  const facts = [
    connection === null ? "" : library(connection),
    finding.time === null ? "" : clock(finding.time, false).replace(/\.\d+/, ""),
    connection === null ? "" : endpoint(connection.client),
    connection?.user === undefined ? "" : `user ${connection.user}`,
    connection?.virtualHost === undefined ? "" : `vhost ${connection.virtualHost}`,
    report.inputs.length === 1 ? "" : fileName(report.inputs[finding.input]?.path ?? ""),
  ].filter(part => part !== "");
  const lostWords = costWords(group);
  const cost = [lostWords ?? "", brokerWords(first), behindStop(group)].filter(part => part !== "");
  const row = (name: string, ...value: Parameters<typeof h>[2][]) => [
    h("span", { class: "term" }, name),
    h("span", {}, ...value),
  ];
  return h(
    "a",
    { class: `block ${finding.severity}`, href: `#incident/${finding.id}` },
    h(
      "span",
      { class: "words" },
      h("span", { class: "client" }, h("strong", {}, called(connection)), ` ${facts.join(" · ")}`),
      h(
        "span",
        { class: "sentence" },
        many
          ? `${counted(incidents.length, "incident")} on ${counted(connections.length, "connection")}.`
          : incidentSentence(first),
      ),
      h(
        "span",
        { class: "facts" },
        ...row(
          "Cause",
          h("strong", {}, cause.words),
          cause.confidence === null ? null : ` ${confidence(cause.confidence)}`,
        ),
        ...(cost.length === 0 ? [] : row(lostWords === null ? "Broker" : "Lost", cost.join(" · "))),
        ...row("Do", cause.todo),
        ...(standing === "" ? [] : row("Counts", standing)),
      ),
    ),
    many ? bars(group) : small(group),
  );
}

/** The place at which the broker stopped, small. */
function small({ first }: IncidentGroup): SVGElement | null {
  const { finding, connection } = first;
  const { diagnosis } = finding;
  if (diagnosis === undefined || diagnosis.kind === "unexplained" || diagnosis.confidence < LIKELY) return null;
  const places = placesOf(diagnosis);
  const stop = connection?.verdict.predicted?.streamOffset;
  const place = places.find(({ from, to }) => stop !== undefined && stop > from && stop <= to) ?? places[0];
  if (place === undefined) return null;
  const shown = placePieces(piecesOf(diagnosis), place);
  if (shown.length > MOST_PIECES) return null;
  return cutPicture(laidOut(shown, "folded", 400), {
    diagnosis,
    length: 400,
    turned: false,
    small: true,
    reading: null,
    label: "",
  });
}

const BARS = 60;

/** How many incidents in each sixtieth of the time. */
function bars({ incidents }: IncidentGroup): SVGElement | null {
  const times = incidents.map(({ finding }) => Date.parse(finding.time ?? "")).filter(time => !Number.isNaN(time));
  if (times.length === 0) return null;
  const begin = Math.min(...times);
  const span = Math.max(1, Math.max(...times) - begin);
  const counts = Array.from({ length: BARS }, () => 0);
  for (const time of times) counts[Math.min(BARS - 1, Math.floor(((time - begin) / span) * BARS))]!++;
  const most = Math.max(...counts);
  return s(
    "svg",
    { class: "bars", viewBox: "0 0 400 80", "aria-hidden": "true" },
    ...counts.map((count, at) =>
      s("rect", {
        x: (at * 400) / BARS,
        y: 70 - Math.sqrt(count / most) * 64,
        width: 5.6,
        height: Math.sqrt(count / most) * 64,
        class: "bar",
      }),
    ),
    s("path", { d: "M0 70 H400", class: "tick" }),
  );
}

const MAX_NOTES = 30;

function noteList(notes: Model["report"]["findings"]): HTMLElement {
  const rest = notes.length - MAX_NOTES;
  return h(
    "ul",
    {},
    ...notes
      .slice(0, MAX_NOTES)
      .map(({ rule, connection, message }) => h("li", {}, h("code", {}, rule), ` ${connection ?? ""} ${message}`)),
    rest > 0 ? h("li", {}, `and ${grouped(rest)} more`) : null,
  );
}
