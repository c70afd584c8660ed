/** The recording of a run: its place, its files, and whether it is kept. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RecordingError, recordingFolder } from "./recording-folder.ts";

export class RunRecording {
  /** Absolute. */
  readonly directory: string;
  readonly #temporary: boolean;
  /** Recordings of earlier runs. */
  readonly #earlier: ReadonlySet<string>;

  /**
   * @param directory where it must be kept in any case; null for a folder that may be deleted
   * @throws RecordingError
   */
  static async begin(directory: string | null): Promise<RunRecording> {
    const place = directory === null ? join(tmpdir(), "ghostframe-run-") : recordingFolder(directory);
    try {
      if (directory === null) return new RunRecording(await mkdtemp(place), true, []);
      return new RunRecording(place, false, await readdir(place));
    } catch (cause) {
      throw new RecordingError(place, cause);
    }
  }

  private constructor(directory: string, temporary: boolean, earlier: readonly string[]) {
    this.directory = directory;
    this.#temporary = temporary;
    this.#earlier = new Set(earlier);
  }

  /** Its files, the oldest first: one, unless the disk was full for a time. */
  async files(): Promise<string[]> {
    const names = await readdir(this.directory);
    const own = names.filter(name => name.endsWith(".pcapng") && !this.#earlier.has(name));
    return own.sort().map(name => join(this.directory, name));
  }

  /** Deletes it, unless it must be kept in any case. */
  async discard(): Promise<void> {
    if (this.#temporary) await rm(this.directory, { recursive: true, force: true });
  }

  get isKept(): boolean {
    return !this.#temporary;
  }
}
