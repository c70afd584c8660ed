/**
 * Reads captures from files, pipes and standard input, plain or gzip-compressed: the one place of this folder that
 * touches files. A regular file is read into two windows by turns, so that the next chunk is on its way from the thread
 * pool while the present one is parsed; whatever else there is comes as a stream. Octets are parsed where they were
 * read to, and memory stays at a few MiB for a capture of any size.
 */
import { randomInt } from "node:crypto";
import { constants, open as openDescriptor } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { addAbortSignal, type Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { createGunzip, type Gunzip } from "node:zlib";
import { CaptureError } from "./capture-error.ts";
import { CaptureFeed } from "./capture-feed.ts";
import { type CaptureReading, conclude, type ReadingEnd } from "./capture-reading.ts";
import { InputError, inputErrorOf } from "./input-error.ts";
import type { PacketSink } from "./packet-record.ts";
import type { SecretsSink } from "./pcapng-secrets.ts";

const WINDOW_OCTETS = 1024 * 1024;
const STREAM_OCTETS = 256 * 1024;
/** Octets inflated at a time. Where compressed data is corrupt, what its last piece would have given is lost. */
const DEFLATED_OCTETS = 32 * 1024;
const INFLATED_OCTETS = 128 * 1024;

const GZIP_MAGIC = 0x1f8b;
const GZIP_MAGIC_OCTETS = 2;

/** A number of 32 bits that nobody can foresee, for hashes of what strangers write. */
export function randomSeed(): number {
  return randomInt(0x1_0000_0000);
}

const TERMINAL = "is a terminal: pipe a capture into it (tcpdump -w - | ghostframe inspect -)";

export type Progress = (octetsRead: number, totalOctets: number | null) => unknown;

export interface ReadOptions {
  /** Ends the reading early, between two chunks. What was read until then is a result like any other. */
  signal?: AbortSignal | undefined;
  /**
   * Called after every chunk with the octets read from the file (compressed ones, of a .gz) and its size, or null where
   * it has none that is known (a pipe). Where it returns a promise nothing more is parsed before that is settled: a
   * consumer that cannot keep up is waited for.
   */
  onProgress?: Progress | undefined;
  /** Gets the key logs of TLS sessions that a pcapng file carries, each before the packets behind it. */
  onSecrets?: SecretsSink | undefined;
  /** What `-` stands for, when not process.stdin. */
  stdin?: (Readable & { isTTY?: boolean }) | undefined;
}

/**
 * Reads the capture at `path`, `-` being standard input, and hands its packet records to `sink`.
 *
 * @throws InputError when something went wrong before the first packet: there is no such file, it is no capture, ….
 *   What goes wrong later is part of the result, so that a report on the packets before it can still be written.
 *   What the sink throws ends the reading and is passed on as it is.
 */
export async function readCapture(path: string, sink: PacketSink, options: ReadOptions = {}): Promise<CaptureReading> {
  const name = path === "-" ? "standard input" : path;
  const intake = new Intake(sink, options);
  return conclude(name, intake.feed, await read(path, name, intake, options));
}

/** Whether the input can be read a second time from its beginning, as a pipe cannot. false when there is none. */
export async function canReadAgain(path: string): Promise<boolean> {
  if (path === "-") return false;
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Where the octets of one reading go. Remembers what went wrong in there, to tell it from trouble with the file. */
class Intake {
  readonly feed: CaptureFeed;
  /** What the feed threw: a CaptureError, or whatever the sink did. */
  thrown: { cause: unknown } | null = null;
  totalOctets: number | null = null;
  #octetsRead = 0;
  readonly #onProgress: ReadOptions["onProgress"];

  constructor(sink: PacketSink, options: ReadOptions) {
    this.feed = new CaptureFeed(sink, options.onSecrets);
    this.#onProgress = options.onProgress;
  }

  /** Takes bytes[0, end) of the capture. */
  take(bytes: Buffer, end: number): void {
    try {
      this.feed.push(bytes, 0, end);
    } catch (cause) {
      this.thrown = { cause };
      throw cause;
    }
  }

  /** So many more octets of the file have been dealt with. */
  progress(octets: number): unknown {
    this.#octetsRead += octets;
    return this.#onProgress?.(this.#octetsRead, this.totalOctets);
  }
}

async function read(path: string, name: string, intake: Intake, options: ReadOptions): Promise<ReadingEnd> {
  const { signal } = options;
  try {
    if (path === "-") await readStandardInput(options.stdin ?? process.stdin, name, intake, signal);
    else await readPath(path, intake, signal);
    return "end of file";
  } catch (cause) {
    if (intake.thrown?.cause instanceof CaptureError) return intake.thrown.cause;
    if (intake.thrown !== null) throw intake.thrown.cause;
    if (signal?.aborted === true) return "stopped";
    if (cause instanceof GzipError) return new InputError(name, cause.message, { cause });
    return cause instanceof InputError ? cause : inputErrorOf(name, cause);
  }
}

async function readStandardInput(
  stdin: Readable & { isTTY?: boolean },
  name: string,
  intake: Intake,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (stdin.isTTY === true) throw new InputError(name, TERMINAL);
  await readStream(stdin, intake, signal);
}

async function readPath(path: string, intake: Intake, signal: AbortSignal | undefined): Promise<void> {
  const status = await stat(path);
  if (status.isDirectory()) throw new InputError(path, "is a directory, expected a capture file");
  if (status.isFIFO()) return readStream(await openPipe(path), intake, signal);
  const handle = await open(path, "r");
  try {
    if (isatty(handle.fd)) throw new InputError(path, TERMINAL);
    if (!status.isFile()) {
      return await readStream(handle.createReadStream({ highWaterMark: STREAM_OCTETS }), intake, signal);
    }
    intake.totalOctets = status.size;
    if (await isGzip(handle)) {
      return await readStream(handle.createReadStream({ start: 0, highWaterMark: DEFLATED_OCTETS }), intake, signal);
    }
    await readWindows(handle, status.size, intake, signal);
  } finally {
    await handle.close();
  }
}

/**
 * A named pipe must not be read through the thread pool: a thread waiting for a writer that never comes cannot be
 * called back, and keeps the process from ending. Opened without blocking, the event loop does the waiting.
 */
async function openPipe(path: string): Promise<Socket> {
  const fd = await promisify(openDescriptor)(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const magic = Buffer.alloc(GZIP_MAGIC_OCTETS);
  const { bytesRead } = await handle.read(magic, 0, GZIP_MAGIC_OCTETS, 0);
  return bytesRead === GZIP_MAGIC_OCTETS && magic.readUInt16BE(0) === GZIP_MAGIC;
}

async function readWindows(
  handle: FileHandle,
  size: number,
  intake: Intake,
  signal: AbortSignal | undefined,
): Promise<void> {
  // One octet more than the file has: a small one then is at its end after one read and one that finds nothing.
  const octets = Math.min(size + 1, WINDOW_OCTETS);
  let parsed = Buffer.allocUnsafeSlow(octets);
  let filled = Buffer.allocUnsafeSlow(octets);
  let position = 0;
  let pending = handle.read(filled, 0, octets, position);
  try {
    for (;;) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) return;
      signal?.throwIfAborted();
      [parsed, filled] = [filled, parsed];
      position += bytesRead;
      pending = handle.read(filled, 0, octets, position);
      intake.take(parsed, bytesRead);
      const wait = intake.progress(bytesRead);
      if (wait instanceof Promise) await wait;
    }
  } finally {
    // The file must stay open until the thread pool is done with it, whatever has become of the parsing.
    await pending.catch(() => {});
  }
}

async function readStream(stream: Readable, intake: Intake, signal: AbortSignal | undefined): Promise<void> {
  if (signal !== undefined) addAbortSignal(signal, stream);
  await pipeline(stream, new StreamIntake(intake));
}

/** Gives what a stream carries to an intake, inflated if it begins as gzip does. */
class StreamIntake extends Writable {
  readonly #intake: Intake;
  /** The first octets, while they are too few to tell; null once it is told. */
  #first: Buffer | null = Buffer.alloc(0);
  #gunzip: Gunzip | null = null;

  constructor(intake: Intake) {
    super();
    this.#intake = intake;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let octets = chunk;
    if (this.#first !== null) {
      octets = this.#first.length === 0 ? chunk : Buffer.concat([this.#first, chunk]);
      this.#first = octets.length < GZIP_MAGIC_OCTETS ? octets : null;
      if (this.#first !== null) {
        done();
        return;
      }
      if (octets.readUInt16BE(0) === GZIP_MAGIC) this.#gunzip = this.#inflate();
    }
    const proceed = (error?: Error | null) => {
      const wait = error ? undefined : this.#intake.progress(octets.length);
      if (wait instanceof Promise) wait.then(() => done(), done);
      else done(error);
    };
    if (this.#gunzip === null) this.#take(octets, proceed);
    else this.#gunzip.write(octets, proceed);
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#first !== null) this.#take(this.#first, done);
    else if (this.#gunzip === null || this.#gunzip.readableEnded) done();
    else this.#gunzip.once("end", done).end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#gunzip?.destroy();
    done(error);
  }

  #inflate(): Gunzip {
    const gunzip = createGunzip({ chunkSize: INFLATED_OCTETS });
    gunzip.on("data", (octets: Buffer) => {
      this.#take(octets, error => {
        if (error) this.destroy(error);
      });
    });
    gunzip.on("error", cause => this.destroy(new GzipError(gunzip.bytesWritten, cause)));
    return gunzip;
  }

  #take(octets: Buffer, done: (error?: Error | null) => void): void {
    try {
      this.#intake.take(octets, octets.length);
    } catch (cause) {
      done(cause instanceof Error ? cause : new Error("the sink threw what is no error", { cause }));
      return;
    }
    done();
  }
}

/** The compressed data ends too early, or does not decode. */
class GzipError extends Error {
  override name = "GzipError";

  constructor(octets: number, cause: Error) {
    const cut = "code" in cause && cause.code === "Z_BUF_ERROR";
    const problem = cut
      ? `its gzip data ends at octet ${octets} without being complete`
      : `its gzip data is corrupt behind octet ${octets} (${cause.message})`;
    super(problem, { cause });
  }
}
