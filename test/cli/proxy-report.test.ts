/** `proxy --output`: the report of what was recorded, and what it says is not in it. */
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ProxyReport, type ProxyReportOptions } from "../../src/cli/proxy-report.ts";
import type { Report } from "../../src/report/report.ts";
import { temporaryFolder } from "../support/command.ts";
import { FIXTURES } from "../support/golden.ts";

const SICK = join(FIXTURES, "interleaving/message-inside-a-body.pcap");
const CLEAN = join(FIXTURES, "clean/confirms-and-acks.pcap");
const OPTIONS: ProxyReportOptions = { recordOn: "always", recordFiles: 20, broker: "auto" };

it("is made of what this proxy recorded, in every format that is asked for", async ({ onTestFinished }) => {
  const record = temporaryFolder(onTestFinished);
  const name = (ordinal: number) => join(record, `ghostframe-20261121T181951.905Z-000${ordinal}.pcapng`);
  // Of an earlier proxy.
  copyFileSync(SICK, name(1));
  const path = join(record, "out", "report.json");
  const output = [
    { format: "json", path },
    { format: "markdown", path: join(record, "out", "report.md") },
    { format: "junit", path: join(record, "out", "junit.xml") },
  ] as const;
  const report = (await ProxyReport.begin({ ...OPTIONS, record, recordOn: "finding", output: [...output] }))!;
  copyFileSync(CLEAN, name(3));
  expect(await report.write([5672])).toBe(true);
  const { inputs, connections, summary } = JSON.parse(readFileSync(path, "utf8")) as Report;
  expect(inputs.map(input => input.path)).toEqual([name(3)]);
  expect(inputs[0]!.notes).toEqual([
    "Only what came around findings was recorded (--record-on finding).",
    "Before it 2 recordings had been deleted (--record-files 20).",
  ]);
  expect(connections).toHaveLength(1);
  expect(summary.errors).toBe(0);
  expect(readFileSync(output[1].path, "utf8")).toMatch(/^## 0 of 1 connection|^## Clean|^## /);
  expect(readFileSync(output[2].path, "utf8")).toContain("<testsuite");
});

it("needs a recording, and files of its own", async () => {
  const output = [{ format: "html", path: "a.html" } as const];
  await expect(ProxyReport.begin({ ...OPTIONS, output })).rejects.toThrow(
    "--output: expected together with --record DIR: the report is made of what was recorded",
  );
  const twice = [...output, { format: "json", path: "./a.html" } as const];
  await expect(ProxyReport.begin({ ...OPTIONS, record: ".", output: twice })).rejects.toThrow("another output");
});

it("is none where none is asked for, and where only telemetry is", async () => {
  expect(await ProxyReport.begin(OPTIONS)).toBeNull();
  expect(await ProxyReport.begin({ ...OPTIONS, output: [{ format: "otlp", path: "t.jsonl" }] })).toBeNull();
});
