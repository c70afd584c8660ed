/** All connections, the sick ones first; if there are very many, as many as are asked for. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Connection } from "../../report.ts";
import { clock, counted, library, size } from "../../text/wording.ts";
import { type Child, h, link, table } from "./dom.ts";
import { called, type Model } from "./model.ts";

const FIRST = 50;
const MORE = 500;

export function connectionTable(model: Model): HTMLElement {
  const sick = new Set(model.incidents.map(({ finding }) => finding.connection));
  const sorted = model.report.connections.toSorted((a, b) => Number(sick.has(b.id)) - Number(sick.has(a.id)));
  const holder = h("div", {});
  const draw = (most: number): void => {
    const rows = sorted.slice(0, most).map(connection => row(connection, model));
    const rest = sorted.length - rows.length;
    holder.replaceChildren(
      table(["Client", "State", "Ended", "Library", "Start", "Frames →", "Size"], rows, "All connections"),
      ...(rest > 0
        ? [
            h(
              "p",
              {},
              `${grouped(rows.length)} of ${grouped(sorted.length)} are shown. `,
              h(
                "button",
                { type: "button", click: () => draw(most + MORE) },
                `Show ${grouped(Math.min(MORE, rest))} more`,
              ),
            ),
          ]
        : []),
    );
  };
  draw(FIRST);
  return holder;
}

function row(connection: Connection, model: Model): Child[] {
  const { id, start, frames, octets, ended } = connection;
  return [
    link(`connection/${id}`, called(connection)),
    state(connection, model),
    { fin: "closed", rst: "reset", open: "still open" }[ended] ?? ended,
    library(connection) || "–",
    clock(start, false),
    grouped(frames.clientToServer),
    size(octets.clientToServer + octets.serverToClient),
  ];
}

function state({ id, tls, midStream, gaps }: Connection, { incidents, report, data }: Model): HTMLElement {
  const live = data.live?.connections.get(id);
  const own = incidents.filter(({ finding }) => finding.connection === id);
  const first = own[0];
  if (first === undefined && report.summary.leftOut !== undefined) return h("span", { class: "quiet" }, "none shown");
  if (live?.uninspected !== undefined && first === undefined) return h("span", { class: "unsure" }, "not inspected");
  if (
    first === undefined &&
    (live?.found ?? 0) > report.findings.filter(({ connection }) => connection === id).length
  ) {
    return h("span", { class: "sick" }, `✗ ${counted(live!.found, "finding")}, not kept`);
  }
  if (first === undefined) {
    const partly = tls?.decrypted === false || midStream || gaps.clientToServer + gaps.serverToClient > 0;
    return h(
      "span",
      { class: partly ? "quiet" : "good" },
      tls?.decrypted === false ? "✓ records" : partly ? "✓ partly seen" : live?.isOpen ? "✓ so far" : "✓ clean",
    );
  }
  const word = first.finding.severity === "error" ? "✗" : "!";
  return link(
    `incident/${first.finding.id}`,
    `${word} ${first.finding.rule}${own.length > 1 ? ` and ${own.length - 1} more` : ""}`,
    { class: "sick" },
  );
}
