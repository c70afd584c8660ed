/**
 * Ctrl-C ends reading, and the command reports what it has read: `tcpdump -w - | ghostframe inspect -` is stopped that
 * way, by one signal to both. A second Ctrl-C ends the process.
 */
import { EXIT } from "./exit-codes.ts";

/** Milliseconds for the writer of a pipe: it gets the same signal, and writes its last packets before it ends. */
const LAST_PACKETS = 300;

/** @param grace milliseconds until reading ends; 0 for a command that then reports nothing. */
export function onInterrupt(grace = LAST_PACKETS): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    if (grace === 0) controller.abort();
    else setTimeout(() => controller.abort(), grace).unref();
    process.once("SIGINT", () => process.exit(EXIT.INTERRUPTED));
  });
  return controller.signal;
}
