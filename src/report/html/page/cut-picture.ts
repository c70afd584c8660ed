/** Draws the Cut picture. On a narrow page it is turned: the wire runs down, and the writers stand left and right. */
import { writerIdentity } from "../../incidents/writer-identity.ts";
import type { Diagnosis } from "../../report.ts";
import { counted } from "../../text/wording.ts";
import { type BlockBox, type CutLayout, cutLayout, type Lane } from "../layout/cut.ts";
import { type Laid, positionOf } from "../layout/scale.ts";
import { type BrokerReading, brokerRow } from "./broker-row.ts";
import { s } from "./dom.ts";
import { ink, patterns } from "./ink.ts";
import { pieceLabel, pieceTip } from "./piece-words.ts";
import { fitsAcross, fitted, Sheet, words } from "./sheet.ts";

export interface CutOptions {
  diagnosis: Diagnosis;
  length: number;
  turned: boolean;
  /** Without labels, rails and broker: for the overview. */
  small: boolean;
  reading: BrokerReading | null;
  /** The sentence that it proves. */
  label: string;
}

const LABELS = 146;
const RIGHT = 18;

export function cutPicture(pieces: readonly Laid[], options: CutOptions): SVGElement {
  const { length, turned, small, reading, diagnosis } = options;
  const layout = cutLayout(pieces, length, small);
  const sheet = new Sheet(turned, small ? 4 : turned ? 26 : LABELS);
  const broker = reading === null || small ? null : brokerRow(layout, pieces, reading, sheet, length);
  const along = length + sheet.margin + (small ? 4 : RIGHT);
  const across = layout.height + (broker?.height ?? 0) + (turned ? 24 : 0);
  const [width, height] = turned ? [across, along] : [along, across];
  return s(
    "svg",
    {
      class: `cut${small ? " small" : ""}`,
      viewBox: `0 0 ${width} ${height}`,
      width: small ? null : width,
      height: small ? null : height,
      role: small ? "presentation" : "group",
      "aria-label": small ? null : options.label,
      "aria-hidden": small ? "true" : null,
    },
    patterns(),
    ...layout.boxes.flatMap(box => ribbons(box, layout, sheet)),
    ...layout.boxes.map(box => block(box, layout, sheet, small)),
    ...layout.pieces.map(piece => wirePiece(piece, layout, sheet, options)),
    ...zigzags(layout, sheet),
    ...missingMarks(diagnosis, layout, sheet),
    ...(small ? [] : labels(layout, diagnosis, sheet)),
    ...(broker?.shapes ?? []),
  );
}

function ribbons({ block, at, parts, lane }: BlockBox, layout: CutLayout, sheet: Sheet): SVGElement[] {
  const up = lane.side === "above";
  const edge = up ? lane.across + layout.blockHeight : lane.across;
  const wire = up ? layout.wire : layout.wire + layout.wireHeight;
  const middle = (edge + wire) / 2;
  return parts.map(({ blockAt, piece }) => {
    const b = at + blockAt;
    const w = piece.at;
    const p = (along: number, across: number) => sheet.point(along, across);
    const path = `M${p(b, edge)} C${p(b, middle)} ${p(w, middle)} ${p(w, wire)} L${p(w + piece.width, wire)} C${p(w + piece.width, middle)} ${p(b + piece.width, middle)} ${p(b + piece.width, edge)} Z`;
    const again = block.kind === "again" && piece.number > 1;
    return s("path", {
      d: path,
      class: `ribbon ${ink(block).colour}${block.isTorn ? " torn" : ""}${again ? " again" : ""}`,
      "data-block": blockKey(piece),
    });
  });
}

function block(box: BlockBox, layout: CutLayout, sheet: Sheet, small: boolean): SVGElement {
  const { block: of, at, width, missingWidth, lane, parts } = box;
  const filled = width - missingWidth;
  const { colour, texture } = ink(of);
  const across = lane.across;
  const rect = (classes: string, from: number, size: number) =>
    s("rect", { ...sheet.box(from, across, size, layout.blockHeight), rx: 3, class: classes });
  const cuts = of.kind === "again" ? [] : parts.slice(1).map(({ blockAt }) => at + blockAt);
  return s(
    "g",
    { class: "block", "data-block": blockKey(parts[0]!.piece) },
    rect(`fill ${colour}`, at, filled),
    texture === "" ? null : rect(`texture ${texture}`, at, filled),
    missingWidth > 0 ? rect("never", at + filled, missingWidth) : null,
    ...cuts.map(cut => zigzag(cut, across, layout.blockHeight, sheet)),
    small || of.label === "" ? null : blockLabel(box, filled, layout, sheet),
  );
}

/** In the widest part, clear of the cuts. */
function blockLabel(
  { block: of, at, lane, parts }: BlockBox,
  filled: number,
  { blockHeight }: CutLayout,
  sheet: Sheet,
) {
  const widest = parts.reduce((most, part) => (part.piece.width > most.piece.width ? part : most));
  const [begin, width] = of.kind === "again" ? [0, filled] : [widest.blockAt, widest.piece.width];
  const isAcross = sheet.turned && fitsAcross(of.label);
  if (width < (isAcross ? 14 : 30)) return null;
  const text = isAcross ? of.label : fitted(of.label, width);
  return words(text, at + begin + width / 2, lane.across + blockHeight / 2, sheet);
}

function wirePiece(piece: Laid, layout: CutLayout, sheet: Sheet, { diagnosis, small }: CutOptions): SVGElement {
  const { block: of, at, width } = piece;
  const { colour, texture } = ink(of);
  const rect = (classes: string) =>
    s("rect", { ...sheet.box(at, layout.wire, width, layout.wireHeight), class: classes });
  const label = pieceLabel(piece, diagnosis);
  return s(
    "g",
    small
      ? {}
      : {
          class: "piece",
          tabindex: -1,
          role: "img",
          "aria-label": pieceTip(piece, diagnosis),
          "data-block": blockKey(piece),
          "data-tip": pieceTip(piece, diagnosis),
          "data-from": piece.from,
        },
    rect(`fill ${colour}`),
    texture === "" ? null : rect(`texture ${texture}`),
    of.kind === "again" && piece.number > 1 ? rect("again") : null,
    small || width < 9 * label.length + 4
      ? null
      : words(
          label,
          at + width / 2,
          layout.wire + layout.wireHeight / 2,
          sheet,
          of.kind === "unexplained" || of.kind === "order",
        ),
  );
}

/** Where a torn block is cut on the wire. */
function zigzags({ pieces, wire, wireHeight }: CutLayout, sheet: Sheet): SVGElement[] {
  return pieces.flatMap((piece, at) => {
    const before = pieces[at - 1];
    if (before === undefined) return [];
    const ends = before.of > 1 && before.number < before.of && before.block.kind !== "again";
    const begins = piece.of > 1 && piece.number > 1 && piece.block.kind !== "again";
    return ends || begins ? [zigzag(piece.at, wire, wireHeight, sheet)] : [];
  });
}

function zigzag(along: number, across: number, height: number, sheet: Sheet): SVGElement {
  const steps = Math.max(2, Math.round(height / 6));
  const points = Array.from({ length: steps + 1 }, (_, at) =>
    sheet.point(along + (at % 2 === 0 ? -2.5 : 2.5), across + (height * at) / steps),
  );
  return s("path", { d: `M${points.join(" L")}`, class: "zigzag" });
}

/** Thick dashes where octets are missing. */
function missingMarks({ missing }: Diagnosis, { pieces, wire, wireHeight }: CutLayout, sheet: Sheet): SVGElement[] {
  return missing.flatMap(({ streamOffset, octets }) => {
    const at = positionOf(streamOffset, pieces);
    if (at === null || octets === 0) return [];
    return [
      s(
        "path",
        { d: `M${sheet.point(at, wire - 6)} L${sheet.point(at, wire + wireHeight + 6)}`, class: "gap" },
        s("title", {}, `${counted(octets, "octet")} never written`),
      ),
    ];
  });
}

function labels({ lanes, wire, wireHeight, blockHeight }: CutLayout, diagnosis: Diagnosis, sheet: Sheet): SVGElement[] {
  const label = (across: number, title: string, detail: string): SVGElement[] => {
    if (sheet.turned)
      return [
        s("text", { x: across, y: 12, class: "lane" }, title.replace("Writer ", "").replace("On the wire", "wire ↓")),
      ];
    return [
      s("text", { x: 14, y: across - 2, class: "lane" }, title),
      s("text", { x: 14, y: across + 13, class: "detail" }, detail),
    ];
  };
  return [
    ...label(wire + wireHeight / 2, "On the wire", "one stream →"),
    ...lanes.flatMap(lane => label(lane.across + blockHeight / 2, ...laneWords(lane, diagnosis))),
  ];
}

function laneWords({ writer }: Lane, { writers }: Diagnosis): [title: string, detail: string] {
  const known = writer === null ? undefined : writers[writer];
  if (known === undefined) return ["Not a writer’s", "see the labels"];
  const names = writerIdentity(known)?.names ?? [];
  const detail =
    names.length === 0 ? "" : names.length === 1 ? names[0]! : `${names.length} names: ${names.join(", ")}`;
  return [`Writer ${fitted(known.name, 60)}`, fitted(detail, 118)];
}

function blockKey(piece: Laid): string {
  const { block: of } = piece;
  return `${of.kind}-${of.writer ?? ""}-${of.spans[0]?.[0] ?? piece.from}`;
}
