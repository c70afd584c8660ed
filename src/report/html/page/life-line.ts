/** A message's life: when it was sent, and how long until it was confirmed or acknowledged, within its connection's time. */
import { grouped } from "../../../bytes/grouped.ts";
import { duration } from "../../message-line.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Connection, Span } from "../../report.ts";
import { clock, counted } from "../../text/wording.ts";
import { h, s } from "./dom.ts";
import { instant } from "./instant.ts";

const WIDTH = 110;
const HEIGHT = 16;
const MIDDLE = HEIGHT / 2;

/** How a torn message came in: its pieces in the order of the stream, others' octets between them, where the broker stopped. */
export function pieceLine(spans: readonly Span[], stop: number | undefined): HTMLElement {
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return h("span", { class: "quiet" }, "–");
  const begin = first[0];
  const length = Math.max(1, last[0] + last[1] - begin);
  const place = (at: number): number => 2 + ((at - begin) / length) * (WIDTH - 6);
  const octets = spans.map(([, count]) => grouped(count)).join(" + ");
  const own = spans.reduce((sum, [, count]) => sum + count, 0);
  const between = length > own ? `, ${counted(length - own, "octet")} of others between` : "";
  const isStopped = stop !== undefined && stop > begin && stop <= begin + length;
  const words = `${counted(spans.length, "piece")}: ${octets} octets${between}${isStopped ? "; the broker stopped within" : ""}`;
  return h(
    "span",
    { title: words },
    s(
      "svg",
      { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
      s("path", { d: `M2 ${MIDDLE} H${WIDTH - 4}`, class: "tick between" }),
      ...spans.map(([from, count]) => {
        const x = place(from);
        return s("rect", { x, y: MIDDLE - 4, width: Math.max(2, place(from + count) - x), height: 8, class: "bar" });
      }),
      isStopped ? s("path", { d: `M${place(stop)} 1 V${HEIGHT - 1}`, class: "cross" }) : null,
    ),
  );
}

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
