import type { BoundarySearch } from "../amqp/boundary-search.ts";
import type { EnvelopeFault } from "../amqp/envelope-fault.ts";
import { FrameBoundarySearch, type SearchBudget } from "../amqp/frame-boundary-search.ts";
import { UNKNOWN_FRAME_LIMIT } from "../amqp/frame-scanner.ts";
import { FRAME_ENVELOPE, FRAME_HEADER, FRAME_METHOD } from "../amqp/spec/constants.ts";
import { learnNamed, learnSecrets } from "../connection/credentials.ts";
import type { Direction } from "../connection/direction.ts";
import type { Discretion } from "../connection/discretion.ts";
import { NamedValueSearch } from "../connection/named-values.ts";
import type { StreamForensics } from "../connection/observers.ts";
import type { Moment } from "../net/connection-observer.ts";
import { explainOrder } from "./content-order.ts";
import { explain, type Finding } from "./explanation.ts";
import { located } from "./located.ts";
import { OctetWindow, type WindowBudget } from "./octet-window.ts";
import { type ReadFrame, readFrame, wholeFrameAt } from "./read-frames.ts";
import { RecentOffsets } from "./recent-offsets.ts";
import type { Untangling } from "./untangle/result.ts";
import type { Sender } from "./untangle/sender.ts";
import type { StepBudget } from "./untangle/step-budget.ts";
import { UntanglingSearch } from "./untangling-search.ts";

/** Steps of all searches of one direction: the bound on the time that a connection takes. */
const MAX_STEPS_OF_DIRECTION = 1_000_000;
/** And of searches that prove guesses: octets of a body are not worth more. */
const MAX_STEPS_OF_GUESSES = 300_000;
/** Frames remembered before the broken one: a torn frame may have seemed whole. */
const REMEMBERED_FRAMES = 64;
/** Frames read to explain the order of content, those before the incident included. */
const ORDER_FRAMES = 256;

/** Broken frames remembered; there are this many in a row only if nothing can be explained. */
const MAX_BREAKS = 64;

/** Octets of an incident in which torn fields are looked for, and octets that are taken for the value of one. */
const MAX_SEARCHED = 1 << 16;
const MAX_SECRET = 4096;

/** Incidents explained of one direction; later ones are found, and not explained. */
const MAX_EXPLANATIONS = 256;

/** Octets of one direction around a broken envelope, explained. */
export interface Explanation {
  /** Stream offset of the frame that was found broken. */
  faultOffset: number;
  finding: Finding;
}

/** Keeps the recent octets of one direction, and untangles those behind a broken envelope. */
export class DirectionForensics implements StreamForensics {
  readonly explanations: Explanation[] = [];
  /** A break was not explained, because too many were by then. */
  exhausted = false;
  /** Whole frames that were found by untangling; the scanner did not see them. */
  untangledFrames = 0;
  readonly window: OctetWindow;
  readonly #budget: SearchBudget;
  /** Steps of all directions, and of this one. */
  readonly #steps: StepBudget;
  readonly #own: StepBudget = { steps: MAX_STEPS_OF_DIRECTION };
  readonly #ofGuesses: StepBudget = { steps: MAX_STEPS_OF_GUESSES };
  /** The rest of its own steps, without those counted in `#steps`. */
  #counted = MAX_STEPS_OF_DIRECTION + MAX_STEPS_OF_GUESSES;
  /** Where the last frames begin: between ORDER_FRAMES of them and twice as many. */
  readonly #frames = new RecentOffsets(2 * ORDER_FRAMES);
  /** Stream offset up to which octets are untangled: they are not read again. */
  #untangledUntil = 0;
  /** Stream offset up to which the order of frames is explained. */
  #explainedUntil = 0;
  /** Stream offsets of broken frames: what their incidents hide does not decide the order behind them. */
  #breaks: number[] = [];

  /** For both directions of a connection. */
  static both(of: {
    search: SearchBudget;
    windows: WindowBudget;
    steps: StepBudget;
  }): [DirectionForensics, DirectionForensics] {
    const one = (): DirectionForensics => new DirectionForensics(of.search, of.windows, of.steps);
    return [one(), one()];
  }

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
    // The disorder may go on behind the last frame in which it was found.
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

  get keptUntil(): number {
    return this.window.end;
  }

  explains(from: number, to: number): boolean {
    const own = this.explanations.filter(({ faultOffset }) => faultOffset >= from && faultOffset <= to);
    return (
      own.length > 0 &&
      own.every(({ finding: { kind, unexplained } }) => kind !== "unexplained" && unexplained.length === 0)
    );
  }

  octetsFrom(streamOffset: number): Uint8Array {
    const { bytes, base, length } = this.window;
    return bytes.subarray(Math.min(Math.max(streamOffset - base, 0), length), length);
  }

  /** What authenticates somebody in methods that were put together again, and in headers: in those sent `before`, too. */
  #learn({ frames }: Untangling, before: readonly number[], discretion: Discretion): void {
    const whole = before.flatMap(offset => wholeFrameAt(this.window, offset) ?? []);
    for (const frame of [...whole, ...frames]) {
      if (frame.type !== FRAME_HEADER && (frame.type !== FRAME_METHOD || frame.spans.length === 1)) continue;
      const { method, values } = readFrame(this.window, frame);
      if (method !== null) learnSecrets(method, values, discretion);
      else learnNamed(values, discretion);
    }
  }

  /** The same of fields that stand in no whole frame, between two stream offsets. */
  #learnTorn(from: number, to: number, discretion: Discretion): void {
    const octets = this.octetsFrom(from).subarray(0, Math.min(to - from, MAX_SEARCHED));
    const found: [number, number][] = [];
    new NamedValueSearch(found).search(octets, 0, octets.length);
    for (const [begin, end] of found) discretion.learn(octets.subarray(begin, Math.min(end, begin + MAX_SECRET)));
  }

  end(): void {
    this.#charge();
    this.window.release();
  }

  /** Takes the steps of its searches from the budget of all directions. */
  #charge(): void {
    const left = this.#own.steps + this.#ofGuesses.steps;
    this.#steps.steps -= this.#counted - left;
    this.#counted = left;
  }

  search(fault: EnvelopeFault, direction: Direction, sizeLimit: number): BoundarySearch {
    const frames = this.#framesBefore(fault.streamOffset).slice(-REMEMBERED_FRAMES);
    this.#breaks.push(fault.streamOffset);
    if (this.#breaks.length > MAX_BREAKS) this.#breaks.shift();
    const sender: Sender = {
      sizeLimit,
      isClient: direction.isClient,
      seenWhole: direction.hypothesis.seenWhole,
      maxBody: direction.scanner.sizeLimit === UNKNOWN_FRAME_LIMIT ? null : sizeLimit - FRAME_ENVELOPE,
      usesChannel: channel => direction.channels.isUsed(channel),
    };
    const isGuess = direction.isGuess || fault.rule === "unfinished";
    const emit = (untangling: Untangling): boolean => {
      const finding = explain(this.window, untangling, frames, fault);
      if (isGuess && (untangling.spent || !provesFrames(finding))) return false;
      this.untangledFrames += untangling.frames.filter(({ complete, spans }) => {
        return complete && (spans.length > 1 || spans[0]![0] >= fault.streamOffset);
      }).length;
      this.#keep(fault.streamOffset, finding);
      this.#learn(untangling, frames, direction.discretion);
      this.#learnTorn(fault.streamOffset, untangling.boundary, direction.discretion);
      this.#untangledUntil = untangling.boundary;
      const [first] = untangling.frames;
      const begin = Math.min(fault.streamOffset, first?.spans[0]?.[0] ?? fault.streamOffset);
      this.#frames.keep(offset => offset < begin || offset >= untangling.boundary);
      return true;
    };
    const plain = (from: number): FrameBoundarySearch => {
      // It is not known whether they were frames.
      if (isGuess) this.#frames.clear();
      return new FrameBoundarySearch(from, sizeLimit, this.#budget);
    };
    this.#charge();
    const steps = isGuess ? this.#ofGuesses : this.#own;
    if (this.explanations.length >= MAX_EXPLANATIONS || this.#steps.steps <= 0 || steps.steps <= 0) {
      this.exhausted ||= !isGuess;
      return plain(fault.rule === "frame-end" ? fault.endOffset : fault.streamOffset + 1);
    }
    return new UntanglingSearch(this.window, fault, {
      before: frames,
      from: frames.find(offset => offset >= this.#untangledUntil) ?? fault.streamOffset,
      sender,
      steps,
      isGuess,
      plainSearch: plain,
      emit,
    });
  }
}

/**
 * Whether an explanation shows that the frames before it belong to the stream and not to a body: whole frames that tore
 * each other, to the octet. Frames inside a body break where others end, and none of them goes on.
 */
function provesFrames(finding: Finding): boolean {
  const { kind, torn, missing, overwritten, replayed, foreign, unexplained } = finding;
  if (kind !== "torn-frame" || torn.length === 0 || !torn.every(({ complete }) => complete)) return false;
  return [missing, overwritten, replayed, foreign, unexplained].every(({ length }) => length === 0);
}
