/** How `check` and `run` end: captures are judged, the result and the baseline written, the exit status found. */
import { baselineText } from "../check/baseline.ts";
import { type CaptureReport, check, newBaseline } from "../check/check.ts";
import type { BaselineEntry, CheckResult } from "../check/check-result.ts";
import { withSlashes } from "./check-files.ts";
import { type OutputFile, OutputFileError, writeResult, writeText } from "./check-output.ts";
import type { Settings } from "./check-settings.ts";
import { EXIT } from "./exit-codes.ts";
import { complain } from "./output.ts";

export interface Judgement {
  result: CheckResult;
  /** The baseline to be written; null where none is asked for. */
  update: { path: string; entries: readonly BaselineEntry[]; obstacle: string | null } | null;
}

/** @param known what the baseline's file accepts, and whether it is to be written anew */
export function judge(
  captures: readonly CaptureReport[],
  { rules, baseline }: Settings,
  { accepted, update }: { accepted: readonly BaselineEntry[]; update: boolean },
): Judgement {
  if (baseline === null) return { result: check(captures, rules, null), update: null };
  const obstacle = obstacleOf(captures);
  const entries = update && obstacle === null ? newBaseline(captures, rules, accepted) : accepted;
  const result = check(captures, rules, { path: withSlashes(baseline), entries });
  return { result, update: update ? { path: baseline, entries, obstacle } : null };
}

/** Why these captures make no baseline, or null. It would lose what it accepts of those that were not seen. */
function obstacleOf(captures: readonly CaptureReport[]): string | null {
  const inputs = captures.flatMap(({ report }) => report.inputs);
  if (inputs.length === 0) return "there is no capture";
  return inputs.some(({ error }) => error !== undefined) ? "not all captures could be read" : null;
}

/** Writes baseline and outputs. Whether all could be written; what could not does not keep the rest from being. */
export async function writeAll(
  { result, update }: Judgement,
  outputs: readonly OutputFile[],
  all: boolean,
): Promise<boolean> {
  const writings = [
    ...(update === null ? [] : [() => writeBaseline(update)]),
    ...outputs.map(file => () => writeResult(result, file, all)),
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

/** Says what could not be read, and returns the exit status. */
export function exitStatus({ captures, passed }: CheckResult, written: boolean): number {
  let status: number = written ? EXIT.CLEAN : EXIT.FAILED;
  for (const { path, input } of captures) {
    if (input.error === undefined) continue;
    complain(`${path === "-" ? "standard input" : path}: ${input.error}`);
    status = EXIT.FAILED;
  }
  return status === EXIT.CLEAN && !passed ? EXIT.FINDINGS : status;
}
