/**
 * Metrics as Prometheus reads them. OpenMetrics has exemplars; the older text format, which some readers still request,
 * has none. Names follow OpenTelemetry's mapping: dots become `_`, the unit and `_total` are appended.
 */
import type { Exemplar, Histogram, MetricsSnapshot, Point } from "./instruments.ts";
import { BUCKETS, METRICS, type MetricName } from "./metrics.ts";
import type { Attributes, UnixTime } from "./records.ts";

export const OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";
export const TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const UNITS: Readonly<Record<string, string>> = { s: "seconds", By: "bytes" };

/** The name of a metric's family: without `_total`. */
export function familyName(name: MetricName): string {
  const unit = UNITS[METRICS[name].unit];
  const plain = name.replaceAll(".", "_");
  return unit === undefined ? plain : `${plain}_${unit}`;
}

export function openMetrics(snapshots: readonly MetricsSnapshot[]): string {
  return `${families(snapshots, true).join("")}# EOF\n`;
}

export function prometheusText(snapshots: readonly MetricsSnapshot[]): string {
  return families(snapshots, false).join("");
}

function families(snapshots: readonly MetricsSnapshot[], isOpen: boolean): string[] {
  const points = new Map<MetricName, Point[]>();
  for (const { metrics } of snapshots) {
    for (const { name, points: own } of metrics) points.set(name, [...(points.get(name) ?? []), ...own]);
  }
  return Array.from(points, ([name, own]) => family(name, own, isOpen));
}

function family(name: MetricName, points: readonly Point[], isOpen: boolean): string {
  const { kind, description, unit } = METRICS[name];
  const plain = familyName(name);
  const sample = kind === "counter" ? `${plain}_total` : plain;
  const family = isOpen ? plain : sample;
  const unitName = UNITS[unit];
  let text = `# TYPE ${family} ${kind}\n`;
  if (isOpen && unitName !== undefined) text += `# UNIT ${family} ${unitName}\n`;
  text += `# HELP ${family} ${description}\n`;
  for (const { attributes, value, exemplar, histogram } of points) {
    if (histogram !== null) text += histogramLines(sample, attributes, histogram, isOpen);
    else
      text += `${sample}${labels(attributes)} ${value}${isOpen && kind === "counter" ? exemplarText(exemplar) : ""}\n`;
  }
  return text;
}

function histogramLines(name: string, attributes: Attributes, histogram: Histogram, isOpen: boolean): string {
  let text = "";
  let sum = 0;
  for (const [i, count] of histogram.buckets.entries()) {
    sum += count;
    // OpenMetrics requires bounds as floating-point numbers.
    const bound =
      BUCKETS[i] === undefined ? "+Inf" : Number.isInteger(BUCKETS[i]) ? `${BUCKETS[i]}.0` : `${BUCKETS[i]}`;
    const exemplar = isOpen ? exemplarText(histogram.exemplars[i] ?? null) : "";
    text += `${name}_bucket${labels({ ...attributes, le: bound })} ${sum}${exemplar}\n`;
  }
  const of = labels(attributes);
  return `${text}${name}_sum${of} ${histogram.sum}\n${name}_count${of} ${histogram.count}\n`;
}

function labels(attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(
    ([name, value]) => `${name.replaceAll(".", "_")}="${escaped(String(value))}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function exemplarText(exemplar: Exemplar | null): string {
  if (exemplar === null) return "";
  const { traceId, spanId, value, time } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${value} ${seconds(time)}`;
}

function seconds([whole, nanoseconds]: UnixTime): string {
  return `${whole}.${String(Math.floor(nanoseconds / 1e6)).padStart(3, "0")}`;
}
