/** Whether a stream is in order again. */
import { holds, isWaiting, priceOfOpen, type Reading } from "./reading.ts";
import type { Torn } from "./stretch.ts";

/** Frames in one piece, one behind the other, after which a stream is in order again. */
const ORDERLY_FRAMES = 4;
/** The stream is in order only if no reading this near is still in doubt, in nats. */
const DOUBT = 20;

/**
 * The cheapest of `live`, which ascend by price, if the stream is in order again and none that is near doubts it; else
 * null. `rank` is the least that a reading will have cost at the end of its present frame. What others leave
 * interrupted counts as if it never went on: else frames that seem to begin in a body and go on nowhere would keep all
 * in doubt for good.
 */
export function settledBy(live: readonly Reading[], torn: Torn, rank: (reading: Reading) => number): Reading | null {
  const [best] = live;
  if (best === undefined || !isOrderly(best, torn)) return null;
  // Differences of the others behind the orderly frames do not matter: that is another incident.
  let orderly = best.pieces!;
  for (let more = best.run - ORDERLY_FRAMES; more > 0; more--) orderly = orderly.before!;
  const near = best.price + priceOfOpen(best) + DOUBT;
  for (const reading of live) {
    const cost = rank(reading) + priceOfOpen(reading);
    if (cost <= near && !isOrderly(reading, torn) && !holds(reading, orderly)) return null;
  }
  for (const reading of live) if (reading !== best && !isWaiting(reading)) best.outdo(reading, best.runAt);
  return best;
}

function isOrderly(reading: Reading, { fault, base }: Torn): boolean {
  return reading.run >= ORDERLY_FRAMES && reading.runAt > fault - base && !reading.suspends;
}
