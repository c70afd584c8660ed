/** Where the result of a check goes: stdout, files, and what a CI system has for it. */
import { appendFile, open, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { CheckResult } from "../check/check-result.ts";
import { type OutputName, outputs } from "../check/outputs/outputs.ts";
import { makeFolder } from "../proxy/folder.ts";
import { DEFAULT_FORMAT_OPTIONS } from "../report/report-format.ts";
import { terminalOptions, write } from "./output.ts";
import { outputFileErrorOf } from "./output-file-error.ts";

/** What a check found before it is judged, for `merge`: no form of its result. */
export const PARTIAL = "partial";

export interface OutputFile {
  format: OutputName | typeof PARTIAL;
  /** As it was named. */
  path: string;
  /** Whether the text goes behind what the file holds. */
  append?: boolean;
}

/**
 * What the environment asks for, besides what was asked for by options: in GitHub Actions, annotations behind the text
 * on stdout, and a summary of the job.
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

/** Prints the result, in one format after the other: on stdout, or on stderr where stdout is somebody else's. */
export async function print(
  result: CheckResult,
  formats: readonly OutputName[],
  settings: { all: boolean; width?: number | undefined },
  stream: NodeJS.WriteStream = process.stdout,
): Promise<void> {
  const options = terminalOptions(stream, process.env, settings);
  for (const format of formats) {
    const text = (await outputs[format]())(result, options);
    if (stream === process.stdout) await write(text);
    else stream.write(text);
  }
}

/**
 * Writes the result into a file, as a whole; the folder it is in is made where it is missing. What is written does not
 * depend on the terminal.
 *
 * @throws OutputFileError
 */
export async function writeResult(result: CheckResult, file: OutputFile, all: boolean): Promise<void> {
  if (file.format === PARTIAL) return;
  const output = await outputs[file.format]();
  const options = { ...DEFAULT_FORMAT_OPTIONS, all };
  if (file.append !== true) return writeText(file.path, output(result, options));
  const { octets, endsInLine } = await heldBy(file.path);
  const feed = endsInLine ? "" : "\n";
  await writeText(file.path, feed + output(result, { ...options, octetsBefore: octets + feed.length }), true);
}

/** @throws OutputFileError */
export async function writeText(path: string, text: string, append = false): Promise<void> {
  try {
    makeFolder(dirname(resolve(path)));
    await (append ? appendFile(path, text) : writeFile(path, text));
  } catch (cause) {
    throw outputFileErrorOf(path, cause);
  }
}

/** What a file that is written behind of holds; nothing where it is not there, or cannot be read. */
async function heldBy(path: string): Promise<{ octets: number; endsInLine: boolean }> {
  try {
    // Whoever opens a pipe waits for its writer.
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
