import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, it } from "vitest";
import { ParquetFolder } from "../../src/cli/parquet-folder.ts";
import type { Table } from "../../src/report/tables.ts";
import { temporaryFolder } from "../support/command.ts";

interface Sample {
  input: number;
  number: number;
}
const SAMPLES: Table<Sample> = {
  name: "messages",
  input: ({ input }) => input,
  columns: [
    { name: "number", type: "integer", of: ({ number }) => number },
    { name: "text", type: "text", of: ({ number }) => (number % 3 === 0 ? undefined : `n${number}`) },
  ],
};

async function asked(sql: string): Promise<unknown[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  return (await connection.runAndReadAll(sql)).getRowObjectsJson();
}

it("writes row groups as rows come, those of the capture that has most of them first", async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const paths = ["a/one.pcap", "b/one.pcap", "-", "no rows?.pcap"];
  const tables = await ParquetFolder.create(folder, SAMPLES, paths, { force: false });
  for (let number = 0; number < 150_000; number++) {
    tables.add({ input: number % 10 === 0 ? 1 : number % 10 === 1 ? 2 : 0, number });
    if (number % 1000 === 0) await tables.ready();
  }
  await tables.finish();
  expect(readdirSync(folder).sort()).toEqual([
    "capture=no%20rows%3F.pcap",
    "capture=one.pcap",
    "capture=one.pcap_2",
    "capture=stdin",
  ]);
  const all = join(folder, "*", "messages.parquet");
  expect(
    await asked(
      `SELECT capture, count(*)::INT AS rows, sum(number)::VARCHAR AS numbers, count(text)::INT AS texts FROM read_parquet('${all}', hive_partitioning = true) GROUP BY ALL ORDER BY capture`,
    ),
  ).toEqual([
    { capture: "one.pcap", rows: 120_000, numbers: "9000060000", texts: 80_000 },
    { capture: "one.pcap_2", rows: 15_000, numbers: "1124925000", texts: 10_000 },
    { capture: "stdin", rows: 15_000, numbers: "1124940000", texts: 10_000 },
  ]);
  const groups = await asked(
    `SELECT row_group_num_rows::INT AS rows, stats_min_value, stats_null_count::INT AS nulls FROM parquet_metadata('${join(folder, "capture=one.pcap", "messages.parquet")}') WHERE path_in_schema = 'number' ORDER BY row_group_id`,
  );
  expect(groups.length).toBeGreaterThan(1);
  expect(groups[0]).toMatchObject({ stats_min_value: "2", nulls: 0 });
});

it("has null for numbers that no column holds, and a name of its own for each capture", async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const paths = ["x/a.pcap", "y/a.pcap", "a.pcap_2"];
  const tables = await ParquetFolder.create(folder, SAMPLES, paths, { force: false });
  for (const number of [2 ** 53 - 1, 2 ** 64, Number.NaN, 0.5]) tables.add({ input: 0, number });
  await tables.finish();
  expect(readdirSync(folder).sort()).toEqual(["capture=a.pcap", "capture=a.pcap_2", "capture=a.pcap_2_2"]);
  const file = join(folder, "capture=a.pcap", "messages.parquet");
  const rows = await asked(`SELECT number::VARCHAR AS number FROM read_parquet('${file}')`);
  expect(rows).toEqual([{ number: "9007199254740991" }, { number: null }, { number: null }, { number: null }]);
  await expect(ParquetFolder.create(folder, SAMPLES, ["new.pcap", "x/a.pcap"], { force: false })).rejects.toThrow(
    "is there already; --force replaces it",
  );
  expect(readdirSync(folder)).not.toContain("capture=new.pcap");
});

it("leaves nothing behind that is not complete", async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const tables = await ParquetFolder.create(folder, SAMPLES, ["one.pcap"], { force: false });
  for (let number = 0; number < 70_000; number++) tables.add({ input: 0, number });
  await tables.ready();
  await tables.discard();
  expect(readdirSync(join(folder, "capture=one.pcap"))).toEqual([]);
});
