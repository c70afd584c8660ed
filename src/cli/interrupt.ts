/**
 * Ctrl-C ends reading at once and lets the command tell what it has seen: `tcpdump -w - | ghostframe inspect -` is
 * stopped that way, by one signal to both. A second Ctrl-C ends the process.
 */
import { EXIT } from "./exit-codes.ts";

export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    controller.abort();
    process.once("SIGINT", () => process.exit(EXIT.INTERRUPTED));
  });
  return controller.signal;
}
