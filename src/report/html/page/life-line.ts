/** A message's life: when it was sent, and how long until it was confirmed or acknowledged, within its connection's time. */
import { duration } from "../../message-line.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Connection } from "../../report.ts";
import { clock } from "../../text/wording.ts";
import { h, s } from "./dom.ts";
import { instant } from "./instant.ts";

const WIDTH = 110;
const HEIGHT = 16;
const MIDDLE = HEIGHT / 2;

/** `message` undefined where it is not among those that the file keeps: then its time is not known. */
export function lifeLine(message: MessageRecord | undefined, connection: Connection | undefined, isLost: boolean) {
  if (message === undefined) return h("span", { class: "quiet" }, "–");
  const { time, latency } = message;
  const words = `${clock(time, false)}${latency === undefined ? "" : ` + ${duration(latency)}`}`;
  if (connection === undefined) return h("span", {}, words);
  const begin = instant(connection.start);
  const span = Math.max(1e-6, instant(connection.end) - begin);
  const place = (at: number): number => 2 + Math.min(1, Math.max(0, (at - begin) / span)) * (WIDTH - 6);
  const from = place(instant(time));
  const to = latency === undefined ? from : place(instant(time) + latency * 1000);
  return h(
    "span",
    { title: words },
    s(
      "svg",
      { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
      s("path", { d: `M2 ${MIDDLE} H${WIDTH - 2}`, class: "tick" }),
      s("rect", {
        x: from,
        y: MIDDLE - 2,
        width: Math.max(2, to - from),
        height: 4,
        class: isLost ? "bar" : "traffic",
      }),
      isLost
        ? s("path", { d: `M${from - 3} 3 l6 10 m0 -10 l-6 10`, class: "cross" })
        : s("circle", { cx: Math.max(from + 2, to), cy: MIDDLE, r: 3, class: "traffic" }),
    ),
  );
}
