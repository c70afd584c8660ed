/**
 * The pcapng files of a recording. When a file is full a new one begins, and the oldest is deleted. Synchronous: use it
 * in a worker thread.
 *
 * Only whole blocks are written, in one call per flush, so that a file is valid at any moment; only if the process is
 * killed in the middle of a write, the last block may be cut. What could not be written whole (no room, no directory,
 * no permission) is cut off the end of the file. Then the recording pauses, and is tried again with a new file after
 * RETRY_SECONDS of the packets' time. Nothing here throws.
 *
 * A directory belongs to one recording: files of earlier recordings with the same name pattern count towards `files`.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { PcapngWriter } from "../capture/pcapng-writer.ts";
import { codeOf } from "../capture/system-error.ts";
import { makeFolder } from "../telemetry/export/folder.ts";
import { reasonOf } from "./proxy-error.ts";

export interface RecordingFileOptions {
  directory: string;
  /** A file is full when the next packet would make it longer than this. It takes at least one packet. */
  fileOctets: number;
  /** Most files in the directory, with the current one; at least 1. */
  files: number;
  /** Gets one sentence when recording pauses, and one when it goes on. */
  problem: (message: string) => void;
}

/** Ending of a file in which nothing is written yet, so that no capture is ever empty. */
const UNBEGUN = ".part";
const INTERFACE_NAME = "ghostframe proxy";
/** Of its files that have begun. */
export const RECORDING_NAME = /^ghostframe-\d{8}T\d{6}\.\d{3}Z-\d{4,}\.pcapng$/;
/** Octets after which gathered blocks are written without a flush. */
const BATCH_OCTETS = 1024 * 1024;
const RETRY_SECONDS = 10;

export class RecordingFile {
  /** Packets that could not be recorded. */
  lost = 0;
  /** Counts the files of this recording; 0 before the first. */
  ordinal = 0;
  /** Packets of the present file; the last one that was appended has this number. */
  packets = 0;
  readonly #options: RecordingFileOptions;
  readonly #batch = new Uint8Array(BATCH_OCTETS);
  #batched = 0;
  #batchedPackets = 0;
  /** −1 while no file is open. */
  #descriptor = -1;
  #path: string | null = null;
  /** The file has its final name. */
  #begun = false;
  /** Octets of the file that were written. */
  #written = 0;
  /** Octets of a file without a packet. */
  #headers = 0;
  /** Time of the last packet, and of the first one that may be tried again. */
  #seconds = 0;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #checkedAt = Number.NEGATIVE_INFINITY;
  /** The pause was reported, and not yet the end of it. */
  #troubled = false;
  /** Milliseconds since the epoch in the last file's name. It never goes back, so names sort in the order of files. */
  #named = 0;

  constructor(options: RecordingFileOptions) {
    this.#options = options;
  }

  /** The file being written, or the last one; null before the first. */
  get path(): string | null {
    return this.#path;
  }

  /** What was written last failed, and nothing has been written since. */
  get isPaused(): boolean {
    return this.#troubled;
  }

  /** Whether a packet of this time would be recorded; opens a file if there is none. */
  ready(seconds: number, nanoseconds: number): boolean {
    this.#seconds = seconds;
    return this.#descriptor >= 0 || this.#open(seconds, nanoseconds);
  }

  /** Adds one whole block, bytes[start, end), of a packet of this time. */
  append(bytes: Uint8Array, start: number, end: number, seconds: number, nanoseconds: number): boolean {
    if (!this.#hasRoom(end - start, seconds, nanoseconds)) {
      this.lost++;
      return false;
    }
    this.#batch.set(bytes.subarray(start, end), this.#batched);
    this.#batched += end - start;
    this.#batchedPackets++;
    this.packets++;
    return true;
  }

  /** Writes what was gathered. */
  flush(): void {
    if (this.#descriptor < 0) return;
    // A deleted file can still be written, but no one can read it.
    if (this.#seconds !== this.#checkedAt && this.#isDeleted()) return;
    if (this.#batched === 0) return;
    try {
      for (let at = 0; at < this.#batched; ) {
        at += writeSync(this.#descriptor, this.#batch, at, this.#batched - at);
      }
    } catch (error) {
      this.#pause(error);
      return;
    }
    this.#written += this.#batched;
    this.#batched = this.#batchedPackets = 0;
    if (!this.#begin()) return;
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#options.problem(`recording goes on in ${this.#path}; packets lost so far: ${this.lost}`);
  }

  /** Ends the current file; the next packet begins a new one, at once even if recording pauses. */
  reopen(): void {
    this.close();
    this.#pausedUntil = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.flush();
    this.#release();
  }

  #hasRoom(octets: number, seconds: number, nanoseconds: number): boolean {
    if (!this.ready(seconds, nanoseconds)) return false;
    const size = this.#written + this.#batched;
    if (size + octets > this.#options.fileOctets && size > this.#headers) {
      this.close();
      if (!this.ready(seconds, nanoseconds)) return false;
    }
    if (this.#batched + octets > BATCH_OCTETS) this.flush();
    return this.#descriptor >= 0;
  }

  #open(seconds: number, nanoseconds: number): boolean {
    if (seconds < this.#pausedUntil) return false;
    const { directory } = this.#options;
    this.#named = Math.max(this.#named, seconds * 1000 + Math.trunc(nanoseconds / 1e6));
    try {
      makeFolder(directory, 0o700);
      this.#create(directory);
    } catch (error) {
      this.#pause(error);
      return false;
    }
    const writer = new PcapngWriter();
    writer.begin(INTERFACE_NAME);
    this.#batch.set(writer.bytes.subarray(0, writer.length));
    this.#batched = this.#headers = writer.length;
    this.#written = this.packets = 0;
    this.#checkedAt = seconds;
    this.#tidy(directory);
    return true;
  }

  /** Creates a file that was not there before. */
  #create(directory: string): void {
    const time = new Date(this.#named).toISOString().replaceAll(/[-:]/g, "");
    for (let number = this.ordinal + 1; ; number++) {
      const path = join(directory, `ghostframe-${time}-${String(number).padStart(4, "0")}.pcapng`);
      try {
        if (existsSync(path)) continue;
        this.#descriptor = openSync(path + UNBEGUN, "wx", 0o600);
        this.#path = path;
        this.#begun = false;
        this.ordinal = number;
        return;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
  }

  /** Gives the file its final name: there is something in it now. */
  #begin(): boolean {
    if (this.#begun || this.#path === null) return true;
    try {
      renameSync(this.#path + UNBEGUN, this.#path);
      this.#begun = true;
      return true;
    } catch (error) {
      this.#pause(error);
      return false;
    }
  }

  /** Deletes the oldest files beyond the number that may be kept. */
  #tidy(directory: string): void {
    try {
      const others = readdirSync(directory).filter(
        name => RECORDING_NAME.test(name) && join(directory, name) !== this.#path,
      );
      const surplus = others.length + 1 - this.#options.files;
      for (const name of others.sort().slice(0, Math.max(0, surplus))) rmSync(join(directory, name), { force: true });
    } catch (error) {
      this.#options.problem(`old recordings in ${directory} cannot be deleted: ${reasonOf(error)}`);
    }
  }

  #isDeleted(): boolean {
    this.#checkedAt = this.#seconds;
    try {
      if (fstatSync(this.#descriptor).nlink > 0) return false;
    } catch (error) {
      this.#pause(error);
      return true;
    }
    this.#options.problem(`the recording ${this.#path} was deleted; a new one is begun`);
    this.#forget();
    this.#release();
    return true;
  }

  /** Ends the file behind its last whole block, and drops what was gathered. */
  #pause(error: unknown): void {
    if (this.#descriptor >= 0) {
      try {
        ftruncateSync(this.#descriptor, this.#written);
        if (this.#written === 0 && this.#path !== null) unlinkSync(this.#begun ? this.#path : this.#path + UNBEGUN);
      } catch {
        // What made the write fail may make this fail as well. Then the last block is cut.
      }
    }
    this.#forget();
    this.#release();
    this.#pausedUntil = this.#seconds + RETRY_SECONDS;
    if (this.#troubled) return;
    this.#troubled = true;
    const where = this.#options.directory;
    this.#options.problem(
      `recording to ${where} pauses: ${reasonOf(error)}; it is tried again every ${RETRY_SECONDS} seconds`,
    );
  }

  /** What was gathered is lost. */
  #forget(): void {
    this.lost += this.#batchedPackets;
    this.#batched = this.#batchedPackets = 0;
  }

  #release(): void {
    if (this.#descriptor < 0) return;
    try {
      closeSync(this.#descriptor);
    } catch {
      // Nothing is left to be written; the descriptor is gone either way.
    }
    this.#descriptor = -1;
  }
}
