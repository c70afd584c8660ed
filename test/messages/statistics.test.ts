import { describe, expect, it } from "vitest";
import { HEAT_COLUMNS, HeatMap } from "../../src/messages/heat-map.ts";
import { LatencyHistogram } from "../../src/messages/latency-histogram.ts";
import { MessageStatistics } from "../../src/messages/message-statistics.ts";
import type { Report } from "../../src/report/report.ts";
import { statisticsJson } from "../../src/report/statistics.ts";
import { randomNumbers, SEED } from "../support/chunkings.ts";

describe("a histogram of latencies", () => {
  it.each([0.5, 0.9, 0.99, 1])("has the quantile %d to within 1.6 %", share => {
    const random = randomNumbers(SEED);
    const latencies = Array.from({ length: 5000 }, () => 10 ** (random() * 6 - 5));
    const histogram = new LatencyHistogram();
    for (const latency of latencies) histogram.add(latency);
    const exact = latencies.toSorted((a, b) => a - b)[Math.ceil(share * latencies.length) - 1]!;
    expect(Math.abs(histogram.quantile(share) / exact - 1), `seed ${SEED}`).toBeLessThan(0.016);
  });

  it("takes what is out of its range", () => {
    const histogram = new LatencyHistogram();
    for (const latency of [0, 1e9]) histogram.add(latency);
    expect(histogram.quantile(0.5)).toBeLessThanOrEqual(1e-6);
    expect(histogram.max).toBe(1e9);
  });
});

describe("a heat map", () => {
  it("has all it counted in fewer columns, each as wide as several", () => {
    const heat = new HeatMap();
    for (let i = 0; i < 50; i++) heat.add(100 + i / 1000, 0.5);
    const { width, cells } = heat.within(20);
    expect([cells.length, width]).toEqual([13, 0.004]);
    expect(cells.map(column => column.reduce((sum, each) => sum + each, 0)).reduce((a, b) => a + b)).toBe(50);
    expect(heat.within(60).cells).toBe(heat.cells);
  });

  it("keeps every message, however long it goes on, and whatever their order", () => {
    const random = randomNumbers(SEED);
    const heat = new HeatMap();
    const count = 2000;
    for (let i = 0; i < count; i++) heat.add(1_790_000_000 + random() * 10 ** (random() * 6), random());
    heat.add(1_780_000_000, 0.5);
    const sum = heat.cells.flat().reduce((all, each) => all + each, 0);
    expect(sum, `seed ${SEED}`).toBe(count + 1);
    expect(heat.cells.length).toBeLessThanOrEqual(HEAT_COLUMNS);
  });

  it("has a column for a span of time, and a row for latencies up to its bound", () => {
    const heat = new HeatMap();
    heat.add(100, 0.00005);
    heat.add(100.0015, 60);
    expect(heat.cells.map(column => column.join(""))).toEqual(["1000000000000", "0000000000001"]);
  });
});

it("counts each of the closes that one finding reports", () => {
  const close = (message: string, faults: number) => ({ rule: "broker-close", message, faults });
  const findings = [
    close("The broker closed channel 1: 404 NOT_FOUND; 3 such closes in all", 3),
    close("The broker closed channel 7: 404 NOT_FOUND", 1),
    close("The broker closed channel 2: 406 PRECONDITION_FAILED", 1),
  ];
  const { errors } = statisticsJson(new MessageStatistics(), { findings } as unknown as Report) as { errors: unknown };
  expect(errors).toEqual([
    { message: "The broker closed a channel: 404 NOT_FOUND", count: 4 },
    { message: "The broker closed a channel: 406 PRECONDITION_FAILED", count: 1 },
  ]);
});
