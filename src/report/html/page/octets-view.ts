/** The octets at a fault, as far as the report has them, with what each was read as and what it more likely is. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Finding, OctetReading } from "../../report.ts";
import { piecesOf } from "../layout/wire.ts";
import { type Attributes, copyButton, h, link, table } from "./dom.ts";
import { badge } from "./lost-table.ts";
import { called, type Model, type State, set } from "./model.ts";
import { isWrongEnd, type OctetJump, octetJump, stopsOf } from "./octet-jump.ts";

const ROW = 16;

export function octetsView(model: Model, state: State): HTMLElement {
  const incident =
    model.incidents.find(({ finding }) => finding.id === state.id) ??
    model.incidents.find(({ finding }) => finding.octets.length > 0);
  if (incident === undefined)
    return h("div", {}, h("h1", {}, "No octets."), h("p", {}, "No fault of this report has octets to show."));
  const { finding, connection } = incident;
  const asked = state.settings.get(AT) ?? "";
  const jump = asked === "" ? null : octetJump(asked, finding, model.report.findings);
  const offset = jump?.offset ?? null;
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
    jumpField(finding, asked, offset),
    jumpWords(jump),
    octets.length === 0
      ? h("p", {}, "The octets of this incident are not kept in this file.")
      : h("div", { class: "panel hex" }, ...rowsOf(octets).map(row => hexRow(row, finding, offset))),
    boundaries(finding, offset),
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

/** In the address: what was requested. */
const AT = "at";

function jumpField(finding: Finding, asked: string, offset: number | null): HTMLElement {
  const field = h("input", {
    type: "text",
    id: "jump",
    placeholder: "offset, or p31",
    "aria-label": "Go to an offset, or to a packet: p31",
    autocomplete: "off",
    value: asked,
    change: () => set(AT, field.value),
  }) as HTMLInputElement;
  const stops = stopsOf(finding);
  const here = offset ?? -1;
  const stop = (id: string, words: string, to: number | undefined): HTMLElement =>
    h("button", { type: "button", id, disabled: to === undefined, click: () => set(AT, String(to)) }, words);
  return h(
    "div",
    { class: "switches", role: "group", "aria-label": "Where to look" },
    field,
    h("button", { type: "button", click: () => set(AT, field.value) }, "Go"),
    stop(
      "previous-stop",
      "Previous stop",
      stops.findLast(each => each < here),
    ),
    stop(
      "next-stop",
      "Next stop",
      stops.find(each => each > here),
    ),
  );
}

function jumpWords(jump: OctetJump | null): HTMLElement {
  const { words = "", offset = null, elsewhere } = jump ?? {};
  return h(
    "p",
    { role: "status", class: jump !== null && offset === null ? "unsure" : "quiet" },
    words,
    elsewhere === undefined ? null : " ",
    elsewhere === undefined
      ? null
      : link(`octets/${elsewhere.id}?${new URLSearchParams({ [AT]: jump!.asked })}`, `${elsewhere.id} has it.`),
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

function hexRow(row: readonly OctetReading[], { diagnosis }: Finding, offset: number | null): HTMLElement {
  const first = row[0]!;
  const piece =
    diagnosis === undefined
      ? undefined
      : piecesOf(diagnosis).find(({ from, to }) => from <= first.streamOffset && first.streamOffset < to);
  const writer = piece?.block.writer ?? null;
  const wrong = isWrongEnd(first);
  const isShown = offset !== null && first.streamOffset <= offset && offset <= row.at(-1)!.streamOffset;
  return h(
    "div",
    { class: "octets", ...shown(isShown) },
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

/** Marks the place of the jump, so that the page scrolls there. */
function shown(isShown: boolean): Attributes {
  return isShown ? { "aria-current": "location", tabindex: -1 } : {};
}

/** Every place where one writer ends and another begins; if there are very many, those around the present one. */
function boundaries({ diagnosis, id }: Finding, offset: number | null): HTMLElement | null {
  if (diagnosis === undefined) return null;
  const all = piecesOf(diagnosis);
  if (all.length < 2) return null;
  const at = offset === null ? -1 : all.findIndex(({ from, to }) => from <= offset && offset < to);
  const begin = Math.max(0, Math.min(all.length - MOST, at - MOST / 2));
  const pieces = all.slice(begin, begin + MOST);
  const rows = pieces.map(({ block, from, to, number, of }) => [
    link(`octets/${id}?${AT}=${from}`, grouped(from)),
    block.writer === null ? block.kind : badge(block.writer, diagnosis.writers[block.writer]!.name),
    block.label,
    of > 1 ? `piece ${number} of ${of}` : "",
    grouped(to - from),
  ]);
  const rest = all.length - rows.length;
  const heads = ["Offset", "Writer", "Message", "Piece", "Octets"];
  return h(
    "div",
    {},
    h("h2", {}, "Where writers change"),
    table(heads, rows, "Where writers change", at < 0 ? {} : { row: at - begin, attributes: shown(true) }),
    rest > 0 ? h("p", {}, `${grouped(rest)} more: go to an offset to see those around it.`) : null,
  );
}
