/** Captures that come as a stream: from pipes, and compressed ones. */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from "node:net";
import { addAbortSignal, type Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";

/** What libuv reads from a pipe at a time, and what a pipe of Linux holds. */
const PIPE_OCTETS = 64 * 1024;
/** Octets inflated at a time. Where compressed data is corrupt, the output of its last piece is lost. */
const DEFLATED_OCTETS = 32 * 1024;
const INFLATED_OCTETS = 128 * 1024;

const GZIP_MAGIC = 0x1f8b;
const GZIP_MAGIC_OCTETS = 2;

/** Takes the octets of a stream. */
export interface StreamIntake {
  /** Takes bytes[0, end) of the capture; they are overwritten when it returns. */
  take(bytes: Buffer, end: number): void;
  /** This many more octets of the stream have been parsed. Nothing more may come before the promise is settled. */
  progress(octets: number): unknown;
}

/** Reads a stream to its end. Rejects with what the stream or the intake threw. */
export async function readStream(
  stream: Readable,
  intake: StreamIntake,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal !== undefined) addAbortSignal(signal, stream);
  const octets = new PlainOrGzip(intake, signal);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const wait = octets.push(chunk);
      if (wait !== undefined) await wait;
    }
    await octets.end();
  } finally {
    octets.destroy();
  }
}

/** Reads a pipe or a socket to its end, each time into the same octets. Rejects with what it or the intake threw. */
export function readPipe(fd: number, intake: StreamIntake, signal: AbortSignal | undefined): Promise<void> {
  const octets = new PlainOrGzip(intake, signal);
  return new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown): void => {
      reject(cause);
      pipe.destroy();
    };
    const callback = (length: number, buffer: Uint8Array): boolean => {
      try {
        const wait = octets.push((buffer as Buffer).subarray(0, length));
        wait?.then(() => pipe.resume(), fail);
        return wait === undefined;
      } catch (cause) {
        fail(cause);
        return false;
      }
    };
    const onread = { buffer: Buffer.allocUnsafeSlow(PIPE_OCTETS), callback };
    const options: SocketConstructorOpts & ConnectOpts = { fd, readable: true, writable: false, onread };
    const pipe = new Socket(options);
    pipe.once("error", reject).once("end", () => octets.end().then(resolve, reject));
    const aborted = (): void => fail(signal?.reason);
    if (signal?.aborted === true) aborted();
    signal?.addEventListener("abort", aborted, { once: true });
    pipe.once("close", () => signal?.removeEventListener("abort", aborted));
  }).finally(() => octets.destroy());
}

/** Gives a stream's octets to an intake, inflated if it begins as gzip does. */
export class PlainOrGzip {
  readonly #intake: StreamIntake;
  readonly #signal: AbortSignal | undefined;
  /** The first octets, while they are too few to recognise gzip; null after that. */
  #first: Buffer | null = Buffer.alloc(0);
  #inflating: Inflating | null = null;

  constructor(intake: StreamIntake, signal: AbortSignal | undefined) {
    this.#intake = intake;
    this.#signal = signal;
  }

  /** Octets that come next. They may be overwritten, and more may come, when it returns undefined or its promise is settled. */
  push(chunk: Buffer): Promise<void> | undefined {
    let octets = chunk;
    if (this.#first !== null) {
      octets = Buffer.concat([this.#first, chunk]);
      this.#first = octets.length < GZIP_MAGIC_OCTETS ? octets : null;
      if (this.#first !== null) return undefined;
      if (octets.readUInt16BE(0) === GZIP_MAGIC) this.#inflating = new Inflating(this.#intake, this.#signal);
    }
    if (this.#inflating !== null) return this.#inflating.push(octets);
    this.#intake.take(octets, octets.length);
    const wait = this.#intake.progress(octets.length);
    return wait instanceof Promise ? wait.then(() => {}) : undefined;
  }

  /** Nothing comes any more. */
  async end(): Promise<void> {
    if (this.#first !== null) this.#intake.take(this.#first, this.#first.length);
    await this.#inflating?.end();
  }

  destroy(): void {
    this.#inflating?.destroy();
  }
}

class Inflating {
  readonly #intake: StreamIntake;
  readonly #signal: AbortSignal | undefined;
  readonly #gunzip: Gunzip = createGunzip({ chunkSize: INFLATED_OCTETS });
  /** Rejects with what is wrong with the data, or what the intake threw. */
  readonly #failed: Promise<never>;

  constructor(intake: StreamIntake, signal: AbortSignal | undefined) {
    this.#intake = intake;
    this.#signal = signal;
    this.#failed = new Promise((_, reject) => {
      this.#gunzip.on("data", (octets: Buffer) => {
        try {
          intake.take(octets, octets.length);
        } catch (cause) {
          reject(cause);
          this.#gunzip.destroy();
        }
      });
      this.#gunzip.on("error", cause => reject(new GzipError(this.#gunzip.bytesWritten, cause)));
    });
    // The promise may be awaited later.
    this.#failed.catch(() => {});
  }

  async push(octets: Buffer): Promise<void> {
    for (let at = 0; at < octets.length; at += DEFLATED_OCTETS) {
      this.#signal?.throwIfAborted();
      const piece = octets.subarray(at, at + DEFLATED_OCTETS);
      const written = new Promise<void>(resolve => {
        this.#gunzip.write(piece, () => resolve());
      });
      await Promise.race([written, this.#failed]);
      await this.#intake.progress(piece.length);
    }
  }

  async end(): Promise<void> {
    if (this.#gunzip.readableEnded) return;
    const ended = new Promise<void>(resolve => {
      this.#gunzip.once("end", () => resolve()).end();
    });
    await Promise.race([ended, this.#failed]);
  }

  destroy(): void {
    this.#gunzip.destroy();
  }
}

/** The compressed data ends too early, or does not decode. */
export class GzipError extends Error {
  override name = "GzipError";

  constructor(octets: number, cause: Error) {
    const cut = "code" in cause && cause.code === "Z_BUF_ERROR";
    const problem = cut
      ? `its gzip data ends at octet ${octets} without being complete`
      : `its gzip data is corrupt behind octet ${octets} (${cause.message})`;
    super(problem, { cause });
  }
}
