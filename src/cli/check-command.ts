import { relative, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Command, Option } from "commander";
import { AUTO, BROKER_CHOICES } from "../broker/versions.ts";
import { grouped } from "../bytes/grouped.ts";
import type { CaptureReport } from "../check/check.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import { ConfigError } from "../check/config.ts";
import { HTML } from "../check/outputs/outputs.ts";
import { isOfShard, jobOf, type Part, type PartCapture } from "../check/part.ts";
import type { PartialResult } from "../report/partial/partial-result.ts";
import type { Report } from "../report/report.ts";
import { addCaptureOptions } from "./capture-options.ts";
import { exitStatus, judge, writeAll } from "./check-conclusion.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { type CaptureFile, captureFiles, type FoundFolder, withSlashes } from "./check-files.ts";
import { addPolicyOptions, positiveNumber } from "./check-options.ts";
import { ciOutputs, extrasOf, print } from "./check-output.ts";
import { concludePart, refuseWithShard, WHOLE, writePart } from "./check-part.ts";
import { type CheckOptions, refuseOverwriting, type Settings, settingsOf } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { inspectAll, type PoolOptions } from "./inspection-pool.ts";
import { onInterrupt } from "./interrupt.ts";
import { keyLogsFrom } from "./key-log-files.ts";
import { complain } from "./output.ts";
import { type FileFormat, formatOption, type OutputFile, PARTIAL } from "./output-option.ts";
import { Progress } from "./progress.ts";
import { shardOption } from "./shard-option.ts";
import { filesRead } from "./taken-files.ts";
import {
  addTelemetryOptions,
  CaptureSession,
  commandSpan,
  otlpTarget,
  TelemetryError,
  type TelemetryOptions,
} from "./telemetry-options.ts";
import { UsageError } from "./usage-error.ts";

export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      `Inspects captures, each one by itself, and fails if a finding is severe enough. What is severe enough stands in the options, or in the nearest ${CONFIG_FILE} in this folder or above it. A FILE is a capture, a folder of captures (*.pcap, *.pcapng, *.cap; digits or .gz may follow), or "-" for standard input.`,
    )
    .argument("<file...>", "captures, or folders of them")
    .addOption(formatOption("result"));
  return addCaptureOptions(addTelemetryOptions(addPolicyOptions(command, [PARTIAL])))
    .addOption(
      new Option(
        "--broker <broker>",
        `predict what this broker answers (default: ${AUTO}, the one that connection.start names)`,
      ).choices(BROKER_CHOICES),
    )
    .option(
      "--jobs <number>",
      "captures, or parts of one, to read at the same time (default: one for each core)",
      positiveNumber,
    )
    .addOption(shardOption())
    .addHelpText(
      "after",
      `
In GitHub Actions annotations follow the text, and the job gets a summary.

Exit status: 0 passed, 1 failing findings, or limits or expectations not met,
2 a capture or a settings file could not be read, or is corrupt from some octet
on, or an output could not be written, 130 stopped by Ctrl-C: then nothing is
written. A capture that only ends inside its last packet is a note of the rule
file-truncated, to which --rule can give a level.

Examples:
  $ ghostframe check captures/
  $ ghostframe check captures/ --output sarif=ghostframe.sarif --output junit=junit.xml
  $ ghostframe check captures/ --fail-on error --rule shared-channel=error
  $ ghostframe check captures/ --otlp=http://collector:4318
  $ ghostframe check captures/ --baseline ghostframe.baseline.json --update-baseline
  $ ghostframe check captures/ --shard 3/8 --output partial=parts/3.part  # then: ghostframe merge parts/*.part`,
    )
    .action(run);
}

async function run(named: string[], options: CheckOptions & TelemetryOptions): Promise<void> {
  try {
    process.exitCode = await checkCaptures(named, options);
  } catch (error) {
    const known = [ConfigError, SettingsError, UsageError, TelemetryError].some(kind => error instanceof kind);
    if (!known) throw error;
    complain((error as Error).message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Formats that show connections without findings, too. */
const WHOLE_FORMATS: ReadonlySet<FileFormat> = new Set(["json", HTML, PARTIAL]);

/** Does it all, and returns the exit status. */
async function checkCaptures(named: readonly string[], options: CheckOptions & TelemetryOptions): Promise<number> {
  const found = await findConfig(options.config);
  const settings = settingsOf(options, found);
  refuseWithShard(options, named);
  const { files: all, folders } = await captureFiles(named);
  folders.forEach(complainOfLeftOut);
  const read = all.map(({ path }) => path);
  refuseOverwriting(settings, found, filesRead(read, options), options.otlp);
  const { baseline } = settings;
  const accepted = baseline === null ? [] : await baselineEntries(baseline, options.updateBaseline);

  const { shard = WHOLE } = options;
  const files = all.filter((_, i) => isOfShard(i, shard));
  const ci = ciOutputs(options.format, process.env);
  const outputs = [...settings.outputs, ...ci.files];
  const results = outputs.some(({ format }) => format === PARTIAL) ? new Map<number, PartialResult>() : null;
  // SARIF has only the connections with findings.
  const lean = [options.format, ...outputs.map(({ format }) => format)].every(format => !WHOLE_FORMATS.has(format));
  const keyLogs = await keyLogsFrom(options.tlsKeys);
  if (keyLogs === null) return EXIT.FAILED;
  const telemetry = await telemetryOf(options, outputs, read);
  const decrypting = { ...settings, inspect: { ...settings.inspect, keyLogs } };
  const { signal, release, beforeDeafWork: onExplaining } = onInterrupt(0, () => {});
  const reports = await inspected(files, decrypting, {
    signal,
    lean: lean && telemetry === null,
    onExplaining,
    ...readersOf(telemetry),
    ...(results === null ? {} : { onResult: (index: number, result: PartialResult) => results.set(index, result) }),
  });
  // A signal that came in the same turn of the event loop as the last octets is reported only in the next turn.
  await nextTurn();
  await nextTurn();
  release();
  if (reports === null || signal.aborted) return EXIT.INTERRUPTED;
  const placed = (file: CaptureFile) => ({ ...file, place: placeOf(file.path, found.folder) });
  const places = folders.map(({ path }) => placeOf(path, found.folder));
  const part: Part = {
    shard,
    job: jobOf(all.map(placed), decrypting.inspect),
    folders: places,
    captures: files.flatMap((file, i) => partCapture(placed(file), results?.get(i))),
  };
  if (options.shard !== undefined) return concludePart(part, settings.outputs);
  const captures = files.map((file, i): CaptureReport => ({ ...placed(file), report: reports[i]! }));
  const judgement = judge(captures, settings, {
    accepted,
    update: options.updateBaseline,
    force: options.force,
    folders: places,
  });
  const sent = await telemetry?.finish(reports, commandSpan("check", judgement.result));
  const written = [
    sent !== false,
    await writePart(part, outputs),
    await writeAll(judgement, outputs, extrasOf(options)),
  ].every(Boolean);
  await print(judgement.result, ci.printed, options);
  return exitStatus(judgement.result, written);
}

/** Null if nothing is to be sent, and for a part: spans belong to a whole check. */
async function telemetryOf(
  { shard, otlp, otlpMessages }: CheckOptions & TelemetryOptions,
  outputs: readonly OutputFile[],
  captures: readonly string[],
): Promise<CaptureSession | null> {
  if (shard !== undefined) return null;
  return CaptureSession.open({ otlp: otlpTarget(otlp, outputs), otlpMessages, captures }, "in-trace");
}

function partCapture({ path, place, isNamed }: CaptureFile & { place: string }, result?: PartialResult): PartCapture[] {
  return result === undefined ? [] : [{ path, place, isNamed, result }];
}

/** Reports what was left out. */
function complainOfLeftOut({ path, passedOver, links }: FoundFolder): void {
  if (passedOver.length > 0) {
    const those = passedOver.length === 1 ? "1 file was" : `${grouped(passedOver.length)} files were`;
    complain(`${path}: ${those} left out: not named *.pcap, *.pcapng or *.cap`);
  }
  if (links.length > 0) {
    const those = links.length === 1 ? "1 link to a folder was" : `${grouped(links.length)} links to folders were`;
    complain(`${path}: ${those} not followed`);
  }
}

async function inspected(
  files: readonly CaptureFile[],
  { jobs, inspect }: Pick<Settings, "jobs"> & Pick<PoolOptions, "inspect">,
  others: Omit<PoolOptions, "jobs" | "inspect" | "onProgress">,
): Promise<Report[] | null> {
  const progress = new Progress(process.stderr, performance);
  const what = files.length === 1 ? files[0]!.path : `${files.length} captures`;
  const reports = await inspectAll(files, {
    jobs,
    inspect,
    ...others,
    onProgress: (octets, total) => progress.update(what, octets, total === 0 ? null : total),
  });
  progress.clear();
  return reports;
}

function readersOf(telemetry: CaptureSession | null): Pick<PoolOptions, "readers" | "ready"> {
  if (telemetry === null) return {};
  return { readers: index => telemetry.readers(index), ready: () => telemetry.ready() };
}

/** The path that identifies a capture for the config's globs and the baseline: equal in every working directory. */
function placeOf(path: string, folder: string): string {
  if (path === "-") return path;
  const place = withSlashes(relative(folder, resolve(path)));
  return place === "-" ? "./-" : place;
}
