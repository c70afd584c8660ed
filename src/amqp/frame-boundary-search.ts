import { long, short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import type { BoundarySearch } from "./boundary-search.ts";
import { arePlausibleIds, hasIds, isPlausibleHeader } from "./plausible-frame.ts";
import { FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE, isFrameType, METHOD_IDS_SIZE } from "./spec/constants.ts";

/**
 * Finds the frame boundary again where it was lost: after a gap, at a start in mid-stream, behind a broken frame.
 *
 * Theory. A position is a candidate when the octets there could be a frame header. A candidate whose frame ends on the
 * frame-end octet, with another such frame right behind it, is a *chain*, and is accepted. Chance cannot make one: for
 * random octets the odds are below 2^-60 a position. If there are several chains, the one that is confirmed by the
 * earliest octet is taken: so the result does not depend on how the stream is cut into segments.
 *
 * Octets are kept only from the oldest undecided candidate on, so that the frames of the chain can be read once it is
 * found; in text there are no candidates and nothing is kept.
 */
export class FrameBoundarySearch implements BoundarySearch {
  /** Stream offset of the boundary that was found; valid after `receive` or `finish` returned true. */
  foundAt = -1;

  readonly #budget: SearchBudget;
  readonly #sizeLimit: number;
  /** The octets in view: stream offsets #base to #base + #length, in #window from index #base − #origin on. */
  #window: Uint8Array = NOTHING;
  #origin = 0;
  #base: number;
  #length = 0;
  /** The window is a copy of ours, and not the octets just received. */
  #owned = false;
  #marks: Mark[] = [];
  #candidates: Candidate[] = [];
  #best: Candidate | null = null;

  /** Searches from stream offset `from` on, for frames whose payload has at most `sizeLimit` octets. */
  constructor(from: number, sizeLimit: number, budget: SearchBudget) {
    this.#base = from;
    this.#sizeLimit = sizeLimit;
    this.#budget = budget;
  }

  /** The next octets of the stream. Returns true when a boundary was found. */
  receive(bytes: Uint8Array, start: number, end: number, moment: Moment): boolean {
    const from = this.#base + this.#length;
    this.#view(bytes, start, end, moment);
    const until = this.#base + this.#length;

    let alive = 0;
    for (const candidate of this.#candidates) {
      if (candidate.wakesAt > until || this.#follow(candidate, until)) this.#candidates[alive++] = candidate;
    }
    this.#candidates.length = alive;
    for (let at = from; at < until; at++) {
      if (this.#best !== null && at >= this.#best.boundary) break;
      if (!isFrameType(this.#window[at - this.#origin]!)) continue;
      const candidate: Candidate = { start: at, boundary: at, frames: 0, wakesAt: at + FRAME_HEADER_SIZE };
      if (candidate.wakesAt > until || this.#follow(candidate, until)) this.#candidates.push(candidate);
    }
    if (this.#best !== null) {
      this.foundAt = this.#best.start;
      return true;
    }
    this.#forget();
    return false;
  }

  /** The stream is over: a single whole frame that ends with it is accepted too. Returns true when there is one. */
  finish(): boolean {
    const until = this.#base + this.#length;
    const last = this.#candidates.find(candidate => candidate.frames > 0 && candidate.boundary === until);
    if (last !== undefined) this.foundAt = last.start;
    return last !== undefined;
  }

  /** Octets were not captured, `missing` of them: undecided candidates stay undecided. */
  gap(missing: number): void {
    const base = this.#base + this.#length + Math.max(missing, 0);
    this.release();
    this.#base = base;
    this.#candidates = [];
  }

  /** When and where the boundary that was found was captured. */
  foundMoment(): Moment {
    return (this.#marks.findLast(mark => mark.from <= this.foundAt) ?? this.#marks[0]!).moment;
  }

  /** Hands over the kept octets from the boundary on, piece by piece, each with the moment it was captured. */
  replay(moment: Moment, piece: (bytes: Uint8Array, start: number, end: number) => void): void {
    const window = this.#window;
    const origin = this.#origin;
    const end = this.#base + this.#length;
    const marks = this.#marks;
    const now = new Moment();
    now.set(moment);
    this.release();
    for (let i = 0; i < marks.length; i++) {
      const mark = marks[i]!;
      const from = Math.max(mark.from, this.foundAt);
      const to = marks[i + 1]?.from ?? end;
      if (to <= from) continue;
      moment.set(mark.moment);
      piece(window, from - origin, to - origin);
    }
    moment.set(now);
  }

  /** Gives its memory back to the budget. */
  release(): void {
    if (this.#owned) this.#budget.octets -= this.#length;
    this.#owned = false;
    this.#length = 0;
    this.#window = NOTHING;
    this.#marks = [];
  }

  /** Brings new octets into view: as they are where nothing is kept, else behind what is kept. */
  #view(bytes: Uint8Array, start: number, end: number, moment: Moment): void {
    const copy = new Moment();
    copy.set(moment);
    this.#marks.push({ from: this.#base + this.#length, moment: copy });
    if (this.#length === 0) {
      this.#window = bytes;
      this.#origin = this.#base - start;
      this.#length = end - start;
      this.#owned = false;
      return;
    }
    const size = this.#length + (end - start);
    if (size > this.#window.length) {
      const larger = new Uint8Array(Math.max(size, Math.min(this.#window.length * 2, MAX_KEPT_OCTETS)));
      larger.set(this.#window.subarray(0, this.#length));
      this.#window = larger;
    }
    this.#window.set(bytes.subarray(start, end), this.#length);
    this.#budget.octets += end - start;
    this.#length = size;
  }

  /** Keeps the octets from the oldest undecided candidate on, and gives old candidates up if that is too much. */
  #forget(): void {
    const until = this.#base + this.#length;
    const room = this.#budget.octets > this.#budget.limit ? 0 : MAX_KEPT_OCTETS;
    let candidates = this.#candidates;
    if (candidates.length > MAX_CANDIDATES || until - (candidates[0]?.start ?? until) > room) {
      const surplus = candidates.length - MAX_CANDIDATES;
      candidates = candidates.filter((candidate, i) => i >= surplus && until - candidate.start <= room);
      this.#candidates = candidates;
    }
    const first = candidates[0]?.start ?? until;
    if (first === until) {
      this.release();
      this.#base = until;
      return;
    }
    const marks = this.#marks;
    let stale = 0;
    while (stale + 1 < marks.length && marks[stale + 1]!.from <= first) stale++;
    if (stale > 0) marks.splice(0, stale);
    if (this.#owned) {
      this.#window.copyWithin(0, first - this.#base, this.#length);
      this.#budget.octets -= first - this.#base;
    } else {
      // A Buffer's slice would be no copy.
      this.#window = new Uint8Array(this.#window.subarray(first - this.#origin, until - this.#origin));
      this.#budget.octets += until - first;
      this.#owned = true;
    }
    this.#base = first;
    this.#origin = first;
    this.#length = until - first;
  }

  /** Follows a candidate as far as the octets reach. Returns whether it is still undecided. */
  #follow(candidate: Candidate, until: number): boolean {
    const window = this.#window;
    const origin = this.#origin;
    for (;;) {
      const at = candidate.boundary - origin;
      candidate.wakesAt = candidate.boundary + FRAME_HEADER_SIZE;
      if (candidate.wakesAt > until) return true;
      const type = window[at]!;
      const channel = short(window, at + 1);
      const size = long(window, at + 3);
      if (!isPlausibleHeader(type, channel, size, this.#sizeLimit)) return false;
      if (hasIds(type)) {
        candidate.wakesAt = candidate.boundary + FRAME_HEADER_SIZE + METHOD_IDS_SIZE;
        if (candidate.wakesAt > until) return true;
        const ids = at + FRAME_HEADER_SIZE;
        if (!arePlausibleIds(type, channel, short(window, ids), short(window, ids + 2))) return false;
      }
      candidate.wakesAt = candidate.boundary + size + FRAME_ENVELOPE;
      if (candidate.wakesAt > until) return true;
      if (window[at + FRAME_HEADER_SIZE + size] !== FRAME_END) return false;
      candidate.boundary = candidate.wakesAt;
      candidate.frames++;
      if (candidate.frames < CHAIN) continue;
      if (this.#best === null || candidate.boundary < this.#best.boundary) this.#best = candidate;
      return false;
    }
  }
}

/** Octets that all searches of an inspection keep together, and how many they may. */
export interface SearchBudget {
  octets: number;
  limit: number;
}

/** Octets that all searches for a frame boundary keep together. */
export const SEARCH_BUDGET = 32 << 20;
/** Frames that must follow one another before a boundary is believed. */
const CHAIN = 2;
const MAX_KEPT_OCTETS = 1 << 20;
const MAX_CANDIDATES = 1024;
const NOTHING = new Uint8Array(0);

interface Candidate {
  start: number;
  /** Stream offset up to which whole frames were followed. */
  boundary: number;
  frames: number;
  /** Stream offset that must be reached before more can be decided. */
  wakesAt: number;
}

/** From this stream offset on, octets were captured at this moment. */
interface Mark {
  from: number;
  moment: Moment;
}
