/** What `check` does as one of several processes that share the captures: it writes its findings for `merge`. */
import { grouped } from "../bytes/grouped.ts";
import { type Part, partText, type Shard } from "../check/part.ts";
import { writeText } from "./check-output.ts";
import type { CheckOptions } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { complain, write } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { OTLP, type OutputFile, PARTIAL } from "./output-option.ts";
import type { TelemetryOptions } from "./telemetry-options.ts";
import { UsageError } from "./usage-error.ts";

/** One process does it all. */
export const WHOLE: Shard = { number: 1, of: 1 };

/** @throws UsageError if a part is asked for something that only the whole can give. */
export function refuseWithShard(options: CheckOptions & TelemetryOptions, named: readonly string[]): void {
  if (options.shard === undefined) return;
  const { output = [], updateBaseline, otlp } = options;
  if (!output.some(({ format }) => format === PARTIAL)) throw new UsageError("--shard needs --output partial=FILE");
  if (output.some(({ format }) => format === OTLP)) throw new UsageError("--output otlp does not go with --shard");
  const other = output.find(({ format }) => format !== PARTIAL);
  if (other !== undefined)
    throw new UsageError(`a part has no ${other.format}: give --output ${other.format} to merge`);
  if (updateBaseline) throw new UsageError("a part makes no baseline: give --update-baseline to merge");
  if (otlp !== undefined) throw new UsageError("--otlp does not go with --shard");
  if (named.includes("-")) throw new UsageError("standard input cannot be divided: name files");
}

/** Writes the part if it is asked for. Returns whether all could be written. */
export async function writePart(part: Part, outputs: readonly OutputFile[]): Promise<boolean> {
  let written = true;
  for (const { path } of outputs.filter(({ format }) => format === PARTIAL)) {
    try {
      await writeText(path, partText(part));
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
      written = false;
    }
  }
  return written;
}

/** The end of a check that judges nothing. Captures that could not be read are in the part: `merge` fails for them. */
export async function concludePart(part: Part, outputs: readonly OutputFile[]): Promise<number> {
  const { shard, captures, job } = part;
  for (const { path, result } of captures) {
    for (const { file } of result.inputs) if (file.error !== null) complain(`${path}: ${file.error}`);
  }
  if (!(await writePart(part, outputs))) return EXIT.FAILED;
  const read = `${grouped(captures.length)} of ${grouped(job.captures)} captures`;
  await write(`part ${shard.number} of ${shard.of}: ${read} inspected, nothing judged: ghostframe merge does\n`);
  return EXIT.CLEAN;
}
