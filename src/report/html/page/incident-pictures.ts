/** The pictures of an incident: its places, and one of them as Cut or as lanes. */
import { grouped } from "../../../bytes/grouped.ts";
import type { Incident } from "../../incidents/incident.ts";
import { placesOf } from "../../incidents/places.ts";
import { incidentSentence } from "../../incidents/sentence.ts";
import type { Diagnosis, IncidentPlace } from "../../report.ts";
import { counted } from "../../text/wording.ts";
import { MOST_PIECES, MOST_WRITERS } from "../layout/cut.ts";
import { laidInTime, laidOut, placePieces, positionOf, type ScaleKind, timeOf, timesOf } from "../layout/scale.ts";
import { type Piece, piecesOf } from "../layout/wire.ts";
import { readingOf } from "./broker-row.ts";
import { cutPicture } from "./cut-picture.ts";
import { choice, h, link } from "./dom.ts";
import { lanesPicture } from "./lanes-picture.ts";
import { type State, set } from "./model.ts";
import { pieceTip } from "./piece-words.ts";
import { strip } from "./strip.ts";
import { zoomable } from "./zoom.ts";

const NARROW = 700;

/** The strip, the switches and the picture of the place that is shown. */
export function pictures(incident: Incident, diagnosis: Diagnosis, state: State): HTMLElement {
  const { finding, connection } = incident;
  const all = piecesOf(diagnosis);
  const places = placesOf(diagnosis);
  if (diagnosis.kind === "unexplained" || all.length === 0 || places.length === 0) {
    return h("p", {}, "No picture: it would be a guess. ", link(`octets/${finding.id}`, "These are the octets."));
  }
  const stop = connection?.verdict.predicted?.streamOffset;
  const stopped = places.findIndex(({ from, to }) => stop !== undefined && stop > from && stop <= to);
  const wanted = Number(state.settings.get("place") ?? Math.max(0, stopped) + 1);
  const at = Math.min(places.length, Math.max(1, Number.isInteger(wanted) ? wanted : 1)) - 1;
  const place = places[at]!;
  const shown = placePieces(all, place);
  const many = shown.length > MOST_PIECES || writersIn(shown) > MOST_WRITERS;
  const kind = many || state.settings.get("picture") === "lanes" ? "lanes" : "cut";
  const scale = scaleOf(state, kind);
  const isTimed = laidInTime(shown, timesOf(diagnosis), 1) !== null;
  return h(
    "div",
    {},
    places.length < 2 ? null : strip(all, places, at, finding.length ?? 0),
    switches(
      kind,
      scale,
      isTimed,
      places.length > 1 ? `Place ${at + 1} of ${places.length} · j k next, previous · ` : "",
    ),
    many
      ? h(
          "p",
          { class: "quiet" },
          `This place has ${counted(writersIn(shown), "writer")} and ${counted(shown.length, "piece")}, so it is drawn as lanes.`,
        )
      : null,
    zoomable("Picture", "picture", factor =>
      kind === "lanes"
        ? lanes(incident, shown, diagnosis, { scale, factor })
        : cut(incident, shown, diagnosis, { scale, factor }),
    ),
    scale === "time" && !isTimed
      ? h("p", { class: "quiet" }, "All of it came at one time, or its times are not known: it is drawn folded.")
      : null,
    legend(kind, scale === "time" && !isTimed ? "folded" : scale),
    asList(shown, diagnosis, place),
  );
}

type PictureKind = "cut" | "lanes";
type Scale = ScaleKind | "time";

/** Only lanes can show time. */
function scaleOf({ settings }: State, kind: PictureKind): Scale {
  const wanted = settings.get("scale");
  if (wanted === "time" && kind === "lanes") return "time";
  return wanted === "true" ? "true" : "folded";
}

function switches(kind: PictureKind, scale: Scale, isTimed: boolean, where: string): HTMLElement {
  return h(
    "div",
    { class: "switches" },
    choice(
      "Picture",
      [
        ["cut", "Cut"],
        ["lanes", "Lanes"],
      ],
      kind,
      value => set("picture", value),
    ),
    choice(
      "Scale",
      [
        ["folded", "Folded"],
        ["true", "True size"],
        ...(kind === "lanes" && isTimed ? ([["time", "Time"]] as const) : []),
      ],
      scale,
      value => set("scale", value),
    ),
    h("span", { class: "keys quiet" }, where, "← → piece · l lanes · o octets · ? keys"),
  );
}

function pictureLength(): number {
  return Math.max(320, Math.min(1216, document.documentElement.clientWidth - 64) - 170);
}

interface Size {
  scale: Scale;
  /** How many times as wide as the page has room for. */
  factor: number;
}

function cut(incident: Incident, shown: readonly Piece[], diagnosis: Diagnosis, { scale, factor }: Size): SVGElement {
  const turned = document.documentElement.clientWidth < NARROW;
  const length = (turned ? Math.max(420, shown.length * 52) : pictureLength()) * factor;
  return cutPicture(laidOut(shown, scale === "true" ? "true" : "folded", length), {
    diagnosis,
    length,
    turned,
    small: false,
    reading: readingOf(incident.finding, incident.connection, incident.afterStop),
    label: incidentSentence(incident, true),
  });
}

function lanes(incident: Incident, shown: readonly Piece[], diagnosis: Diagnosis, { scale, factor }: Size): SVGElement {
  const length = Math.max(pictureLength(), shown.length * 6) * factor;
  const stop = incident.connection?.verdict.predicted?.streamOffset;
  const label = incidentSentence(incident, true);
  const times = timesOf(diagnosis);
  const timed = scale === "time" ? laidInTime(shown, times, length) : null;
  if (timed !== null) {
    const { laid, begin, end } = timed;
    const at = stop === undefined ? null : timeOf(stop - 1, times);
    const isShown = at !== null && positionOf(stop!, laid) !== null;
    const stopsAt = isShown ? ((at - begin) / (end - begin)) * length : null;
    return lanesPicture(laid, diagnosis, { length, label, stop: stopsAt, time: { begin, end } });
  }
  const laid = laidOut(shown, scale === "true" ? "true" : "folded", length);
  const stopsAt = stop === undefined ? null : positionOf(stop, laid);
  return lanesPicture(laid, diagnosis, { length, label, stop: stopsAt, time: null });
}

function writersIn(pieces: readonly Piece[]): number {
  return new Set(pieces.filter(({ block }) => block.kind !== "order").map(({ block }) => block.writer ?? block.kind))
    .size;
}

const WIDTHS: Readonly<Record<Scale, string>> = {
  true: "widths are true to size, at least 1 pixel, torn pieces 3",
  folded: "widths grow with the square root of octets",
  time: "from left to right: time",
};

function legend(kind: PictureKind, scale: Scale): HTMLElement {
  const marks =
    kind === "lanes"
      ? "High: pieces of torn frames, numbered in order · low: whole frames · dotted between them: the frame stands open · red line: the broker stops reading"
      : "Zigzag: torn here · hatched: never read, never written, or unexplained (a label says which) · ✗ the broker stops reading · A1, A2: pieces of one message, in order · ≈ frames in order, folded";
  return h("p", { class: "legend quiet" }, `${marks} · ${WIDTHS[scale]}`);
}

function asList(shown: readonly Piece[], diagnosis: Diagnosis, { from, to }: IncidentPlace): HTMLElement {
  return h(
    "details",
    { class: "list" },
    h("summary", {}, "Read as a list"),
    h("p", {}, `Offsets ${grouped(from)} to ${grouped(to)}, in the order of the stream:`),
    h("ol", {}, ...shown.map(piece => h("li", {}, pieceTip(piece, diagnosis)))),
  );
}
