/** When: a row for each connection, sick ones first, idle time folded; many connections are rows of clients. */
import { grouped } from "../../../bytes/grouped.ts";
import { clientKey } from "../../incidents/groups.ts";
import type { Connection } from "../../report.ts";
import { h, s } from "./dom.ts";
import { called, type Model } from "./model.ts";
import { fitted } from "./sheet.ts";
import { zoomable } from "./zoom.ts";

const MOST_ROWS = 40;
const MOST_CLIENTS = 200;
const ROW = 24;
/** Columns of names, and how narrow a page has to be for the short ones. */
const LABELS = 190;
const SHORT_LABELS = 96;
const NARROW = 640;
/** Pixels: a narrower page is scrolled. */
const LEAST = 260;
const TOP = 24;
/** Milliseconds without anything that are folded. */
const IDLE = 4000;
const FOLD = 46;
const CELLS = 120;

interface Row {
  name: string;
  connections: Connection[];
  isSick: boolean;
}

export function timeline(model: Model): HTMLElement {
  const rows = rowsOf(model);
  const page = document.documentElement.clientWidth;
  const isNarrow = page < NARROW;
  const labels = isNarrow ? SHORT_LABELS : LABELS;
  const width = Math.max(LEAST, Math.min(1216, page - (isNarrow ? 32 : 64)) - 30);
  const aggregated = model.report.connections.length > MOST_ROWS;
  const own = onRows(rows, model);
  const times = timesOf(model);
  return h(
    "div",
    {},
    zoomable("Time line", "", factor =>
      drawing(rows, own, { scale: new TimeScale(times, (width - labels - 20) * factor), labels, aggregated }),
    ),
    h(
      "p",
      { class: "legend quiet" },
      `✗ incident · line: connection open · ticks: messages · bar at the end: reset · between the grey blocks: idle time, folded${aggregated ? ` · ${grouped(model.report.connections.length)} connections, a row for each client` : ""}`,
    ),
  );
}

function drawing(rows: readonly Row[], own: readonly OfRow[], on: Drawing): SVGElement {
  const { scale, labels } = on;
  const width = labels + 20 + scale.width;
  const height = TOP + rows.length * ROW + 16;
  return s(
    "svg",
    {
      class: "timeline",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "group",
      "aria-label": "Connections over time",
    },
    ...scale.stretches.map(({ at, length }) =>
      s("rect", { x: labels + at, y: TOP - 6, width: length, height: height - TOP, class: "stretch" }),
    ),
    ...scale.stretches.map(({ at, from }) =>
      s("text", { x: labels + at, y: 12, class: "axis" }, new Date(from).toISOString().slice(11, 21)),
    ),
    ...scale.folds.map(({ at, idle }) =>
      s("text", { x: labels + at + FOLD / 2, y: TOP + 14, class: "axis", "text-anchor": "middle" }, duration(idle)),
    ),
    ...rows.flatMap((row, at) => drawRow(row, TOP + at * ROW + 8, on, own[at]!)),
  );
}

function rowsOf({ report, incidents }: Model): Row[] {
  const sick = new Set(incidents.map(({ finding }) => finding.connection));
  const many = report.connections.length > MOST_ROWS;
  const rows = new Map<string, Row>();
  for (const connection of report.connections) {
    const key = many ? clientKey(connection) : connection.id;
    const row = rows.get(key) ?? { name: called(connection), connections: [], isSick: false };
    row.connections.push(connection);
    row.isSick ||= sick.has(connection.id);
    rows.set(key, row);
  }
  const sorted = [...rows.values()].sort((a, b) => Number(b.isSick) - Number(a.isSick));
  if (sorted.length <= MOST_CLIENTS) return sorted;
  const others = sorted.slice(MOST_CLIENTS);
  return [
    ...sorted.slice(0, MOST_CLIENTS),
    {
      name: "others",
      connections: others.flatMap(({ connections }) => connections),
      isSick: others.some(({ isSick }) => isSick),
    },
  ];
}

function timesOf({ report, incidents }: Model): [from: number, to: number][] {
  return [
    ...report.connections.map(({ start, end }): [number, number] => [Date.parse(start), Date.parse(end)]),
    ...incidents.map(({ finding }): [number, number] => [
      Date.parse(finding.time ?? ""),
      Date.parse(finding.time ?? ""),
    ]),
  ].filter(([from, to]) => !Number.isNaN(from) && !Number.isNaN(to));
}

/** Time to pixels; stretches without any connection are folded. */
class TimeScale {
  readonly stretches: { at: number; length: number; from: number; to: number }[] = [];
  readonly folds: { at: number; idle: number }[] = [];

  readonly width: number;

  constructor(times: readonly [from: number, to: number][], width: number) {
    this.width = width;
    const merged: [number, number][] = [];
    for (const [from, to] of times.toSorted(([a], [b]) => a - b)) {
      const last = merged.at(-1);
      if (last !== undefined && from - last[1] <= IDLE) last[1] = Math.max(last[1], to);
      else merged.push([from, to]);
    }
    // Very many stretches would leave no room for any.
    const most = Math.max(1, Math.floor(width / (FOLD * 2)));
    while (merged.length > most) {
      const gaps = merged.slice(1).map(([from], at) => from - merged[at]![1]);
      const least = gaps.indexOf(Math.min(...gaps));
      merged.splice(least, 2, [merged[least]![0], merged[least + 1]![1]]);
    }
    const room = width - FOLD * (merged.length - 1);
    const weight = ([from, to]: [number, number]) => Math.sqrt(to - from + 1);
    const sum = merged.reduce((total, each) => total + weight(each), 0);
    let at = 0;
    for (const [index, stretch] of merged.entries()) {
      const length = (room * weight(stretch)) / sum;
      this.stretches.push({ at, length, from: stretch[0], to: stretch[1] });
      at += length;
      const next = merged[index + 1];
      if (next === undefined) break;
      this.folds.push({ at, idle: next[0] - stretch[1] });
      at += FOLD;
    }
  }

  x(time: number): number {
    for (const { at, length, from, to } of this.stretches) {
      if (time <= to) return at + (length * Math.max(0, time - from)) / Math.max(1, to - from);
    }
    const last = this.stretches.at(-1);
    return last === undefined ? 0 : last.at + last.length;
  }
}

interface Drawing {
  scale: TimeScale;
  /** Where time begins, behind the names. */
  labels: number;
  aggregated: boolean;
}

function drawRow(row: Row, y: number, on: Drawing, own: OfRow): SVGElement[] {
  const { scale, labels, aggregated } = on;
  const count = row.connections.length > 1 ? ` × ${grouped(row.connections.length)}` : "";
  const label = s(
    "text",
    { x: 12, y: y + 4, class: `rowname${row.isSick ? " strong" : ""}` },
    fitted(row.name + count, labels - 14),
  );
  const resets = aggregated ? [] : row.connections.filter(({ ended }) => ended === "rst");
  return [
    label,
    ...openTimes(row.connections, scale).map(([from, to]) =>
      s("rect", { x: labels + from, y: y - 1.5, width: to - from, height: 3, class: "open" }),
    ),
    ...resets.map(({ end }) =>
      s("rect", { x: labels + scale.x(Date.parse(end)), y: y - 7, width: 2.5, height: 14, class: "reset" }),
    ),
    ...traffic(own.times, y, on),
    ...marks(own.incidents, y, on),
  ];
}

/** When any of them was open, in pixels: thousands that follow one another are few lines. */
function openTimes(connections: readonly Connection[], scale: TimeScale): [from: number, to: number][] {
  const all = connections.map(({ start, end }): [number, number] => {
    const from = scale.x(Date.parse(start));
    return [from, Math.max(from + 1, scale.x(Date.parse(end)))];
  });
  const merged: [number, number][] = [];
  for (const [from, to] of all.sort(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}

/** The contents of a row. */
interface OfRow {
  incidents: Model["incidents"];
  /** Of messages: milliseconds since the epoch. */
  times: number[];
}

/** For each row, found in one pass over all messages and incidents. */
function onRows(rows: readonly Row[], { incidents, data }: Model): OfRow[] {
  const found = rows.map((): OfRow => ({ incidents: [], times: [] }));
  const rowOf = new Map(rows.flatMap(({ connections }, at) => connections.map(({ id }) => [id, found[at]!] as const)));
  for (const incident of incidents) {
    const { connection, time } = incident.finding;
    if (connection !== null && time !== null) rowOf.get(connection)?.incidents.push(incident);
  }
  for (const { connection, time } of data.messages?.list ?? []) rowOf.get(connection)?.times.push(Date.parse(time));
  return found;
}

/** Messages in each cell of time; height by the square root. */
function traffic(times: readonly number[], y: number, { scale, labels }: Drawing): SVGElement[] {
  const counts = new Map<number, number>();
  const width = 3;
  for (const time of times) {
    const cell = Math.floor(scale.x(time) / width);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const most = Math.max(1, ...counts.values());
  return [...counts].map(([cell, count]) => {
    const height = 4 + 10 * Math.sqrt(count / most);
    return s("rect", { x: labels + cell * width, y: y - height / 2, width: width - 1, height, class: "traffic" });
  });
}

function marks(own: Model["incidents"], y: number, { scale, labels }: Drawing): SVGElement[] {
  const seen = new Set<number>();
  return own.slice(0, 5000).flatMap(({ finding }) => {
    const x = scale.x(Date.parse(finding.time!));
    const cell = Math.round((x / (scale.stretches.length + 1000)) * CELLS * 10);
    if (seen.has(cell)) return [];
    seen.add(cell);
    return [
      s(
        "a",
        { href: `#incident/${finding.id}`, "aria-label": `Incident ${finding.id}, ${finding.rule}`, class: "mark" },
        s("circle", { cx: labels + x, cy: y, r: 8 }),
        s("path", { d: `M${labels + x - 3.5} ${y - 3.5} l7 7 M${labels + x - 3.5} ${y + 3.5} l7 -7` }),
      ),
    ];
  });
}

function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
