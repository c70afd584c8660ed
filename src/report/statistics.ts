/** What `ghostframe stats` prints: outcomes, latencies, a heat map, errors. */
import { grouped } from "../bytes/grouped.ts";
import { pad, printable } from "../bytes/printable.ts";
import { HEAT_ROWS, type HeatMap } from "../messages/heat-map.ts";
import type { LatencyHistogram } from "../messages/latency-histogram.ts";
import type { Grouping, LatencyKind, MessageKind, MessageStatistics } from "../messages/message-statistics.ts";
import { isoTime } from "../net/place.ts";
import { duration } from "./message-line.ts";
import type { Report } from "./report.ts";
import { wrap } from "./text/page.ts";
import { size } from "./text/wording.ts";

export const STATISTICS_SCHEMA = "ghostframe.statistics/1";

const KINDS: readonly [kind: MessageKind, title: string, latency: string][] = [
  ["publish", "PUBLISHES", "publish → confirm"],
  ["deliver", "DELIVERIES", "delivery → acknowledgment"],
];
const GROUPINGS: Readonly<Record<LatencyKind, readonly Grouping[]>> = {
  publish: ["exchange", "connection"],
  deliver: ["queue", "exchange", "connection"],
  broker: ["queue"],
  reply: ["exchange"],
  call: ["method"],
  connect: ["phase"],
};
const LATENCY_KINDS: readonly LatencyKind[] = ["publish", "deliver", "broker", "reply", "call", "connect"];
/** Names of one kind that the text shows. */
const MAX_SHOWN = 20;
/** Columns of a name if the terminal's are not known; and at least and at most. */
const NAME_COLUMNS = 40;
const LEAST_NAME = 20;
const MOST_NAME = 80;
/** Columns of a heat map if the terminal's are not known. */
const LAID_OUT = 80;
/** Columns of a table beside the names: five figures, and the margin. */
const FIGURES = 5 * 10 + 2;
const MAX_ERRORS = 20;
/** Columns of an error's count, with the margin and the gap behind it. */
const COUNT_COLUMNS = 11;
/** Columns of a heat map's labels, with the margin and its axis. */
const LABEL_COLUMNS = 13;

/** `columns`: of the terminal; null if there is none. */
export function statisticsText(statistics: MessageStatistics, report: Report, columns: number | null = null): string {
  const room = columns === null ? NAME_COLUMNS : Math.min(MOST_NAME, Math.max(LEAST_NAME, columns - FIGURES));
  const lines: string[] = [];
  for (const [kind, title, latency] of KINDS) {
    const counts = [...statistics.outcomes[kind]].sort(([, a], [, b]) => b - a);
    const count = counts.reduce((sum, [, each]) => sum + each, 0);
    const outcomes = counts.map(([outcome, each]) => `${grouped(each)} ${outcome}`).join(", ");
    lines.push(`${title}  ${grouped(count)}${rate(count, statistics)}, ${size(statistics.octets[kind])}`);
    if (count > 0) lines.push(`  ${outcomes}`);
    for (const grouping of GROUPINGS[kind]) lines.push(...latencyTable(statistics, kind, grouping, latency, room));
    lines.push(...heatMap(statistics.heat[kind].within((columns ?? LAID_OUT) - LABEL_COLUMNS), latency), "");
  }
  const between = [
    ...latencyTable(statistics, "broker", "queue", "publish → delivery", room),
    ...latencyTable(statistics, "reply", "exchange", "request → reply", room),
  ];
  if (between.length > 0) lines.push("ACROSS CONNECTIONS, where both sides were captured", ...between.slice(1), "");
  const others = [
    ...latencyTable(statistics, "call", "method", "call → reply", room),
    ...latencyTable(statistics, "connect", "phase", "connecting", room),
  ];
  if (others.length > 0) lines.push("CALLS AND CONNECTIONS", ...others.slice(1), "");
  lines.push(...errors(report, columns));
  return `${lines.join("\n").trimEnd()}\n`;
}

/** As JSON, for programs. */
export function statisticsJson(statistics: MessageStatistics, report: Report): object {
  const latencies = LATENCY_KINDS.flatMap(kind =>
    GROUPINGS[kind].flatMap(by =>
      statistics.by(kind, by).map(([name, histogram]) => ({ operation: kind, by, name, ...quantiles(histogram) })),
    ),
  );
  const outcomes = KINDS.flatMap(([operation]) =>
    [...statistics.outcomes[operation]].map(([outcome, count]) => ({ operation, outcome, count })),
  );
  return { schema: STATISTICS_SCHEMA, outcomes, octets: statistics.octets, latencies, errors: errorCounts(report) };
}

function quantiles(histogram: LatencyHistogram): Record<"count" | "p50" | "p90" | "p99" | "max", number> {
  const { count, max } = histogram;
  return { count, p50: histogram.quantile(0.5), p90: histogram.quantile(0.9), p99: histogram.quantile(0.99), max };
}

function rate(count: number, { first, last }: MessageStatistics): string {
  const seconds = last - first;
  return seconds >= 1 ? ` in ${duration(seconds)} (${grouped(Math.round(count / seconds))} a second)` : "";
}

function latencyTable(
  statistics: MessageStatistics,
  kind: LatencyKind,
  by: Grouping,
  title: string,
  room: number,
): string[] {
  const rows = statistics.by(kind, by);
  if (rows.length === 0) return [];
  const figures = ["count", "p50", "p90", "p99", "max"].map(each => pad(each, 9, "right")).join(" ");
  const whole = `${title}, by ${by}`;
  // If that is too long, it stands on its own line.
  const head =
    whole.length <= room
      ? [`  ${pad(whole, room)} ${figures}`]
      : [`  ${title}`, `  ${pad(`by ${by}`, room)} ${figures}`];
  const shown = rows.slice(0, MAX_SHOWN).map(([name, histogram]) => {
    const { count, ...latencies } = quantiles(histogram);
    const cells = [grouped(count), ...Object.values(latencies).map(duration)].map(cell => pad(cell, 9, "right"));
    return `  ${pad(shownName(name, by, room), room)} ${cells.join(" ")}`;
  });
  const more = rows.length - shown.length;
  return ["", ...head, ...shown, ...(more > 0 ? [`  and ${grouped(more)} more`] : [])];
}

function shownName(name: string, by: Grouping, room: number): string {
  if (name !== "") return printable(name, room);
  return by === "exchange" ? "(default)" : "(not known)";
}

const SHADES = [" ", "░", "▒", "▓", "█"] as const;

/** Rows of latency, the slowest on top, over columns of time; the darker, the more (each shade ten times as many). */
function heatMap({ begin, width, cells }: Pick<HeatMap, "begin" | "width" | "cells">, title: string): string[] {
  if (begin === null) return [];
  const rows = [...HEAT_ROWS.keys(), HEAT_ROWS.length].filter(row => cells.some(column => column[row]! > 0));
  const [lowest, highest] = [rows[0]!, rows.at(-1)!];
  const lines: string[] = [
    "",
    `  ${title} over time: from ${isoTime({ ...at(begin), timeDigits: 3 }).slice(11)} on, a column is ${duration(width)}`,
  ];
  for (let row = highest; row >= lowest; row--) {
    const bound = HEAT_ROWS[row];
    const label = bound === undefined ? `> ${duration(HEAT_ROWS.at(-1)!)}` : `≤ ${duration(bound)}`;
    lines.push(`  ${pad(label, 9, "right")} │${cells.map(column => shade(column[row]!)).join("")}`);
  }
  return [
    ...lines,
    `${" ".repeat(LABEL_COLUMNS)}${SHADES.slice(1)
      .map((sign, i) => `${sign} ${grouped(10 ** i)}`)
      .join("  ")} or more`,
  ];
}

function at(seconds: number): { seconds: number; nanoseconds: number } {
  const whole = Math.floor(seconds);
  return { seconds: whole, nanoseconds: Math.floor((seconds - whole) * 1e9) };
}

function shade(count: number): string {
  return count === 0 ? SHADES[0] : SHADES[Math.min(SHADES.length - 1, 1 + Math.floor(Math.log10(count)))]!;
}

/** Closes of channels and connections for an error, those with one text together. */
function errorCounts({ findings }: Report): { message: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { rule, message, faults } of findings) {
    if (rule !== "broker-close") continue;
    const one = message.replace(/; [\d,]+ such closes in all/, "");
    const kind = one.replace(/\bchannel \d+/g, "a channel").replace(/\s*\n\s*/g, " ");
    counts.set(kind, (counts.get(kind) ?? 0) + faults);
  }
  return [...counts].map(([message, count]) => ({ message, count })).sort((a, b) => b.count - a.count);
}

function errors(report: Report, columns: number | null): string[] {
  const counts = errorCounts(report);
  if (counts.length === 0) return [];
  const shown = counts.slice(0, MAX_ERRORS).flatMap(({ message, count }) => {
    const shown = printable(message);
    const lines = columns === null ? [shown] : wrap(shown, columns - COUNT_COLUMNS);
    return lines.map((line, i) => pad(i === 0 ? `  ${pad(grouped(count), 7, "right")}` : "", COUNT_COLUMNS) + line);
  });
  const more = Math.max(0, counts.length - MAX_ERRORS);
  return ["ERRORS", ...shown, ...(more > 0 ? [`  and ${grouped(more)} more kinds`] : [])];
}
