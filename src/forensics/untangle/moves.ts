/** What a reading may do next: a frame begins, an interrupted one goes on, the present one is cut. */
import { AWAITS_ANY } from "../../amqp/content-order.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER } from "../../amqp/spec/constants.ts";
import { long, short } from "../../bytes/big-endian.ts";
import { settle } from "./content.ts";
import { MOST_GAIN } from "./continuity.ts";
import { leftoverPrice, Repeats, startBehindEnd } from "./leftovers.ts";
import { UNNAMED } from "./named-writers.ts";
import { admissions } from "./order.ts";
import { ignored, resumedOver } from "./passed-starts.ts";
import * as price from "./prices.ts";
import {
  AT_BOUNDARY,
  BEGUN_BEFORE,
  type Frame,
  IN_FRAME,
  IN_HEADER,
  IN_JUNK,
  isSuspended,
  NOBODY,
  type Reading,
  type Unfinished,
} from "./reading.ts";
import { couldBegin, HEADER_AND_IDS, maxBodyOf } from "./sender.ts";
import { HALF_START, NO_START, WHOLE_START } from "./starts.ts";
import type { StepBudget } from "./step-budget.ts";
import type { BasicMoves, Stretch } from "./stretch.ts";
import { openHeader, resumeHeader } from "./torn-headers.ts";

/** Interrupted frames that cost as much to try as a reading. */
const OTHERS_A_STEP = 2;
/** Frames interrupted at a time. */
const MAX_SUSPENDED = 48;

export class Moves implements BasicMoves {
  readonly stretch: Stretch;
  readonly #add: (reading: Reading) => void;
  readonly maxBody: number;
  readonly #repeats: Repeats;
  readonly #budget: StepBudget;
  /** A reading that costs more is not kept. */
  dearest = Number.POSITIVE_INFINITY;

  /** `add` gets every reading that a move makes; `budget` pays for work that may give none. */
  constructor(stretch: Stretch, add: (reading: Reading) => void, budget: StepBudget) {
    this.stretch = stretch;
    this.#add = add;
    this.#budget = budget;
    this.#repeats = new Repeats(stretch);
    this.maxBody = maxBodyOf(stretch.sender);
  }

  spend(steps: number): void {
    this.#budget.steps -= steps;
  }

  /** The possible moves at a boundary. `justCut`: the frame interrupted here, which does not go on at once. */
  atBoundary(reading: Reading, at: number, justCut: Unfinished | null): void {
    const { starts, end, octets } = this.stretch;
    if (at >= end) {
      this.#add(reading);
      return;
    }
    const strength = starts.strengthAt(at);
    if (strength !== NO_START) this.#begin(reading, at);
    if (strength < WHOLE_START && couldBegin(this.stretch.sender, octets, at, 1)) this.#tornHeader(reading, at);
    if ((justCut === null && strength === NO_START) || starts.foreign.has(at)) this.#junk(reading, at);
    if (strength === NO_START && !this.stretch.sender.seenWhole) this.#begunBefore(reading, at);
    this.spend(reading.others.length / OTHERS_A_STEP);
    const over = resumedOver(this, reading, at, strength);
    // Where octets go on well, that is worth something.
    const most = this.dearest + MOST_GAIN - price.RESUME;
    for (const each of reading.others) {
      if (each === justCut || !isSuspended(each) || reading.price + over > most) continue;
      if (each.header === null) this.#resume(reading, each, at, over);
      else resumeHeader(this, reading, each, at, over);
    }
  }

  /** Reads the start at `at` as content of the frame under way. */
  ignore(reading: Reading, at: number, strength: number): void {
    const { cost, counts } = ignored(this, reading, at, strength);
    reading.price += cost;
    if (!counts) return;
    reading.ignored++;
    reading.hasIgnored = true;
  }

  #begin(reading: Reading, at: number): void {
    const { octets } = this.stretch;
    const frame: Frame = { id: at, type: octets[at]!, channel: short(octets, at + 1), size: long(octets, at + 3) };
    this.admit(reading, frame, at, at + frame.size + FRAME_ENVELOPE);
  }

  /** A frame whose header is whole is under way from `at` to `end`. */
  admit(reading: Reading, frame: Frame, at: number, end: number): void {
    for (const admission of admissions(reading, frame.type, frame.channel, frame.size, this.maxBody)) {
      const next = reading.copy();
      next.price += admission.price;
      next.others = admission.others;
      next.hasShared ||= admission.shared;
      next.hasSplit ||= admission.split;
      next.owes = admission.owes;
      next.by = admission.by;
      if (frame.type === FRAME_HEADER) this.#beginMessage(next, frame.id);
      this.#enter(next, frame, at, end);
    }
  }

  /** Its writer was perhaps interrupted in another one, which then never goes on: that is paid for once. */
  #beginMessage(next: Reading, header: number): void {
    const { writers } = this.stretch;
    const name = writers.of(header);
    if (name === UNNAMED) return;
    const isBusy = (each: Unfinished): boolean => each.by === name && isSuspended(each);
    if (!next.others.some(isBusy)) return;
    next.price += writers.price;
    next.others = next.others.map(each => (isBusy(each) ? { ...each, by: UNNAMED } : each));
  }

  #enter(next: Reading, frame: Frame, at: number, end: number): void {
    next.mode = IN_FRAME;
    next.frame = frame;
    next.from = at;
    next.end = end;
    next.last = null;
    next.ignored = 0;
    if (next.run === 0 || frame.id !== at) next.runAt = at;
    if (frame.id !== at) next.run = 0;
    this.#add(next);
  }

  /** An interrupted frame whose header is whole goes on at `at`. */
  #resume(reading: Reading, each: Unfinished, at: number, over: number): void {
    const next = this.resumed(reading, each, at, over);
    next.owes = each.owes;
    next.by = each.by;
    this.#enter(next, each.frame!, at, at + each.left);
    next.ignored = each.ignored;
  }

  resumed(reading: Reading, each: Unfinished, at: number, over: number): Reading {
    const next = reading.copy();
    next.price += price.RESUME + over + this.stretch.continuity.resumePrice(each, at);
    next.run = 0;
    next.others = reading.others.filter(other => other !== each);
    this.leave(next);
    return next;
  }

  /** The content just written goes on later. */
  leave(reading: Reading): void {
    const { last } = reading;
    if (last === null) return;
    if (last.owes !== AWAITS_ANY) {
      reading.price += reading.hasSplit ? price.SPLIT_AGAIN : price.SPLIT_MESSAGE;
      reading.hasSplit = true;
    }
    reading.others = [...reading.others, last];
    reading.last = null;
  }

  /** A frame begins whose header is cut short, by the next frame or by the end of all. */
  #tornHeader(reading: Reading, at: number): void {
    const next = reading.copy();
    // It is not known yet whose frame it is, and whether the content just written goes on with it.
    if (next.last !== null) next.others = [...next.others, next.last];
    next.last = null;
    next.mode = IN_HEADER;
    next.frame = null;
    next.from = at;
    next.end = Math.min(at + HEADER_AND_IDS, this.stretch.end);
    next.run = 0;
    next.price += price.TORN_HEADER;
    this.#add(next);
  }

  /** The frame under way is interrupted at `at`; null if it cannot be. */
  cut(reading: Reading, at: number): Reading | null {
    if (reading.others.length >= MAX_SUSPENDED || at <= reading.from) return null;
    const cost = this.stretch.places.cutPrice(at, reading.lastCut, reading.suspends);
    if (reading.price + cost > this.dearest) return null;
    const next =
      reading.mode === IN_HEADER ? openHeader(this, reading, reading.from, at) : this.#interrupted(reading, at);
    if (next === null) return null;
    next.price += cost;
    next.lastCut = at;
    next.mode = AT_BOUNDARY;
    next.frame = null;
    next.run = 0;
    return next;
  }

  #interrupted(reading: Reading, at: number): Reading | null {
    const { frame, owes, end, by } = reading;
    if (frame === null || at >= end) return null;
    const next = reading.copy();
    if (frame.type === FRAME_BODY) next.price += this.stretch.continuity.cutPrice(at);
    next.take(frame.id, at);
    const { id, channel } = frame;
    const { ignored } = reading;
    next.others = [...next.others, { id, frame, channel, owes, left: end - at, header: null, ignored, cutAt: at, by }];
    return next;
  }

  /** The frame under way is whole: what its content carries next. `reading` is at a boundary then, or costs more. */
  finish(reading: Reading, at: number): Reading {
    const next = reading.copy();
    next.take(reading.frame!.id, at);
    settle(this.stretch, next, reading.frame!, reading.owes, reading.by);
    if (reading.from === reading.frame!.id) next.run = reading.run + 1;
    return next;
  }

  /** An interrupted frame goes on where `reading` was cut, unseen, and ends at `at`. */
  finishUnseen(reading: Reading, each: Unfinished, at: number): Reading {
    const next = reading.copy();
    next.price += price.RESUME + this.stretch.continuity.resumePrice(each, reading.from);
    this.leave(next);
    next.others = next.others.filter(other => other !== each);
    next.take(each.frame!.id, at);
    settle(this.stretch, next, each.frame!, each.owes, each.by);
    return next;
  }

  /** The frame under way was cut at an unknown place: its last octets, up to the start at `at`, belong to no frame. */
  giveUp(reading: Reading, at: number): void {
    const next = reading.copy();
    next.price += price.JUNK + (at - reading.from) * price.JUNK_OCTET;
    next.take(NOBODY, at);
    next.mode = AT_BOUNDARY;
    next.frame = null;
    next.run = 0;
    if (this.stretch.starts.strengthAt(at) !== NO_START) this.#begin(next, at);
    else this.#junk(next, at);
  }

  /** Octets that belong to no frame, up to where another frame starts or to the end. */
  #junk(reading: Reading, at: number): void {
    const { starts, end, octets } = this.stretch;
    const next = this.#outside(reading, at, NOBODY);
    const foreign = starts.foreign.get(at) ?? 0;
    if (foreign > 0) {
      next.end = at + foreign;
      next.price += price.FOREIGN;
      this.#add(next);
      return;
    }
    const again = this.#repeats.sentAgain(at);
    if (again > 0) {
      next.end = at + again;
      next.price += price.SENT_AGAIN;
      this.#add(next);
      return;
    }
    let i = starts.firstFrom(at + 1);
    while (i < starts.at.length && starts.strength[i]! < HALF_START) i++;
    next.end = starts.at[i] ?? end;
    next.price += leftoverPrice(octets, next, at);
    this.#add(next);
  }

  /** A frame goes on that was interrupted before the capture saw the stream, up to its frame-end octet. */
  #begunBefore(reading: Reading, at: number): void {
    const end = startBehindEnd(this.stretch, at);
    if (end < 0) return;
    const next = this.#outside(reading, at, BEGUN_BEFORE);
    next.end = end;
    next.price += price.BEGUN_BEFORE;
    this.#add(next);
  }

  #outside(reading: Reading, at: number, lostTo: number): Reading {
    const next = reading.copy();
    this.leave(next);
    next.mode = IN_JUNK;
    next.lostTo = lostTo;
    next.frame = null;
    next.from = at;
    next.run = 0;
    return next;
  }

  /** Whether the frame-end octet stands where the frame under way must end, as far as the octets reach. */
  endsWell(reading: Reading): boolean {
    return reading.end > this.stretch.end || this.stretch.octets[reading.end - 1] === FRAME_END;
  }
}
