/** The sheet a picture is drawn on, upright or turned. */
import { s } from "./dom.ts";

/** Numbers along the wire and across it become x and y. */
export class Sheet {
  readonly turned: boolean;
  readonly margin: number;

  constructor(turned: boolean, margin: number) {
    this.turned = turned;
    this.margin = margin;
  }

  point(along: number, across: number): string {
    const u = Math.round((along + this.margin) * 10) / 10;
    const v = Math.round(across * 10) / 10;
    return this.turned ? `${v} ${u}` : `${u} ${v}`;
  }

  box(along: number, across: number, width: number, height: number): Record<string, number> {
    const u = along + this.margin;
    return this.turned
      ? { x: across, y: u, width: height, height: Math.max(0.5, width) }
      : { x: u, y: across, width: Math.max(0.5, width), height };
  }
}

const SHORT = 4;

/** Whether a text has room across the wire, where that runs down. Longer ones stand along it. */
export function fitsAcross(text: string): boolean {
  return text.length <= SHORT;
}

export function words(text: string, along: number, across: number, sheet: Sheet, plain = false): SVGElement {
  const [x, y] = sheet.point(along, across).split(" ");
  return s(
    "text",
    {
      x,
      y,
      class: plain ? "label plain" : "label",
      "text-anchor": "middle",
      "dominant-baseline": "central",
      transform: sheet.turned && !fitsAcross(text) ? `rotate(90 ${x} ${y})` : null,
    },
    text,
  );
}

/** Cut at the front: names differ at their ends. */
export function fitted(text: string, width: number): string {
  const most = Math.max(2, Math.floor(width / 7.2));
  return text.length <= most ? text : `…${text.slice(text.length - most + 1)}`;
}
