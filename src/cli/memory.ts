/** How much memory the process may take for garbage. */
import { setFlagsFromString } from "node:v8";

/** Broken connections from which on memory counts more than time. */
const MANY = 1000;

/**
 * Many connections are about to be explained: V8 lets a heap grow to four times what is alive in it before it looks for
 * garbage. From here on it may grow by half.
 */
export function keepHeapSmall(connections: number): void {
  if (connections >= MANY) setFlagsFromString("--heap-growing-percent=50");
}
