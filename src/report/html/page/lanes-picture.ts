/** The second view of an incident: a lane for each writer, along the stream or in time. */
import { grouped } from "../../../bytes/grouped.ts";
import { writerName } from "../../incidents/writer-identity.ts";
import { duration } from "../../message-line.ts";
import type { Diagnosis } from "../../report.ts";
import type { Laid } from "../layout/scale.ts";
import { s } from "./dom.ts";
import { ink } from "./ink.ts";
import { pieceLabel, pieceTip } from "./piece-words.ts";
import { fitted } from "./sheet.ts";

const ROW = 36;
const LABELS = 146;
const MOST_LANES = 8;

export interface LanesOptions {
  length: number;
  label: string;
  /** Offset behind the last octet that the broker reads, along the picture. */
  stop: number | null;
  /** Milliseconds since the epoch at its ends, if it is drawn in time. */
  time: { begin: number; end: number } | null;
}

export function lanesPicture(pieces: readonly Laid[], diagnosis: Diagnosis, options: LanesOptions): SVGElement {
  const keys = rowsOf(pieces);
  const rowOf = (piece: Laid): number => Math.min(keys.indexOf(keyOf(piece)), MOST_LANES - 1);
  const rows = Math.min(keys.length, MOST_LANES);
  const height = rows * ROW + 44;
  return s(
    "svg",
    {
      class: "lanes",
      viewBox: `0 0 ${options.length + LABELS + 20} ${height}`,
      width: options.length + LABELS + 20,
      height,
      role: "group",
      "aria-label": options.label,
    },
    ...keys.slice(0, rows).map((key, row) => {
      const others = row === MOST_LANES - 1 && keys.length > MOST_LANES;
      return s(
        "text",
        { x: 14, y: 14 + row * ROW + 14, class: "lane" },
        others ? `${keys.length - row} others` : laneName(key, diagnosis),
      );
    }),
    ...keys.slice(0, rows).map((key, row) => {
      const name = row === MOST_LANES - 1 && keys.length > MOST_LANES ? "" : writerOf(key, diagnosis);
      return name === "" ? null : s("text", { x: 14, y: 14 + row * ROW + 26, class: "detail" }, name);
    }),
    ...tubes(pieces, rowOf),
    ...pieces.filter(({ block }) => block.kind !== "order").map(piece => lanePiece(piece, rowOf(piece), diagnosis)),
    ...(options.time === null
      ? rail(pieces, rows * ROW + 20)
      : timeRail(options.time, options.length, rows * ROW + 20)),
    options.stop === null
      ? null
      : s(
          "path",
          { d: `M${options.stop + LABELS} 4 V${rows * ROW + 14}`, class: "stop" },
          s("title", {}, "The broker stops reading here"),
        ),
  );
}

function keyOf({ block }: Laid): string {
  return block.writer === null ? block.kind : `writer ${block.writer}`;
}

/** By octets, the most first, if there are more than fit; else in order of appearance. */
function rowsOf(pieces: readonly Laid[]): string[] {
  const octets = new Map<string, number>();
  for (const piece of pieces) {
    if (piece.block.kind === "order") continue;
    octets.set(keyOf(piece), (octets.get(keyOf(piece)) ?? 0) + piece.to - piece.from);
  }
  const all = [...octets];
  if (all.length > MOST_LANES) all.sort(([, a], [, b]) => b - a);
  return all.map(([key]) => key);
}

function laneName(key: string, { writers }: Diagnosis): string {
  const writer = /^writer (\d+)$/.exec(key)?.[1];
  return writer === undefined ? key : `Writer ${writers[Number(writer)]?.name ?? "?"}`;
}

/** Who the writer is, if its messages show it; else "". */
function writerOf(key: string, { writers }: Diagnosis): string {
  const writer = writers[Number(/^writer (\d+)$/.exec(key)?.[1] ?? -1)];
  if (writer === undefined || writerName(writer) === writer.name) return "";
  return fitted(writerName(writer), LABELS - 14);
}

function lanePiece(piece: Laid, row: number, diagnosis: Diagnosis): SVGElement {
  const { colour, texture } = ink(piece.block);
  const [inset, height] = piece.block.isTorn ? [3, 22] : [8, 13];
  const box = { x: piece.at + LABELS, y: 10 + row * ROW + inset - 3, width: Math.max(1, piece.width - 0.5), height };
  const tip = pieceTip(piece, diagnosis);
  const label = piece.of > 1 ? `${piece.number}` : pieceLabel(piece, diagnosis);
  return s(
    "g",
    { class: "piece", tabindex: -1, role: "img", "aria-label": tip, "data-tip": tip, "data-from": piece.from },
    s("rect", { ...box, class: `fill ${colour}` }),
    texture === "" ? null : s("rect", { ...box, class: `texture ${texture}` }),
    piece.width < 14 || !piece.block.isTorn
      ? null
      : s(
          "text",
          {
            x: box.x + box.width / 2,
            y: box.y + 11,
            class: "label",
            "text-anchor": "middle",
            "dominant-baseline": "central",
          },
          label,
        ),
  );
}

/** From the first piece of a torn block to its last: it stood open. */
function tubes(pieces: readonly Laid[], rowOf: (piece: Laid) => number): SVGElement[] {
  return pieces.flatMap(piece => {
    if (piece.of < 2 || piece.number > 1 || piece.block.kind === "again") return [];
    const last = pieces.findLast(({ block }) => block === piece.block)!;
    const { colour } = ink(piece.block);
    return [
      s("rect", {
        x: piece.at + LABELS,
        y: 12 + rowOf(piece) * ROW,
        width: last.at + last.width - piece.at,
        height: 16,
        class: `tube ${colour}`,
      }),
    ];
  });
}

/** Offsets where pieces begin, as far as there is room. */
function rail(pieces: readonly Laid[], y: number): SVGElement[] {
  let free = 0;
  return pieces.flatMap(({ from, at }) => {
    if (at < free) return [];
    const text = grouped(from);
    free = at + text.length * 7 + 14;
    return [
      s("path", { d: `M${at + LABELS} ${y - 6} v5`, class: "tick" }),
      s("text", { x: at + LABELS, y: y + 10, class: "axis" }, text),
    ];
  });
}

const TICKS = 5;

/** Time from the first piece on. */
function timeRail({ begin, end }: { begin: number; end: number }, length: number, y: number): SVGElement[] {
  return Array.from({ length: TICKS }, (_, tick) => {
    const share = tick / (TICKS - 1);
    const x = LABELS + share * length;
    const clock = `${new Date(begin).toISOString().slice(11, 23)} UTC`;
    const words = tick === 0 ? clock : `+ ${duration(((end - begin) * share) / 1000)}`;
    return s(
      "g",
      {},
      s("path", { d: `M${x} ${y - 6} v5`, class: "tick" }),
      s("text", { x, y: y + 10, class: "axis", "text-anchor": tick === TICKS - 1 ? "end" : null }, words),
    );
  });
}
