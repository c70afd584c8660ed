/** A message's life: when it was sent, and how long until it was confirmed or acknowledged, within its connection's time. */
import { grouped } from "../../../bytes/grouped.ts";
import { duration } from "../../message-line.ts";
import type { MessageRecord } from "../../message-record.ts";
import type { Connection, Span } from "../../report.ts";
import { clock, counted } from "../../text/wording.ts";
import { instant } from "../instant.ts";
import { s } from "./dom.ts";

const WIDTH = 110;
const HEIGHT = 16;
const MIDDLE = HEIGHT / 2;

/** A picture of one line: paths of SVG, and their meaning in words. */
export interface LifeLine {
  words: string;
  /** Dotted where others' octets lie between pieces. */
  isDotted: boolean;
  bars: string;
  /** How it ended: a cross, a line, a dot. */
  mark: string;
  isLost: boolean;
}

/** How a torn message came: its pieces in stream order, others' octets between them, where the broker stopped. */
export function pieceLine(spans: readonly Span[], stop: number | undefined): LifeLine | string {
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return "–";
  const begin = first[0];
  const length = Math.max(1, last[0] + last[1] - begin);
  const place = (at: number): number => 2 + ((at - begin) / length) * (WIDTH - 6);
  const octets = spans.map(([, count]) => grouped(count)).join(" + ");
  const own = spans.reduce((sum, [, count]) => sum + count, 0);
  const between = length > own ? `, ${counted(length - own, "octet")} of others between` : "";
  const isStopped = stop !== undefined && stop > begin && stop <= begin + length;
  return {
    words: `${counted(spans.length, "piece")}: ${octets} octets${between}${isStopped ? "; the broker stopped within" : ""}`,
    isDotted: true,
    bars: spans.map(([from, count]) => bar(place(from), Math.max(2, place(from + count) - place(from)), 8)).join(""),
    mark: isStopped ? `M${round(place(stop))} 1 V${HEIGHT - 1}` : "",
    isLost: true,
  };
}

/** `message` is undefined if it is not among those that the file keeps: then its time is not known. */
export function lifeLine(
  message: MessageRecord | undefined,
  connection: Connection | undefined,
  isLost: boolean,
): LifeLine | string {
  if (message === undefined) return "–";
  const { time, latency } = message;
  const words = `${clock(time, false)}${latency === undefined ? "" : ` + ${duration(latency)}`}`;
  if (connection === undefined) return words;
  const begin = instant(connection.start);
  const span = Math.max(1e-6, instant(connection.end) - begin);
  const place = (at: number): number => 2 + Math.min(1, Math.max(0, (at - begin) / span)) * (WIDTH - 6);
  const from = place(instant(time));
  const to = latency === undefined ? from : place(instant(time) + latency * 1000);
  const end = Math.max(from + 2, to);
  return {
    words,
    isDotted: false,
    bars: bar(from, Math.max(2, to - from), 4),
    mark: isLost
      ? `M${round(from - 3)} 3 l6 10 m0 -10 l-6 10`
      : `M${round(end - 3)} ${MIDDLE} a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0`,
    isLost,
  };
}

function bar(x: number, width: number, height: number): string {
  return `M${round(x)} ${MIDDLE - height / 2} h${round(width)} v${height} h${round(-width)} z`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

/** The picture, which shows one line after the other. */
export class LifeLinePicture {
  readonly #title = s("title");
  readonly #ground = s("path", { d: `M2 ${MIDDLE} H${WIDTH - 4}` });
  readonly #bars = s("path");
  readonly #mark = s("path");
  readonly element = s(
    "svg",
    { width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" },
    this.#title,
    this.#ground,
    this.#bars,
    this.#mark,
  );

  show({ words, isDotted, bars, mark, isLost }: LifeLine): void {
    this.element.setAttribute("aria-label", words);
    this.#title.textContent = words;
    this.#ground.setAttribute("class", isDotted ? "tick between" : "tick");
    this.#bars.setAttribute("d", bars);
    this.#bars.setAttribute("class", isLost ? "bar" : "traffic");
    this.#mark.setAttribute("d", mark);
    this.#mark.setAttribute("class", isLost ? "cross" : "traffic");
  }
}
