/** Counters, gauges, histograms, and their bounds. */
import { describe, expect, it } from "vitest";
import { Instruments, MAX_SERIES, type Point } from "../../src/telemetry/instruments.ts";
import { BUCKETS, type MetricName } from "../../src/telemetry/metrics.ts";

function points(instruments: Instruments, name: MetricName): Point[] {
  return instruments.snapshot([1, 0], [2, 0]).metrics.find(metric => metric.name === name)?.points ?? [];
}

describe("instruments", () => {
  it("add up what has the same attributes, and keep apart what has not", () => {
    const instruments = new Instruments();
    for (const direction of ["a", "b", "a"]) instruments.add("ghostframe.frames", 2, { direction });
    instruments.set("ghostframe.connections", 5, {});
    instruments.set("ghostframe.connections", 3, {});
    expect(points(instruments, "ghostframe.frames").map(({ attributes, value }) => [attributes, value])).toEqual([
      [{ direction: "a" }, 4],
      [{ direction: "b" }, 2],
    ]);
    expect(points(instruments, "ghostframe.connections")).toMatchObject([{ value: 3 }]);
  });

  it("count a measurement in the lowest bucket that holds it, its bound included", () => {
    const instruments = new Instruments();
    const measured = [0, 0.005, 0.0050001, 10, 10.1];
    for (const value of measured) instruments.record("messaging.process.duration", value, {});
    const [{ histogram }] = points(instruments, "messaging.process.duration") as [Point];
    expect(histogram!.buckets).toHaveLength(BUCKETS.length + 1);
    expect(histogram!.buckets[0]).toBe(2);
    expect(histogram!.buckets[1]).toBe(1);
    expect(histogram!.buckets.at(-2)).toBe(1);
    expect(histogram!.buckets.at(-1)).toBe(1);
    expect(histogram).toMatchObject({ count: 5, sum: measured.reduce((sum, value) => sum + value) });
  });

  it("keep the latest exemplar of a counter, and of each bucket", () => {
    const instruments = new Instruments();
    const exemplar = (value: number) => ({ traceId: "a", spanId: `${value}`, value, time: [1, 0] as [number, number] });
    for (const value of [0.001, 0.002, 7]) instruments.record("messaging.process.duration", value, {}, exemplar(value));
    instruments.add("ghostframe.findings", 1, {}, exemplar(1));
    instruments.add("ghostframe.findings", 1, {});
    const [{ histogram }] = points(instruments, "messaging.process.duration") as [Point];
    expect(histogram!.exemplars.filter(each => each !== null).map(({ value }) => value)).toEqual([0.002, 7]);
    expect(points(instruments, "ghostframe.findings")[0]!.exemplar).toMatchObject({ spanId: "1" });
  });

  it("count together what is beyond the bound on series", () => {
    const instruments = new Instruments();
    for (let i = 0; i < MAX_SERIES + 10; i++) instruments.add("ghostframe.frames", 1, { queue: `q${i}` });
    instruments.add("ghostframe.frames", 1, { queue: "q0" });
    const series = points(instruments, "ghostframe.frames");
    expect(series).toHaveLength(MAX_SERIES + 1);
    expect(series[0]!.value).toBe(2);
    expect(series.at(-1)).toMatchObject({ attributes: { "otel.metric.overflow": true }, value: 10 });
  });
});
