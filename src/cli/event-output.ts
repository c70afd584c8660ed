/** A standard stream for a command that must never wait for whoever reads it. */
import { createWriteStream, type WriteStream } from "node:fs";

/** Octets that wait for the reader; what comes beyond is left out, and counted. */
const MAX_WAITING = 8 << 20;
/** Milliseconds that the last lines have to be written. */
const CLOSE_WITHIN = 2000;

/**
 * Writes to a file descriptor in the background. process.stdout would wait inside `write` where it is a pipe or a
 * terminal, and with it everything else that this process does.
 */
export class EventOutput {
  /** Texts left out because the reader was too slow, or has gone. */
  omitted = 0;
  /** Why nothing can be written any more: EPIPE, ENOSPC. Null while it can. */
  failure: string | null = null;
  readonly #stream: WriteStream;

  constructor(fd: number, failed: (code: string) => void) {
    this.#stream = createWriteStream("", { fd, autoClose: false });
    this.#stream.on("error", (error: NodeJS.ErrnoException) => {
      this.failure = error.code ?? error.message;
      failed(this.failure);
    });
  }

  write(text: string): void {
    if (text === "") return;
    if (this.failure !== null || this.#stream.writableLength > MAX_WAITING) this.omitted++;
    else this.#stream.write(text);
  }

  /** Resolves when everything is written, or cannot be in reasonable time. */
  close(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, CLOSE_WITHIN);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (this.failure !== null) done();
      else this.#stream.end(done);
    });
  }
}
