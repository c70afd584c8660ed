/** The messages of a connection over time: by channel, and by how long they took to be settled. */
import { grouped } from "../../../bytes/grouped.ts";
import type { MessageRecord } from "../../message-record.ts";
import { clock, counted } from "../../text/wording.ts";
import { instant } from "../instant.ts";
import type { HeartbeatTimes } from "../page-data.ts";
import { h, s } from "./dom.ts";

const WIDTH = 520;
const LABELS = 90;
const ROW = 24;
const AXIS = 18;
/** Channels with a lane, and messages that are drawn. */
const MOST_CHANNELS = 16;
const MOST_MESSAGES = 4000;
/** Pixels of a mark in its lane. */
const ABOVE = 3;
const BELOW = 13;
/** A message is drawn as wide as this at least. */
const TICK = 1.6;

interface TimeAxis {
  from: number;
  span: number;
  /** The first message’s time, and the last one’s, in words. */
  first: string;
  last: string;
}

function axisOf(messages: readonly MessageRecord[], others: readonly number[] = []): TimeAxis {
  const begins = [...messages.map(({ time }) => instant(time)), ...others];
  const ends = [...messages.map(({ time, latency = 0 }) => instant(time) + latency * 1000), ...others];
  const from = begins.reduce((least, time) => Math.min(least, time));
  const last = begins.reduce((most, time) => Math.max(most, time));
  const to = ends.reduce((most, time) => Math.max(most, time));
  const words = (time: number) => clock(new Date(time).toISOString(), false);
  return { from, span: Math.max(1e-6, to - from), first: words(from), last: words(last) };
}

function axisWords({ first, last }: TimeAxis, y: number): SVGElement[] {
  return [
    s("text", { x: LABELS, y, class: "axis" }, first),
    s("text", { x: WIDTH, y, class: "axis", "text-anchor": "end" }, first === last ? "" : last),
  ];
}

const ROOM = WIDTH - LABELS - 2;

function placeOf(time: number, { from, span }: TimeAxis): number {
  return LABELS + ((time - from) / span) * ROOM;
}

function messageMarks(messages: readonly MessageRecord[], channels: readonly number[], axis: TimeAxis): SVGElement[] {
  return messages.flatMap(({ channel, operation, finding, time, latency = 0 }) => {
    const row = channels.indexOf(channel);
    if (row < 0) return [];
    return s("rect", {
      x: placeOf(instant(time), axis),
      y: row * ROW + (operation === "publish" ? ABOVE : BELOW),
      width: Math.max(TICK, ((latency * 1000) / axis.span) * ROOM),
      height: 8,
      class: finding === undefined ? "traffic" : "bar",
    });
  });
}

function heartbeatMarks({ client, broker }: HeartbeatTimes, top: number, axis: TimeAxis): SVGElement[] {
  const marks = (times: readonly number[], y: number) =>
    times.map(time => s("rect", { x: placeOf(time, axis), y: top + y, width: TICK, height: 8, class: "traffic" }));
  return [...marks(client, ABOVE), ...marks(broker, BELOW)];
}

const OF_MESSAGES = "Above the line: publishes · below: deliveries · as long as until it was settled · red: lost";
const NO_HEARTBEATS: HeartbeatTimes = { client: [], broker: [], count: 0 };

/**
 * A lane for each channel: above publishes, below deliveries, each as long as it took to be settled; and one for
 * heartbeats: above the client's, below the broker's. Null if there is nothing to draw.
 */
export function channelLanes(
  messages: readonly MessageRecord[],
  heartbeats: HeartbeatTimes = NO_HEARTBEATS,
): HTMLElement | null {
  const beats = [...heartbeats.client, ...heartbeats.broker];
  if (messages.length + beats.length === 0) return null;
  const all = [...new Set(messages.map(({ channel }) => channel))].sort((a, b) => a - b);
  const channels = all.slice(0, MOST_CHANNELS);
  const drawn = messages.slice(0, MOST_MESSAGES);
  const axis = axisOf(messages, beats);
  const lanes = [...channels.map(channel => `channel ${channel}`), ...(beats.length > 0 ? ["heartbeats"] : [])];
  const height = lanes.length * ROW + AXIS;
  const picture = s(
    "svg",
    {
      class: "lanes scrollless",
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: "img",
      "aria-label": `${counted(messages.length, "message")} on ${counted(all.length, "channel")}, ${counted(heartbeats.count, "heartbeat")}`,
    },
    ...lanes.flatMap((lane, at) => [
      s("text", { x: 0, y: 16 + at * ROW, class: "lane" }, lane),
      s("path", { d: `M${LABELS} ${12 + at * ROW} H${WIDTH}`, class: "tick" }),
    ]),
    ...messageMarks(drawn, channels, axis),
    ...heartbeatMarks(heartbeats, channels.length * ROW, axis),
    ...axisWords(axis, height - 4),
  );
  const legend = [
    messages.length > 0 ? OF_MESSAGES : "",
    beats.length > 0 ? "heartbeats: the client’s above, the broker’s below" : "",
    beats.length < heartbeats.count
      ? `${grouped(beats.length)} of ${grouped(heartbeats.count)} heartbeats are drawn`
      : "",
    all.length > channels.length ? `${counted(all.length - channels.length, "more channel")} not drawn` : "",
    messages.length > drawn.length ? `the first ${grouped(drawn.length)} of ${grouped(messages.length)} messages` : "",
  ];
  return h("div", {}, picture, h("p", { class: "legend quiet" }, legend.filter(words => words !== "").join(" · ")));
}

const COLUMNS = 40;
const DECADES = ["0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"];
const CELL = 12;
const SHADES = 5;

/** How many messages took how long, over time: darker is more. Null if none was settled. */
export function latencyMap(messages: readonly MessageRecord[]): HTMLElement | null {
  const timed = messages.filter(({ latency }) => latency !== undefined && latency > 0);
  if (timed.length === 0) return null;
  const axis = axisOf(timed);
  const rows = DECADES.length * 2;
  const cells = new Map<number, number>();
  for (const { time, latency } of timed) {
    const share = (instant(time) - axis.from) / axis.span;
    const column = Math.min(COLUMNS - 1, Math.floor(share * COLUMNS));
    const row = Math.max(0, Math.min(rows - 1, Math.floor((Math.log10(latency!) + 4.5) * 2)));
    const key = column * rows + row;
    cells.set(key, (cells.get(key) ?? 0) + 1);
  }
  const most = Math.max(...cells.values());
  const size = (WIDTH - LABELS) / COLUMNS;
  const height = rows * CELL + AXIS;
  const picture = s(
    "svg",
    {
      class: "heat",
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: "img",
      "aria-label": `Latencies of ${counted(timed.length, "message")}`,
    },
    ...DECADES.map((label, at) => s("text", { x: 0, y: rows * CELL - at * 2 * CELL - 10, class: "axis" }, label)),
    ...[...cells].map(([key, count]) =>
      s(
        "rect",
        {
          x: LABELS + Math.floor(key / rows) * size,
          y: (rows - 1 - (key % rows)) * CELL,
          width: size - 1,
          height: CELL - 1,
          class: `heat${Math.max(1, Math.ceil(SHADES * Math.sqrt(count / most)))}`,
        },
        s("title", {}, counted(count, "message")),
      ),
    ),
    ...axisWords(axis, height - 4),
  );
  return h(
    "div",
    {},
    picture,
    h(
      "p",
      { class: "legend quiet" },
      `A cell: messages sent then that took so long${most > 1 ? `; the darkest has ${grouped(most)}` : ""}.`,
    ),
  );
}
