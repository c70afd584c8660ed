/** stdout and stderr as the commands use them: data to one, diagnostics to the other. */
import { once } from "node:events";

/**
 * Writes to stdout and waits while its reader is slower. Resolves to false when the reader has gone (`| head`): there
 * is nobody to write for any more, and nothing wrong.
 */
export async function write(text: string): Promise<boolean> {
  if (readerGone) return false;
  if (!process.stdout.write(text)) await Promise.race([drained(), gone]);
  return !readerGone;
}

/** One wait for everybody: `frames` writes many times before it could look again. */
function drained(): Promise<unknown> {
  draining ??= once(process.stdout, "drain").finally(() => {
    draining = null;
  });
  return draining;
}

let draining: Promise<unknown> | null = null;
let readerGone = false;
let tellGone: () => void;
const gone = new Promise<void>(resolve => {
  tellGone = resolve;
});

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") throw error;
  readerGone = true;
  tellGone();
});

/** Whether whoever read stdout has gone. */
export function isReaderGone(): boolean {
  return readerGone;
}

/** One line on stderr. */
export function complain(line: string): void {
  process.stderr.write(`ghostframe: ${line}\n`);
}

/** Colours: FORCE_COLOR and NO_COLOR decide where they are set, otherwise whether the stream is a terminal. */
export function wantsColour(stream: { isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const force = environment.FORCE_COLOR;
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  const none = environment.NO_COLOR;
  if (none !== undefined && none !== "") return false;
  return stream.isTTY === true && environment.TERM !== "dumb";
}
