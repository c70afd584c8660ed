import { long, short } from "../bytes/big-endian.ts";
import type { Moment } from "../net/connection-observer.ts";
import type { BoundarySearch, NewSearch } from "./boundary-search.ts";
import { AwaitedEvidence, EnvelopeFault } from "./envelope-fault.ts";
import type { FrameSink } from "./frame-sink.ts";
import { LostBoundary } from "./lost-boundary.ts";
import { type Begun, PartialFrame } from "./partial-frame.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE, isFrameType } from "./spec/constants.ts";
import { mayBeWhole } from "./whole-message.ts";

/*
 *   0      1         3             7                  size+7 size+8
 *   +------+---------+-------------+  +------------+ +-----------+
 *   | type | channel |    size     |  |  payload   | | frame-end |     §4.2.3
 *   +------+---------+-------------+  +------------+ +-----------+
 *    octet   short        long         size octets     0xCE
 */

/** The largest frame believed while no frame-max is known. */
export const UNKNOWN_FRAME_LIMIT = (1 << 24) + 7;
/** The largest frame of a chain that is believed while no frame-max is known. */
const UNKNOWN_SEARCH_LIMIT = 1 << 20;
/** The same for a method or content header that follows from a guess. */
const UNPROVEN_HEADER_LIMIT = 1 << 16;

type Phase = "boundary" | "header" | "payload" | "end" | "lost" | "stopped";

/**
 * Cuts one direction of a stream into frames, in place. A frame that lies whole within the octets received is read
 * there. If a frame lies across pieces, method and header payloads are put together in a buffer, bodies are skipped.
 * Where the envelope breaks, the scanner reports it, searches for the boundary and goes on.
 */
export class FrameScanner {
  /** Stream offset of the next octet. */
  offset = 0;
  /** Stream offset of the frame now being handed on. */
  frameOffset = 0;
  /** The largest payload that is no fault: the negotiated frame-max, as RabbitMQ counts. */
  sizeLimit: number;

  readonly #sink: FrameSink;
  readonly #moment: Moment;
  readonly #newSearch: NewSearch;
  #phase: Phase = "boundary";
  /** The frame that began in earlier octets. */
  readonly #partial = new PartialFrame();
  #split = false;
  #lost: LostBoundary | null = null;
  readonly #evidence = new AwaitedEvidence();

  /** `moment` is shared with the sender of the octets. The boundary is known to be here unless `lose` is called. */
  constructor(sink: FrameSink, moment: Moment, sizeLimit: number, newSearch: NewSearch) {
    this.#sink = sink;
    this.#moment = moment;
    this.sizeLimit = sizeLimit;
    this.#newSearch = newSearch;
  }

  /** When and where the first octet of the frame now being handed on was captured. */
  frameMoment(): Moment {
    return this.#split ? this.#partial.begun : this.#moment;
  }

  /** Whether a frame is expected to begin with the next octet. */
  get atBoundary(): boolean {
    return this.#phase === "boundary";
  }

  /** Whether the frame boundary is being searched for. */
  get lost(): boolean {
    return this.#phase === "lost";
  }

  /** The frame that has begun and is not whole; null at a boundary. */
  get partial(): Begun | null {
    if (this.#phase !== "header" && this.#phase !== "payload" && this.#phase !== "end") return null;
    const { header, octets, size, begun, held, isHoled } = this.#partial;
    return { streamOffset: this.frameOffset, octets, header, size, payload: held, isHoled, moment: begun };
  }

  /** The next octets of the stream: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    let gatheredFor = -1;
    while (at < end) {
      if (gatheredFor !== this.#evidence.count) {
        gatheredFor = this.#evidence.count;
        this.#evidence.gather(bytes, at, end, this.offset);
      }
      switch (this.#phase) {
        case "boundary":
          at = this.#frames(bytes, at, end);
          if (at < end && this.#phase === "boundary") at = this.#begin(bytes, at, end);
          break;
        case "header":
          this.#partial.noteHeaderPiece(this.#moment);
          at = this.#continueHeader(bytes, at, end);
          break;
        case "payload":
          at = this.#continuePayload(bytes, at, end);
          break;
        case "end":
          at = this.#finishFrame(bytes, at);
          break;
        case "lost":
          at = this.#look(bytes, at, end);
          break;
        case "stopped":
          this.offset += end - at;
          return;
      }
    }
  }

  /** Octets of the stream that were not captured; `missing` is −1 where their number is not known. */
  gap(missing: number): void {
    this.offset += Math.max(missing, 0);
    if (this.#phase === "stopped") return;
    if (missing < 0) this.#evidence.giveUp();
    if (this.#phase === "lost") {
      this.#lost!.gap(missing, this.#sink);
      return;
    }
    if (missing >= 0 && (this.#phase === "payload" || this.#phase === "end")) {
      // The sequence numbers give the number of missing octets: if all are this frame's, the boundary stays known.
      const partial = this.#partial;
      const { left } = partial;
      if (missing <= left + 1) {
        partial.miss(Math.min(missing, left));
        if (missing > left) {
          this.#phase = "boundary";
          this.#sink.hiddenFrame(partial.type, partial.channel, partial.size);
        } else if (partial.left === 0) this.#phase = "end";
        return;
      }
    }
    this.lose();
    this.#sink.boundaryLost();
  }

  /** The boundary is not known: search for it from the next octet on. */
  lose(): void {
    this.#lost?.search.release();
    this.#seek(this.offset, null, false);
  }

  /** The stream is over: takes a last whole frame if a boundary was searched for. */
  finish(): void {
    // What follows a boundary found now may be broken too, and is searched in the same way.
    for (let lost = this.#lost; lost !== null && this.#phase === "lost"; lost = this.#lost) {
      if (!lost.search.finish() || lost.isUnproved) {
        lost.giveUp(this.#sink);
        return;
      }
      this.#found(lost);
    }
  }

  /** The stream is over inside a frame, which is taken as broken, or may be: searches for frames behind its header. */
  breakPartial(rule: "stalled" | "unfinished"): void {
    const phase = this.#phase;
    if (phase !== "payload" && phase !== "end") return;
    this.#break(rule);
    this.finish();
    if (rule === "unfinished" && this.lost) this.#phase = phase;
  }

  /** From now on counts octets and does not read them. */
  stop(): void {
    this.#lost?.search.release();
    this.#lost = null;
    this.#phase = "stopped";
  }

  /** The hot path: frames that lie whole in bytes[at, end). Returns where it stopped. */
  #frames(bytes: Uint8Array, from: number, end: number): number {
    const sink = this.#sink;
    const base = this.offset - from;
    this.#split = false;
    let at = from;
    while (end - at >= FRAME_ENVELOPE) {
      if (mayBeWhole(bytes, at, end)) {
        this.frameOffset = base + at;
        const taken = sink.messages(bytes, at, end);
        at += taken;
        if (taken > 0) continue;
      }
      const type = bytes[at]!;
      const size = long(bytes, at + 3);
      const last = at + FRAME_HEADER_SIZE + size;
      if (size > this.sizeLimit || last >= end || bytes[last] !== FRAME_END || !isFrameType(type)) break;
      this.frameOffset = base + at;
      sink.frame(type, short(bytes, at + 1), bytes, at + FRAME_HEADER_SIZE, size);
      at = last + 1;
      if (this.#phase !== "boundary") break;
    }
    this.offset = base + at;
    return at;
  }

  /** A frame begins that is not whole here, or is broken. */
  #begin(bytes: Uint8Array, at: number, end: number): number {
    this.#partial.begin(this.#moment);
    this.#split = true;
    this.frameOffset = this.offset;
    this.#phase = "header";
    return this.#continueHeader(bytes, at, end);
  }

  #continueHeader(bytes: Uint8Array, at: number, end: number): number {
    const partial = this.#partial;
    const stop = partial.takeHeader(bytes, at, end);
    this.offset += stop - at;
    if (!partial.isHeaderWhole) return stop;
    if (partial.size > this.sizeLimit || this.#isDoubtful(partial)) this.#break("frame-too-large");
    // The broker would wait for the end octet before it looks at the type. It is watched for, too.
    else if (!isFrameType(partial.type)) this.#break("undecided");
    else {
      partial.beginPayload();
      this.#phase = partial.size === 0 ? "end" : "payload";
    }
    return stop;
  }

  /** The frame follows from a guess and is implausibly large: if it were believed, it would hide all that follows. */
  #isDoubtful({ type, size }: PartialFrame): boolean {
    if (size <= UNPROVEN_HEADER_LIMIT || this.sizeLimit !== UNKNOWN_FRAME_LIMIT || !this.#sink.isGuess) return false;
    return type !== FRAME_BODY || size > UNKNOWN_SEARCH_LIMIT;
  }

  #continuePayload(bytes: Uint8Array, at: number, end: number): number {
    const stop = this.#partial.takePayload(bytes, at, end);
    this.offset += stop - at;
    if (this.#partial.left === 0) this.#phase = "end";
    return stop;
  }

  #finishFrame(bytes: Uint8Array, at: number): number {
    const { type, channel, size, held, isHoled, isHeld } = this.#partial;
    if (bytes[at] !== FRAME_END) {
      // Octets between this frame's header and here were not captured: then nothing is reported.
      if (!isHoled) this.#break("frame-end", bytes[at]!);
      else {
        this.lose();
        this.#sink.boundaryLost();
      }
      return at;
    }
    this.offset++;
    this.#phase = "boundary";
    if (type === FRAME_BODY) this.#sink.frame(FRAME_BODY, channel, held, -1, size);
    else if (isHeld && !isHoled) this.#sink.frame(type, channel, held, 0, size);
    else this.#sink.hiddenFrame(type, channel, size);
    return at + 1;
  }

  #break(rule: EnvelopeFault["rule"], endOctet = -1): void {
    const guess = rule === "unfinished" ? "in-doubt" : this.#sink.guessBroken();
    const fault = guess === "refuted" ? null : this.#faultOf(rule, endOctet);
    // Where the size is not credible, the true boundary may be anywhere behind the first header octet.
    const search = this.#seek(rule === "frame-end" ? this.offset : this.frameOffset + 1, fault, guess === "in-doubt");
    if (fault !== null && guess === "no-guess") this.#sink.brokenEnvelope(fault);
    if (rule !== "frame-end") this.#partial.searchHeader(search);
  }

  #faultOf(rule: EnvelopeFault["rule"], endOctet: number): EnvelopeFault {
    const fault = new EnvelopeFault(rule, this.frameOffset, this.sizeLimit, this.#partial, endOctet);
    this.#evidence.add(fault);
    return fault;
  }

  /** Begins to search for the boundary, from stream offset `from` on, behind what broke; `isDoubted`: if it was one. */
  #seek(from: number, fault: EnvelopeFault | null, isDoubted: boolean): BoundarySearch {
    const limit = this.sizeLimit === UNKNOWN_FRAME_LIMIT ? UNKNOWN_SEARCH_LIMIT : this.sizeLimit;
    const search = this.#newSearch(from, limit, fault);
    this.#phase = "lost";
    this.#lost = new LostBoundary(search, isDoubted ? fault : null);
    return search;
  }

  /** Searches for the boundary in bytes[at, end); returns where it stopped. */
  #look(bytes: Uint8Array, at: number, end: number): number {
    const lost = this.#lost!;
    const stop = Math.min(end, at + lost.nextReach());
    this.offset += stop - at;
    if (lost.search.receive(bytes, at, stop, this.#moment)) this.#found(lost);
    return stop;
  }

  #found(lost: LostBoundary): void {
    const { search } = lost;
    this.#phase = "boundary";
    lost.decide(this.#sink);
    this.#lost = null;
    this.offset = search.foundAt;
    this.#sink.boundaryFound(search.foundAt, search.foundMoment());
    search.replay(this.#moment, (bytes, start, end) => this.receive(bytes, start, end));
  }
}
