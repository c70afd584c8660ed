/** The strip of places: the whole incident in a few lines, the stretches between its places folded. */
import type { IncidentPlace } from "../../report.ts";
import { counted, size } from "../../text/wording.ts";
import { laidOut, placePieces } from "../layout/scale.ts";
import type { Piece } from "../layout/wire.ts";
import { h, s } from "./dom.ts";
import { ink } from "./ink.ts";
import { set } from "./model.ts";

const LANE = 9;
const MOST_LANES = 6;
const WIDTH = 92;

/** A button for each place; the present one is pressed. */
export function strip(
  all: readonly Piece[],
  places: readonly IncidentPlace[],
  shown: number,
  octets: number,
): HTMLElement {
  return h(
    "div",
    { class: "panel" },
    h(
      "p",
      { class: "quiet" },
      `The whole incident: ${size(octets)}, ${counted(places.length, "place")} where frames tore. Stretches in order are folded.`,
    ),
    h(
      "div",
      { class: "strip", role: "group", "aria-label": "Places" },
      ...places.map((place, at) =>
        h(
          "button",
          {
            type: "button",
            class: "place",
            "aria-pressed": String(at === shown),
            "aria-label": `Place ${at + 1}`,
            click: () => set("place", `${at + 1}`),
          },
          thumbnail(placePieces(all, place)),
          h("span", {}, `${at + 1}`),
        ),
      ),
    ),
  );
}

function thumbnail(pieces: readonly Piece[]): SVGElement {
  const laid = laidOut(pieces, "folded", WIDTH);
  const keys = [...new Set(laid.filter(({ block }) => block.kind !== "order").map(({ block }) => block.writer))];
  const lane = (writer: number | null) => Math.min(keys.indexOf(writer), MOST_LANES - 1);
  return s(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${MOST_LANES * LANE}`,
      width: WIDTH,
      height: Math.min(keys.length, MOST_LANES) * LANE,
      "aria-hidden": "true",
      preserveAspectRatio: "xMidYMin slice",
    },
    ...laid
      .filter(({ block }) => block.kind !== "order")
      .map(({ block, at, width }) =>
        s("rect", {
          x: at,
          y: lane(block.writer) * LANE + 1,
          width: Math.max(1, width),
          height: block.isTorn ? 7 : 4,
          class: `fill ${ink(block).colour}`,
        }),
      ),
  );
}
