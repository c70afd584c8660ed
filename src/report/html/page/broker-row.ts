/** How the broker read it: how far, what it read as one frame, and where it stopped. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Connection, Finding } from "../../report.ts";
import { counted, size } from "../../text/wording.ts";
import type { CutLayout } from "../layout/cut.ts";
import { type Laid, positionOf } from "../layout/scale.ts";
import { s } from "./dom.ts";
import type { Sheet } from "./sheet.ts";

export interface BrokerReading {
  /** Behind the last octet it reads; null if it does not stop. */
  stop: number | null;
  /** Where what it read as one frame begins; null if that is not known. */
  begin: number | null;
  took: string;
  why: string;
  afterStop: boolean;
}

export function readingOf(finding: Finding, connection: Connection | null, afterStop: boolean): BrokerReading | null {
  if (finding.direction !== "client-to-server" || connection === null) return null;
  const { predicted, observed } = connection.verdict;
  const stop = predicted?.streamOffset ?? null;
  if (stop === null) return null;
  const { frame, octets } = finding;
  const end = octets.find(({ takenFor }) => takenFor === "frame-end octet");
  const verdict = observed ?? predicted;
  const took =
    frame === null
      ? ""
      : finding.rule === "frame-too-large"
        ? `read as a frame of ${counted(frame.size, "octet")}`
        : finding.rule === "frame-end"
          ? `read as one frame of ${counted(frame.size, "octet")}`
          : finding.rule === "content-order"
            ? "this frame came where another had to come"
            : "";
  const found =
    finding.rule === "frame-end" && end !== undefined
      ? `: found ${end.hex.toUpperCase()}, not CE`
      : verdict?.outcome === "close"
        ? `: ${verdict.code} ${verdict.name}`
        : "";
  const behind = connection.octets.clientToServer - stop;
  const rest = behind > 0 ? ` · ${size(behind)} behind it never read` : "";
  const atOnce = predicted?.outcome === "reset" || predicted?.fatal === true || verdict?.outcome === "close";
  return {
    stop,
    begin: finding.streamOffset,
    took,
    why: atOnce ? `stops at ${grouped(stop)}${found}${rest}` : `stops at ${grouped(stop)}${found}`,
    afterStop,
  };
}

const ROW = 56;
/** Pixels of a character, on average, in the widest of usual fonts. */
const WIDEST = 7.6;

export function brokerRow(
  layout: CutLayout,
  pieces: readonly Laid[],
  { stop, begin, took, why, afterStop }: BrokerReading,
  sheet: Sheet,
  length: number,
): { height: number; shapes: SVGElement[] } {
  const top = layout.height + 6;
  const line = (from: number, to: number, classes: string) =>
    s("path", { d: `M${sheet.point(from, top + 6)} L${sheet.point(to, top + 6)}`, class: classes });
  const unread = (from: number) => s("rect", { ...sheet.box(from, top, length - from, 10), class: "never" });
  const text = (words: string, along: number, down: number, classes: string) => {
    if (sheet.turned || words === "") return null;
    // If they would leave the picture they end where it ends, with any font.
    const width = words.length * WIDEST;
    const isLate = along + width > length && width <= length;
    const x = (isLate ? length : width > length ? 0 : along) + sheet.margin;
    return s("text", { x, y: top + down, class: classes, "text-anchor": isLate ? "end" : null }, words);
  };
  const at = stop === null ? null : positionOf(stop, pieces);
  const first = pieces[0]?.from ?? 0;
  const title = sheet.turned
    ? s("text", { x: top - 10, y: 12, class: "lane" }, "broker")
    : s("text", { x: 14, y: top + 10, class: "lane" }, "The broker");
  if (at === null) {
    const never = afterStop || (stop !== null && stop <= first);
    const words = never && stop !== null ? `never read this: it had stopped at ${grouped(stop)}` : "";
    return {
      height: ROW,
      shapes: [title, never ? unread(0) : line(0, length, "read"), text(words, 0, 28, "stop")].filter(
        shape => shape !== null,
      ),
    };
  }
  const from = begin === null ? null : positionOf(begin, pieces);
  const bracket =
    from === null || from >= at
      ? null
      : s("path", {
          d: `M${sheet.point(from, top - 2)} L${sheet.point(from, top + 6)} L${sheet.point(at, top + 6)}`,
          class: "read",
        });
  const shapes = [
    title,
    line(0, from ?? at, "read faint"),
    bracket,
    unread(at),
    s("path", { d: `M${sheet.point(at, layout.wire - 8)} L${sheet.point(at, top + 10)}`, class: "stop" }),
    s("path", { d: cross(at, layout.wire - 9, sheet), class: "stop" }),
    text(took, from ?? 0, 26, "took"),
    text(why, at, 44, "stop"),
  ];
  return { height: ROW, shapes: shapes.filter(shape => shape !== null) };
}

function cross(along: number, across: number, sheet: Sheet): string {
  const p = (u: number, v: number) => sheet.point(along + u, across + v);
  return `M${p(-5, -5)} L${p(5, 5)} M${p(-5, 5)} L${p(5, -5)}`;
}
