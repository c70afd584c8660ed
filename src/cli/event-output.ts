/** A standard stream for a command that must never wait for whoever reads it. */
import { createWriteStream, fstatSync } from "node:fs";
import type { Writable } from "node:stream";

/** Octets that wait for the reader; what comes beyond is left out, and counted. */
const MAX_WAITING = 8 << 20;
/** Milliseconds that the last lines have to be written. */
const CLOSE_WITHIN = 2000;

/** Writes to stdout (1) or stderr (2) in the background. */
export class EventOutput {
  /** Texts left out because the reader was too slow, or has gone. */
  omitted = 0;
  /** Why nothing can be written any more: EPIPE, ENOSPC. Null while it can. */
  failure: string | null = null;
  readonly #stream: Writable;

  /** `failed` is called once, with the failure. */
  constructor(fd: 1 | 2, failed: (code: string) => void) {
    this.#stream = background(fd);
    this.#stream.on("error", (error: NodeJS.ErrnoException) => {
      if (this.failure !== null) return;
      this.failure = error.code ?? error.message;
      failed(this.failure);
    });
  }

  write(text: string): void {
    if (text === "") return;
    if (this.failure !== null || this.#stream.writableLength > MAX_WAITING) this.omitted++;
    else this.#stream.write(text);
  }

  /**
   * Resolves to true when there is nothing left to be written, or nobody to write it for; to false when it took too
   * long. What still waits then keeps the process alive: it has to be ended by process.exit.
   */
  close(): Promise<boolean> {
    return new Promise(resolve => {
      const timer = setTimeout(() => resolve(false), CLOSE_WITHIN);
      const done = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      if (this.failure !== null) done();
      // Comes behind all that waits.
      else this.#stream.write("", done);
    });
  }
}

/**
 * process.stdout waits inside `write` where it is a terminal or a file: these are written by a thread. A pipe is not: it
 * does not make process.stdout wait, and a thread that waits for its reader could not even be ended with the process.
 */
function background(fd: 1 | 2): Writable {
  const kind = fstatSync(fd);
  if (kind.isFIFO() || kind.isSocket()) return fd === 1 ? process.stdout : process.stderr;
  return createWriteStream("", { fd, autoClose: false });
}
