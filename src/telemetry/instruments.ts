import { BUCKETS, METRICS, type MetricName } from "./metrics.ts";
import type { Attributes, SpanContext, UnixTime } from "./records.ts";

/** Sets of attributes that one metric distinguishes; beyond this, all are counted together. */
export const MAX_SERIES = 500;

/** A measurement that stands for others, and the span that it was made in. */
export interface Exemplar extends SpanContext {
  value: number;
  time: UnixTime;
}

export interface Histogram {
  count: number;
  sum: number;
  /** One for each of BUCKETS, and one for higher values; not added up. */
  buckets: number[];
  /** The latest of each bucket. */
  exemplars: (Exemplar | null)[];
}

/** One series of a metric. */
export interface Point {
  attributes: Attributes;
  /** For a counter or gauge; 0 for a histogram. */
  value: number;
  exemplar: Exemplar | null;
  histogram: Histogram | null;
}

/** All metrics at one time, as plain data. */
export interface MetricsSnapshot {
  /** Since when it is counted. */
  start: UnixTime;
  time: UnixTime;
  metrics: { name: MetricName; points: Point[] }[];
}

/** For a metric with too many series, as in OpenTelemetry's SDKs. */
const OVERFLOW: Attributes = { "otel.metric.overflow": true };

/** Counters, gauges and histograms with bounded series. Values of attributes must be of few kinds. */
export class Instruments {
  readonly #series = new Map<MetricName, Map<string, Point>>();

  /** Adds to a counter. */
  add(name: MetricName, value: number, attributes: Attributes, exemplar: Exemplar | null = null): void {
    count(this.point(name, attributes), value, exemplar);
  }

  /** Sets a gauge, or a counter that is counted elsewhere. */
  set(name: MetricName, value: number, attributes: Attributes): void {
    this.point(name, attributes).value = value;
  }

  /** A measurement of a histogram. */
  record(name: MetricName, value: number, attributes: Attributes, exemplar: Exemplar | null = null): void {
    record(this.point(name, attributes), value, exemplar);
  }

  snapshot(start: UnixTime, time: UnixTime): MetricsSnapshot {
    return {
      start,
      time,
      metrics: Array.from(this.#series, ([name, points]) => ({ name, points: [...points.values()] })),
    };
  }

  /** The series of these attributes, to measure it often: finding it takes longer than measuring. */
  point(name: MetricName, attributes: Attributes): Point {
    let series = this.#series.get(name);
    if (series === undefined) {
      series = new Map();
      this.#series.set(name, series);
    }
    const key = keyOf(attributes);
    let point = series.get(key);
    if (point === undefined) {
      const isFull = series.size >= MAX_SERIES;
      const kept = isFull ? OVERFLOW : attributes;
      point = (isFull ? series.get(keyOf(OVERFLOW)) : undefined) ?? newPoint(name, kept);
      series.set(isFull ? keyOf(OVERFLOW) : key, point);
    }
    return point;
  }
}

/** Adds to a counter's series. */
export function count(point: Point, value: number, exemplar: Exemplar | null): void {
  point.value += value;
  if (exemplar !== null) point.exemplar = exemplar;
}

/** A measurement of a histogram's series. */
export function record({ histogram }: Point, value: number, exemplar: Exemplar | null): void {
  if (histogram === null) return;
  let bucket = 0;
  while (bucket < BUCKETS.length && value > BUCKETS[bucket]!) bucket++;
  histogram.count++;
  histogram.sum += value;
  histogram.buckets[bucket]!++;
  if (exemplar !== null) histogram.exemplars[bucket] = exemplar;
}

function newPoint(name: MetricName, attributes: Attributes): Point {
  const isHistogram = METRICS[name].kind === "histogram";
  const none = (): null[] => Array.from({ length: BUCKETS.length + 1 }, () => null);
  const histogram: Histogram | null = isHistogram
    ? { count: 0, sum: 0, buckets: none().map(() => 0), exemplars: none() }
    : null;
  return { attributes, value: 0, exemplar: null, histogram };
}

function keyOf(attributes: Attributes): string {
  let key = "";
  for (const name in attributes) key += `${name}=${String(attributes[name])}\n`;
  return key;
}
