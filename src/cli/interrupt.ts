/**
 * Ctrl-C ends reading, and the command reports what it has read: `tcpdump -w - | ghostframe inspect -` is stopped that
 * way, by one signal to both. A second Ctrl-C ends the process.
 */
import { canReadAgain } from "../capture/capture-source.ts";
import { EXIT } from "./exit-codes.ts";

/** Milliseconds for the writer of a pipe: it gets the same signal, and writes its last packets before it ends. */
const LAST_PACKETS = 300;
/** Milliseconds from Ctrl-C for the report of what was read: of thousands of broken connections it takes longer. */
const LAST_WORDS = 500;

/** For commands that print while they read. */
export const NO_TIME_FOR_REST = "stopped by Ctrl-C; what else was read would have taken too long";

/** Ctrl-C, as long as captures are read. */
export interface Interruption {
  /** Aborted by Ctrl-C: read no further. */
  readonly signal: AbortSignal;
  /** Nothing is read any more: from now on Ctrl-C ends the process, in any state. */
  release: () => void;
  /**
   * Work begins that receives no signal for longer than a second (one search may take that): Ctrl-C ends the process,
   * and one that came already ends the reading at once.
   */
  beforeDeafWork: () => void;
  /** The report is there, and will be written to its end. */
  reported: () => void;
}

/** Milliseconds until reading of these captures ends: files have no writer to wait for. */
export async function graceOf(paths: readonly string[]): Promise<number> {
  const areFiles = await Promise.all(paths.map(canReadAgain));
  return areFiles.every(isFile => isFile) ? 0 : LAST_PACKETS;
}

/**
 * @param grace milliseconds until reading ends.
 * @param onLate called when Ctrl-C was LAST_WORDS ago and `reported` did not come; then the process ends. Not for pipes,
 *   whose octets nothing else may hold: there a second Ctrl-C ends the process.
 */
export function onInterrupt(grace = LAST_PACKETS, onLate?: () => void): Interruption {
  const controller = new AbortController();
  const end = (): void => process.exit(EXIT.INTERRUPTED);
  let came = false;
  let isReported = false;
  let lateness: NodeJS.Timeout | undefined;
  const endLate = (): void => {
    onLate?.();
    end();
  };
  const stop = (): void => {
    came = true;
    if (grace === 0) controller.abort();
    else setTimeout(() => controller.abort(), grace).unref();
    if (grace === 0 && onLate !== undefined && !isReported) lateness = setTimeout(endLate, LAST_WORDS).unref();
    process.once("SIGINT", end);
  };
  process.once("SIGINT", stop);
  const release = (): void => void process.off("SIGINT", stop).off("SIGINT", end);
  const beforeDeafWork = (): void => {
    if (came) controller.abort();
    else release();
  };
  const reported = (): void => {
    isReported = true;
    clearTimeout(lateness);
  };
  return { signal: controller.signal, release, beforeDeafWork, reported };
}
