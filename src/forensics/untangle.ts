/**
 * Explains the octets from a broken frame on as what they are: an interleaving of well-formed frames whose writers tore
 * each other.
 *
 * Theory. Read at a boundary, the stream does one of few things: a frame begins there; a frame that was interrupted
 * goes on; or a frame begins whose header is itself cut short. Inside a frame, another may begin at any octet, and then
 * the present one is suspended. A *start* is a place where a whole header stands that this connection could have sent:
 * type, an open channel, a size within frame-max, class and method that exist. In 40 octets of noise there is none by
 * chance; so starts are few, and where a frame is interrupted is where a start lies in it. Every reading is then
 * checked by the frame-end octets: a torn frame put together wrongly does not end on 0xCE with a good boundary behind.
 *
 * The reading is a depth-first search over these choices, the likeliest first, and the first that explains every octet
 * wins. Where none does, frames that are never completed are allowed, then octets that nobody explains.
 */
import {
  AWAITS_ANY,
  AWAITS_METHOD,
  afterBody,
  afterMethod,
  type ContentState,
  contentFault,
  IN_ORDER,
} from "../amqp/content-order.ts";
import { methodOf } from "../amqp/method-registry.ts";
import { arePlausibleIds, isPlausibleHeader } from "../amqp/plausible-frame.ts";
import {
  FRAME_BODY,
  FRAME_END,
  FRAME_ENVELOPE,
  FRAME_HEADER,
  FRAME_HEADER_SIZE,
  FRAME_HEARTBEAT,
  FRAME_METHOD,
} from "../amqp/spec/constants.ts";
import { long, short } from "../bytes/big-endian.ts";
import { foreignLength, mayBeForeign } from "./foreign.ts";

/** What is known of the sender of the octets. */
export interface Sender {
  /** Largest payload a frame may have. */
  sizeLimit: number;
  isClient: boolean;
  /** Whether frames on this channel are to be expected. */
  usesChannel(channel: number): boolean;
}

/** A frame as it was put together again. Spans are [stream offset, octets]. */
export interface UntangledFrame {
  type: number;
  channel: number;
  size: number;
  spans: [number, number][];
  complete: boolean;
}

export interface Untangling {
  /** Frames in the order in which they begin; those that are whole and in one piece included. */
  frames: UntangledFrame[];
  /** Octets that belong to no frame: [stream offset, octets]. */
  unexplained: [number, number][];
  /** Stream offset of the boundary at which everything before is explained, and frames go on in good order. */
  boundary: number;
  /** The octets came to an end before that could be seen. */
  open: boolean;
}

/** Frames in one piece, one behind the other, after which a stream is in order again. */
const ORDERLY_FRAMES = 4;
/** Steps of one reading, and of all readings of an inspection together: the bound on time. */
const MAX_STEPS_EACH = 10_000;
export const MAX_STEPS = 120_000;
/** What a reading may take even where the others have used up all. */
const MIN_STEPS = 200;
/** Frames in order, one behind the other, cost little. */
const PLAIN_FRAMES_A_STEP = 16;
/** So do moves to choose from where few frames are interrupted. */
const SMALL_MOVES_A_STEP = 40;
/** Frames that are interrupted at a time. */
const MAX_SUSPENDED = 12;
/** Starts looked at: octets in which more seem to start are no frames. The bound on memory. */
const MAX_STARTS = 1 << 16;
/** States remembered that lead nowhere. */
const MAX_DEAD = 1024;
const DETOURS = [0, 1, 2, 4, 8, 32] as const;
/** What a reading may cost in frames never completed and in stretches nobody explains. */
const UNFINISHED = 1;
const UNEXPLAINED = 3;
const FOREIGN = 1;
/** Places looked at where another protocol seems to begin. */
const MAX_FOREIGN = 8;
/** Allowances to try in this order. */
export const ALLOWANCES = [0, 1, 2, 3, 4, 6, 8, 16, 32] as const;

/** A frame that has begun and is not whole. */
interface Open {
  readonly frame: number;
  /** Its header octets so far; `left` holds once there are seven. */
  readonly header: readonly number[];
  /** Octets of payload and end octet still to come. */
  readonly left: number;
  /** Index behind its last octet so far. */
  readonly cutAt: number;
}

/** What each channel carries next, for writers that keep to the order of content. One that is not in it: anything. */
type Order = ReadonlyMap<number, ContentState>;

/** One step of a reading: octets #at to `to` are given to `frame` (−1: to none). */
interface Move {
  readonly frame: number;
  readonly to: number;
  readonly suspended: readonly Open[];
  readonly order: Order;
  readonly cost: number;
  /** A whole frame in one piece. */
  readonly plain: boolean;
  /** A new frame begins with it. */
  readonly begins: boolean;
  /** Behind it another frame goes on, and none begins. */
  readonly resumes?: true;
}

/**
 * What writers are taken to do. *orderly*: each channel has one writer, who keeps to the order of content, and an
 * interrupted frame goes on only when the frames that interrupted it are whole. *concurrent*: besides, frames that are
 * both under way may take turns, at the boundaries of TCP segments. *free*: a channel may have several writers.
 */
export type Manners = "orderly" | "concurrent" | "free";

/** A place to come back to when a reading fails, with the moves not yet tried. */
interface Choice {
  readonly at: number;
  readonly suspended: readonly Open[];
  readonly order: Order;
  readonly moves: Move[];
  readonly pieces: number;
  readonly frames: number;
  readonly cost: number;
  /** Turns other than the likeliest taken on the way here, and moves tried here. */
  readonly detoured: number;
  readonly tried: number;
  readonly run: number;
  readonly runAt: number;
}

interface Piece {
  readonly frame: number;
  readonly from: number;
  readonly to: number;
}

/** Steps that all readings of an inspection may still take together. */
export interface StepBudget {
  steps: number;
}

/** The octets of a broken stretch, to be read from one boundary or another. */
export class Reading {
  readonly #octets: Uint8Array;
  readonly #end: number;
  readonly #base: number;
  readonly #ended: boolean;
  readonly #sender: Sender;
  /** Steps that may still be taken. */
  readonly budget: StepBudget;
  /** Indices of the octets at which frames seem to start, ascending. */
  readonly #starts: number[];
  readonly #segments: readonly number[];
  /** Those of them that stand behind a segment that could have been longer: a write ends there. */
  readonly #shortEnds: readonly number[];
  readonly #cutHeaders = new Map<number, readonly number[]>();
  /** Where another protocol's octets seem to begin, and how many those are. */
  readonly #foreign = new Map<number, number>();
  #pieces: Piece[] = [];
  #frames = 0;
  #plainEnd = 0;
  #plainOrder: Order = new Map();
  #manners: Manners = "orderly";
  #starved = false;
  /** Every reading was tried that more detours could find. */
  #exhausted = false;

  /**
   * Takes octets[0, length), of which octets[0] has stream offset `base`, and looks for starts from stream offset
   * `from` on. `ended` says that there are no more octets; `segments` are the stream offsets at which TCP segments
   * begin.
   */
  constructor(
    octets: Uint8Array,
    length: number,
    base: number,
    from: number,
    ended: boolean,
    sender: Sender,
    segments: readonly number[],
    budget: StepBudget,
  ) {
    this.budget = budget;
    this.#octets = octets;
    this.#end = length;
    this.#base = base;
    this.#ended = ended;
    this.#sender = sender;
    this.#starts = [];
    this.#segments = segments.map(offset => offset - base);
    const largest = this.#segments.reduce((most, at, i, all) => Math.max(most, at - (all[i - 1] ?? at)), 0);
    this.#shortEnds = this.#segments.filter((at, i, all) => at - (all[i - 1] ?? at) < largest);
    for (let at = from - base; at < length && this.#starts.length < MAX_STARTS; at++) {
      const beginning = BEGINNINGS[octets[at]!]!;
      if (beginning === NO_BEGINNING) continue;
      if (beginning === OF_FRAME) {
        if (this.#isStart(at)) this.#starts.push(at);
      } else this.#noteForeign(at);
    }
  }

  #noteForeign(at: number): void {
    if (this.#foreign.size >= MAX_FOREIGN) return;
    const foreign = foreignLength(this.#octets, at, this.#end);
    if (foreign > 0) this.#foreign.set(at, foreign);
  }

  /**
   * Reads from the boundary at stream offset `start`, with frames never completed and octets unexplained that cost up
   * to `allowance` together, until the stream is in order again somewhere behind `past`. Null where there is no such
   * reading.
   */
  read(start: number, past: number, allowance: number, manners: Manners): Untangling | null {
    // A wrong turn early on shows late. So readings with few turns other than the likeliest are tried first, wherever
    // on the way they take them (limited discrepancy search), and not the last turns over and over again.
    for (const detours of DETOURS) {
      const result = this.#read(start, past, allowance, manners, detours);
      if (result !== null || this.#exhausted) return result;
    }
    return null;
  }

  #read(start: number, past: number, allowance: number, manners: Manners, detours: number): Untangling | null {
    const from = start - this.#base;
    this.#pieces = [];
    this.#frames = 0;
    this.#manners = manners;
    this.#starved = false;
    const choices: Choice[] = [];
    const dead = new Set<string>();
    let at = from;
    let suspended: readonly Open[] = [];
    let order: Order = new Map();
    let cost = 0;
    let detoured = 0;
    let tried = 0;
    this.#exhausted = true;
    // The present run of plain frames: how many, and where it began.
    let run = 0;
    let runAt = from;
    let moves: Move[] | null = null;
    let resumes = false;
    const { budget } = this;
    const floor = Math.max(budget.steps - MAX_STEPS_EACH, 0);
    // Even where the budget is used up, what is plain to see is seen.
    let least = MIN_STEPS;
    for (;;) {
      if (moves === null) {
        const plain = resumes ? 0 : this.#plainFrames(at, suspended, order);
        if (plain > 0) {
          if (run === 0) runAt = at;
          run += plain;
          at = this.#plainEnd;
          order = this.#plainOrder;
          budget.steps -= plain / PLAIN_FRAMES_A_STEP;
        }
        moves = this.#moves(at, suspended, order, resumes);
        budget.steps -= (moves.length * (suspended.length + 1)) / SMALL_MOVES_A_STEP;
      }
      const settled = run >= ORDERLY_FRAMES && suspended.length === 0 && runAt > past - this.#base;
      const finished = at >= this.#end && this.#ended && cost + suspended.length * UNFINISHED <= allowance;
      if (settled || finished) return this.#result(run > 0 ? runAt : at, !settled);
      while (moves.length > 0 && moves[0]!.cost > allowance - cost) moves.shift();
      if (moves.length > 0 && detoured + tried > detours) {
        this.#exhausted = false;
        moves.length = 0;
      }
      const may = --budget.steps > floor || --least > 0;
      const move: Move | undefined = may ? moves.shift() : undefined;
      if (move === undefined) {
        // Where the likeliest reading wants more octets than there are, none is worth having yet.
        if (this.#starved) return null;
        if (dead.size < MAX_DEAD) dead.add(stateOf(at, suspended, cost, detoured));
        const back = choices.pop();
        if (back === undefined || !may) return null;
        ({ at, suspended, order, moves, cost, detoured, tried, run, runAt } = back);
        this.#pieces.length = back.pieces;
        this.#frames = back.frames;
        continue;
      }
      tried++;
      const turn = detoured + tried - 1;
      if (dead.size > 0 && dead.has(stateOf(move.to, move.suspended, cost + move.cost, turn))) continue;
      if (moves.length > 0) {
        const pieces = this.#pieces.length;
        choices.push({ at, suspended, order, moves, pieces, frames: this.#frames, cost, detoured, tried, run, runAt });
      }
      detoured = turn;
      tried = 0;
      if (run === 0) runAt = at;
      run = move.plain ? run + 1 : 0;
      this.#pieces.push({ frame: move.frame, from: at, to: move.to });
      if (move.begins) this.#frames++;
      cost += move.cost;
      at = move.to;
      suspended = move.suspended;
      order = move.order;
      resumes = move.resumes === true;
      moves = null;
    }
  }

  /** Whether the frame at a stream offset is one this connection could have sent, but for its size. */
  isOversizeAt(streamOffset: number): boolean {
    const at = streamOffset - this.#base;
    if (at + FRAME_HEADER_SIZE > this.#end) return false;
    const type = this.#octets[at];
    const size = long(this.#octets, at + 3);
    if ((type !== FRAME_BODY && type !== FRAME_HEADER) || size <= this.#sender.sizeLimit) return false;
    return this.#sender.usesChannel(short(this.#octets, at + 1));
  }

  /** Whether it ends where its size says, with another frame behind it or the end of all. */
  isWholeOversize(streamOffset: number): boolean {
    if (!this.isOversizeAt(streamOffset)) return false;
    const at = streamOffset - this.#base;
    const to = at + long(this.#octets, at + 3) + FRAME_ENVELOPE;
    if (to > this.#end || this.#octets[to - 1] !== FRAME_END) return false;
    return to === this.#end ? this.#ended : this.#isStart(to) || this.isOversizeAt(to + this.#base);
  }

  /** Whether frames seem to begin inside the whole frame at a stream offset, as they do in one torn unnoticed. */
  startsInside(streamOffset: number): boolean {
    const at = streamOffset - this.#base;
    const to = Math.min(at + long(this.#octets, at + 3) + FRAME_ENVELOPE, this.#end);
    return this.#interruptions(at + 1, to).some(place => place < to);
  }

  /**
   * Steps over whole frames in order, one behind the other, in which no other frame seems to start: there is nothing
   * to choose. Returns how many; #plainEnd and #plainOrder tell where that leads.
   */
  #plainFrames(from: number, suspended: readonly Open[], order: Order): number {
    const starts = this.#starts;
    const octets = this.#octets;
    const free = this.#manners === "free";
    let at = from;
    let then: Map<number, number> | null = null;
    let count = 0;
    for (let i = indexOf(starts, from); i < starts.length && starts[i] === at; i++) {
      const size = long(octets, at + 3);
      const to = at + size + FRAME_ENVELOPE;
      const next = starts[i + 1];
      if (octets[to - 1] !== FRAME_END || (next === undefined ? to !== this.#end : next !== to)) break;
      const channel = short(octets, at + 1);
      if (!free && channel !== 0) {
        if (isBusy(channel, suspended)) break;
        then ??= new Map(order);
        if (!this.#advance(then, octets[at]!, channel, size, at)) break;
      }
      this.#pieces.push({ frame: this.#frames++, from: at, to });
      at = to;
      count++;
    }
    this.#plainEnd = at;
    this.#plainOrder = then ?? order;
    return count;
  }

  /** What may happen at the boundary `at`, the likeliest first. */
  #moves(at: number, suspended: readonly Open[], order: Order, resumes: boolean): Move[] {
    const moves: Move[] = [];
    if (at >= this.#end) {
      this.#starved = !this.#ended;
      return moves;
    }
    const strong = !resumes && this.#isStart(at);
    // What seems to be a body's header may be one cut short, filled up by the header that cut it.
    const doubtful =
      strong && this.#octets[at] === FRAME_BODY && this.#interruptions(at + 1, at + FRAME_HEADER_SIZE).length > 0;
    if (doubtful) this.#tornHeader(moves, at, suspended, order);
    if (strong) {
      const header = Array.from(this.#octets.subarray(at, at + FRAME_HEADER_SIZE));
      const open: Open = {
        frame: this.#frames,
        header,
        left: long(this.#octets, at + 3) + FRAME_ENVELOPE,
        cutAt: at,
      };
      const next = this.#inOrder(open, at, suspended, order);
      if (next !== null) this.#readFrame(moves, open, at, suspended, next, true);
      else this.#abandon(moves, open, at, suspended, order);
      // A whole frame with no start in it: nothing else is worth a thought.
      if (moves.length === 1 && moves[0]!.plain && moves[0]!.cost === 0) return moves;
    }
    for (let i = suspended.length - 1; i >= 0; i--) {
      const open = suspended[i]!;
      if (open.cutAt !== at) this.#resume(moves, open, at, suspended.toSpliced(i, 1), order);
    }
    if (resumes) return moves;
    if (!doubtful) this.#tornHeader(moves, at, suspended, order);
    this.#skip(moves, at, suspended, order);
    return moves;
  }

  /** A frame begins on a channel of which another is interrupted: its writer has given that one up. */
  #abandon(moves: Move[], open: Open, at: number, suspended: readonly Open[], order: Order): void {
    const channel = short(this.#octets, at + 1);
    const others = suspended.filter(({ header }) => !isOf(header, channel));
    if (others.length === suspended.length) return;
    const behind = new Map(order).set(channel, AWAITS_METHOD);
    const next = this.#inOrder(open, at, others, behind);
    if (next === null) return;
    const given: Move[] = [];
    this.#readFrame(given, open, at, others, next, true);
    const cost = UNFINISHED * (suspended.length - others.length);
    for (const move of given) moves.push({ ...move, cost: move.cost + cost });
  }

  /** A frame goes on at `at`, `left` octets of it to come, `others` staying suspended. */
  #readFrame(moves: Move[], open: Open, at: number, others: readonly Open[], order: Order, begins: boolean): void {
    const { frame, left } = open;
    const to = at + left;
    const inner = this.#interruptions(at + 1, Math.min(to, this.#end));
    const ends = to <= this.#end && this.#octets[to - 1] === FRAME_END && (begins || this.#idsFit(open, at, to));
    const whole: Move = { frame, to, suspended: others, order, cost: 0, plain: begins, begins };
    const good = ends && (inner.length === 0 || to === this.#end || this.#isStart(to));
    if (good) moves.push(whole);
    if (others.length < MAX_SUSPENDED) {
      for (const start of inner) {
        const cut: Open = { ...open, left: left - (start - at), cutAt: start };
        moves.push({ frame, to: start, suspended: [...others, cut], order, cost: 0, plain: false, begins });
      }
    }
    if (ends && !good) moves.push(whole);
    if (others.length < MAX_SUSPENDED) {
      for (const stranger of this.#foreign.keys()) {
        if (stranger <= at || stranger >= Math.min(to, this.#end)) continue;
        const cut: Open = { ...open, left: left - (stranger - at), cutAt: stranger };
        const suspended = [...others, cut];
        moves.push({ frame, to: stranger, suspended, order, cost: FOREIGN, plain: false, begins });
      }
    }
    if (this.#manners !== "orderly" && others.length > 0 && others.length < MAX_SUSPENDED) {
      for (const boundary of this.#segmentsWithin(at + 1, Math.min(to, this.#end))) {
        const cut: Open = { ...open, left: left - (boundary - at), cutAt: boundary };
        const suspended = [...others, cut];
        moves.push({ frame, to: boundary, suspended, order, cost: 0, plain: false, begins, resumes: true });
      }
    }
    if (to > this.#end && !this.#ended && inner.length === 0 && moves.length === 0) this.#starved = true;
    if (to > this.#end && this.#ended) {
      const cut: Open = { ...open, left: to - this.#end, cutAt: this.#end };
      moves.push({ frame, to: this.#end, suspended: [...others, cut], order, cost: 0, plain: false, begins });
    }
    // Its length is right, and what stands in it is not: overwritten.
    if (to <= this.#end && !ends && begins && (to === this.#end || this.#isStart(to))) {
      moves.push({ ...whole, cost: UNEXPLAINED, plain: false });
    }
  }

  /** A suspended frame goes on at `at`. */
  #resume(moves: Move[], open: Open, at: number, others: readonly Open[], order: Order): void {
    const { frame } = open;
    const wanted = FRAME_HEADER_SIZE - open.header.length;
    if (wanted === 0) {
      this.#readFrame(moves, open, at, others, order, false);
      return;
    }
    const header = [...open.header, ...this.#octets.subarray(at, Math.min(at + wanted, this.#end))];
    const whole = header.length === FRAME_HEADER_SIZE;
    const size = whole ? long(Uint8Array.from(header), 3) : 0;
    if (whole && this.#isHeader(header[0]!, (header[1]! << 8) | header[2]!, size)) {
      const filled: Open = { frame, header, left: wanted + size + 1, cutAt: at };
      const next = this.#inOrder(filled, at + wanted - FRAME_HEADER_SIZE, others, order);
      if (next !== null) this.#readFrame(moves, filled, at, others, next, false);
    }
    // Cut again before its header is whole.
    for (const start of this.#interruptions(at + 1, Math.min(at + wanted, this.#end))) {
      const more = header.slice(0, open.header.length + start - at);
      if (!this.#couldBegin(more)) continue;
      const suspended = [...others, { frame, header: more, left: 0, cutAt: start }];
      moves.push({ frame, to: start, suspended, order, cost: 0, plain: false, begins: false });
    }
  }

  /** A frame begins whose header, or the ids behind it, are cut short: by another frame's start, or by the end. */
  #tornHeader(moves: Move[], at: number, suspended: readonly Open[], order: Order): void {
    if (suspended.length >= MAX_SUSPENDED) return;
    const until = Math.min(at + HEADER_AND_IDS, this.#end);
    const cuts = this.#interruptions(at + 1, until);
    if (this.#ended && this.#end - at < HEADER_AND_IDS) cuts.push(this.#end);
    for (const cut of cuts) {
      const open = this.#cutHeader(at, cut);
      if (open === null) continue;
      const whole = open.header.length === FRAME_HEADER_SIZE;
      const next = whole ? this.#inOrder(open, at, suspended, order) : order;
      if (next === null) continue;
      const { frame } = open;
      moves.push({
        frame,
        to: cut,
        suspended: [...suspended, open],
        order: next,
        cost: 0,
        plain: false,
        begins: true,
      });
    }
  }

  /** What is open of a new frame of which only octets at to `cut` are there, or null where they begin no frame. */
  #cutHeader(at: number, cut: number): Open | null {
    const header = Array.from(this.#octets.subarray(at, Math.min(cut, at + FRAME_HEADER_SIZE)));
    if (!this.#couldBegin(header)) return null;
    if (header.length < FRAME_HEADER_SIZE) return { frame: this.#frames, header, left: 0, cutAt: cut };
    const left = long(this.#octets, at + 3) + FRAME_ENVELOPE - (cut - at);
    return left > 0 ? { frame: this.#frames, header, left, cutAt: cut } : null;
  }

  /**
   * The order of content behind a new frame whose header is whole, and whose payload's first octets stand behind `at` +
   * 7; null where the frame is out of order, or its channel's writer is in the middle of another frame.
   */
  #inOrder({ header }: Open, at: number, suspended: readonly Open[], order: Order): Order | null {
    const channel = (header[1]! << 8) | header[2]!;
    if (this.#manners === "free" || channel === 0) return order;
    if (isBusy(channel, suspended)) return null;
    const behind = new Map(order);
    return this.#advance(behind, header[0]!, channel, long(Uint8Array.from(header), 3), at) ? behind : null;
  }

  /** Moves the order of content on by a frame; false where it is out of order. */
  #advance(order: Map<number, number>, type: number, channel: number, size: number, at: number): boolean {
    const state = order.get(channel) ?? AWAITS_ANY;
    if (contentFault(state, type, size) !== IN_ORDER) return false;
    if (type === FRAME_METHOD) {
      const method = methodOf(short(this.#octets, at + 7), short(this.#octets, at + 9));
      if (method === undefined) order.delete(channel);
      else order.set(channel, afterMethod(method.content));
    } else if (type === FRAME_HEADER) {
      // The body size may stand elsewhere, behind another frame.
      order.delete(channel);
    } else if (type === FRAME_BODY && state !== AWAITS_ANY) order.set(channel, afterBody(state, size));
    return true;
  }

  /**
   * Where a frame may be interrupted in [from, to): at the first starts there, and shortly before each where a header
   * begins that is itself cut short by it.
   */
  #interruptions(from: number, to: number): number[] {
    const places: number[] = [];
    // A cut header may stand before a start that lies just behind `to`.
    for (const start of this.#startsWithin(from, Math.min(to + HEADER_AND_IDS, this.#end))) {
      if (start < to) places.push(start);
      for (const at of this.#cutHeadersBefore(start)) {
        if (at >= from && at < to && !places.includes(at)) places.push(at);
      }
    }
    return places;
  }

  /** Where headers begin that are cut short by this start, the nearest first. */
  #cutHeadersBefore(start: number): readonly number[] {
    const known = this.#cutHeaders.get(start);
    if (known !== undefined) return known;
    const places: number[] = [];
    for (let at = start - 1; at > start - MAX_CUT_HEADERS && at >= 0; at--) {
      if (this.#isCutHeader(at, start, MAX_NESTED_HEADERS)) places.push(at);
    }
    this.#cutHeaders.set(start, places);
    return places;
  }

  /** Octets at to `start` are headers cut short, each by the next, the last one by the start. */
  #isCutHeader(at: number, start: number, depth: number): boolean {
    const most = this.#cutLength(at);
    for (let cut = Math.min(start, at + most); cut > at; cut--) {
      if (cut === start || (depth > 1 && this.#isCutHeader(cut, start, depth - 1))) return true;
    }
    return false;
  }

  /** How many octets at `at` can be the beginning of a frame that is cut short before its ids are whole: 0 to 10. */
  #cutLength(at: number): number {
    const octets = this.#octets;
    const type = octets[at]!;
    if (type === FRAME_HEARTBEAT) {
      let zeros = 1;
      while (zeros < FRAME_HEADER_SIZE && at + zeros < this.#end && octets[at + zeros] === 0) zeros++;
      return zeros;
    }
    if (type === 0 || type > FRAME_BODY || at + HEADER_AND_IDS > this.#end)
      return type !== 0 && type <= FRAME_BODY ? 1 : 0;
    if (octets[at + 1]! > MAX_CHANNEL_HIGH) return 1;
    const channel = short(octets, at + 1);
    if (!(channel === 0 ? type === FRAME_METHOD : this.#sender.usesChannel(channel))) return 2;
    const size = long(octets, at + 3);
    if (this.#isHeader(type, channel, size)) return Math.min(HEADER_AND_IDS - 1, size + FRAME_ENVELOPE - 1);
    const limit = this.#sender.sizeLimit;
    let known = 3;
    for (let i = 3; i < FRAME_HEADER_SIZE - 1; i++) {
      if (size - (size % 2 ** (8 * (FRAME_HEADER_SIZE - 1 - i))) > limit) break;
      known = i + 1;
    }
    return known;
  }

  /** Octets that belong to nobody, up to the next start or the end. */
  #skip(moves: Move[], at: number, suspended: readonly Open[], order: Order): void {
    const foreign = this.#foreign.get(at);
    if (foreign !== undefined) {
      moves.push({ frame: -1, to: at + foreign, suspended, order, cost: 0, plain: false, begins: false });
    }
    const [start] = this.#startsWithin(at + 1, this.#end);
    if (start === undefined && !this.#ended) return;
    moves.push({ frame: -1, to: start ?? this.#end, suspended, order, cost: UNEXPLAINED, plain: false, begins: false });
  }

  /** The first starts in [from, to). */
  #startsWithin(from: number, to: number): readonly number[] {
    return within(this.#starts, from, to, MAX_INNER_STARTS);
  }

  /** The first boundaries of TCP segments in [from, to), those at which a write surely ends before the others. */
  #segmentsWithin(from: number, to: number): readonly number[] {
    const boundaries = within(this.#segments, from, to, MAX_INNER_SEGMENTS);
    const sure = within(this.#shortEnds, from, to, MAX_INNER_SEGMENTS);
    return [...sure, ...boundaries.filter(boundary => !sure.includes(boundary))];
  }

  /** A whole header that the sender could have written stands here. */
  #isStart(at: number): boolean {
    const octets = this.#octets;
    if (at + FRAME_ENVELOPE > this.#end) return false;
    const type = octets[at]!;
    const channel = short(octets, at + 1);
    const size = long(octets, at + 3);
    if (!this.#isHeader(type, channel, size)) return false;
    if (type === FRAME_HEARTBEAT) return octets[at + FRAME_HEADER_SIZE] === FRAME_END;
    if (type === FRAME_BODY) return !this.#isOverlapped(at);
    if (at + FRAME_HEADER_SIZE + 4 > this.#end) return false;
    return this.#idsOf(type, channel, short(octets, at + 7), short(octets, at + 9));
  }

  /** A frame put together of pieces, the last one at to `to`, carries the ids that its type wants. */
  #idsFit({ frame, header }: Open, at: number, to: number): boolean {
    if (header[0] !== FRAME_METHOD && header[0] !== FRAME_HEADER) return true;
    const first: number[] = [];
    const take = (from: number, until: number): void => {
      for (let i = from; i < until && first.length < HEADER_AND_IDS; i++) first.push(this.#octets[i]!);
    };
    for (const piece of this.#pieces) if (piece.frame === frame) take(piece.from, piece.to);
    take(at, to);
    const bytes = Uint8Array.from(first);
    if (first.length < HEADER_AND_IDS) return false;
    return this.#idsOf(bytes[0]!, short(bytes, 1), short(bytes, 7), short(bytes, 9));
  }

  /** Class and method of a method frame, or class and weight of a content header, are ones the sender may send. */
  #idsOf(type: number, channel: number, classId: number, second: number): boolean {
    if (!arePlausibleIds(type, channel, classId, second)) return false;
    const method = type === FRAME_HEADER ? undefined : methodOf(classId, second);
    return method === undefined || method.from === "both" || (method.from === "client") === this.#sender.isClient;
  }

  /** Another frame, of a kind that says more of itself, starts inside this header: then the header is cut short. */
  #isOverlapped(at: number): boolean {
    for (let inner = at + 1; inner < at + FRAME_HEADER_SIZE; inner++) {
      if (this.#octets[inner] !== FRAME_BODY && this.#isStart(inner)) return true;
    }
    return false;
  }

  #isHeader(type: number, channel: number, size: number): boolean {
    if (!isPlausibleHeader(type, channel, size, this.#sender.sizeLimit)) return false;
    if (type === FRAME_METHOD && size > MAX_METHOD) return false;
    return channel === 0 || this.#sender.usesChannel(channel);
  }

  /** Whether the first octets of a header, seven at most, can be the beginning of one. */
  #couldBegin(header: readonly number[]): boolean {
    const [type, high, low] = header;
    if (type === FRAME_HEARTBEAT) return header.every((octet, i) => i === 0 || octet === 0);
    if (type === undefined || type === 0 || type > FRAME_BODY) return false;
    if (high === undefined) return true;
    if (low === undefined) return high <= MAX_CHANNEL_HIGH;
    const channel = (high << 8) | low;
    if (!(channel === 0 ? type === FRAME_METHOD : this.#sender.usesChannel(channel))) return false;
    let least = 0;
    for (let i = 3; i < FRAME_HEADER_SIZE; i++) least = least * 256 + (header[i] ?? 0);
    return (
      least <= this.#sender.sizeLimit && (header.length < FRAME_HEADER_SIZE || this.#isHeader(type, channel, least))
    );
  }

  #result(boundary: number, open: boolean): Untangling {
    const spans = new Map<number, [number, number][]>();
    const unexplained: [number, number][] = [];
    for (const { frame, from, to } of this.#pieces) {
      if (from >= boundary) break;
      let list = unexplained;
      if (frame >= 0) {
        list = spans.get(frame) ?? [];
        spans.set(frame, list);
      }
      list.push([this.#base + from, to - from]);
    }
    const frames = Array.from(spans.values(), pieces => this.#frame(pieces));
    return { frames, unexplained, boundary: this.#base + boundary, open };
  }

  #frame(spans: [number, number][]): UntangledFrame {
    const header: number[] = [];
    let octets = 0;
    for (const [offset, length] of spans) {
      octets += length;
      const from = offset - this.#base;
      for (let i = from; i < from + length && header.length < FRAME_HEADER_SIZE; i++) header.push(this.#octets[i]!);
    }
    const bytes = Uint8Array.from(header);
    const whole = header.length === FRAME_HEADER_SIZE;
    const size = whole ? long(bytes, 3) : 0;
    const [offset, length] = spans.at(-1)!;
    const ends = this.#octets[offset - this.#base + length - 1] === FRAME_END;
    return {
      type: header[0]!,
      channel: header.length >= 3 ? short(bytes, 1) : 0,
      size,
      spans,
      complete: whole && octets === size + FRAME_ENVELOPE && ends,
    };
  }
}

/** What may begin with each octet. */
const NO_BEGINNING = 0;
const OF_FRAME = 1;
const FOREIGN_BEGINNING = 2;
const BEGINNINGS = Uint8Array.from({ length: 256 }, (_, octet) => {
  if ((octet <= FRAME_BODY && octet !== 0) || octet === FRAME_HEARTBEAT) return OF_FRAME;
  return mayBeForeign(octet) ? FOREIGN_BEGINNING : NO_BEGINNING;
});
/** Method frames are small: the largest carry a table of a few headers. */
const MAX_METHOD = 16384;
/** Channel numbers above 2047 are not met in practice. */
const MAX_CHANNEL_HIGH = 7;
const MAX_INNER_STARTS = 3;
const MAX_INNER_SEGMENTS = 8;
/** Octets that show what a frame is: its header, and the ids of a method or of a content header's class. */
const HEADER_AND_IDS = FRAME_HEADER_SIZE + 4;
/** Headers cut one inside the other, and the octets they take at most. */
const MAX_NESTED_HEADERS = 3;
const MAX_CUT_HEADERS = 24;

/** A frame of this channel is under way: its writer writes nothing else meanwhile. */
function isBusy(channel: number, suspended: readonly Open[]): boolean {
  return suspended.some(({ header }) => isOf(header, channel));
}

/** The beginning of a header says that the frame is of this channel. */
function isOf(header: readonly number[], channel: number): boolean {
  return header.length >= 3 && ((header[1]! << 8) | header[2]!) === channel;
}

/** The index of the first of some ascending numbers that is not below `value`. */
function indexOf(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first of some ascending numbers that lie in [from, to), `most` at most. */
function within(numbers: readonly number[], from: number, to: number, most: number): readonly number[] {
  const low = indexOf(numbers, from);
  let until = low;
  while (until < numbers.length && until - low < most && numbers[until]! < to) until++;
  return numbers.slice(low, until);
}

/** A state of a reading, as far as what may follow depends on it. */
function stateOf(at: number, suspended: readonly Open[], cost: number, detoured: number): string {
  return `${at} ${cost} ${detoured} ${suspended.map(open => `${open.frame}:${open.header.length}:${open.left}`).join(" ")}`;
}
