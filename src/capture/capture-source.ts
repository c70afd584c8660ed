/**
 * Reads captures from files, pipes and standard input, plain or gzip-compressed. A regular file is read into two
 * windows in turn: the thread pool reads the next chunk while the present one is parsed. Everything else comes as a
 * stream (stream-source.ts). Octets are parsed where they were read to, and memory stays at a few MiB for a capture of
 * any size.
 */
import { randomInt } from "node:crypto";
import { constants, fstatSync, open as openDescriptor, read as readDescriptor, type Stats } from "node:fs";
import { open, stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { CaptureError } from "./capture-error.ts";
import { CaptureFeed } from "./capture-feed.ts";
import type { openCapture } from "./capture-format.ts";
import { type CaptureReading, conclude, type ReadingEnd } from "./capture-reading.ts";
import { InputError, inputErrorOf } from "./input-error.ts";
import type { PacketSink } from "./packet-record.ts";
import type { SecretsSink } from "./pcapng-secrets.ts";
import { GzipError, PlainOrGzip, readPipe, readStream, type StreamIntake } from "./stream-source.ts";

const WINDOW_OCTETS = 1024 * 1024;
/** After this many octets it is checked whether the event loop should run, and after this many milliseconds it does. */
const PIECE_OCTETS = 128 * 1024;
const TURN_MS = 100;
const STREAM_OCTETS = 256 * 1024;

/** A random number of 32 bits, for hashes of untrusted input. */
export function randomSeed(): number {
  return randomInt(0x1_0000_0000);
}

/** Lets the event loop run: signals need it. */
export function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

const STANDARD_INPUT = 0;

const TERMINAL = "is a terminal: pipe a capture into it (tcpdump -w - | ghostframe inspect -)";

export type Progress = (octetsRead: number, totalOctets: number | null) => unknown;

export interface ReadOptions {
  /** Ends the reading early, between two chunks. What was read until then is a result like any other. */
  signal?: AbortSignal | undefined;
  /**
   * Called after every chunk with the octets read from the file (compressed ones, of a .gz) and its size, or null if
   * that is not known (a pipe). If it returns a promise, nothing more is parsed before that is settled: so a slow
   * consumer is waited for.
   */
  onProgress?: Progress | undefined;
  /** Octets of a file that are read, and parsed, at a time. */
  windowOctets?: number;
  /** Gets the key logs of TLS sessions that a pcapng file carries, each before the packets behind it. */
  onSecrets?: SecretsSink | undefined;
  /** Gives the reader of a capture that begins with these octets, if it is not the usual one. */
  open?: typeof openCapture;
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
  const reading = conclude(name, intake.feed, await read(path, name, intake, options));
  return reading.stopped ? { ...reading, hasEnd: intake.hasEnd } : reading;
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

/** Takes the octets of one reading. Keeps what was thrown inside, to distinguish it from an error of the file. */
class Intake implements StreamIntake {
  readonly feed: CaptureFeed;
  /** What the feed threw: a CaptureError, or whatever the sink did. */
  thrown: { cause: unknown } | null = null;
  totalOctets: number | null = null;
  /** It is a file: all its octets are there already. */
  hasEnd = false;
  readonly windowOctets: number;
  #octetsRead = 0;
  readonly #onProgress: ReadOptions["onProgress"];

  constructor(sink: PacketSink, options: ReadOptions) {
    this.feed = new CaptureFeed(sink, options.onSecrets, options.open);
    this.windowOctets = options.windowOctets ?? WINDOW_OCTETS;
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

  /** This many more octets of the file have been read and parsed. */
  progress(octets: number): unknown {
    this.#octetsRead += octets;
    return this.#onProgress?.(this.#octetsRead, this.totalOctets);
  }
}

async function read(path: string, name: string, intake: Intake, options: ReadOptions): Promise<ReadingEnd> {
  const { signal } = options;
  try {
    if (path === "-") await readStandardInput(options.stdin, name, intake, signal);
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
  given: (Readable & { isTTY?: boolean }) | undefined,
  name: string,
  intake: Intake,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (given === undefined) {
    const status = refuseDirectory("a capture");
    if (status.isFIFO() || status.isSocket()) return readPipe(STANDARD_INPUT, intake, signal);
    intake.hasEnd = status.isFile();
    if (intake.hasEnd) return readWindows(fromStandardInput, status.size, intake, signal);
  }
  const stdin = given ?? process.stdin;
  if (stdin.isTTY === true) throw new InputError(name, TERMINAL);
  await readStream(stdin, intake, signal);
}

/** The kind of standard input. Reading a directory, Node gives no octets and no error. */
export function refuseDirectory(expected: string): Stats {
  const status = fstatSync(STANDARD_INPUT);
  if (status.isDirectory()) throw new InputError("standard input", `is a directory, expected ${expected}`);
  return status;
}

/** A file that the shell has opened is read from its present position. */
const fromStandardInput: ReadInto = octets => {
  return promisify(readDescriptor)(STANDARD_INPUT, octets, 0, octets.length, null);
};

async function readPath(path: string, intake: Intake, signal: AbortSignal | undefined): Promise<void> {
  const status = await stat(path);
  if (status.isDirectory()) throw new InputError(path, "is a directory, expected a capture file");
  if (status.isFIFO()) return readPipe(await openPipe(path), intake, signal);
  const handle = await open(path, "r");
  try {
    if (isatty(handle.fd)) throw new InputError(path, TERMINAL);
    if (!status.isFile()) {
      return await readStream(handle.createReadStream({ highWaterMark: STREAM_OCTETS }), intake, signal);
    }
    intake.totalOctets = status.size;
    intake.hasEnd = true;
    const fromFile: ReadInto = (octets, position) => handle.read(octets, 0, octets.length, position);
    await readWindows(fromFile, status.size, intake, signal);
  } finally {
    await handle.close();
  }
}

/**
 * A named pipe must not be read through the thread pool: a thread that waits for a writer which never comes cannot be
 * called back, and keeps the process from ending. Opened without blocking, the event loop does the waiting.
 */
function openPipe(path: string): Promise<number> {
  return promisify(openDescriptor)(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Reads a regular file to its end, from `position` on, or where its descriptor stands. */
type ReadInto = (octets: Buffer, position: number) => Promise<{ bytesRead: number }>;

async function readWindows(
  readInto: ReadInto,
  size: number,
  intake: Intake,
  signal: AbortSignal | undefined,
): Promise<void> {
  // One octet more than the file has: then two reads find the end of a small file, the second one empty.
  const octets = Math.min(size + 1, intake.windowOctets);
  const capture = new PlainOrGzip(intake, signal);
  let parsed = Buffer.allocUnsafeSlow(octets);
  let filled = Buffer.allocUnsafeSlow(octets);
  let position = 0;
  let pending = readInto(filled, position);
  try {
    for (;;) {
      const { bytesRead } = await pending;
      if (bytesRead === 0) break;
      signal?.throwIfAborted();
      [parsed, filled] = [filled, parsed];
      position += bytesRead;
      pending = readInto(filled, position);
      let turn = performance.now();
      for (let at = 0; at < bytesRead; at += PIECE_OCTETS) {
        if (performance.now() - turn > TURN_MS) {
          await nextTurn();
          signal?.throwIfAborted();
          turn = performance.now();
        }
        const wait = capture.push(parsed.subarray(at, Math.min(at + PIECE_OCTETS, bytesRead)));
        if (wait !== undefined) await wait;
      }
    }
    await capture.end();
  } finally {
    capture.destroy();
    // The file must stay open until the thread pool is done with it, even if parsing has failed.
    await pending.catch(() => {});
  }
}
