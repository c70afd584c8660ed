import { long, short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import type { BoundarySearch, NewSearch } from "./boundary-search.ts";
import { FRAME_BODY, FRAME_END, FRAME_ENVELOPE, FRAME_HEADER_SIZE, isFrameType } from "./spec/constants.ts";
import { mayBeWhole } from "./whole-message.ts";

/*
 *   0      1         3             7                  size+7 size+8
 *   +------+---------+-------------+  +------------+ +-----------+
 *   | type | channel |    size     |  |  payload   | | frame-end |     §4.2.3
 *   +------+---------+-------------+  +------------+ +-----------+
 *    octet   short        long         size octets     0xCE
 */

/** Receives what a scanner finds in one direction of a stream. */
export interface FrameSink {
  /**
   * A whole frame with a right end octet. The payload of method, header and heartbeat frames is
   * bytes[start, start + size); a body's payload is there only where start ≥ 0. The frame's stream offset and the
   * moment it began are the scanner's `frameOffset` and `frameMoment()`.
   */
  frame(type: number, channel: number, bytes: Uint8Array, start: number, size: number): void;
  /**
   * What begins at bytes[at] may be a message that lies whole in bytes[at, end) (`mayBeWhole`), with others behind it.
   * Returns how many octets of such messages the sink has taken, of which it is told nothing else, or 0. `frameOffset`
   * is the first one's, and the sink moves it on to the last one's; all of them began at `frameMoment()`.
   */
  messages(bytes: Uint8Array, at: number, end: number): number;
  /** A whole frame part of whose payload was not captured. */
  hiddenFrame(type: number, channel: number, size: number): void;
  /** A frame envelope is broken. Its `behind` goes on filling as octets come in. */
  brokenEnvelope(fault: EnvelopeFault): void;
  /** The boundary is lost to octets that were not captured. */
  boundaryLost(): void;
  /** The boundary was found again at this stream offset, whose octet was captured then; frames follow. */
  boundaryFound(streamOffset: number, moment: Moment): void;
}

/**
 * What is wrong with a frame envelope, in the broker's order of checks: size, end octet, type. It is undecided while the
 * end octet's place has not come, and stalled where the stream ended before a frame of good standing did.
 */
export class EnvelopeFault {
  rule: "frame-too-large" | "frame-end" | "frame-type" | "undecided" | "stalled";
  readonly streamOffset: number;
  readonly type: number;
  readonly channel: number;
  readonly size: number;
  /** The largest payload that would have been no fault. */
  readonly sizeLimit: number;
  /** The seven header octets. */
  readonly header: Uint8Array;
  /** The first octets of the payload, 16 at most; for frame-too-large they are in `behind`. */
  readonly payload: Uint8Array;
  /** Octets that follow, 16 at most: from the end octet's place on, or behind the header where that came first. */
  readonly behind: number[] = [];
  /** Stream offset of the first octet of `behind`. */
  readonly behindOffset: number;
  /** What stands in the frame-end octet's place, or −1 where the stream has not come so far. */
  endOctet = -1;
  readonly moment = new Moment();

  constructor(
    rule: EnvelopeFault["rule"],
    streamOffset: number,
    sizeLimit: number,
    header: Uint8Array,
    payload: Uint8Array,
    moment: Moment,
  ) {
    this.rule = rule;
    this.sizeLimit = sizeLimit;
    this.streamOffset = streamOffset;
    this.header = header.slice(0, FRAME_HEADER_SIZE);
    this.type = header[0]!;
    this.channel = short(header, 1);
    this.size = long(header, 3);
    this.payload = payload;
    this.behindOffset = rule === "frame-end" ? this.endOffset : streamOffset + FRAME_HEADER_SIZE;
    this.moment.set(moment);
  }

  /** Stream offset of the place where the frame-end octet must stand. */
  get endOffset(): number {
    return this.streamOffset + FRAME_HEADER_SIZE + this.size;
  }

  /**
   * Takes evidence out of bytes[start, end), where the octet of stream offset `from` + i is bytes[i]. Returns whether
   * the stream has come past all there may be.
   */
  gather(bytes: Uint8Array, start: number, end: number, from: number): boolean {
    for (let i = this.behindOffset + this.behind.length - from; i >= start && i < end; i++) {
      if (this.behind.length === SNIPPET) break;
      this.behind.push(bytes[i]!);
    }
    const place = this.endOffset - from;
    if (place >= start && place < end && this.endOctet < 0) {
      this.endOctet = bytes[place]!;
      if (this.rule === "undecided") this.rule = this.endOctet === FRAME_END ? "frame-type" : "frame-end";
    }
    return end > place && end >= this.behindOffset + SNIPPET - from;
  }
}

/** Octets of evidence kept behind a broken header, and of its payload. RabbitMQ prints as many. */
export const SNIPPET = 16;
/** Method and header frames larger than this are skipped like bodies. */
export const MAX_HELD_PAYLOAD = 1 << 20;
/** The largest frame believed while no frame-max is known. */
export const UNKNOWN_FRAME_LIMIT = (1 << 24) + 7;
/** The largest frame of a chain that is believed while no frame-max is known. */
const UNKNOWN_SEARCH_LIMIT = 1 << 20;

/** Faults whose evidence is gathered at a time. */
const MAX_WATCHED = 256;
/** Octets that a search for the boundary is handed at a time: at first, and at most. */
const FIRST_REACH = 64;
const MAX_REACH = 1 << 16;

type Phase = "boundary" | "header" | "payload" | "end" | "lost" | "stopped";

/**
 * Cuts one direction of a stream into frames, in place. A frame that lies whole within the octets received is looked
 * at where it lies; of one that does not, method and header payloads are put together in a buffer, bodies are skipped.
 * Where the envelope breaks it says so, looks for the boundary and goes on.
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
  // A frame that began in earlier octets.
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerOctets = 0;
  #type = 0;
  #size = 0;
  #received = 0;
  #held: Uint8Array = NOTHING;
  #holds = false;
  #holed = false;
  readonly #begun = new Moment();
  /** Where in the header later octets than its first ones go on, and when those were captured. */
  #headerPieces: { from: number; moment: Moment }[] = [];
  #split = false;
  // The boundary is lost.
  #search: BoundarySearch | null = null;
  /** Octets to hand to the search at a time. */
  #reach = FIRST_REACH;
  /** Faults whose evidence is not complete. */
  #watched: EnvelopeFault[] = [];
  #faults = 0;

  /** `moment` is the shared moment of whoever delivers. The boundary is known to be here unless `lose` is called. */
  constructor(sink: FrameSink, moment: Moment, sizeLimit: number, newSearch: NewSearch) {
    this.#sink = sink;
    this.#moment = moment;
    this.sizeLimit = sizeLimit;
    this.#newSearch = newSearch;
  }

  /** When and where the first octet of the frame now being handed on was captured. */
  frameMoment(): Moment {
    return this.#split ? this.#begun : this.#moment;
  }

  /** Whether the frame boundary is being looked for. */
  get lost(): boolean {
    return this.#phase === "lost";
  }

  /** Octets seen of a frame that has begun and is not whole, and the frame's own size; 0 at a boundary. */
  get partial(): { streamOffset: number; octets: number; header: Uint8Array; size: number; moment: Moment } | null {
    if (this.#phase !== "header" && this.#phase !== "payload" && this.#phase !== "end") return null;
    const octets = this.#phase === "header" ? this.#headerOctets : FRAME_HEADER_SIZE + this.#received;
    const header = this.#header.slice(0, this.#headerOctets);
    return { streamOffset: this.frameOffset, octets, header, size: this.#size, moment: this.#begun };
  }

  /** The next octets of the stream: bytes[start, end). */
  receive(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    let watchedFor = -1;
    while (at < end) {
      if (watchedFor !== this.#faults) {
        watchedFor = this.#faults;
        if (this.#watched.length > 0) this.#watch(bytes, at, end);
      }
      switch (this.#phase) {
        case "boundary":
          at = this.#frames(bytes, at, end);
          if (at < end && this.#phase === "boundary") at = this.#begin(bytes, at, end);
          break;
        case "header":
          this.#noteHeaderPiece();
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
    if (missing < 0) this.#watched = [];
    if (this.#phase === "lost") {
      this.#search!.gap(missing);
      return;
    }
    if (missing >= 0 && (this.#phase === "payload" || this.#phase === "end")) {
      // The sequence numbers tell how much is missing: as long as it is of this frame, the boundary stays known.
      const left = this.#size - this.#received;
      if (missing <= left + 1) {
        this.#received += Math.min(missing, left);
        this.#holed = true;
        if (missing > left) {
          this.#phase = "boundary";
          this.#split = true;
          this.#sink.hiddenFrame(this.#type, short(this.#header, 1), this.#size);
        } else if (this.#received === this.#size) this.#phase = "end";
        return;
      }
    }
    this.lose();
    this.#sink.boundaryLost();
  }

  /** The boundary is not known: look for it from the next octet on. */
  lose(): void {
    this.#search?.release();
    this.#seek(this.offset, null);
  }

  /** The stream is over: takes a last whole frame where a boundary was looked for. */
  finish(): void {
    // What follows a boundary found now may be broken in its turn, and is looked through in the same way.
    for (let search = this.#search; search !== null && this.#phase === "lost"; search = this.#search) {
      if (!search.finish()) {
        search.release();
        return;
      }
      this.#found(search);
    }
  }

  /** The stream is over inside a frame, which is to be taken for broken: looks for frames behind its header. */
  breakPartial(): void {
    if (this.#phase !== "payload" && this.#phase !== "end") return;
    const end = this.offset;
    this.#break("stalled");
    this.offset = end;
    this.finish();
  }

  /** Counts octets from now on, and looks at none. */
  stop(): void {
    this.#search?.release();
    this.#search = null;
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
    this.#begun.set(this.#moment);
    this.#split = true;
    this.frameOffset = this.offset;
    this.#headerOctets = 0;
    if (this.#headerPieces.length > 0) this.#headerPieces = [];
    this.#phase = "header";
    return this.#continueHeader(bytes, at, end);
  }

  #noteHeaderPiece(): void {
    const moment = new Moment();
    moment.set(this.#moment);
    this.#headerPieces.push({ from: this.#headerOctets, moment });
  }

  #continueHeader(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(FRAME_HEADER_SIZE - this.#headerOctets, end - at);
    for (let i = 0; i < take; i++) this.#header[this.#headerOctets++] = bytes[at + i]!;
    this.offset += take;
    if (this.#headerOctets < FRAME_HEADER_SIZE) return at + take;
    this.#type = this.#header[0]!;
    this.#size = long(this.#header, 3);
    this.#received = 0;
    this.#holed = false;
    if (this.#size > this.sizeLimit) {
      this.#break("frame-too-large");
    } else if (!isFrameType(this.#type)) {
      // The broker would wait for the end octet before it looks at the type. It is watched for, too.
      this.#break("undecided");
    } else {
      this.#holds = this.#type !== FRAME_BODY && this.#size <= MAX_HELD_PAYLOAD;
      if (this.#holds && this.#held.length < this.#size) this.#held = new Uint8Array(Math.max(256, this.#size * 2));
      else if (!this.#holds && this.#held.length < SNIPPET) this.#held = new Uint8Array(256);
      this.#phase = this.#size === 0 ? "end" : "payload";
    }
    return at + take;
  }

  #continuePayload(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(this.#size - this.#received, end - at);
    const keep = this.#holds ? take : Math.min(take, SNIPPET - this.#received);
    if (keep > 0 && !this.#holed) this.#held.set(bytes.subarray(at, at + keep), this.#received);
    this.#received += take;
    this.offset += take;
    if (this.#received === this.#size) this.#phase = "end";
    return at + take;
  }

  #finishFrame(bytes: Uint8Array, at: number): number {
    if (bytes[at] !== FRAME_END) {
      // Octets that were not captured stand between this frame's header and here: then nothing is said of it.
      if (!this.#holed) this.#break("frame-end", bytes[at]!);
      else {
        this.lose();
        this.#sink.boundaryLost();
      }
      return at;
    }
    this.offset++;
    this.#phase = "boundary";
    const channel = short(this.#header, 1);
    if (this.#type === FRAME_BODY) this.#sink.frame(FRAME_BODY, channel, this.#held, -1, this.#size);
    else if (this.#holds && !this.#holed) this.#sink.frame(this.#type, channel, this.#held, 0, this.#size);
    else this.#sink.hiddenFrame(this.#type, channel, this.#size);
    return at + 1;
  }

  #break(rule: EnvelopeFault["rule"], endOctet = -1): void {
    const payload = rule === "frame-end" ? this.#held.slice(0, Math.min(this.#size, SNIPPET)) : NOTHING;
    const fault = new EnvelopeFault(rule, this.frameOffset, this.sizeLimit, this.#header, payload, this.#begun);
    fault.endOctet = endOctet;
    this.#faults++;
    if (this.#watched.length < MAX_WATCHED) this.#watched.push(fault);
    // Where the size is not to be believed, the true boundary may be anywhere behind the first header octet.
    const search = this.#seek(rule === "frame-end" ? this.offset : this.frameOffset + 1, fault);
    this.#sink.brokenEnvelope(fault);
    if (rule === "frame-end") return;
    let from = 1;
    let moment = this.#begun;
    for (const piece of this.#headerPieces) {
      if (piece.from > from) search.receive(this.#header, from, piece.from, moment);
      from = piece.from;
      moment = piece.moment;
    }
    search.receive(this.#header, from, FRAME_HEADER_SIZE, moment);
  }

  /** Begins to look for the boundary, from stream offset `from` on. */
  #seek(from: number, fault: EnvelopeFault | null): BoundarySearch {
    const search = this.#newSearch(from, this.#searchLimit(), fault);
    this.#phase = "lost";
    this.#search = search;
    this.#reach = FIRST_REACH;
    return search;
  }

  /**
   * Looks for the boundary in bytes[at, end); returns where it stopped. The search is handed a few octets first, then
   * more and more: it copies them and gives those behind the boundary back, which one break after another in a segment
   * would multiply.
   */
  #look(bytes: Uint8Array, at: number, end: number): number {
    const stop = Math.min(end, at + this.#reach);
    this.#reach = Math.min(this.#reach * 2, MAX_REACH);
    this.offset += stop - at;
    const search = this.#search!;
    if (search.receive(bytes, at, stop, this.#moment)) this.#found(search);
    return stop;
  }

  /**
   * Gathers evidence behind faults, and settles their rules where the broker would: also when the boundary was found
   * long before the place where the broken header says that the frame ends.
   */
  #watch(bytes: Uint8Array, start: number, end: number): void {
    const from = this.offset - start;
    this.#watched = this.#watched.filter(fault => !fault.gather(bytes, start, end, from));
  }

  #found(search: BoundarySearch): void {
    this.#phase = "boundary";
    this.#search = null;
    this.offset = search.foundAt;
    this.#sink.boundaryFound(search.foundAt, search.foundMoment());
    search.replay(this.#moment, (bytes, start, end) => this.receive(bytes, start, end));
  }

  #searchLimit(): number {
    return this.sizeLimit === UNKNOWN_FRAME_LIMIT ? UNKNOWN_SEARCH_LIMIT : this.sizeLimit;
  }
}

const NOTHING = new Uint8Array(0);
