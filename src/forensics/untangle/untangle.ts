/**
 * Explains the octets from a broken frame on as an interleaving of well-formed frames whose writers tore each other.
 *
 * Theory. All readings advance together, octet by octet: all live readings have explained the same octets, so their
 * prices can be compared. Between *events* (a place where a frame can start, a segment's end, the end of a frame under
 * way) a reading only goes on. Readings with the same future are merged; of the others the cheapest are kept. Where
 * frames go on unseen, arithmetic gives the place (look-back.ts).
 */
import { Continuity } from "./continuity.ts";
import { cutsIn, gridOf, visibleCuts } from "./grid.ts";
import { learnedSender } from "./learned-sender.ts";
import { NamedWriters } from "./named-writers.ts";
import { Places } from "./places.ts";
import { resultOf, type Untangling } from "./result.ts";
import { Search } from "./search.ts";
import { maxBodyOf } from "./sender.ts";
import { Starts } from "./starts.ts";
import type { StepBudget } from "./step-budget.ts";
import type { Torn } from "./stretch.ts";

/** Readings examined, over all incidents of an inspection: the bound on time. */
export const MAX_STEPS = 50_000_000;

/** Of fewer cuts, in a reading that costs no more than so much, nothing is to be learned. */
const WORTH_LEARNING = 4;
const CHEAP = 14;

/** Octets that cost as much to search for starts as it costs to examine one reading. */
const OCTETS_A_STEP = 48;

/** The cheapest reading found; null if the octets end before the stream is in order again, or all steps are used up. */
export function untangle(torn: Torn, budget: StepBudget): Untangling | null {
  if (budget.steps <= 0) return null;
  const { octets, length, base, from } = torn;
  budget.steps -= (length + base - from) / OCTETS_A_STEP;
  const sender = learnedSender(octets, from - base, length, torn.sender);
  const starts = new Starts(octets, from - base, length, sender);
  const segments = torn.segments.map(offset => offset - base);
  const seen = visibleCuts(octets, starts, maxBodyOf(sender));
  const placesOf = (cuts: readonly number[]): Places => {
    const { largest } = new Places(segments, null, length);
    return new Places(segments, gridOf(cuts, largest), length);
  };
  const continuity = new Continuity(octets, from - base, length, budget);
  const writers = new NamedWriters(octets, starts, maxBodyOf(sender), budget);
  const stretch = { octets, end: length, sender, starts, continuity, writers, places: placesOf(seen) };
  const before = budget.steps;
  const first = new Search(stretch, torn, budget).run();
  if (first === null) return null;
  // One cut or two teach nothing. Otherwise this stream's own cuts are better evidence than what is usual.
  const cuts = cutsIn(first.reading.pieces);
  const isWorthIt = first.reading.price >= CHEAP || cuts.length >= WORTH_LEARNING;
  // A search that must end sooner than the first one finds less.
  if (!isWorthIt || budget.steps < before - budget.steps) return resultOf(stretch, torn, first);
  const places = placesOf(cuts);
  places.turns = places.learn(first.reading.pieces);
  const learned = { ...stretch, places };
  const second = new Search(learned, torn, budget).run() ?? first;
  // Places that were learned from a reading are no evidence for it.
  return resultOf(stretch, torn, second, first);
}
