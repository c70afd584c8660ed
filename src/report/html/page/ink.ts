/** Colours and textures of writers. Letters and sides distinguish them as well: colour is never alone. */
import type { Block } from "../layout/wire.ts";
import { s } from "./dom.ts";

const TEXTURES = ["", "slant", "dots", "level", "cross"] as const;

export interface Ink {
  colour: string;
  texture: string;
}

/** Five hues; more writers are slate. */
export function writerInk(writer: number): Ink {
  if (writer >= TEXTURES.length) return { colour: "slate", texture: "upright" };
  return { colour: `w${writer}`, texture: TEXTURES[writer]! };
}

export function ink({ kind, writer }: Block): Ink {
  if (kind === "order") return { colour: "order", texture: "" };
  if (kind === "unexplained" || kind === "overwritten") return { colour: "unknown", texture: "hatch" };
  return writer === null ? { colour: "slate", texture: kind === "foreign" ? "upright" : "" } : writerInk(writer);
}

/** The textures, as patterns of a picture. Ids may stand more than once: all are the same. */
export function patterns(): SVGElement {
  const pattern = (id: string, size: number, d: string) =>
    s("pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" }, s("path", { d, class: "grain" }));
  return s(
    "defs",
    {},
    pattern("slant", 6, "M-1 7 L7 -1 M-1 1 L1 -1 M5 7 L7 5"),
    pattern("dots", 6, "M2 2 h1.6 M5 5 h1.6"),
    pattern("level", 5, "M0 2.5 H5"),
    pattern("cross", 7, "M0 0 L7 7 M7 0 L0 7"),
    pattern("upright", 5, "M2.5 0 V5"),
    s(
      "pattern",
      { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse" },
      s("path", { d: "M-1 7 L7 -1 M-1 1 L1 -1 M5 7 L7 5", class: "hatching" }),
    ),
  );
}
