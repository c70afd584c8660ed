/** Searches for the boundary behind a broken envelope by explaining what stands before it. */
import type { BoundarySearch } from "../amqp/boundary-search.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import type { FrameBoundarySearch } from "../amqp/frame-boundary-search.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER, FRAME_HEADER_SIZE } from "../amqp/spec/constants.ts";
import { long, short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import type { OctetWindow } from "./octet-window.ts";
import { bodiesAwaited, readFrame, wholeFrameAt } from "./read-frames.ts";
import type { Untangling } from "./untangle/result.ts";
import type { Sender } from "./untangle/sender.ts";
import { NO_START, strengthAt } from "./untangle/starts.ts";
import type { StepBudget } from "./untangle/step-budget.ts";
import { untangle } from "./untangle/untangle.ts";

/** Octets behind a broken frame that are kept and examined; then only what is explained so far is reported. */
const MAX_WINDOW = 4 << 20;
/** A first look is taken when this many octets are there, and another whenever they have doubled. */
const FIRST_LOOK = 1 << 12;
/** Each look begins anew: from this many octets on, the next one is taken when they are four times as many. */
const MANY_OCTETS = 1 << 16;
/** The same if the frames before follow from a guess: octets of a body are not worth more. */
const MAX_WINDOW_OF_GUESS = 1 << 19;
/** What a search needs besides the octets. */
export interface Surroundings {
  /** Stream offsets of the frames before the broken one. */
  before: readonly number[];
  /** Stream offset of the first of them that may be torn. */
  from: number;
  sender: Sender;
  steps: StepBudget;
  /** Makes the search that takes over if nothing can be explained, and behind a gap. */
  plainSearch: (from: number) => FrameBoundarySearch;
  /** The frames before the broken one follow from a guess: they may lie in a body. */
  isGuess: boolean;
  /** Called with the result; returns whether it is to be believed. */
  emit: (untangling: Untangling) => boolean;
}

/** Finds the boundary behind a broken envelope by explaining the octets before it. */
export class UntanglingSearch implements BoundarySearch {
  foundAt = -1;
  isExplained = false;
  readonly #window: OctetWindow;
  readonly #fault: EnvelopeFault;
  /** Stream offsets of the frames before the broken one. */
  readonly #before: readonly number[];
  /** Stream offset of the boundary to begin at. */
  readonly #from: number;
  readonly #sender: Sender;
  readonly #steps: StepBudget;
  readonly #plainSearch: (from: number) => FrameBoundarySearch;
  readonly #emit: (untangling: Untangling) => boolean;
  readonly #isGuess: boolean;
  /** Stream offset up to which the scanner has handed octets over; the window may reach further. */
  #consumed: number;
  #nextLook: number;
  /** Takes over if nothing can be explained, and behind a gap. */
  #plain: FrameBoundarySearch | null = null;

  constructor(window: OctetWindow, fault: EnvelopeFault, around: Surroundings) {
    this.#window = window;
    this.#fault = fault;
    this.#before = around.before;
    this.#from = around.from;
    this.#sender = around.sender;
    this.#steps = around.steps;
    this.#plainSearch = around.plainSearch;
    this.#emit = around.emit;
    this.#isGuess = around.isGuess;
    this.#consumed = fault.rule === "frame-end" ? fault.endOffset : fault.streamOffset + 1;
    this.#nextLook = FIRST_LOOK;
    window.held = true;
  }

  receive(bytes: Uint8Array, start: number, end: number, moment: Moment): boolean {
    this.#consumed += end - start;
    if (this.#plain !== null) return this.#plainFound(this.#plain.receive(bytes, start, end, moment));
    if (this.foundAt < 0) this.#look();
    return this.foundAt >= 0 && this.#consumed >= this.foundAt;
  }

  gap(missing: number): void {
    const from = this.#consumed + Math.max(missing, 0);
    if (this.#plain === null) {
      if (this.foundAt < 0) this.#explain(true, true);
      this.#plain = this.#plainSearch(from);
      this.foundAt = -1;
    } else this.#plain.gap(missing);
    this.#consumed = from;
  }

  finish(): boolean {
    if (this.#plain !== null) return this.#plainFound(this.#plain.finish());
    if (this.foundAt < 0) this.#explain(true);
    return this.foundAt >= 0 || this.#searchPlainly() || this.#plainFound(this.#plain!.finish());
  }

  foundMoment(): Moment {
    return this.#plain?.foundMoment() ?? this.#window.momentAt(this.foundAt);
  }

  replay(moment: Moment, piece: (bytes: Uint8Array, start: number, end: number) => void): void {
    this.#window.held = false;
    if (this.#plain !== null) {
      this.#plain.replay(moment, piece);
      return;
    }
    const now = new Moment();
    now.set(moment);
    this.#window.pieces(this.foundAt, this.#consumed, (start, end, captured) => {
      moment.set(captured);
      piece(this.#window.bytes, start, end);
    });
    moment.set(now);
  }

  release(): void {
    this.#plain?.release();
    this.#window.held = false;
  }

  #plainFound(found: boolean): boolean {
    if (found) this.foundAt = this.#plain!.foundAt;
    return found;
  }

  #look(): void {
    const octets = this.#window.end - this.#fault.streamOffset;
    const full =
      octets >= (this.#isGuess ? MAX_WINDOW_OF_GUESS : MAX_WINDOW) || this.#window.inNeed || this.#steps.steps <= 0;
    if (octets < this.#nextLook && !full) return;
    this.#nextLook = octets * (octets < MANY_OCTETS ? 2 : 4);
    const isOver = this.#explain(full);
    if ((full || isOver) && this.foundAt < 0) this.#searchPlainly();
  }

  /** Nothing explains so much: searches for any boundary in what follows. Returns whether one was found. */
  #searchPlainly(): boolean {
    const { rule, endOffset, streamOffset } = this.#fault;
    const from = rule === "frame-end" ? endOffset : streamOffset + 1;
    const plain = this.#plainSearch(from);
    this.#window.pieces(from, this.#consumed, (start, end, moment) => {
      if (plain.foundAt < 0) plain.receive(this.#window.bytes, start, end, moment);
    });
    if (plain.foundAt >= 0) {
      // The window has the octets behind it as well.
      this.foundAt = plain.foundAt;
      plain.release();
      return true;
    }
    this.#plain = plain;
    this.#window.held = false;
    return false;
  }

  /** Explains the octets that are there. Returns false if more of them are needed. */
  #explain(ended: boolean, beforeGap = false): boolean {
    const { streamOffset } = this.#fault;
    const { bytes, length, base } = this.#window;
    const from = this.#from >= base ? this.#from : (this.#before.find(offset => offset >= base) ?? streamOffset);
    const torn = {
      octets: bytes,
      length,
      base,
      from,
      fault: streamOffset,
      ended,
      sender: this.#sender,
      segments: this.#window.segmentsFrom(from),
    };
    const untangling = this.#oversize(ended) ?? untangle(torn, this.#steps);
    if (untangling === null) return false;
    this.isExplained = this.#emit({ ...untangling, beforeGap });
    if (this.isExplained) this.foundAt = untangling.boundary;
    return true;
  }

  /**
   * The broken frame as a whole one that is only too large for frame-max. If the stream ends inside it (the broker
   * stops reading at its header), the content header before it must have announced as many octets.
   */
  #oversize(ended: boolean): Untangling | null {
    const { rule, streamOffset, type, channel, size, endOffset } = this.#fault;
    if (rule !== "frame-too-large" || !this.#isOversizeAt(streamOffset)) return null;
    const window = this.#window;
    const whole = this.#isWholeOversize(streamOffset, ended);
    if (!whole) {
      if (!ended || type !== FRAME_BODY || endOffset < window.end) return null;
      const before = this.#before.flatMap(offset => {
        const frame = wholeFrameAt(window, offset);
        return frame === null ? [] : [readFrame(window, frame)];
      });
      if ((bodiesAwaited(before).get(channel) ?? 0) < size) return null;
    }
    const boundary = whole ? endOffset + 1 : window.end;
    const spans: [number, number][] = [[streamOffset, boundary - streamOffset]];
    const frames = [{ type, channel, size, spans, complete: whole }];
    return { frames, unexplained: [], boundary, open: !whole, spent: false, doubts: [], doubtOdds: 0 };
  }

  /** Whether the frame at a stream offset is one that this connection could have sent, except for its size. */
  #isOversizeAt(streamOffset: number): boolean {
    const { bytes, length, base } = this.#window;
    const at = streamOffset - base;
    if (at < 0 || at + FRAME_HEADER_SIZE > length) return false;
    const type = bytes[at];
    if ((type !== FRAME_BODY && type !== FRAME_HEADER) || long(bytes, at + 3) <= this.#sender.sizeLimit) return false;
    return this.#sender.usesChannel(short(bytes, at + 1));
  }

  /** Whether it ends where its size puts the end, with another frame behind it or the end of all. */
  #isWholeOversize(streamOffset: number, ended: boolean): boolean {
    const { bytes, length, base } = this.#window;
    const at = streamOffset - base;
    const to = at + long(bytes, at + 3) + FRAME_ENVELOPE;
    if (to > length || bytes[to - 1] !== FRAME_END) return false;
    if (to === length) return ended;
    return strengthAt(bytes, to, length, this.#sender) !== NO_START || this.#isOversizeAt(to + base);
  }
}
