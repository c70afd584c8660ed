/** Files that are written as a whole or not at all: under another name beside their place until they are complete. */
import { constants, rmSync, type Stats } from "node:fs";
import { access, type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createGzip, type Gzip } from "node:zlib";
import { makeFolder } from "../telemetry/export/folder.ts";
import { OutputFileError, outputFileErrorOf } from "./output-file-error.ts";
import type { TakenFiles } from "./taken-files.ts";

/** Octets gathered before they are written. */
const BATCH_OCTETS = 1 << 20;
const FEW_OCTETS = 64;

export interface NewFileOptions {
  /** Replace an existing file. */
  force: boolean;
  /** Compress what is written. */
  gzip?: boolean;
  /** The files that the command reads: they are never replaced. */
  taken?: TakenFiles;
}

export class NewFile {
  readonly path: string;
  readonly #handle: FileHandle;
  /** The name until it is complete; null if the octets go straight into an existing device or pipe. */
  readonly #temporary: string | null;
  readonly #gzip: Gzip | null;
  #batch = Buffer.allocUnsafeSlow(BATCH_OCTETS);
  #batched = 0;
  /** Batches that are full, and batches that can be filled again. */
  readonly #full: Buffer<ArrayBuffer>[] = [];
  readonly #spare: Buffer<ArrayBuffer>[] = [];
  /** What is being written. */
  #writing: Promise<void> = Promise.resolve();
  #failure: { cause: unknown } | null = null;
  #octets = 0;
  /** At the end of what was written: octets that come once more, and are not written again. */
  #repeated = 0;
  /** Behind what counts, the file may hold octets of a first writing. */
  #hasRest = false;
  readonly #removeAtExit = (): void => {
    if (this.#temporary !== null) rmSync(this.#temporary, { force: true });
  };

  private constructor(path: string, handle: FileHandle, temporary: string | null, gzip: boolean) {
    this.path = path;
    this.#handle = handle;
    this.#temporary = temporary;
    this.#gzip = gzip ? createGzip() : null;
    this.#gzip?.on("data", (octets: Buffer) => {
      this.#writing = this.#writing.then(() => this.#writeOut(octets));
      this.#writing.catch(() => {});
    });
    process.once("exit", this.#removeAtExit);
  }

  /**
   * Begins the file; a missing folder is made.
   *
   * @throws OutputFileError if the file exists and must not be replaced, or is read, or cannot be made.
   */
  static async create(path: string, { force, gzip = false, taken }: NewFileOptions): Promise<NewFile> {
    try {
      taken?.refuse(path);
      const found = await statusOf(path);
      if (found !== null && !found.isFile()) {
        if (found.isDirectory()) throw new OutputFileError(`${path}: is a directory, expected the name of a file`);
        return new NewFile(path, await open(path, "w"), null, gzip);
      }
      if (found !== null && !force) throw new OutputFileError(`${path}: is there already; --force replaces it`);
      // A file that may not be written is not replaced either, even if its folder would allow it.
      if (found !== null) await access(path, constants.W_OK);
      const folder = dirname(resolve(path));
      makeFolder(folder);
      const temporary = join(folder, `.${basename(path)}.${process.pid}.part`);
      return new NewFile(path, await open(temporary, "wx", 0o600), temporary, gzip);
    } catch (cause) {
      throw outputFileErrorOf(path, cause);
    }
  }

  /** None of it is visible yet: it can still be discarded. A device or a pipe keeps what it got. */
  get isNew(): boolean {
    return this.#temporary !== null;
  }

  /** Takes the next octets, bytes[start, end), which are copied. They are on the way to the disk after `flush`. */
  append(bytes: Uint8Array, from: number, end: number): void {
    let start = from;
    if (this.#repeated > 0) {
      start += Math.min(end - start, this.#repeated);
      this.#repeated -= start - from;
      if (start === end) return;
    }
    // A few octets are copied faster one by one than by an array made for them.
    if (end - start <= FEW_OCTETS && end - start < BATCH_OCTETS - this.#batched) {
      const batch = this.#batch;
      let into = this.#batched;
      for (let at = start; at < end; at++) batch[into++] = bytes[at]!;
      this.#batched = into;
      return;
    }
    for (let at = start; at < end; ) {
      const taken = Math.min(end - at, BATCH_OCTETS - this.#batched);
      this.#batch.set(bytes.subarray(at, at + taken), this.#batched);
      this.#batched += taken;
      at += taken;
      if (this.#batched === BATCH_OCTETS) this.#next();
    }
  }

  /**
   * Writes the batches that are full, after those of the previous flush, which it waits for.
   *
   * @throws OutputFileError
   */
  async flush(): Promise<void> {
    const before = this.#writing;
    const batches = this.#full.splice(0);
    this.#writing = before.then(async () => {
      for (const batch of batches) {
        if (batch.length > 0) await this.#put(batch);
        if (batch.length === BATCH_OCTETS) this.#spare.push(batch);
      }
    });
    this.#writing.catch(cause => {
      this.#failure ??= { cause };
    });
    await before.catch(() => {});
    this.#check();
  }

  /**
   * The octets will be given once more from the first on: those that are written already are passed over, up to where
   * `differ` tells that others come. false if that cannot be, because they are compressed or have left.
   *
   * @throws OutputFileError
   */
  async repeat(): Promise<boolean> {
    if (this.#gzip !== null || this.#temporary === null) return false;
    try {
      await this.#writeAll();
    } catch (cause) {
      throw outputFileErrorOf(this.path, cause);
    }
    this.#repeated = this.#octets;
    this.#hasRest = true;
    return true;
  }

  /** The next octets are others than those given before `repeat`. */
  differ(): void {
    this.#octets -= this.#repeated;
    this.#repeated = 0;
  }

  /**
   * Takes back the last octets that were given. Compressed octets, or those written into a pipe, stay.
   *
   * @throws OutputFileError
   */
  async takeBack(octets: number): Promise<void> {
    if (octets === 0 || this.#gzip !== null || this.#temporary === null) return;
    try {
      this.differ();
      await this.#writeAll();
      this.#octets -= octets;
      await this.#handle.truncate(this.#octets);
    } catch (cause) {
      throw outputFileErrorOf(this.path, cause);
    }
  }

  /**
   * The file is complete: it gets its name.
   *
   * @throws OutputFileError
   */
  async commit(): Promise<void> {
    try {
      this.differ();
      await this.#writeAll();
      if (this.#hasRest) await this.#handle.truncate(this.#octets);
      await this.#endGzip();
      await this.#handle.close();
      if (this.#temporary !== null) await rename(this.#temporary, this.path);
      process.off("exit", this.#removeAtExit);
    } catch (cause) {
      await this.discard();
      throw outputFileErrorOf(this.path, cause);
    }
  }

  /** Removes all of it. */
  async discard(): Promise<void> {
    this.#gzip?.destroy();
    await this.#writing.catch(() => {});
    await this.#handle.close().catch(() => {});
    if (this.#temporary !== null) await rm(this.#temporary, { force: true }).catch(() => {});
    process.off("exit", this.#removeAtExit);
  }

  async #writeAll(): Promise<void> {
    this.#next();
    await this.flush();
    await this.#writing;
  }

  /** The present batch must be written, and another one is begun. */
  #next(): void {
    this.#full.push(this.#batch.subarray(0, this.#batched));
    this.#batch = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_OCTETS);
    this.#batched = 0;
  }

  #put(octets: Uint8Array): Promise<void> {
    const gzip = this.#gzip;
    if (gzip === null) return this.#writeOut(octets);
    return new Promise((resolve, reject) => {
      gzip.write(octets, error => (error ? reject(error) : resolve()));
    });
  }

  async #writeOut(octets: Uint8Array): Promise<void> {
    for (let at = 0; at < octets.length; ) {
      const position = this.#temporary === null ? null : this.#octets;
      const { bytesWritten } = await this.#handle.write(octets, at, octets.length - at, position);
      at += bytesWritten;
      this.#octets += bytesWritten;
    }
  }

  async #endGzip(): Promise<void> {
    const gzip = this.#gzip;
    if (gzip === null) return;
    await new Promise<void>((resolve, reject) => {
      gzip.once("end", resolve).once("error", reject).end();
    });
    await this.#writing;
  }

  #check(): void {
    if (this.#failure !== null) throw outputFileErrorOf(this.path, this.#failure.cause);
  }
}

/** What is at a path; null for nothing. */
async function statusOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return null;
    throw cause;
  }
}
