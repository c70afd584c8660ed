import { relative, resolve } from "node:path";
import { Command, Option } from "commander";
import { BROKER_VERSIONS, REFERENCE_BROKER } from "../broker/versions.ts";
import type { CaptureReport } from "../check/check.ts";
import { CONFIG_FILE, ConfigError, OUTPUT_NAMES } from "../check/config.ts";
import { exitStatus, judge, writeAll } from "./check-conclusion.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { type CaptureFile, captureFiles, withSlashes } from "./check-files.ts";
import { addPolicyOptions, positiveNumber } from "./check-options.ts";
import { ciOutputs, print } from "./check-output.ts";
import { type CheckOptions, refuseOverwriting, type Settings, settingsOf, UsageError } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { inspectAll } from "./inspection-pool.ts";
import { onInterrupt } from "./interrupt.ts";
import { complain } from "./output.ts";
import { collectPorts } from "./port-option.ts";
import { Progress } from "./progress.ts";

export function checkCommand(): Command {
  const command = new Command("check")
    .summary("inspect recorded traffic in CI, under a policy")
    .description(
      `Inspects captures, each on its own, and fails where a finding is severe enough: by the options, or by the nearest ${CONFIG_FILE} upwards. A FILE is a capture, a folder of captures (*.pcap, *.pcapng, *.cap, and .gz of them), or "-".`,
    )
    .argument("<file...>", "captures, or folders of them")
    .addOption(new Option("--format <format>", "how to print").choices(OUTPUT_NAMES).default("text"));
  return addPolicyOptions(command)
    .option("--port <port>", "only connections that use this port (again, or as a list, for more)", collectPorts)
    .option("--decode-as <port>", "take every connection on this port for AMQP", collectPorts)
    .addOption(
      new Option("--broker <broker>", `whose verdict to predict (default: ${REFERENCE_BROKER})`).choices(
        Object.keys(BROKER_VERSIONS),
      ),
    )
    .option("--jobs <number>", "captures to read at a time (default: as many as there are cores)", positiveNumber)
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
  const judgement = judge(captures, settings, { accepted, update: options.updateBaseline });
  const ci = ciOutputs(options.format, process.env);
  const written = await writeAll(judgement, [...settings.outputs, ...ci.files], options.all);
  await print(judgement.result, ci.printed, options.all);
  return exitStatus(judgement.result, written);
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
