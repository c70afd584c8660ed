import { relative, resolve } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Command, Option } from "commander";
import { AUTO, BROKER_CHOICES } from "../broker/versions.ts";
import { grouped } from "../bytes/grouped.ts";
import type { CaptureReport } from "../check/check.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import { ConfigError, OUTPUT_NAMES } from "../check/config.ts";
import type { Report } from "../report/report.ts";
import { addCaptureOptions } from "./capture-options.ts";
import { exitStatus, judge, writeAll } from "./check-conclusion.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { type CaptureFile, captureFiles, type FoundFolder, withSlashes } from "./check-files.ts";
import { addPolicyOptions, positiveNumber } from "./check-options.ts";
import { ciOutputs, print } from "./check-output.ts";
import { type CheckOptions, refuseOverwriting, type Settings, settingsOf, UsageError } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { inspectAll, type PoolOptions } from "./inspection-pool.ts";
import { onInterrupt } from "./interrupt.ts";
import { keyLogsFrom } from "./key-log-files.ts";
import { complain } from "./output.ts";
import { Progress } from "./progress.ts";
import {
  addTelemetryOptions,
  CaptureSession,
  commandSpan,
  TelemetryError,
  type TelemetryOptions,
} from "./telemetry-options.ts";

export function checkCommand(): Command {
  const command = new Command("check")
    .description(
      `Inspects captures, each one by itself, and fails if a finding is severe enough. What is severe enough stands in the options, or in the nearest ${CONFIG_FILE} in this folder or above it. A FILE is a capture, a folder of captures (*.pcap, *.pcapng, *.cap; digits or .gz may follow), or "-" for standard input.`,
    )
    .argument("<file...>", "captures, or folders of them")
    .addOption(new Option("--format <format>", "form of the result").choices(OUTPUT_NAMES).default("text"));
  return addCaptureOptions(addTelemetryOptions(addPolicyOptions(command)))
    .addOption(
      new Option(
        "--broker <broker>",
        `predict the verdict of this broker (default: ${AUTO}, the one it says it is)`,
      ).choices(BROKER_CHOICES),
    )
    .option("--jobs <number>", "captures to read at the same time (default: one for each core)", positiveNumber)
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
  $ ghostframe check captures/ --baseline ghostframe.baseline.json --update-baseline`,
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

/** Does it all, and returns the exit status. */
async function checkCaptures(named: readonly string[], options: CheckOptions & TelemetryOptions): Promise<number> {
  const found = await findConfig(options.config);
  const settings = settingsOf(options, found);
  const { files, folders } = await captureFiles(named);
  folders.forEach(complainOfLeftOut);
  refuseOverwriting(settings, found, files);
  const { baseline } = settings;
  const accepted = baseline === null ? [] : await baselineEntries(baseline, options.updateBaseline);

  const ci = ciOutputs(options.format, process.env);
  const outputs = [...settings.outputs, ...ci.files];
  // SARIF has only the connections with findings.
  const lean = options.format !== "json" && outputs.every(({ format }) => format !== "json");
  const keyLogs = await keyLogsFrom(options.tlsKeys);
  if (keyLogs === null) return EXIT.FAILED;
  const telemetry = await CaptureSession.open(options, "in-trace");
  const decrypting = { ...settings, inspect: { ...settings.inspect, keyLogs } };
  const interruption = onInterrupt(0);
  const { signal } = interruption;
  const reports = await inspected(files, decrypting, signal, lean && telemetry === null, telemetry);
  // A signal that came in the same turn of the event loop as the last octets is reported only in the next turn.
  await nextTurn();
  await nextTurn();
  interruption.release();
  if (reports === null || signal.aborted) return EXIT.INTERRUPTED;
  const captures = files.map(({ path, isNamed }, i): CaptureReport => {
    return { path, place: placeOf(path, found.folder), isNamed, report: reports[i]! };
  });
  const judgement = judge(captures, settings, {
    accepted,
    update: options.updateBaseline,
    folders: folders.map(({ path }) => placeOf(path, found.folder)),
  });
  await telemetry?.finish(reports, commandSpan("check", judgement.result));
  const written = await writeAll(judgement, outputs, options.all);
  await print(judgement.result, ci.printed, options);
  return exitStatus(judgement.result, written);
}

/** Says what was left out. */
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
  signal: AbortSignal,
  lean: boolean,
  telemetry: CaptureSession | null,
): Promise<Report[] | null> {
  const progress = new Progress(process.stderr, performance);
  const what = files.length === 1 ? files[0]!.path : `${files.length} captures`;
  const reports = await inspectAll(files, {
    jobs,
    inspect,
    signal,
    lean,
    ...(telemetry === null
      ? {}
      : { readers: (index: number) => telemetry.readers(index), ready: () => telemetry.ready() }),
    onProgress: (octets, total) => progress.update(what, octets, total === 0 ? null : total),
  });
  progress.clear();
  return reports;
}

/** The path by which the config's globs and the baseline know a capture: the same from every working directory. */
function placeOf(path: string, folder: string): string {
  if (path === "-") return path;
  const place = withSlashes(relative(folder, resolve(path)));
  return place === "-" ? "./-" : place;
}
