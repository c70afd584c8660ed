/** The folder of `recover --output`: a file for each body, and messages.ndjson with all else that is known of them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RecoveredMessage } from "../recover/recover.ts";
import { recoveredRecord } from "../recover/recovered-record.ts";
import { jsonLine } from "../report/json.ts";
import { makeFolder } from "../telemetry/export/folder.ts";
import { NewFile, type NewFileOptions } from "./new-file.ts";
import { outputFileErrorOf } from "./output-file-error.ts";
import type { TakenFiles } from "./taken-files.ts";

const UTF8 = new TextEncoder();

export class RecoveredFolder {
  readonly #folder: string;
  readonly #options: NewFileOptions;
  readonly #list: NewFile;

  private constructor(folder: string, options: NewFileOptions, list: NewFile) {
    this.#folder = folder;
    this.#options = options;
    this.#list = list;
  }

  /**
   * `taken`: the files that are read.
   *
   * @throws OutputFileError
   */
  static async create(folder: string, force: boolean, taken: TakenFiles): Promise<RecoveredFolder> {
    const options = { force, taken };
    try {
      makeFolder(folder, 0o700);
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      throw outputFileErrorOf(folder, cause);
    }
    return new RecoveredFolder(folder, options, await NewFile.create(join(folder, "messages.ndjson"), options));
  }

  /**
   * Writes the body into a file: c1-162315.body, by connection and stream offset; .part if it is not whole.
   *
   * @throws OutputFileError
   */
  async add(message: RecoveredMessage): Promise<void> {
    const { body, ...record } = recoveredRecord(message);
    let line = jsonLine(record);
    if (message.content !== null && body !== undefined) {
      const name = `${record.connection}-${record.streamOffset}.${record.whole ? "body" : "part"}`;
      const file = await NewFile.create(join(this.#folder, name), this.#options);
      file.append(message.content.body, 0, message.content.body.length);
      await file.commit();
      line = jsonLine({ ...record, file: name });
    }
    const octets = UTF8.encode(`${line}\n`);
    this.#list.append(octets, 0, octets.length);
    await this.#list.flush();
  }

  /** @throws OutputFileError */
  finish(): Promise<void> {
    return this.#list.commit();
  }

  /** The list is not complete. Bodies that were written stay: each is whole. */
  discard(): Promise<void> {
    return this.#list.discard();
  }
}
