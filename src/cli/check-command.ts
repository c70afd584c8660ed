import { relative, resolve } from "node:path";
import { Command, Option } from "commander";
import { BROKER_VERSIONS, REFERENCE_BROKER } from "../broker/versions.ts";
import { baselineText } from "../check/baseline.ts";
import { type CaptureReport, check, newBaseline } from "../check/check.ts";
import type { BaselineEntry, CheckResult } from "../check/check-result.ts";
import { CONFIG_FILE, ConfigError, OUTPUT_NAMES } from "../check/config.ts";
import { LEVELS, SEVERITIES } from "../check/policy.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { type CaptureFile, captureFiles, withSlashes } from "./check-files.ts";
import { collectOutputs, collectRules, positiveNumber, wholeNumber } from "./check-options.ts";
import { ciOutputs, OutputFileError, print, writeResult, writeText } from "./check-output.ts";
import { type CheckOptions, refuseOverwriting, type Settings, settingsOf, UsageError } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { inspectAll } from "./inspection-pool.ts";
import { onInterrupt } from "./interrupt.ts";
import { complain } from "./output.ts";
import { collectPorts } from "./port-option.ts";
import { Progress } from "./progress.ts";

export function checkCommand(): Command {
  return new Command("check")
    .summary("inspect recorded traffic in CI, under a policy")
    .description(
      `Inspects captures, each on its own, and fails where a finding is severe enough: by the options, or by the nearest ${CONFIG_FILE} upwards. A FILE is a capture, a folder of captures (*.pcap, *.pcapng, *.cap, and .gz of them), or "-".`,
    )
    .argument("<file...>", "captures, or folders of them")
    .addOption(new Option("--format <format>", "how to print").choices(OUTPUT_NAMES).default("text"))
    .option("--output <format=file>", "write the result into a file, too (again for more)", collectOutputs)
    .addOption(new Option("--fail-on <level>", "the least level that fails (default: warning)").choices(SEVERITIES))
    .option("--rule <rule=level>", `what a rule's findings count as: ${LEVELS.join(", ")}`, collectRules)
    .option("--max-gaps <number>", "gaps a capture may have (default: any number)", wholeNumber)
    .option("--min-frames <number>", "frames there must be in all captures together (default: 1)", wholeNumber)
    .option("--config <file>", `read this config, not the nearest ${CONFIG_FILE}`)
    .option("--no-config", "read no config")
    .option("--baseline <file>", "accept the findings that this file lists")
    .option("--update-baseline", "write the baseline, so that it accepts what fails now", false)
    .option("--port <port>", "only connections that use this port (again, or as a list, for more)", collectPorts)
    .option("--decode-as <port>", "take every connection on this port for AMQP", collectPorts)
    .addOption(
      new Option("--broker <broker>", `whose verdict to predict (default: ${REFERENCE_BROKER})`).choices(
        Object.keys(BROKER_VERSIONS),
      ),
    )
    .option("--jobs <number>", "captures to read at a time (default: as many as there are cores)", positiveNumber)
    .option("--all", "leave nothing out of the text, however long it gets", false)
    .addHelpText(
      "after",
      `
In GitHub Actions the text is followed by annotations, and a summary is added to
the job.

Exit status: 0 passed, 1 failing findings, or limits or expectations not met,
2 a capture or a file of settings could not be read (to its end), or an output
not written, 130 stopped by Ctrl-C: nothing is written then.

Examples:
  $ ghostframe check captures/
  $ ghostframe check captures/ --output sarif=ghostframe.sarif --output junit=junit.xml
  $ ghostframe check captures/ --fail-on error --rule shared-channel=error
  $ ghostframe check captures/ --baseline ghostframe.baseline.json --update-baseline`,
    )
    .action(run);
}

async function run(named: string[], options: CheckOptions): Promise<void> {
  try {
    process.exitCode = await checkCaptures(named, options);
  } catch (error) {
    const known = [ConfigError, SettingsError, UsageError].some(kind => error instanceof kind);
    if (!known) throw error;
    complain((error as Error).message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Does it all, and returns the exit status. */
async function checkCaptures(named: readonly string[], options: CheckOptions): Promise<number> {
  const signal = onInterrupt();
  const found = await findConfig(options.config);
  const settings = settingsOf(options, found);
  const files = await captureFiles(named);
  refuseOverwriting(settings, found, files);
  const { baseline } = settings;
  const accepted = baseline === null ? [] : await baselineEntries(baseline, options.updateBaseline);

  const reports = await inspected(files, settings, signal);
  if (reports === null) return EXIT.INTERRUPTED;
  const captures = files.map(({ path }, i): CaptureReport => {
    return { path, place: placeOf(path, found.folder), report: reports[i]! };
  });
  const obstacle = obstacleOf(captures);
  const updates = options.updateBaseline && obstacle === null;
  const entries = updates ? newBaseline(captures, settings.rules, accepted) : accepted;
  const result = check(captures, settings.rules, baseline === null ? null : { path: withSlashes(baseline), entries });

  const ci = ciOutputs(options.format, process.env);
  const written = await allWritten([
    ...(baseline !== null && options.updateBaseline ? [() => writeBaseline(baseline, entries, obstacle)] : []),
    ...[...settings.outputs, ...ci.files].map(file => () => writeResult(result, file, options.all)),
  ]);
  await print(result, ci.printed, options.all);
  return exitStatus(result, written);
}

async function inspected(files: readonly CaptureFile[], { jobs, inspect }: Settings, signal: AbortSignal) {
  const progress = new Progress(process.stderr, performance);
  const what = files.length === 1 ? files[0]!.path : `${files.length} captures`;
  const reports = await inspectAll(files, {
    jobs,
    inspect,
    signal,
    onProgress: (octets, total) => progress.update(what, octets, total === 0 ? null : total),
  });
  progress.clear();
  return reports;
}

/** By what the config's globs and the baseline know a capture, from wherever it is checked. */
function placeOf(path: string, folder: string): string {
  return path === "-" ? path : withSlashes(relative(folder, resolve(path)));
}

/** Why these captures make no baseline, or null. It would lose what it accepts of those that were not seen. */
function obstacleOf(captures: readonly CaptureReport[]): string | null {
  if (captures.length === 0) return "there is no capture";
  const unread = captures.some(({ report }) => report.inputs.some(({ error }) => error !== undefined));
  return unread ? "not all captures could be read" : null;
}

/** @throws OutputFileError */
async function writeBaseline(path: string, entries: readonly BaselineEntry[], obstacle: string | null): Promise<void> {
  if (obstacle !== null) throw new OutputFileError(`${path}: stays as it is, because ${obstacle}`);
  await writeText(path, baselineText(entries));
}

/** Whether everything could be written; what could not does not keep the rest from being. */
async function allWritten(writings: readonly (() => Promise<void>)[]): Promise<boolean> {
  let all = true;
  for (const writing of writings) {
    try {
      await writing();
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
      all = false;
    }
  }
  return all;
}

function exitStatus({ captures, passed }: CheckResult, written: boolean): number {
  let status: number = written ? EXIT.CLEAN : EXIT.FAILED;
  for (const { path, input } of captures) {
    if (input.error === undefined) continue;
    complain(`${path === "-" ? "standard input" : path}: ${input.error}`);
    status = EXIT.FAILED;
  }
  return status === EXIT.CLEAN && !passed ? EXIT.FINDINGS : status;
}
