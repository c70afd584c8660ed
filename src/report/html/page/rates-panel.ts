/** How much is relayed: the figures of the latest second, and a line for each over up to ten minutes. */
import { grouped } from "../../../bytes/grouped.ts";
import { size } from "../../text/wording.ts";
import type { RateSample } from "../live-data.ts";
import { h, s } from "./dom.ts";

const WIDTH = 240;
const HEIGHT = 44;
/** Seconds that a line covers at least: a short history is not stretched over all of it. */
const LEAST = 60;

const LINES: readonly (readonly [name: string, index: 1 | 2 | 3 | 4 | 5, words: (value: number) => string])[] = [
  ["Open connections", 1, grouped],
  ["To the broker", 2, value => `${size(value)}/s`],
  ["From the broker", 3, value => `${size(value)}/s`],
  ["Frames", 4, value => `${grouped(value)}/s`],
  ["Messages settled", 5, value => `${grouped(value)}/s`],
];

export function ratesPanel(rates: readonly RateSample[]): HTMLElement {
  const seconds = Math.max(LEAST, ((rates.at(-1)?.[0] ?? 0) - (rates[0]?.[0] ?? 0)) / 1000);
  const span = seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
  return h(
    "section",
    { class: "rates", "aria-label": "Rates" },
    ...LINES.map(([name, index, words]) => {
      const values = rates.map(sample => sample[index]);
      const most = Math.max(0, ...values);
      return h(
        "div",
        { class: "rate" },
        h("span", { class: "term" }, name),
        h("strong", {}, words(values.at(-1) ?? 0)),
        line({ rates, values, most, seconds }, `${name}, the last ${span}: at most ${words(most)}`),
        h("span", { class: "quiet" }, `at most ${words(most)} in ${span}`),
      );
    }),
  );
}

interface Course {
  rates: readonly RateSample[];
  values: readonly number[];
  most: number;
  /** From the left end to the right one. */
  seconds: number;
}

function line({ rates, values, most, seconds }: Course, label: string): SVGElement {
  const end = rates.at(-1)?.[0] ?? 0;
  const points = rates.map(([time], at) => {
    const x = WIDTH - ((end - time) / 1000 / seconds) * WIDTH;
    const y = HEIGHT - 2 - (values[at]! / Math.max(1, most)) * (HEIGHT - 6);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return s(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label, class: "rateline" },
    s("path", { d: `M0 ${HEIGHT - 1.5} H${WIDTH}`, class: "ground" }),
    points.length < 2 ? null : s("path", { d: `M${points.join(" L")}`, class: "line" }),
  );
}
