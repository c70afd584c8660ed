/** How `check` and `run` end: captures are judged, the result and the baseline written, the exit status found. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { baselineText } from "../check/baseline.ts";
import { type CaptureReport, check, newBaseline } from "../check/check.ts";
import type { BaselineEntry, CheckResult } from "../check/check-result.ts";
import { withSlashes } from "./check-files.ts";
import { type PageExtras, writeResult, writeText } from "./check-output.ts";
import type { Settings } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { complain } from "./output.ts";
import { OutputFileError } from "./output-file-error.ts";
import type { OutputFile } from "./output-option.ts";

export interface Judgement {
  result: CheckResult;
  /** The baseline to be written; null if none is asked for. */
  update: { path: string; entries: readonly BaselineEntry[]; obstacle: string | null } | null;
}

/** What is known besides the captures. */
export interface Known {
  /** What the baseline's file accepts. */
  accepted: readonly BaselineEntry[];
  /** Whether that file is to be written anew. */
  update: boolean;
  /** Whether it may become empty. */
  force: boolean;
  /** Folders that were searched completely, relative to the config's. */
  folders?: readonly string[];
}

export function judge(
  captures: readonly CaptureReport[],
  { rules, baseline, config, folder }: Settings,
  { accepted, update, force, folders = [] }: Known,
): Judgement {
  const call = { config, folders };
  if (baseline === null) return { result: check(captures, rules, null, call), update: null };
  const missing = missingOf(accepted, folder);
  // What another machine read need not exist here.
  for (const { path, place = path } of captures) missing.delete(place);
  let obstacle = update ? obstacleOf(captures, check(captures, rules, null)) : null;
  let entries = accepted;
  if (update && obstacle === null) {
    entries = newBaseline(captures, rules, { entries: accepted, missing });
    if (entries.length === 0 && !force) {
      obstacle = "nothing fails that it could accept; --force writes it empty";
      entries = accepted;
    }
  }
  const result = check(captures, rules, { path: withSlashes(baseline), entries, missing }, call);
  return { result, update: update ? { path: baseline, entries, obstacle } : null };
}

/** The name of `run`'s capture in the result, in the config's globs and in the baseline: always the same. */
export const RUN_CAPTURE = "ghostframe run";
/** Names in a baseline for what is in no file: standard input, and the recording of `run`. They are never missing. */
const NO_FILES = ["-", RUN_CAPTURE];

/** Captures of a baseline whose files do not exist any more. */
function missingOf(accepted: readonly BaselineEntry[], folder: string): Set<string> {
  const places = new Set(accepted.map(({ capture }) => capture));
  return new Set([...places].filter(place => !NO_FILES.includes(place) && !existsSync(resolve(folder, place))));
}

/** Why these captures make no baseline, or null. It would lose accepted findings of what was not seen. */
function obstacleOf(reports: readonly CaptureReport[], { captures, violations }: CheckResult): string | null {
  const kinds = [...violations, ...captures.flatMap(capture => capture.violations)].map(({ kind }) => kind);
  if (reports.every(({ report }) => report.inputs.length === 0)) return "there is no capture";
  if (kinds.includes("unreadable")) return "not all captures could be read";
  return kinds.includes("min-frames") ? "there are fewer AMQP frames in them than there must be" : null;
}

/** Writes baseline and outputs. Returns whether all could be written; one that fails does not stop the others. */
export async function writeAll(
  { result, update }: Judgement,
  outputs: readonly OutputFile[],
  { all, ...extras }: PageExtras & { all: boolean },
): Promise<boolean> {
  const writings = [
    ...(update === null ? [] : [() => writeBaseline(update)]),
    ...outputs.map(file => () => writeResult(result, file, all, extras)),
  ];
  let written = true;
  for (const writing of writings) {
    try {
      await writing();
    } catch (error) {
      if (!(error instanceof OutputFileError)) throw error;
      complain(error.message);
      written = false;
    }
  }
  return written;
}

/** @throws OutputFileError */
async function writeBaseline({ path, entries, obstacle }: NonNullable<Judgement["update"]>): Promise<void> {
  if (obstacle !== null) throw new OutputFileError(`${path}: stays as it is, because ${obstacle}`);
  await writeText(path, baselineText(entries));
}

/** Reports what could not be read, and returns the exit status. */
export function exitStatus({ captures, passed }: CheckResult, written: boolean): number {
  let status: number = written ? EXIT.CLEAN : EXIT.FAILED;
  for (const { path, input, violations } of captures) {
    const problems = violations.filter(({ kind }) => kind === "unreadable").map(({ message }) => message);
    if (input.error !== undefined) problems[0] = input.error;
    for (const problem of problems) complain(`${path === "-" ? "standard input" : path}: ${problem}`);
    if (problems.length > 0) status = EXIT.FAILED;
  }
  return status === EXIT.CLEAN && !passed ? EXIT.FINDINGS : status;
}
