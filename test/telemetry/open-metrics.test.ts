/** What Prometheus reads: OpenMetrics, and the older text. */
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Instruments, type MetricsSnapshot } from "../../src/telemetry/instruments.ts";
import { METRICS, type MetricName } from "../../src/telemetry/metrics.ts";
import { openMetrics, prometheusText } from "../../src/telemetry/open-metrics.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

function snapshot(): MetricsSnapshot {
  const instruments = new Instruments();
  const exemplar = {
    traceId: TRACE,
    spanId: "00f067aa0ba902b7",
    value: 0.03,
    time: [1_700_000_000, 5_000_000] as [number, number],
  };
  instruments.add("ghostframe.findings", 2, { "ghostframe.finding.rule": "frame-end" }, { ...exemplar, value: 1 });
  instruments.record("messaging.process.duration", 0.03, { "messaging.destination.name": 'a"\\b\nc' }, exemplar);
  instruments.set("ghostframe.connections", 3, { "ghostframe.connection.state": "healthy" });
  instruments.add("ghostframe.octets", 9, {});
  return instruments.snapshot([1, 0], [2, 0]);
}

describe("OpenMetrics", () => {
  const text = openMetrics([snapshot()]);

  it("names families and samples, with units, exemplars and an end", () => {
    expect(text).toContain("# TYPE ghostframe_findings counter\n");
    expect(text).toContain(
      `ghostframe_findings_total{ghostframe_finding_rule="frame-end"} 2 # {trace_id="${TRACE}",span_id="00f067aa0ba902b7"} 1 1700000000.005\n`,
    );
    expect(text).toContain("# UNIT messaging_process_duration_seconds seconds\n");
    expect(text).toContain("ghostframe_octets_bytes_total 9\n");
    expect(text).toContain('ghostframe_connections{ghostframe_connection_state="healthy"} 3\n');
    expect(text.endsWith("# EOF\n")).toBe(true);
  });

  it("adds up buckets, and escapes what stands in labels", () => {
    const of = String.raw`messaging_destination_name="a\"\\b\nc"`;
    expect(text).toContain(`messaging_process_duration_seconds_bucket{${of},le="0.025"} 0\n`);
    expect(text).toContain(`messaging_process_duration_seconds_bucket{${of},le="0.05"} 1 # {trace_id="${TRACE}"`);
    expect(text).toContain(`messaging_process_duration_seconds_bucket{${of},le="10.0"} 1\n`);
    expect(text).toContain(`messaging_process_duration_seconds_bucket{${of},le="+Inf"} 1\n`);
    expect(text).toContain(`messaging_process_duration_seconds_count{${of}} 1\n`);
  });

  it("makes one family of what several threads measure", () => {
    const twice = openMetrics([snapshot(), snapshot()]);
    expect(twice.match(/# TYPE ghostframe_findings /g)).toHaveLength(1);
  });
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;
if (!promtool) {
  if (process.env.CI) throw new Error("promtool (Debian: prometheus) is missing, and CI may not go without it");
  process.stderr.write("\nSKIPPED: test/telemetry/open-metrics – promtool is missing\n\n");
}

it.skipIf(!promtool)("is what promtool takes, every metric of it", () => {
  const instruments = new Instruments();
  for (const name of Object.keys(METRICS) as MetricName[]) {
    if (METRICS[name].kind === "histogram") instruments.record(name, 0.1, { a: "b" });
    else instruments.add(name, 1, { a: "b" });
  }
  const text = prometheusText([instruments.snapshot([1, 0], [2, 0])]);
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
});
