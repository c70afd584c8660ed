/** Where the result of a check goes: stdout, files, and a CI system's own places. */
import { open, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CheckResult } from "../check/check-result.ts";
import { HTML, type OutputName, type OutputOptions, outputs } from "../check/outputs/outputs.ts";
import type { PageData } from "../report/html/page-data.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../report/report-format.ts";
import { makeFolder } from "../telemetry/export/folder.ts";
import { terminalOptions, write } from "./output.ts";
import { outputFileErrorOf } from "./output-file-error.ts";
import { OTLP, type OutputFile, PARQUET, PARTIAL } from "./output-option.ts";

/**
 * What the environment asks for, in addition to the options: in GitHub Actions, annotations behind the text on stdout,
 * and a summary of the job.
 */
export function ciOutputs(
  format: OutputName,
  environment: NodeJS.ProcessEnv,
): { printed: OutputName[]; files: OutputFile[] } {
  const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY: summary } = environment;
  return {
    printed: GITHUB_ACTIONS === "true" && format === "text" ? ["text", "github"] : [format],
    files: summary === undefined || summary === "" ? [] : [{ format: "markdown", path: summary, append: true }],
  };
}

/** What a page shows besides the result. */
export interface PageExtras extends Pick<PageData, "messages" | "steps" | "heartbeats" | "traceUrl"> {
  /** For `run`: which command was run, and how it ended. */
  command?: string;
}

/** The options for texts and pages. */
export function extrasOf({ all, traceUrl }: { all: boolean; traceUrl?: string | undefined }) {
  return { all, ...(traceUrl === undefined ? {} : { traceUrl }) };
}

/** The result in one format. */
async function rendered(
  result: CheckResult,
  format: OutputName,
  options: OutputOptions,
  { command, ...extras }: PageExtras,
): Promise<string> {
  if (format !== HTML) return (await outputs[format]())(result, options);
  const [{ checkPage }, { html }, { htmlParts }] = await Promise.all([
    import("../check/outputs/page.ts"),
    import("../report/html.ts"),
    import("./html-output.ts"),
  ]);
  return html({ ...checkPage(result, command), ...extras }, htmlParts());
}

/** Prints the result, in one format after the other: on stdout, or on stderr if stdout belongs to a command. */
export async function print(
  result: CheckResult,
  formats: readonly OutputName[],
  { traceUrl, ...settings }: { all: boolean; width?: number | undefined; traceUrl?: string | undefined },
  stream: NodeJS.WriteStream = process.stdout,
): Promise<void> {
  const options = terminalOptions(stream, process.env, settings);
  for (const format of formats) {
    const text = await rendered(result, format, options, traceUrl === undefined ? {} : { traceUrl });
    if (stream === process.stdout) await write(text);
    else stream.write(text);
  }
}

/**
 * Writes the result into a file, as a whole; a missing folder is made. What is written does not depend on the terminal.
 *
 * @throws OutputFileError
 */
export async function writeResult(
  result: CheckResult,
  { format, path, append = false }: OutputFile,
  all: boolean,
  extras: PageExtras,
): Promise<void> {
  // The first is written before anything is judged, the second while captures are read.
  if (format === PARTIAL || format === OTLP) return;
  if (format === PARQUET) return writeFindings(result, path);
  const options = { ...DEFAULT_FORMAT_OPTIONS, all };
  if (!append) return writeText(path, await rendered(result, format, options, extras));
  const { octets, endsInLine } = await heldBy(path);
  const feed = endsInLine ? "" : "\n";
  const text = await rendered(result, format, { ...options, octetsBefore: octets + feed.length }, extras);
  await writeText(path, feed + text, true);
}

/** @throws OutputFileError */
async function writeFindings(result: CheckResult, folder: string): Promise<void> {
  const [{ CHECKED_FINDINGS, checkedRows }, { writeTable }] = await Promise.all([
    import("../check/checked-findings.ts"),
    import("./table-output.ts"),
  ]);
  const captures = result.captures.map(({ path }) => path);
  await writeTable(folder, CHECKED_FINDINGS, captures, checkedRows(result));
}

/** @throws OutputFileError */
export async function writeText(path: string, text: string | Iterable<string>, append = false): Promise<void> {
  try {
    makeFolder(dirname(resolve(path)));
    await writeFile(path, text, { flag: append ? "a" : "w" });
  } catch (cause) {
    throw outputFileErrorOf(path, cause);
  }
}

/** The contents of a file to which text is appended; nothing if it does not exist, or cannot be read. */
async function heldBy(path: string): Promise<{ octets: number; endsInLine: boolean }> {
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) return NOTHING_HELD;
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1));
      return { octets: size, endsInLine: bytesRead === 0 || buffer[0] === LINE_FEED };
    } finally {
      await file.close();
    }
  } catch {
    return NOTHING_HELD;
  }
}

const NOTHING_HELD = { octets: 0, endsInLine: true };
const LINE_FEED = 0x0a;
