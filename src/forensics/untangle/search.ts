/** The search: all readings side by side, event by event (untangle.ts explains why). */
import { unknownContents } from "./content.ts";
import { lookBack } from "./look-back.ts";
import { Moves } from "./moves.ts";
import { ignored } from "./passed-starts.ts";
import * as price from "./prices.ts";
import { AT_BOUNDARY, cheapestAtEnd, IN_FRAME, IN_HEADER, IN_JUNK, isWaiting, OVERDUE, Reading } from "./reading.ts";
import { HEADER_AND_IDS } from "./sender.ts";
import { settledBy } from "./settled.ts";
import { NO_START, WHOLE_START } from "./starts.ts";
import type { StepBudget } from "./step-budget.ts";
import type { Found, Stretch, Torn } from "./stretch.ts";
import { cutByHeaders, MAX_NESTED_HEADERS, tornHeaders } from "./torn-headers.ts";

/** Readings kept at a time, and if only few steps are left. */
const WIDTH = 100;
const LEAST_WIDTH = 8;
/** Readings that wait for the end of a frame that went on unseen, as a share of the width. */
const WAITING = 0.6;
/** A reading that costs this much more than the cheapest is given up. */
const MARGIN = 60;
/** Interrupted frames that cost as much as a reading, and the cost of taking one past an event. */
const OTHERS_A_STEP = 8;
const EVENT_STEPS = 0.1;
/** The cost of a reading that is made, and dearer than those that are kept. */
const GIVEN_UP_STEPS = 0.5;
/** And one that only goes on. */
const GO_ON_STEPS = 0.4;
/** Octets that headers cut one inside the other may take. */
const HEADERS = MAX_NESTED_HEADERS * HEADER_AND_IDS;
/** Readings made for one that is kept: some of them are alike. */
const ALIKE = 1.2;
/** So many times as many readings as are kept are thinned out. */
const CROWD = 1.5;
/** Readings that go on if all others wait. */
const RESCUED = 10;

/** Readings examined for one incident. */
const MAX_STEPS_EACH = 400_000;
/** What a search with few readings may take beyond that; then the result so far is reported. */
const OVERDRAFT = 100_000;

export class Search {
  readonly #stretch: Stretch;
  readonly #torn: Torn;
  readonly #moves: Moves;
  readonly #budget: StepBudget;
  readonly #floor: number;
  #live: Reading[] = [];
  #next: Reading[] = [];
  /** So many of them are thinned out. */
  #crowd = 0;
  /** Index up to which all live readings have come. */
  #at: number;
  #best = 0;
  constructor(stretch: Stretch, torn: Torn, budget: StepBudget) {
    this.#stretch = stretch;
    this.#torn = torn;
    this.#budget = budget;
    this.#floor = budget.steps - MAX_STEPS_EACH;
    this.#at = torn.from - torn.base;
    this.#moves = new Moves(stretch, reading => this.#keep(reading), budget);
  }

  run(): Found | null {
    const { starts, places, end } = this.#stretch;
    const root = new Reading();
    root.from = this.#at;
    root.runAt = this.#at;
    root.others = unknownContents(this.#stretch);
    this.#moves.atBoundary(root, this.#at, null);
    this.#prune();
    let start = starts.firstFrom(this.#at + 1);
    let segment = places.firstFrom(this.#at + 1);
    const foreign = [...starts.foreign.keys()];
    while (this.#at < end) {
      while (foreign.length > 0 && foreign[0]! <= this.#at) foreign.shift();
      let at = Math.min(starts.at[start] ?? end, places.segments[segment] ?? end, foreign[0] ?? end, end);
      const isEvent = at;
      for (const reading of this.#live) {
        if ((reading.mode === IN_FRAME || reading.mode === IN_JUNK) && reading.end < at) at = reading.end;
      }
      if (starts.at[start] === at) start++;
      if (places.segments[segment] === at) segment++;
      this.#advance(at, at === isEvent);
      const settled = settledBy(this.#live, this.#torn, reading => this.#rank(reading));
      if (this.#budget.steps < this.#floor - OVERDRAFT) return this.#brokenOff();
      if (settled !== null) return { reading: settled, boundary: settled.runAt, open: false, spent: false };
    }
    const spent = this.#budget.steps <= 0;
    if (!this.#torn.ended && !spent) return null;
    const best = cheapestAtEnd(this.#live, this.#at);
    if (best === null) return null;
    // The scanner reads what is in order at the end.
    const inOrder = best.run > 0 && best.runAt > this.#torn.fault - this.#torn.base;
    return { reading: best, boundary: inOrder ? best.runAt : end, open: true, spent: spent && !this.#torn.ended };
  }

  /** No steps are left: the cheapest reading of the octets so far. */
  #brokenOff(): Found | null {
    const reading = cheapestAtEnd(this.#live, this.#at);
    return reading === null ? null : { reading, boundary: this.#at, open: true, spent: true };
  }

  /** Takes all readings on to `at`. */
  #advance(at: number, isEvent: boolean): void {
    const { starts, places, end } = this.#stretch;
    const moves = this.#moves;
    const strength = isEvent ? starts.strengthAt(at) : NO_START;
    const segment = isEvent && places.isSegment(at);
    this.#next = [];
    this.#crowd = CROWD * this.#width();
    this.#best = Number.POSITIVE_INFINITY;
    this.#at = at;
    moves.dearest = isEvent ? this.#dearest(at, strength, segment) : Number.POSITIVE_INFINITY;
    for (const reading of this.#live) {
      this.#budget.steps -= isEvent ? EVENT_STEPS : EVENT_STEPS / 4;
      if (isEvent && reading.others.length > 0) lookBack(moves, reading, at);
      if ((reading.mode === IN_FRAME || reading.mode === IN_JUNK) && reading.end === at) {
        this.#end(reading, at);
        continue;
      }
      if (at >= end || !isEvent) {
        this.#goOn(reading);
        continue;
      }
      this.#within(reading, at, strength, segment);
    }
    this.#prune();
  }

  /** Price beyond which nothing is kept at `at`, as far as it is known before any move: by readings that only go on. */
  #dearest(at: number, strength: number, segment: boolean): number {
    const width = this.#width();
    if (at >= this.#stretch.end || this.#live.length < width) return Number.POSITIVE_INFINITY;
    const ranks: number[] = [];
    for (const reading of this.#live) {
      if (reading.mode !== IN_FRAME || reading.end === at) continue;
      const over = strength === NO_START ? 0 : ignored(this.#moves, reading, at, strength).cost;
      const pass = segment ? this.#stretch.places.passPrice(at, reading.suspends) : 0;
      ranks.push(this.#rank(reading) + over + pass);
    }
    if (ranks.length < width) return Number.POSITIVE_INFINITY;
    return ranks.sort((a, b) => a - b)[width - 1]!;
  }

  /** A frame under way, or a stretch of no frame, ends here. */
  #end(reading: Reading, at: number): void {
    const moves = this.#moves;
    if (reading.mode === IN_JUNK) {
      const next = reading.copy();
      next.take(reading.lostTo, at);
      next.mode = AT_BOUNDARY;
      moves.atBoundary(next, at, null);
      return;
    }
    const well = moves.endsWell(reading);
    const strength = this.#stretch.starts.strengthAt(at);
    if (well) moves.atBoundary(moves.finish(reading, at), at, null);
    else if (strength !== NO_START || at === this.#stretch.end) {
      moves.atBoundary(moves.finish(reading, at), at, null);
    }
    if (!well || (strength === NO_START && reading.suspends)) {
      const next = reading.copy();
      next.mode = OVERDUE;
      this.#keep(next);
    }
  }

  /** A start or a segment's end in the middle of what is under way. */
  #within(reading: Reading, at: number, strength: number, segment: boolean): void {
    const moves = this.#moves;
    switch (reading.mode) {
      case OVERDUE:
        if (strength !== NO_START && at < reading.end + HEADERS) cutByHeaders(moves, reading, at);
        if (strength === WHOLE_START) moves.giveUp(reading, at);
        if (strength !== NO_START) moves.ignore(reading, at, strength);
        if (at < this.#lastEnd(reading)) this.#keep(reading);
        return;
      case IN_HEADER:
        if (strength !== NO_START) {
          tornHeaders(moves, reading, reading.from, at, MAX_NESTED_HEADERS);
        } else if (segment && at <= reading.end) {
          const cut = moves.cut(reading, at);
          if (cut !== null) moves.atBoundary(cut, at, cut.others.at(-1)!);
        }
        if (strength === WHOLE_START && at > reading.from + HEADERS) moves.giveUp(reading, at);
        if (strength !== NO_START) moves.ignore(reading, at, strength);
        if (at < this.#lastEnd(reading)) this.#keep(reading);
        return;
      case IN_JUNK:
        this.#keep(reading);
        return;
    }
    const mayGoOn = segment && (reading.suspends || (!this.#stretch.sender.seenWhole && !moves.endsWell(reading)));
    if (strength !== NO_START || mayGoOn || this.#stretch.starts.foreign.has(at)) {
      const cut = moves.cut(reading, at);
      if (cut !== null) moves.atBoundary(cut, at, cut.others.at(-1)!);
    }
    if (strength !== NO_START) {
      cutByHeaders(moves, reading, at);
      moves.ignore(reading, at, strength);
    }
    if (segment) reading.price += this.#stretch.places.passPrice(at, reading.suspends);
    this.#keep(reading);
  }

  /** Index behind which no interrupted frame can end that went on before this one's end. */
  #lastEnd({ end, others }: Reading): number {
    let last = end + HEADERS;
    for (const each of others) if (each.left > 0) last += each.left;
    return last;
  }

  /** Nothing happens to a reading that is kept already. */
  #goOn(reading: Reading): void {
    this.#budget.steps -= GO_ON_STEPS;
    if (reading.price < this.#best && !isWaiting(reading)) this.#best = reading.price;
    if (reading.price <= this.#best + MARGIN) this.#next.push(reading);
  }

  #keep(reading: Reading): void {
    if (reading.price > this.#moves.dearest) {
      this.#budget.steps -= GIVEN_UP_STEPS;
      return;
    }
    this.#budget.steps -= 1 + reading.others.length / OTHERS_A_STEP;
    if (reading.price < this.#best && !isWaiting(reading)) this.#best = reading.price;
    if (reading.price > this.#best + MARGIN) return;
    this.#next.push(reading);
    if (this.#next.length >= this.#crowd) this.#thin();
  }

  /** Of so many readings most are given up: those that are dearer than as many as are kept need not be made. */
  #thin(): void {
    const kept = this.#width() * ALIKE;
    const ranked = this.#next.map(reading => ({ reading, rank: this.#rank(reading) }));
    ranked.sort((a, b) => a.rank - b.rank);
    let count = 0;
    const last = ranked.find(({ reading }) => !isWaiting(reading) && ++count >= kept);
    if (last !== undefined && last.rank < this.#moves.dearest) this.#moves.dearest = last.rank;
    this.#next = ranked.filter(({ rank }) => rank <= this.#moves.dearest).map(({ reading }) => reading);
    this.#crowd = CROWD * this.#next.length;
  }

  /** The least that a reading will have cost at the end of its present frame or stretch. */
  #rank(reading: Reading): number {
    const { places, end } = this.#stretch;
    if (isWaiting(reading)) return reading.price + places.unseenCutPrice + price.RESUME;
    if (reading.mode !== IN_FRAME || this.#moves.endsWell(reading)) return reading.price;
    return (
      reading.price + places.leastCutPrice(Math.max(reading.from, this.#at), Math.min(reading.end, end)) + price.RESUME
    );
  }

  #prune(): void {
    const ranked = this.#next.map(reading => ({ reading, rank: this.#rank(reading) }));
    if (ranked.length > 1) ranked.sort((a, b) => a.rank - b.rank);
    const width = this.#width();
    const live: Reading[] = [];
    const keys = new Map<number, Reading>();
    const most = (ranked.find(({ reading }) => !isWaiting(reading))?.rank ?? Number.POSITIVE_INFINITY) + MARGIN;
    let waiting = 0;
    for (const { reading, rank } of ranked) {
      if (live.length - waiting >= width || rank > most) break;
      const waits = isWaiting(reading);
      if (waits && waiting >= width * WAITING) continue;
      const key = reading.key();
      const cheaper = keys.get(key);
      if (cheaper !== undefined) {
        cheaper.outdo(reading, this.#at);
        continue;
      }
      keys.set(key, reading);
      if (waits) waiting++;
      live.push(reading);
    }
    if (live.length === waiting && waiting > 0 && this.#at < this.#stretch.end) this.#rescue(live);
    this.#live = live;
  }

  /** Every reading waits for a frame's end that may never come: the latest go on behind octets that they give up. */
  #rescue(live: Reading[]): void {
    const latest = this.#next.toSorted((a, b) => b.from - a.from || a.price - b.price).slice(0, RESCUED);
    this.#next = [];
    for (const reading of latest) this.#moves.giveUp(reading, this.#at);
    live.push(...this.#next);
  }

  #width(): number {
    const left = (this.#budget.steps - this.#floor) / MAX_STEPS_EACH;
    if (left > 0.5) return WIDTH;
    return left <= 0 ? LEAST_WIDTH : Math.max(LEAST_WIDTH, Math.ceil(WIDTH * 2 * left));
  }
}
