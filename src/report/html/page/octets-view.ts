/** The octets at a fault, as far as the report has them, with what each was read as and what it more likely is. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Finding, OctetReading } from "../../report.ts";
import { piecesOf } from "../layout/wire.ts";
import { copyButton, h, link, table } from "./dom.ts";
import { badge } from "./lost-table.ts";
import { called, type Model, type State } from "./model.ts";

const ROW = 16;

export function octetsView(model: Model, state: State): HTMLElement {
  const incident =
    model.incidents.find(({ finding }) => finding.id === state.id) ??
    model.incidents.find(({ finding }) => finding.octets.length > 0);
  if (incident === undefined)
    return h("div", {}, h("h1", {}, "No octets."), h("p", {}, "No fault of this report has octets to show."));
  const { finding, connection } = incident;
  const { octets, direction, streamOffset, length } = finding;
  const where = [
    called(connection),
    direction === "client-to-server" ? "client → broker" : "broker → client",
    streamOffset === null ? "" : `from ${grouped(streamOffset)}`,
    length === null ? "" : `${grouped(length)} octets`,
  ];
  const path = model.report.inputs[finding.input]?.path ?? "FILE";
  const command = `ghostframe frames ${path} --connection ${finding.connection ?? "c1"}`;
  return h(
    "div",
    {},
    h("p", { class: "quiet" }, where.filter(part => part !== "").join(" · ")),
    h("h1", {}, "Octets at the fault"),
    h("p", {}, link(`incident/${finding.id}`, "Back to the incident")),
    octets.length === 0
      ? h("p", {}, "The octets of this incident are not kept in this file.")
      : h("div", { class: "panel hex" }, ...rowsOf(octets).map(row => hexRow(row, finding))),
    boundaries(finding),
    model.data.live === undefined
      ? h(
          "p",
          { class: "quiet" },
          "What lies between is not kept in this file. This shows every frame of the connection: ",
          h("code", {}, command),
          " ",
          copyButton(command),
        )
      : h("p", { class: "quiet" }, "What lies between is not kept here. A recording has it: see the incident."),
  );
}

/** Octets that follow each other and are read as the same, sixteen at most in a row. */
function rowsOf(octets: readonly OctetReading[]): OctetReading[][] {
  const rows: OctetReading[][] = [];
  for (const octet of octets) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    const goesOn =
      last !== undefined &&
      octet.streamOffset === last.streamOffset + 1 &&
      octet.takenFor === last.takenFor &&
      octet.likely === last.likely;
    if (goesOn && row!.length < ROW) row!.push(octet);
    else rows.push([octet]);
  }
  return rows;
}

function hexRow(row: readonly OctetReading[], { diagnosis }: Finding): HTMLElement {
  const first = row[0]!;
  const piece =
    diagnosis === undefined
      ? undefined
      : piecesOf(diagnosis).find(({ from, to }) => from <= first.streamOffset && first.streamOffset < to);
  const writer = piece?.block.writer ?? null;
  const wrong = first.takenFor === "frame-end octet" && first.hex.toLowerCase() !== "ce";
  return h(
    "div",
    { class: "octets" },
    h("span", { class: "offset" }, grouped(first.streamOffset)),
    writer === null || diagnosis === undefined ? h("span", {}) : badge(writer, diagnosis.writers[writer]!.name),
    h("code", { class: wrong ? "wrong" : null }, row.map(({ hex }) => hex).join(" ")),
    h("code", { class: "quiet" }, row.map(({ hex }) => ascii(hex)).join("")),
    h(
      "span",
      {},
      `read as ${first.takenFor}`,
      wrong ? h("strong", { class: "sick" }, ": CE must stand here") : null,
      first.likely === "" ? null : h("span", { class: "quiet" }, `, more likely ${first.likely}`),
    ),
  );
}

function ascii(hex: string): string {
  const code = Number.parseInt(hex, 16);
  return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "·";
}

const MOST = 200;

/** Every place where one writer ends and another begins. */
function boundaries({ diagnosis }: Finding): HTMLElement | null {
  if (diagnosis === undefined) return null;
  const pieces = piecesOf(diagnosis);
  if (pieces.length < 2) return null;
  const rows = pieces
    .slice(0, MOST)
    .map(({ block, from, to, number, of }) => [
      grouped(from),
      block.writer === null ? block.kind : badge(block.writer, diagnosis.writers[block.writer]!.name),
      block.label,
      of > 1 ? `piece ${number} of ${of}` : "",
      grouped(to - from),
    ]);
  const rest = pieces.length - rows.length;
  return h(
    "div",
    {},
    h("h2", {}, "Where writers change"),
    table(["Offset", "Writer", "Message", "Piece", "Octets"], rows, "Where writers change"),
    rest > 0 ? h("p", {}, `${grouped(rest)} more are in the JSON report.`) : null,
  );
}
