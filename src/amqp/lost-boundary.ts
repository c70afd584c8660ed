import type { BoundarySearch } from "./boundary-search.ts";
import type { EnvelopeFault } from "./envelope-fault.ts";
import type { FrameSink } from "./frame-sink.ts";

/** Octets that a search for the boundary is handed at a time: at first, and at most. */
const FIRST_REACH = 64;
const MAX_REACH = 1 << 16;

/** A frame boundary that is searched for, and what broke before it if that may have been no frame. */
export class LostBoundary {
  readonly search: BoundarySearch;
  #reach = FIRST_REACH;
  /** What broke, if the boundary before it is in doubt, or if it may be whole. */
  #doubted: EnvelopeFault | null;

  constructor(search: BoundarySearch, doubted: EnvelopeFault | null) {
    this.search = search;
    this.#doubted = doubted;
  }

  /**
   * Octets to hand to the search now: few at first, then more and more. The search copies them and gives back those
   * behind the boundary; with one break after another in a segment, that cost would multiply.
   */
  nextReach(): number {
    const reach = this.#reach;
    this.#reach = Math.min(reach * 2, MAX_REACH);
    return reach;
  }

  /** What was found is no reason to take the frame in doubt as broken. */
  get isUnproved(): boolean {
    return this.#doubted?.rule === "unfinished" && this.search.isExplained !== true;
  }

  /** Octets were not captured: what is undecided now stays undecided. */
  gap(missing: number, sink: FrameSink): void {
    this.search.gap(missing);
    this.decide(sink);
  }

  /** The stream is over, and no boundary was found. */
  giveUp(sink: FrameSink): void {
    this.decide(sink);
    this.search.release();
  }

  /** The search is over: reports to the sink whether the guess in doubt, if any, was right, and what broke then. */
  decide(sink: FrameSink): void {
    const fault = this.#doubted;
    if (fault === null) return;
    this.#doubted = null;
    const wasRight = this.search.isExplained === true;
    if (fault.rule !== "unfinished") sink.guessDecided(wasRight);
    if (wasRight) sink.brokenEnvelope(fault);
  }
}
