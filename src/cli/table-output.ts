/** Output as a table for databases: `--format parquet --output DIR`. */
import type { Command } from "commander";
import type { Table } from "../report/tables.ts";
import { EXIT } from "./exit-codes.ts";
import { complain } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import type { ParquetFolder } from "./parquet-folder.ts";
import { type AlsoRead, filesRead } from "./taken-files.ts";
import { UsageError } from "./usage-error.ts";

export interface TableFlags {
  output?: string;
  force: boolean;
}

export function addTableOptions(command: Command): Command {
  return command
    .option("-o, --output <dir>", "the folder that --format parquet writes to")
    .option("--force", "replace files that are there already", false);
}

/**
 * The folder that rows of `table` go to; null if another format is asked for.
 *
 * @throws UsageError if the options do not fit together
 */
export async function tableFolder<Row>(
  format: string,
  table: Table<Row>,
  paths: readonly string[],
  { output, force, ...flags }: TableFlags & AlsoRead,
): Promise<ParquetFolder<Row> | null> {
  if (format !== "parquet") {
    if (output !== undefined) throw new UsageError("--output is for --format parquet, which writes a file a capture");
    return null;
  }
  if (output === undefined) throw new UsageError("--format parquet writes a file a capture: --output DIR says where");
  const { ParquetFolder } = await import("./parquet-folder.ts");
  return ParquetFolder.create(output, table, paths, { force, taken: filesRead(paths, flags) });
}

/**
 * Writes rows of `table`, each file as a whole. What is there is replaced, as by every other `--output`.
 *
 * @throws OutputFileError
 */
export async function writeTable<Row>(
  folder: string,
  table: Table<Row>,
  captures: readonly string[],
  rows: Iterable<Row>,
): Promise<void> {
  const { ParquetFolder } = await import("./parquet-folder.ts");
  const written = await ParquetFolder.create(folder, table, captures, { force: true });
  for (const row of rows) written.add(row);
  await written.finish();
}

/** Does the work of a command, and complains of options that do not fit together and of files that cannot be written. */
export async function complaining(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OutputFileError)) throw error;
    complain(error.message);
    process.exitCode = EXIT.FAILED;
  }
}
