import { Command, Option } from "commander";
import { type RecoveredMessage, type Recovery, recover } from "../recover/recover.ts";
import { recoveredRecord } from "../recover/recovered-record.ts";
import { RecoveredCounts, recoveredLine } from "../recover/recovered-text.ts";
import { jsonLine } from "../report/json.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { onInterrupt } from "./interrupt.ts";
import { keepHeapSmall } from "./memory.ts";
import { addFilterOptions, type FilterFlags, filterOf, unknownConnections } from "./message-filter-options.ts";
import { complain, isReaderGone, write } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { ownFailures, tellStack } from "./own-failure.ts";
import { Progress } from "./progress.ts";
import { unreadableTwice } from "./read-twice.ts";
import { RecoveredFolder } from "./recovered-folder.ts";

interface Options extends CaptureFlags, FilterFlags {
  format: "text" | "ndjson";
  output?: string;
  force: boolean;
  includeUnconfirmed: boolean;
}

export function recoverCommand(): Command {
  const command = new Command("recover")
    .description(
      `Lists the messages that were sent and that the broker did not take, with what became of each: torn, swallowed by another message's frame, unread (sent behind the octet where the broker stopped reading), refused. Their bodies are put together from the capture, and shown only by --format ndjson and --output.`,
    )
    .argument("<file...>", "captures: files, because they are read more than once")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "ndjson"]).default("text"))
    .option("-o, --output <folder>", "write each body into a file of this folder, and messages.ndjson with the rest")
    .option("--force", "replace files that are there already", false)
    .option(
      "--include-unconfirmed",
      "also those of which only the confirm is missing: the broker may have them, and would get them twice",
      false,
    );
  addCaptureOptions(addFilterOptions(command, "fate"));
  return command
    .addHelpText(
      "after",
      `
Exit status: 0 done, 2 an input could not be read, or a file not written, 130
stopped by Ctrl-C.

Examples:
  $ ghostframe recover trace.pcapng
  $ ghostframe recover trace.pcapng --format ndjson | jq -r 'select(.whole).body.text'
  $ ghostframe recover trace.pcapng --output lost --routing-key orders`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  process.exitCode = EXIT.FAILED;
  for (const path of paths) if (await unreadableTwice(path)) return;
  const captures = await captureOptions(options);
  if (captures === null) return;
  const interruption = onInterrupt(0);
  const stop = new AbortController();
  interruption.signal.addEventListener("abort", () => stop.abort());
  const progress = new Progress(process.stderr, performance);
  try {
    const folder = options.output === undefined ? null : await RecoveredFolder.create(options.output, options.force);
    const counts = new RecoveredCounts();
    const recovery = await recover(
      paths,
      {
        ...captures,
        messages: filterOf(options),
        includeUnconfirmed: options.includeUnconfirmed,
        signal: stop.signal,
        onFailure: tellStack,
        onExplaining: keepHeapSmall,
        onProgress: (path, read, total) => progress.update(path, read, total),
      },
      async message => {
        counts.add(message);
        progress.clear();
        await folder?.add(message);
        if (!(await write(lineOf(message, options.format)))) stop.abort();
      },
    );
    progress.clear();
    if (!stop.signal.aborted) await folder?.finish();
    else await folder?.discard();
    if (options.format === "text" && !isReaderGone()) await write(`${counts.sentences(recovery)}\n`);
    process.exitCode = interruption.signal.aborted ? EXIT.INTERRUPTED : conclusion(recovery, options);
  } catch (error) {
    progress.clear();
    if (!(error instanceof OutputFileError)) throw error;
    complain(error.message);
  } finally {
    interruption.release();
  }
}

function lineOf(message: RecoveredMessage, format: Options["format"]): string {
  return `${format === "text" ? recoveredLine(message) : jsonLine(recoveredRecord(message))}\n`;
}

/** Tells what went wrong, and returns the exit status. */
function conclusion({ report }: Recovery, { connection }: Options): number {
  const problems = unknownConnections(connection, report);
  for (const { path, error } of report.inputs) if (error !== undefined) problems.push(`${path}: ${error}`);
  problems.push(...ownFailures(report));
  problems.forEach(complain);
  return problems.length > 0 && !isReaderGone() ? EXIT.FAILED : EXIT.CLEAN;
}
