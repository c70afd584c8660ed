import { codeOf, meaningOf } from "../capture/system-error.ts";

/** A file that could not be written. The message names it. */
export class OutputFileError extends Error {
  override name = "OutputFileError";
}

/** The same for an error of the operating system. */
export function outputFileErrorOf(path: string, cause: unknown): OutputFileError {
  if (cause instanceof OutputFileError) return cause;
  const problem = meaningOf(codeOf(cause), "write") ?? (cause instanceof Error ? cause.message : String(cause));
  return new OutputFileError(`${path}: cannot be written: ${problem}`, { cause });
}
