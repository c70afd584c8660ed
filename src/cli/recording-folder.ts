/** The folder of a recording: it is checked before anything starts that must be recorded. */
import { mkdtempSync, rmdirSync } from "node:fs";
import { resolve } from "node:path";
import { reasonOf } from "../proxy/proxy-error.ts";
import { makeFolder } from "../telemetry/export/folder.ts";

/** There is no place for a recording. The message names it. */
export class RecordingError extends Error {
  override name = "RecordingError";

  constructor(place: string, cause: unknown) {
    super(`${place}: nothing can be recorded there (${reasonOf(cause)})`, { cause });
  }
}

/**
 * Makes the folder if it is missing, checks that files can be made in it, and returns its absolute path.
 *
 * @throws RecordingError
 */
export function recordingFolder(directory: string): string {
  const path = resolve(directory);
  try {
    makeFolder(path, 0o700);
    // Permissions are not enough: root may write into /proc, but nothing can be made there.
    rmdirSync(mkdtempSync(`${path}/.ghostframe-`));
    return path;
  } catch (cause) {
    throw new RecordingError(path, cause);
  }
}
