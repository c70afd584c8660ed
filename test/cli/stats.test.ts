/** ghostframe stats: outcomes, latencies, a heat map, errors. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import statisticsSchema from "../../src/report/statistics.schema.json" with { type: "json" };
import { STATISTICS_SCHEMA } from "../../src/report/statistics.ts";
import { ghostframe } from "../support/command.ts";

const isStatistics = new Ajv2020({ strict: true, allErrors: true }).compile(statisticsSchema);

describe("statistics of messages", { concurrent: true }, () => {
  it("as text", async () => {
    const { code, stdout, stderr } = await ghostframe(["stats", "clean/confirms-and-acks.pcap"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("PUBLISHES  4, 324 octets\n  4 confirmed\n");
    expect(stdout).toMatch(
      /delivery → acknowledgment, by queue +count +p50 +p90 +p99 +max\n {2}orders\.orders-api +4 /,
    );
    expect(stdout).toMatch(/over time: from 20:02:44\.178Z on, a column is 1\.0 ms\n +≤ 300 µs │░/);
  });

  it("as JSON, of the messages that are chosen", async () => {
    const { stdout } = await ghostframe([
      "stats",
      "clean/confirms-and-acks.pcap",
      "--format",
      "json",
      "--message-id",
      "o-0",
    ]);
    const { schema, outcomes, latencies } = JSON.parse(stdout);
    expect(isStatistics(JSON.parse(stdout)), JSON.stringify(isStatistics.errors)).toBe(true);
    expect(schema).toBe(STATISTICS_SCHEMA);
    expect(outcomes).toEqual([
      { operation: "publish", outcome: "confirmed", count: 1 },
      { operation: "deliver", outcome: "acked", count: 1 },
    ]);
    const [first] = latencies;
    expect(first).toMatchObject({ operation: "publish", by: "exchange", name: "", count: 1 });
    expect(first.max).toBeCloseTo(0.000268, 9);
  });

  it("with how long calls and each step of connecting took", async () => {
    const { stdout } = await ghostframe(["stats", "clean/confirms-and-acks.pcap"]);
    expect(stdout).toMatch(/call → reply, by method +count .*\n(?: {2}\w+\.[\w-]+ .*\n)* {2}queue\.declare +1 /);
    expect(stdout).toMatch(/connecting, by phase +count .*\n {2}syn → synAck +1 /);
    const only = await ghostframe(["stats", "clean/confirms-and-acks.pcap", "--exchange", "nowhere"]);
    expect(only.stdout).not.toContain("call → reply");
  });

  it("with errors by their text", async () => {
    const { stdout } = await ghostframe(["stats", "interleaving/two-publishers-one-socket.pcapng.gz"]);
    expect(stdout).toMatch(/ERRORS\n +1 {2}The broker closed the connection: 501 FRAME_ERROR/);
  });
});
