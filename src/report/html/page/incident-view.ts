/** An incident: the sentence, the strip of places, the picture, and below it what was lost and what to do. */
import type { Incident } from "../../incidents/incident.ts";
import { brokerWords, incidentSentence } from "../../incidents/sentence.ts";
import {
  clock,
  confidence,
  confidenceMeaning,
  displayFilter,
  joined,
  packetRange,
  size,
  verdict,
} from "../../text/wording.ts";
import { copyButton, h, link } from "./dom.ts";
import { pictures } from "./incident-pictures.ts";
import { lostTable, traceLink } from "./lost-table.ts";
import { called, type Model, type State } from "./model.ts";

const LIKELY = 0.75;

export function incidentView(model: Model, state: State): HTMLElement {
  const incident = model.incidents.find(({ finding }) => finding.id === state.id) ?? model.incidents[0];
  if (incident === undefined)
    return h("div", {}, h("h1", {}, "No incident."), h("p", {}, "Nothing in this report is broken."));
  const { finding, connection } = incident;
  const { diagnosis } = finding;
  const context = [
    called(connection),
    finding.time === null ? "" : clock(finding.time, true),
    finding.packets.length === 0 ? "" : packetRange(finding.packets),
  ].filter(part => part !== "");
  return h(
    "div",
    { class: "incident" },
    h(
      "p",
      { class: "quiet" },
      context.join(" · "),
      " · ",
      h("code", {}, finding.rule),
      model.incidents.length > 1
        ? h("span", {}, ` · incident ${model.incidents.indexOf(incident) + 1} of ${model.incidents.length}`)
        : null,
    ),
    h("h1", {}, incidentSentence(incident, true)),
    causeLine(model, incident),
    meaningLine(incident),
    diagnosis === undefined ? noPicture(model, incident) : pictures(incident, diagnosis, state),
    below(model, incident),
  );
}

/** On the live page: the incident goes on, and more of it will be known. */
function goesOn({ data }: Model, { finding }: Incident): boolean {
  return data.live?.findings.get(finding.id)?.final === false;
}

function causeLine(model: Model, incident: Incident): HTMLElement {
  const { cause, afterStop, finding } = incident;
  const weak = finding.diagnosis !== undefined && finding.diagnosis.confidence < LIKELY;
  const sure =
    cause.confidence === null
      ? null
      : h(
          "span",
          {},
          ", ",
          confidence(cause.confidence).replace(/ \(.*/, ""),
          h("span", { class: "quiet" }, ` (${Math.round(cause.confidence * 100) / 100})`),
        );
  return h(
    "p",
    { class: "lead" },
    cause.kind === "unknown" ? "Cause: " : "Likely cause: ",
    h(
      "strong",
      {},
      cause.kind === "unknown"
        ? goesOn(model, incident)
          ? "not known yet"
          : "not known"
        : cause.words.charAt(0).toLowerCase() + cause.words.slice(1),
    ),
    sure,
    ".",
    weak ? " Look at the octets before you act on it." : null,
    afterStop ? h("span", { class: "quiet" }, " The broker had already stopped reading when this was sent.") : null,
  );
}

/** What the number behind the cause means, by measurement. */
function meaningLine({ cause }: Incident): HTMLElement | null {
  const words = confidenceMeaning(cause.confidence === null ? [] : [cause.confidence]);
  return words === "" ? null : h("p", { class: "quiet" }, words);
}

function noPicture(model: Model, incident: Incident): HTMLElement {
  const { finding } = incident;
  const explained =
    finding.sameAs === undefined
      ? null
      : h(
          "p",
          {},
          "Many incidents are like this one; ",
          link(`incident/${finding.sameAs}`, finding.sameAs),
          " is shown in full.",
        );
  const short =
    model.data.live?.findings.get(finding.id)?.isShort === true
      ? h("p", {}, "Its octets and its picture are left out here: the recording has them.")
      : null;
  return h(
    "div",
    {},
    short,
    explained,
    explained === null && finding.octets.length > 0
      ? h(
          "p",
          {},
          goesOn(model, incident) ? "The picture is drawn when it is over. " : "No picture: it would be a guess. ",
          link(`octets/${finding.id}`, "These are the octets."),
        )
      : null,
  );
}

function below(model: Model, incident: Incident): HTMLElement {
  const { finding, connection, consequences, cause } = incident;
  const { diagnosis, packets } = finding;
  const filter = packets.length === 0 ? "" : displayFilter(packets, connection ?? undefined);
  const seen = connection?.verdict.observed ?? connection?.verdict.predicted ?? null;
  const words = brokerWords(incident);
  const isEmpty = finding.octets.length === 0 && diagnosis === undefined;
  return h(
    "div",
    { class: "columns" },
    lostTable(model, incident),
    h(
      "div",
      {},
      h("h2", {}, "What to do"),
      h("p", {}, cause.todo),
      diagnosis === undefined || diagnosis.remedy === "" ? null : h("p", {}, diagnosis.remedy),
      seen === null
        ? null
        : h(
            "div",
            {},
            h("h2", {}, "Broker"),
            h(
              "p",
              {},
              `${words.charAt(0).toUpperCase()}${words.slice(1)}${connection?.verdict.observed === null && !words.endsWith(")") ? " (predicted)" : ""}.`,
            ),
            h("pre", {}, verdict(seen)),
          ),
      diagnosis === undefined || diagnosis.summary === ""
        ? null
        : h("div", {}, h("h2", {}, "Proof"), h("p", {}, diagnosis.summary)),
      h("h2", {}, "Look closer"),
      joined(finding.message) === incidentSentence(incident, true) ? null : h("p", {}, joined(finding.message)),
      h(
        "p",
        {},
        isEmpty ? null : link(`octets/${finding.id}`, "Octets at the fault"),
        isEmpty || connection === null ? null : " · ",
        connection === null ? null : link(`connection/${connection.id}`, `Connection ${called(connection)}`),
      ),
      recorded(model, finding.id),
      filter === "" ? null : h("p", {}, "Wireshark ", h("code", {}, filter), " ", copyButton(filter)),
      ...traceLinks(model, incident),
      ...consequences.map(each => h("p", { class: "quiet" }, `Led to ${each.rule}: ${joined(each.message)}`)),
      // Without octets at the fault its frames were whole: nothing had to be found again.
      finding.length === null || finding.length === 0 || finding.octets.length === 0
        ? null
        : h("p", { class: "quiet" }, `${size(finding.length)} until the stream is understood again.`),
    ),
  );
}

/** On the live page: what was recorded around the finding. */
function recorded({ data }: Model, id: string): HTMLElement | null {
  const live = data.live?.findings.get(id);
  if (live === undefined) return null;
  const name = `ghostframe-${id}.pcapng`;
  const words = live.final ? "" : " It is not over: this may come again and know more.";
  return live.isRecorded
    ? h(
        "p",
        {},
        h("a", { href: `/recording/${id}.pcapng`, download: name }, "Download what was recorded around it"),
        words,
      )
    : h("p", { class: "quiet" }, `Not recorded: the proxy records with --record DIR.${words}`);
}

const MOST_TRACES = 5;

function traceLinks({ data }: Model, { finding }: Incident): HTMLElement[] {
  const lost = finding.lost ?? [];
  const traced = lost.filter(({ traceId }) => traceId !== undefined);
  return traced
    .slice(0, MOST_TRACES)
    .map(({ traceId, messageId }) =>
      h("p", {}, "Trace ", traceLink(traceId!, data.traceUrl), messageId === undefined ? "" : ` of ${messageId}`),
    );
}
