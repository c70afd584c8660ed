/** How much memory the process may take for garbage. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Broken connections from which on memory counts more than time. */
const MANY = 1000;

/**
 * Many connections are about to be explained: V8 lets a heap grow to four times what is alive in it before it looks for
 * garbage. From here on it may grow by half. How far it may grow now was decided when garbage was last looked for: it is
 * once more.
 */
export function keepHeapSmall(connections: number): void {
  if (connections < MANY) return;
  setFlagsFromString("--heap-growing-percent=50");
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
