import type { BoundarySearch } from "../amqp/boundary-search.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FrameBoundarySearch, type SearchBudget } from "../amqp/frame-boundary-search.ts";
import { FRAME_BODY } from "../amqp/spec/constants.ts";
import type { Direction } from "../connection/direction.ts";
import type { StreamForensics } from "../connection/observers.ts";
import { Moment } from "../net/connection-observer.ts";
import { explainOrder } from "./content-order.ts";
import { explain, type Finding } from "./explanation.ts";
import { located } from "./located.ts";
import { OctetWindow, type WindowBudget } from "./octet-window.ts";
import { bodiesAwaited, type ReadFrame, readFrame, wholeFrameAt } from "./read-frames.ts";
import { RecentOffsets } from "./recent-offsets.ts";
import { ALLOWANCES, type Manners, Reading, type Sender, type StepBudget, type Untangling } from "./untangle.ts";

/** Octets behind a broken frame that are kept and looked at before it is left at what is explained by then. */
const MAX_WINDOW = 4 << 20;
/** A first look is taken when so many octets are there, and another whenever they have doubled. */
const FIRST_LOOK = 1 << 12;
/** Frames remembered before the broken one: a torn frame may have seemed whole. */
const REMEMBERED_FRAMES = 64;
/** Frames read to explain the order of content, those before the incident included. */
const ORDER_FRAMES = 256;

/** Broken frames remembered; so many follow each other only where nothing can be explained. */
const MAX_BREAKS = 64;

/** Incidents explained of one direction; what comes then is found, and not explained. */
const MAX_EXPLANATIONS = 256;

/** Octets of one direction around a broken envelope, explained. */
export interface Explanation {
  /** Stream offset of the frame that was found broken. */
  faultOffset: number;
  finding: Finding;
}

const MANNERS: readonly Manners[] = ["orderly", "concurrent", "free"];

/** Keeps the recent octets of one direction, and untangles what stands behind a broken envelope. */
export class DirectionForensics implements StreamForensics {
  readonly explanations: Explanation[] = [];
  /** Whole frames that were found by untangling; the scanner did not see them. */
  untangledFrames = 0;
  readonly window: OctetWindow;
  readonly #budget: SearchBudget;
  readonly #steps: StepBudget;
  /** Where the last frames begin: between ORDER_FRAMES of them and twice as many. */
  readonly #frames = new RecentOffsets(2 * ORDER_FRAMES);
  /** Stream offset up to which the order of frames is explained. */
  #explainedUntil = 0;
  /** Stream offsets of broken frames: of what their incidents hide nothing follows for the order of those behind. */
  #breaks: number[] = [];

  constructor(budget: SearchBudget, windows: WindowBudget, steps: StepBudget) {
    this.#budget = budget;
    this.#steps = steps;
    this.window = new OctetWindow(0, windows);
  }

  received(bytes: Uint8Array, start: number, end: number, streamOffset: number, moment: Moment): void {
    if (this.window.end !== streamOffset) this.window.restart(streamOffset);
    this.window.append(bytes, start, end, moment);
  }

  frame(streamOffset: number): void {
    this.#frames.push(streamOffset);
  }

  message(methodOffset: number, headerOffset: number, bodyOffset: number): void {
    this.#frames.pushThree(methodOffset, headerOffset, bodyOffset);
  }

  gap(missing: number): void {
    this.window.restart(this.window.end + Math.max(missing, 0));
    this.#frames.clear();
    this.#breaks = [];
  }

  disorder(faultOffset: number, endOffset: number, isOrder: boolean): void {
    // What is out of order may go on behind the last frame that was found so.
    const frames = this.#framesBefore(Number.POSITIVE_INFINITY).filter(offset => offset >= this.#explainedUntil);
    const breaks = [...this.#breaks, Number.POSITIVE_INFINITY];
    this.#explainedUntil = endOffset;
    this.#breaks = [];
    let from = 0;
    for (const until of breaks) {
      const unbroken = frames.filter(offset => offset >= from && offset < until).slice(-ORDER_FRAMES);
      const finding = explainOrder(this.window, this.#read(unbroken), faultOffset);
      const fits = finding !== null && (isOrder || finding.kind === "replayed-octets");
      if (fits) this.#keep(faultOffset, finding);
      from = until;
    }
  }

  #read(offsets: readonly number[]): ReadFrame[] {
    return offsets.flatMap(offset => {
      const frame = wholeFrameAt(this.window, offset);
      return frame === null ? [] : [readFrame(this.window, frame)];
    });
  }

  #keep(faultOffset: number, finding: Finding): void {
    this.explanations.push({ faultOffset, finding: located(finding, this.window) });
  }

  #framesBefore(streamOffset: number): number[] {
    return this.#frames.list().filter(at => at >= this.window.base && at < streamOffset);
  }

  end(): void {
    this.window.release();
  }

  search(fault: EnvelopeFault, direction: Direction, sizeLimit: number): BoundarySearch {
    const frames = this.#framesBefore(fault.streamOffset).slice(-REMEMBERED_FRAMES);
    this.#breaks.push(fault.streamOffset);
    if (this.#breaks.length > MAX_BREAKS) this.#breaks.shift();
    const sender: Sender = {
      sizeLimit,
      isClient: direction.isClient,
      usesChannel: channel => direction.usesChannel(channel),
    };
    const tell = (untangling: Untangling): void => {
      this.untangledFrames += untangling.frames.filter(({ complete }) => complete).length;
      const finding = explain(this.window, untangling, frames, fault);
      this.#keep(fault.streamOffset, finding);
      const [first] = untangling.frames;
      const begin = Math.min(fault.streamOffset, first?.spans[0]?.[0] ?? fault.streamOffset);
      this.#frames.keep(offset => offset < begin || offset >= untangling.boundary);
    };
    const plain = (from: number) => new FrameBoundarySearch(from, sizeLimit, this.#budget);
    if (this.explanations.length >= MAX_EXPLANATIONS) {
      return plain(fault.rule === "frame-end" ? fault.endOffset : fault.streamOffset + 1);
    }
    return new UntanglingSearch(this.window, fault, frames, sender, this.#steps, plain, tell);
  }
}

/** Finds the boundary behind a broken envelope by explaining the octets before it. */
class UntanglingSearch implements BoundarySearch {
  foundAt = -1;
  readonly #window: OctetWindow;
  readonly #fault: EnvelopeFault;
  /** Stream offsets of the frames before the broken one. */
  readonly #before: readonly number[];
  readonly #sender: Sender;
  readonly #steps: StepBudget;
  readonly #plainSearch: (from: number) => FrameBoundarySearch;
  readonly #tell: (untangling: Untangling) => void;
  /** Stream offset up to which the scanner has handed octets over; the window may reach further. */
  #consumed: number;
  #nextLook: number;
  /** Takes over where nothing can be explained, and behind a gap. */
  #plain: FrameBoundarySearch | null = null;

  constructor(
    window: OctetWindow,
    fault: EnvelopeFault,
    before: readonly number[],
    sender: Sender,
    steps: StepBudget,
    plainSearch: (from: number) => FrameBoundarySearch,
    tell: (untangling: Untangling) => void,
  ) {
    this.#window = window;
    this.#fault = fault;
    this.#before = before;
    this.#sender = sender;
    this.#steps = steps;
    this.#plainSearch = plainSearch;
    this.#tell = tell;
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
      if (this.foundAt < 0) this.#explain(true);
      this.#plain = this.#plainSearch(from);
      this.foundAt = -1;
    } else this.#plain.gap(missing);
    this.#consumed = from;
  }

  finish(): boolean {
    if (this.#plain !== null) return this.#plainFound(this.#plain.finish());
    if (this.foundAt < 0) this.#explain(true);
    return this.foundAt >= 0 || this.#searchPlainly();
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
    const full = octets >= MAX_WINDOW || this.#window.inNeed;
    if (octets < this.#nextLook && !full) return;
    this.#nextLook = octets * 2;
    this.#explain(full);
    if (full && this.foundAt < 0) this.#searchPlainly();
  }

  /**
   * Nothing explains so much. Looks for any boundary behind the fault, and explains what stands before that by itself;
   * where there is none, goes on looking in what is to come. Returns whether one was found.
   */
  #searchPlainly(): boolean {
    const { rule, endOffset, streamOffset } = this.#fault;
    const from = rule === "frame-end" ? endOffset : streamOffset + 1;
    const plain = this.#plainSearch(from);
    this.#window.pieces(from, this.#consumed, (start, end, moment) => {
      if (plain.foundAt < 0) plain.receive(this.#window.bytes, start, end, moment);
    });
    if (plain.foundAt < 0) {
      this.#plain = plain;
      this.#window.held = false;
      return false;
    }
    plain.release();
    const until = plain.foundAt;
    const { bytes, base } = this.#window;
    const reading = new Reading(bytes, until - base, base, streamOffset, true, this.#sender, [], this.#steps);
    let untangling: Untangling | null = null;
    for (const allowance of ALLOWANCES) untangling ??= reading.read(streamOffset, streamOffset, allowance, "free");
    if (untangling !== null) this.#tell({ ...untangling, boundary: until });
    this.foundAt = until;
    return true;
  }

  #explain(ended: boolean): void {
    const { streamOffset } = this.#fault;
    const first = this.#before[0] ?? streamOffset;
    const window = this.#window;
    const { bytes, length, base } = window;
    const segments = window.segmentsFrom(first);
    const reading = new Reading(bytes, length, base, first, ended, this.#sender, segments, this.#steps);
    let untangling = this.#oversize(reading, ended) ?? reading.read(streamOffset, streamOffset, 0, "orderly");
    // A torn frame may have seemed whole, and broken only what follows it.
    for (let i = this.#before.length - 1; untangling === null && i >= 0; i--) {
      if (reading.startsInside(this.#before[i]!)) {
        untangling = reading.read(this.#before[i]!, streamOffset, 0, "orderly");
      }
    }
    for (const allowance of ended ? ALLOWANCES : []) {
      for (const manners of MANNERS) untangling ??= reading.read(streamOffset, streamOffset, allowance, manners);
    }
    if (untangling === null) return;
    this.foundAt = untangling.boundary;
    this.#tell(untangling);
  }

  /**
   * The broken frame as a whole one that is only too large for frame-max. Where the stream ends inside it (the broker
   * stops reading at its header), the content header before it must have announced as many octets.
   */
  #oversize(reading: Reading, ended: boolean): Untangling | null {
    const { rule, streamOffset, type, channel, size, endOffset } = this.#fault;
    if (rule !== "frame-too-large" || !reading.isOversizeAt(streamOffset)) return null;
    const window = this.#window;
    const whole = reading.isWholeOversize(streamOffset);
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
    return { frames, unexplained: [], boundary, open: !whole };
  }
}
