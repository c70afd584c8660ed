/** How long a connection took to open, step by step: each begins where the one before it ended. */
import { duration } from "../../message-line.ts";
import { instant } from "../instant.ts";
import type { ConnectionSteps } from "../page-data.ts";
import { h, s } from "./dom.ts";

const WIDTH = 520;
const ROW = 22;
const LABELS = 110;
const VALUES = 80;

/** Names of the methods; the first channel is opened when the connection is. */
const NAMES: Readonly<Record<string, string>> = {
  start: "start",
  startOk: "start-ok",
  tune: "tune",
  tuneOk: "tune-ok",
  open: "open",
  openOk: "open-ok",
  firstChannel: "channel.open",
};

interface Step {
  name: string;
  begin: number;
  end: number;
}

/** `begun`: when its first packet was seen; null if that was not the connection's first. */
export function phases(steps: ConnectionSteps | undefined, begun: string | null): HTMLElement | SVGElement {
  const seen = stepsOf(steps ?? [], begun);
  if (seen.length === 0) return h("p", {}, "Its beginning is not in this file.");
  const first = seen[0]!.begin;
  const span = Math.max(1e-6, seen.at(-1)!.end - first);
  const scale = (at: number): number => LABELS + ((at - first) / span) * (WIDTH - LABELS - VALUES);
  return s(
    "svg",
    {
      class: "lanes scrollless",
      viewBox: `0 0 ${WIDTH} ${seen.length * ROW + 6}`,
      role: "img",
      "aria-label": `Open after ${duration(span / 1000)}: ${seen.map(({ name, begin, end }) => `${name} ${duration((end - begin) / 1000)}`).join(", ")}`,
    },
    ...seen.flatMap(({ name, begin, end }, at) => [
      s("text", { x: 0, y: at * ROW + 16, class: "lane" }, name),
      s("rect", {
        x: scale(begin),
        y: at * ROW + 6,
        width: Math.max(2, scale(end) - scale(begin)),
        height: 12,
        class: "traffic",
      }),
      s(
        "text",
        { x: Math.max(2, scale(end) - scale(begin)) + scale(begin) + 6, y: at * ROW + 16, class: "axis" },
        duration((end - begin) / 1000),
      ),
    ]),
  );
}

/** Steps that came are drawn; if a step was not captured, the next one takes its time. */
function stepsOf(steps: ConnectionSteps, begun: string | null): Step[] {
  const known = steps.flatMap(([step, time]) => {
    const name = NAMES[step];
    return name === undefined ? [] : [{ name, at: instant(time) }];
  });
  const all = begun === null ? known : [{ name: "", at: instant(begun) }, ...known];
  return all.slice(1).map(({ name, at }, i) => ({ name, begin: all[i]!.at, end: Math.max(all[i]!.at, at) }));
}
