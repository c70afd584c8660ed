import { Command, InvalidArgumentError, Option } from "commander";
import type { InspectOptions } from "../inspect.ts";
import { ProxyError } from "../proxy/proxy-error.ts";
import { PublishError } from "../recover/publisher.ts";
import { type RecoveredMessage, type Recovery, recover } from "../recover/recover.ts";
import { recoveredRecord } from "../recover/recovered-record.ts";
import { RecoveredCounts, recoveredLine } from "../recover/recovered-text.ts";
import { jsonLine } from "../report/json.ts";
import { AskedValues } from "./asked-values.ts";
import { addCaptureOptions, type CaptureFlags, captureOptions } from "./capture-options.ts";
import { EXIT } from "./exit-codes.ts";
import { NO_TIME_FOR_REST, onInterrupt } from "./interrupt.ts";
import { keepHeapModerate, keepHeapSmall } from "./memory.ts";
import { addFilterOptions, type FilterFlags, filterOf, unknownConnections } from "./message-filter-options.ts";
import { complain, isReaderGone, write } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import { ownFailures, printStack } from "./own-failure.ts";
import { Progress } from "./progress.ts";
import { unreadableTwice } from "./read-twice.ts";
import { RecoveredFolder } from "./recovered-folder.ts";
import type { Republishing } from "./republish.ts";
import { stoppedReadings } from "./stopped-reading.ts";
import { filesRead } from "./taken-files.ts";

interface Options extends CaptureFlags, FilterFlags {
  format: "text" | "ndjson";
  output?: string;
  force: boolean;
  includeUnconfirmed: boolean;
  republish?: string;
  yes: boolean;
  toExchange?: string;
  toQueue?: string;
  toVhost?: string;
  rate?: number;
  resume: string;
  includeUnsure: boolean;
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
      "also messages that only lack a confirm: the broker may have them, and would get them twice",
      false,
    )
    .option(
      "--republish <url>",
      "publish them again, to amqp://user:password@host/vhost; without --yes nothing is sent",
    )
    .option("--yes", "do publish", false)
    .addOption(new Option("--to-exchange <name>", "publish to this exchange instead").conflicts("toQueue"))
    .option("--to-queue <name>", "publish to this queue instead, by the default exchange")
    .option("--to-vhost <name>", "publish in this virtual host, whatever the URL says")
    .option("--rate <number>", "messages a second at most", parseRate)
    .option("--resume <file>", "what was confirmed, so that no later run publishes it again", "ghostframe.resume")
    .option("--include-unsure", 'also publish messages marked "whole?": they may be a mixture of two', false);
  addCaptureOptions(addFilterOptions(command, { outcome: "fate" }));
  return command
    .addHelpText(
      "after",
      `
--republish waits for a confirm of each message, in the order in which they were
sent. Messages that are there in part are never published. --include-unconfirmed
is asked for by name because a confirm that is missing does not mean that the
message is: consumers may get it twice. So may they after a broken connection.

Exit status: 0 done, 1 nothing has an id, channel, … that was asked for, 2 an
input could not be read, a file not written, or a message not confirmed, 130
stopped by Ctrl-C.

Examples:
  $ ghostframe recover trace.pcapng
  $ ghostframe recover trace.pcapng --format ndjson | jq -r 'select(.sure).body.text'
  $ ghostframe recover trace.pcapng --output lost --routing-key orders
  $ ghostframe recover trace.pcapng --republish amqp://user:password@broker/shop
  $ ghostframe recover trace.pcapng --republish amqp://user:password@broker/shop --rate 100 --yes`,
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  process.exitCode = EXIT.FAILED;
  const idle = ofRepublishing(options);
  if (options.republish === undefined && idle !== null) {
    complain(`${idle} has no meaning without --republish URL: nothing was published`);
    return;
  }
  for (const path of paths) if (await unreadableTwice(path)) return;
  const captures = await captureOptions(options);
  if (captures === null) return;
  const progress = new Progress(process.stderr, performance);
  const taken = filesRead(paths, options);
  let republishing: Republishing | null = null;
  try {
    taken.refuse(options.resume);
    republishing = await republishingOf(options);
    await republishing?.begin();
    const folder =
      options.output === undefined ? null : await RecoveredFolder.create(options.output, options.force, taken);
    process.exitCode = await recoverInto({ folder, republishing, progress }, paths, captures, options);
  } catch (error) {
    progress.clear();
    if (error instanceof PublishError) await republishing?.fail(error);
    else if (error instanceof OutputFileError || error instanceof ProxyError) complain(error.message);
    else throw error;
  }
}

/** An option for publishing again that was given; null if there is none. */
function ofRepublishing({ yes, rate, toExchange, toQueue, toVhost }: Options): string | null {
  const given = {
    "--yes": yes || undefined,
    "--rate": rate,
    "--to-exchange": toExchange,
    "--to-queue": toQueue,
    "--to-vhost": toVhost,
  };
  return Object.entries(given).find(([, value]) => value !== undefined)?.[0] ?? null;
}

async function republishingOf(options: Options): Promise<Republishing | null> {
  const { republish: url, toExchange, toQueue, toVhost, includeUnsure, yes, rate, resume } = options;
  if (url === undefined) return null;
  const { Republishing } = await import("./republish.ts");
  return new Republishing({
    url,
    yes,
    rate: rate ?? null,
    resume,
    includeUnsure,
    ...(toExchange === undefined ? {} : { toExchange }),
    ...(toQueue === undefined ? {} : { toQueue }),
    ...(toVhost === undefined ? {} : { toVhost }),
  });
}

/** Where recovered messages go, besides standard output. */
interface Destinations {
  folder: RecoveredFolder | null;
  republishing: Republishing | null;
  progress: Progress;
}

/** Returns the exit status. */
async function recoverInto(
  { folder, republishing, progress }: Destinations,
  paths: readonly string[],
  captures: InspectOptions,
  options: Options,
): Promise<number> {
  // What was published is waited for, and told.
  const onLate = republishing === null ? () => complain(NO_TIME_FOR_REST) : undefined;
  const interruption = onInterrupt(0, onLate);
  const stop = new AbortController();
  interruption.signal.addEventListener("abort", () => stop.abort());
  const counts = new RecoveredCounts();
  const take = async (message: RecoveredMessage): Promise<void> => {
    if (stop.signal.aborted) return;
    counts.add(message);
    progress.clear();
    await folder?.add(message);
    if (!(await write(lineOf(message, options.format)))) stop.abort();
    await republishing?.add(message);
  };
  const filter = filterOf(options);
  const asked = new AskedValues(filter);
  const recovery = await recover(
    paths,
    {
      ...captures,
      messages: filter,
      channels: options.channel,
      onAnyMessage: message => asked.see(message),
      includeUnconfirmed: options.includeUnconfirmed,
      signal: stop.signal,
      onFailure: printStack,
      onConnection: keepHeapModerate,
      onExplaining: keepHeapSmall,
      onProgress: (path, read, total) => progress.update(path, read, total),
    },
    take,
  );
  interruption.reported();
  progress.clear();
  await (stop.signal.aborted ? folder?.discard() : folder?.finish());
  const isDone = (await republishing?.finish(stop.signal.aborted)) ?? true;
  interruption.release();
  const stopped = stoppedReadings(recovery.report);
  stopped.forEach(complain);
  // After an incomplete reading it is not known what was lost.
  if (options.format === "text" && stopped.length === 0) await write(`${counts.sentences(recovery)}\n`);
  if (republishing !== null) {
    const sentences = republishing.sentences();
    if (options.format === "text") await write(`${sentences}\n`);
    else complain(sentences);
  }
  if (interruption.signal.aborted) return EXIT.INTERRUPTED;
  return isDone ? conclusion(recovery, options, asked) : EXIT.FAILED;
}

function lineOf(message: RecoveredMessage, format: Options["format"]): string {
  return `${format === "text" ? recoveredLine(message) : jsonLine(recoveredRecord(message))}\n`;
}

/** Reports the errors, and returns the exit status. */
function conclusion({ report }: Recovery, { connection }: Options, asked: AskedValues): number {
  const problems = unknownConnections(connection, report);
  for (const { path, error } of report.inputs) if (error !== undefined) problems.push(`${path}: ${error}`);
  problems.push(...ownFailures(report));
  const absent = isReaderGone() ? [] : asked.absent(report);
  [...problems, ...absent].forEach(complain);
  if (problems.length > 0 && !isReaderGone()) return EXIT.FAILED;
  return absent.length > 0 ? EXIT.FINDINGS : EXIT.CLEAN;
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate > 0) || !Number.isFinite(rate)) throw new InvalidArgumentError("expected a number above 0.");
  return rate;
}
