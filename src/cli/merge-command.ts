import { Command } from "commander";
import { InputError } from "../capture/input-error.ts";
import { CONFIG_FILE } from "../check/check-result.ts";
import { ConfigError } from "../check/config.ts";
import { joinParts, type Part, PartError, readPart } from "../check/part.ts";
import { buildReport } from "../report/build-report.ts";
import { exitStatus, judge, writeAll } from "./check-conclusion.ts";
import { baselineEntries, findConfig, SettingsError } from "./check-config.ts";
import { addPolicyOptions } from "./check-options.ts";
import { ciOutputs, extrasOf, print } from "./check-output.ts";
import { type CheckOptions, refuseOverwriting, settingsOf } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { complain } from "./output.ts";
import { formatOption, OTLP } from "./output-option.ts";
import { filesRead } from "./taken-files.ts";
import { readText } from "./text-file.ts";
import { UsageError } from "./usage-error.ts";

/** Octets of a part: the longest text that Node can have. */
const MAX_PART_OCTETS = 500 << 20;

export function mergeCommand(): Command {
  const command = new Command("merge")
    .description(
      `Judges what several processes found with "check --shard", as if one had read all captures: the same result, baseline and outputs. All parts must be there, in any order. What is severe enough stands in the options, or in the nearest ${CONFIG_FILE}.`,
    )
    .argument("<part...>", "files of check --shard K/N --output partial=FILE")
    .addOption(formatOption("result"));
  return addPolicyOptions(command)
    .addHelpText(
      "after",
      `
Exit status: as of check; 2 too where a part is missing, cut, or of another check.

Examples:
  $ ghostframe merge parts/*.part
  $ ghostframe merge parts/*.part --output sarif=ghostframe.sarif`,
    )
    .action(run);
}

async function run(named: string[], options: CheckOptions): Promise<void> {
  try {
    process.exitCode = await mergeParts(named, options);
  } catch (error) {
    const known = [ConfigError, SettingsError, UsageError, PartError, InputError].some(kind => error instanceof kind);
    if (!known) throw error;
    complain((error as Error).message);
    process.exitCode = EXIT.FAILED;
  }
}

/** Does it all, and returns the exit status. */
async function mergeParts(named: readonly string[], options: CheckOptions): Promise<number> {
  const found = await findConfig(options.config);
  const settings = settingsOf(options, found);
  if (settings.outputs.some(({ format }) => format === OTLP)) {
    throw new UsageError("merge reads no captures, and has no telemetry of them: give --output otlp=FILE to check");
  }
  refuseOverwriting(settings, found, filesRead(named, {}, "a part"));
  const parts: { name: string; part: Part }[] = [];
  for (const name of named) {
    const text = await readText(name, "utf8", "a partial result", MAX_PART_OCTETS);
    parts.push({ name, part: readPart(text, name) });
  }
  const { captures, folders } = joinParts(parts);
  const { baseline } = settings;
  const accepted = baseline === null ? [] : await baselineEntries(baseline, options.updateBaseline);
  const reports = captures.map(({ result, ...capture }) => ({ ...capture, report: reportOf(result, capture.path) }));
  const judgement = judge(reports, settings, {
    accepted,
    update: options.updateBaseline,
    force: options.force,
    folders,
  });
  const ci = ciOutputs(options.format, process.env);
  const written = await writeAll(judgement, [...settings.outputs, ...ci.files], extrasOf(options));
  await print(judgement.result, ci.printed, options);
  return exitStatus(judgement.result, written);
}

/** @throws PartError if a capture's result in the part is not valid. */
export function reportOf(result: Part["captures"][number]["result"], path: string): ReturnType<typeof buildReport> {
  try {
    return buildReport(result);
  } catch (cause) {
    throw new PartError(`what a part says of ${path} is damaged`, { cause });
  }
}
