/** How much memory the process may take for garbage. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Broken connections from which on memory counts more than time. */
const MANY = 1000;

/**
 * Many connections are about to be explained: V8 lets a heap grow to four times its live data before it collects
 * garbage. From here on it may grow by half. The present limit was set at the last collection: so one more collection
 * is run.
 */
export function keepHeapSmall(connections: number): void {
  if (connections < MANY) return;
  setFlagsFromString("--heap-growing-percent=50");
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
