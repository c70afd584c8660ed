import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/**
 * Has the calling thread, which is not the process's first one, give way to whatever else wants its processor (Linux,
 * where a thread has a priority of its own; elsewhere nothing happens). `niceness`: see nice(2).
 */
export function giveWay(niceness: number): void {
  try {
    // PID/task/TID
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (thread !== process.pid) setPriority(thread, niceness);
  } catch {
    // No such file system, or not allowed: then both have the same priority.
  }
}
