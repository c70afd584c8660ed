/** When: a row for each connection, sick ones first, idle time folded; many connections are rows of clients. */
import { grouped } from "../../../bytes/grouped.ts";
import { clientKey } from "../../incidents/groups.ts";
import type { Connection } from "../../report.ts";
import { h, s } from "./dom.ts";
import { called, type Model } from "./model.ts";

const MOST_ROWS = 40;
const MOST_CLIENTS = 200;
const ROW = 24;
const LABELS = 190;
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
  const width = Math.max(520, Math.min(1216, document.documentElement.clientWidth - 64) - 30);
  const scale = new TimeScale(timesOf(model), width - LABELS - 20);
  const height = TOP + rows.length * ROW + 16;
  const aggregated = model.report.connections.length > MOST_ROWS;
  return h(
    "div",
    {},
    h(
      "div",
      { class: "panel scroll", tabindex: 0, role: "region", "aria-label": "Time line" },
      s(
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
          s("rect", { x: LABELS + at, y: TOP - 6, width: length, height: height - TOP, class: "stretch" }),
        ),
        ...scale.stretches.map(({ at, from }) =>
          s("text", { x: LABELS + at, y: 12, class: "axis" }, new Date(from).toISOString().slice(11, 21)),
        ),
        ...scale.folds.map(({ at, idle }) =>
          s("text", { x: LABELS + at + FOLD / 2, y: TOP + 14, class: "axis", "text-anchor": "middle" }, duration(idle)),
        ),
        ...rows.flatMap((row, at) => drawRow(row, TOP + at * ROW + 8, { model, scale, aggregated })),
      ),
    ),
    h(
      "p",
      { class: "legend quiet" },
      `✗ incident · line: connection open · ticks: messages · bar at the end: reset · between the grey blocks: idle time, folded${aggregated ? ` · ${grouped(model.report.connections.length)} connections, a row for each client` : ""}`,
    ),
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

  constructor(times: [from: number, to: number][], width: number) {
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
  model: Model;
  scale: TimeScale;
  aggregated: boolean;
}

function drawRow(row: Row, y: number, { model, scale, aggregated }: Drawing): SVGElement[] {
  const ids = new Set(row.connections.map(({ id }) => id));
  const own = model.incidents.filter(
    ({ finding }) => finding.connection !== null && ids.has(finding.connection) && finding.time !== null,
  );
  const count = row.connections.length > 1 ? ` × ${grouped(row.connections.length)}` : "";
  const lines = row.connections.slice(0, 2000).map(({ start, end, ended }) => {
    const from = scale.x(Date.parse(start));
    const to = Math.max(from + 1, scale.x(Date.parse(end)));
    return s(
      "g",
      {},
      s("rect", { x: LABELS + from, y: y - 1.5, width: to - from, height: 3, class: "open" }),
      ended === "rst" && !aggregated
        ? s("rect", { x: LABELS + to, y: y - 7, width: 2.5, height: 14, class: "reset" })
        : null,
    );
  });
  const label = s(
    "text",
    { x: 12, y: y + 4, class: `rowname${row.isSick ? " strong" : ""}` },
    shortened(row.name + count),
  );
  return [label, ...lines, ...traffic(ids, y, model, scale), ...marks(own, y, scale)];
}

/** Messages in each cell of time; height by the square root. */
function traffic(ids: ReadonlySet<string>, y: number, { data }: Model, scale: TimeScale): SVGElement[] {
  const counts = new Map<number, number>();
  const width = 3;
  for (const { connection, time } of data.messages?.list ?? []) {
    if (!ids.has(connection)) continue;
    const cell = Math.floor(scale.x(Date.parse(time)) / width);
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  const most = Math.max(1, ...counts.values());
  return [...counts].map(([cell, count]) => {
    const height = 4 + 10 * Math.sqrt(count / most);
    return s("rect", { x: LABELS + cell * width, y: y - height / 2, width: width - 1, height, class: "traffic" });
  });
}

function marks(own: Model["incidents"], y: number, scale: TimeScale): SVGElement[] {
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
        s("circle", { cx: LABELS + x, cy: y, r: 8 }),
        s("path", { d: `M${LABELS + x - 3.5} ${y - 3.5} l7 7 M${LABELS + x - 3.5} ${y + 3.5} l7 -7` }),
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

function shortened(name: string): string {
  return name.length <= 24 ? name : `${name.slice(0, 23)}…`;
}
