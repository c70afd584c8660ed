/** A standard stream for a command that must never wait for its reader. */
import { createWriteStream, fstatSync, WriteStream } from "node:fs";
import type { Writable } from "node:stream";

/** Octets that wait for the reader; more are left out, and counted. */
const MAX_WAITING = 8 << 20;
/** Milliseconds that the last lines have to be written. */
const CLOSE_WITHIN = 2000;
/** Milliseconds after which a file that took no more is tried again. */
const RETRY_AFTER = 5000;

export interface OutputListener {
  /** Nothing can be written, for this reason: ENOSPC, EPIPE. */
  failed: (code: string) => void;
  /** Writing works again; this many texts are lost since the failure. */
  recovered: (omitted: number) => void;
}

/**
 * Writes to stdout (1) or stderr (2) in the background. A file that accepts no more is tried again, with later texts.
 */
export class EventOutput {
  /** Texts left out because the reader was too slow or has gone, or because the file accepted no more. */
  omitted = 0;
  /** Why nothing can be written any more: EPIPE, ENOSPC. Null while it can. */
  failure: string | null = null;
  readonly #fd: 1 | 2;
  readonly #listener: OutputListener;
  readonly #retryAfter: number;
  /** Null while nothing can be written. */
  #stream: Writable | null;
  /** Octets of texts that this stream has written, and the sizes of those that it has not. */
  #written = 0;
  #waiting: number[] = [];
  /** Texts left out since the failure. */
  #lost = 0;
  #retryAt = Number.POSITIVE_INFINITY;
  /** The last text was written in part: the next one begins a new line. */
  #isTorn = false;
  /** The same, when the stream was opened. */
  #wasTorn = false;

  constructor(fd: 1 | 2, listener: OutputListener, retryAfter = RETRY_AFTER) {
    this.#fd = fd;
    this.#listener = listener;
    this.#retryAfter = retryAfter;
    this.#stream = this.#open();
  }

  write(text: string): void {
    if (text === "") return;
    if (this.#stream === null && performance.now() >= this.#retryAt) this.#stream = this.#open();
    if (this.#stream === null || this.#stream.writableLength > MAX_WAITING) this.#omit(1);
    else this.#send(this.#stream, text);
  }

  /**
   * Resolves to true when nothing is left to be written, or its reader has gone; to false when it took too long. What
   * still waits then keeps the process alive: it must be ended by process.exit.
   */
  close(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), CLOSE_WITHIN);
      const done = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      if (this.#stream === null) done();
      // Comes behind all that waits.
      else this.#stream.write("", done);
    });
  }

  #open(): Writable {
    const stream = background(this.#fd);
    this.#written = 0;
    this.#waiting = [];
    this.#wasTorn = this.#isTorn;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (stream === this.#stream) this.#fail(stream, error.code ?? error.message);
    });
    return stream;
  }

  #send(stream: Writable, text: string): void {
    const whole = this.#isTorn ? `\n${text}` : text;
    this.#isTorn = false;
    const size = Buffer.byteLength(whole);
    this.#waiting.push(size);
    stream.write(whole, error => {
      if (error != null || stream !== this.#stream) return;
      this.#written += size;
      this.#waiting.shift();
      this.#recover();
    });
  }

  #fail(stream: Writable, code: string): void {
    this.#stream = null;
    const isFile = stream instanceof WriteStream;
    if (isFile) this.#settle(stream.bytesWritten);
    this.#retryAt = isFile && code !== "EPIPE" ? performance.now() + this.#retryAfter : Number.POSITIVE_INFINITY;
    const isFirst = this.failure === null;
    this.failure = code;
    this.#omit(this.#waiting.length);
    if (isFirst) this.#listener.failed(code);
  }

  /** Settles texts that wait: as many were written as the stream's octets show; of the next one perhaps a part. */
  #settle(octets: number): void {
    let left = octets - this.#written;
    while (this.#waiting.length > 0 && left >= this.#waiting[0]!) left -= this.#waiting.shift()!;
    this.#isTorn = left > 0 || (octets === 0 && this.#wasTorn);
  }

  #recover(): void {
    if (this.failure === null) return;
    this.failure = null;
    const lost = this.#lost;
    this.#lost = 0;
    this.#listener.recovered(lost);
  }

  #omit(texts: number): void {
    this.omitted += texts;
    if (this.failure !== null) this.#lost += texts;
  }
}

/**
 * process.stdout waits inside `write` if it is a terminal or a file: these are written by a thread. A pipe is not: it
 * does not make process.stdout wait, and a thread that waits for its reader could not even be ended with the process.
 */
function background(fd: 1 | 2): Writable {
  const kind = fstatSync(fd);
  if (kind.isFIFO() || kind.isSocket()) return fd === 1 ? process.stdout : process.stderr;
  return createWriteStream("", { fd, autoClose: false });
}
