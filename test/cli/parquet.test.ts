/** Tables: what DuckDB reads from them is what the commands print as NDJSON and JSON, row by row. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import type { CheckResult } from "../../src/check/check-result.ts";
import { CHECKED_FINDINGS, type CheckedRow, checkedRows } from "../../src/check/checked-findings.ts";
import { CONNECTIONS, FINDINGS, FRAMES, MESSAGES, type Table } from "../../src/report/tables.ts";
import { ghostframe, ROOT, temporaryFolder } from "../support/command.ts";

const CAPTURES = [
  "interleaving/two-publishers-one-socket.pcapng.gz",
  "clean/returns-and-nacks.pcap.gz",
  "clean/confirms-and-acks.pcap",
];

type Row = Record<string, unknown>;

async function asked(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const lines = (text: string): Row[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map(line => JSON.parse(line) as Row);

/** As a table has it. */
function row(table: Table<never>, record: Row): Row {
  return Object.fromEntries(
    table.columns.map(({ name, type, of }) => {
      const value = of(record as never) ?? null;
      if (value === null) return [name, null];
      return [name, type === "json" ? JSON.stringify(value) : type === "integer" ? String(value as number) : value];
    }),
  );
}

/** Times are compared by their microseconds, which is as far as DuckDB goes for times with a zone. */
async function rows(table: Table<never>, folder: string): Promise<Row[]> {
  const columns = table.columns.map(({ name, type }) =>
    type === "time" ? `epoch_us("${name}")::VARCHAR AS "${name}"` : `"${name}"`,
  );
  return asked(
    `SELECT ${columns.join(", ")}, capture FROM read_parquet('${folder}/*/${table.name}.parquet', hive_partitioning = true)`,
  );
}

describe("tables", { concurrent: true }, () => {
  const printed: readonly Table<never>[] = [MESSAGES, FRAMES, CONNECTIONS];
  it.for(printed)("$name: have each row of the NDJSON, with its values", async (table, { onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const [said, written] = await Promise.all([
      ghostframe([table.name, ...CAPTURES, "--format", "ndjson"]),
      ghostframe([table.name, ...CAPTURES, "--format", "parquet", "-o", folder]),
    ]);
    expect(written).toMatchObject({ code: said.code, stdout: "", stderr: said.stderr });
    const records = lines(said.stdout).filter(({ event }) => event !== "connection" && event !== "endpoints");
    await expectRows(table, folder, records);
  });

  it("findings: have each finding of the report", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const { stdout, code } = await ghostframe([
      "inspect",
      ...CAPTURES,
      "--format",
      "json",
      "--output",
      `parquet=${folder}`,
    ]);
    expect(code).toBe(1);
    await expectRows(FINDINGS, folder, (JSON.parse(stdout) as { findings: Row[] }).findings);
  });

  it("of a check: have each finding, as it was judged", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const output = ["--format", "json", "--output", `parquet=${folder}`];
    const { stdout, code } = await ghostframe(["check", ...CAPTURES, ...output]);
    expect(code).toBe(1);
    const { captures } = JSON.parse(stdout) as CheckResult;
    const judged = [...checkedRows({ captures } as CheckResult)];
    const asRecord = ({ finding, level, state, fingerprint, path }: CheckedRow): Row => ({
      ...(finding as object),
      level,
      state,
      fingerprint,
      path,
    });
    const columns = CHECKED_FINDINGS.columns.slice(FINDINGS.columns.length);
    expect(columns.map(({ name }) => name)).toEqual(["level", "state", "fingerprint", "path"]);
    const flat: Table<never> = {
      ...FINDINGS,
      columns: [
        ...FINDINGS.columns,
        ...columns.map(({ name }) => ({ name, type: "text" as const, of: (row: Row) => row[name] })),
      ],
    };
    await expectRows(flat, folder, judged.map(asRecord));
    const [{ count } = {}] = await asked(
      `SELECT count(*) AS count FROM read_parquet('${folder}/*/findings.parquet', hive_partitioning = true) WHERE path LIKE '%/' || capture`,
    );
    expect(count).toBe(String(judged.length));
  });

  it("answer the questions of docs/scale.md", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    for (const command of ["messages", "connections"]) {
      expect((await ghostframe([command, ...CAPTURES, "--format", "parquet", "-o", folder])).code).toBe(0);
    }
    await ghostframe(["inspect", ...CAPTURES, "--output", `parquet=${folder}`]);
    const page = readFileSync(join(ROOT, "docs", "scale.md"), "utf8");
    const queries = [...page.matchAll(/```sql\n([^`]+)```/g)].map(([, sql]) =>
      sql!.replaceAll("'lake/", `'${folder}/`),
    );
    expect(queries).toHaveLength(3);
    const [lost, latency, incidents] = await Promise.all(queries.map(asked));
    expect(lost).toContainEqual(
      expect.objectContaining({ service: "rails-worker-nolock", outcome: "torn", messages: "1" }),
    );
    expect(latency!.map(({ operation }) => operation)).toEqual(expect.arrayContaining(["publish", "deliver"]));
    expect(incidents).toMatchObject([{ incidents: "1", lost: "6" }]);
  });

  it("replace nothing unasked, and go only where --output says", async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const [capture] = CAPTURES;
    const write = (...more: string[]) => ghostframe(["messages", capture!, "--format", "parquet", ...more]);
    expect((await write("-o", folder)).code).toBe(0);
    const file = join(folder, "capture=two-publishers-one-socket.pcapng.gz", "messages.parquet");
    expect(await write("-o", folder)).toMatchObject({
      code: 2,
      stderr: `ghostframe: ${file}: is there already; --force replaces it\n`,
    });
    expect((await write("-o", folder, "--force")).code).toBe(0);
    expect(await write()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--output DIR says where") as string,
    });
    expect(await ghostframe(["messages", capture!, "-o", folder])).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining("--output is for --format parquet") as string,
    });
    writeFileSync(join(folder, "file"), "");
    expect(await write("-o", join(folder, "file"))).toMatchObject({ code: 2, stdout: "" });
  });
});

/** In JSON, and in no column. */
const LEFT_OUT = [
  "schema",
  "octets",
  "input",
  "at",
  "spec",
  "frame",
  "places",
  "preludes",
  "verdict",
  "negotiated",
  "packets",
];

async function expectRows(table: Table<never>, folder: string, records: readonly Row[]): Promise<void> {
  const names = [
    ...LEFT_OUT,
    ...table.columns.map(({ name }) => name),
    ...(table === FINDINGS ? ["octets", "afterStop"] : []),
  ];
  const keys = new Set(records.flatMap(record => Object.keys(record)));
  expect([...keys].filter(key => !names.some(name => name === key || name.startsWith(key)))).toEqual([]);
  const found = await rows(table, folder);
  expect(found).toHaveLength(records.length);
  const key = (each: Row): string => JSON.stringify(table.columns.map(({ name }) => each[name]));
  const expected = records.map(record => {
    const each = row(table, record);
    for (const { name, type } of table.columns)
      if (type === "time" && each[name] !== null) each[name] = microseconds(each[name] as string);
    return key(each);
  });
  expect(found.map(key).sort()).toEqual(expected.sort());
}

function microseconds(time: string): string {
  const [, whole, fraction = ""] = /^(.+?)(?:\.(\d+))?Z$/.exec(time)!;
  return `${BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction.padEnd(6, "0").slice(0, 6))}`;
}
