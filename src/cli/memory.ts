/** How much memory the process may take for garbage. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Connections from which on memory counts more than time. V8 lets a heap grow to four times its live data. */
const MANY = 1000;

let percent = Number.POSITIVE_INFINITY;

/** From now on the heap grows by so much at most before garbage is collected. Never more than before. */
function growAtMost(most: number): void {
  if (most >= percent) return;
  percent = most;
  setFlagsFromString(`--heap-growing-percent=${most}`);
}

/** The `number`th connection was seen: with many of them, the heap may only double before garbage is collected. */
export function keepHeapModerate(number: number): void {
  if (number === MANY) growAtMost(100);
}

/** Messages whose outcome is awaited take most of the heap, and printed lines what it grows by: it may grow by half. */
export function keepHeapTight(): void {
  growAtMost(50);
}

/**
 * Many connections are about to be explained: from here on the heap may grow by half. The present limit was set at the
 * last collection: so one more collection is run.
 */
export function keepHeapSmall(connections: number): void {
  if (connections < MANY) return;
  keepHeapTight();
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
