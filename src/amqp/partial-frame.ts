import { long, short } from "../bytes/big-endian.ts";
import { Moment } from "../net/connection-observer.ts";
import type { BoundarySearch } from "./boundary-search.ts";
import { SNIPPET } from "./envelope-fault.ts";
import { FRAME_BODY, FRAME_HEADER_SIZE } from "./spec/constants.ts";

/** Method and header frames larger than this are skipped like bodies. */
export const MAX_HELD_PAYLOAD = 1 << 20;

/** A frame that has begun, as far as it was seen. */
export interface Begun {
  readonly streamOffset: number;
  /** Octets seen of it. */
  readonly octets: number;
  /** Its header, or as much of it as was seen. */
  readonly header: Uint8Array;
  /** Octets of payload that it claims. */
  readonly size: number;
  /** The first octets of its payload; what was not seen yet is something else. */
  readonly payload: Uint8Array;
  /** Octets of its payload were not captured. */
  readonly isHoled: boolean;
  /** When it began. */
  readonly moment: Moment;
}

/**
 * A frame that does not lie whole in one piece of octets, put together piece by piece. The payload of a method or
 * content header is held; of a body only what a report shows. One instance is reused for frame after frame.
 */
export class PartialFrame {
  size = 0;
  /** The payload, where `isHeld`; else its first SNIPPET octets. */
  held: Uint8Array = new Uint8Array(0);
  isHeld = false;
  /** Octets of the payload were not captured. */
  isHoled = false;
  /** When its first octet was captured. */
  readonly begun = new Moment();
  readonly #header = new Uint8Array(FRAME_HEADER_SIZE);
  #headerOctets = 0;
  #received = 0;
  /** Where the header's later pieces begin, and when they were captured. */
  #headerPieces: { from: number; moment: Moment }[] = [];

  get type(): number {
    return this.#header[0]!;
  }
  get channel(): number {
    return short(this.#header, 1);
  }
  get isHeaderWhole(): boolean {
    return this.#headerOctets === FRAME_HEADER_SIZE;
  }
  /** The header octets that there are, a copy. */
  get header(): Uint8Array {
    return this.#header.slice(0, this.#headerOctets);
  }
  /** Octets of it that there are, the frame-end octet left out. */
  get octets(): number {
    return this.isHeaderWhole ? FRAME_HEADER_SIZE + this.#received : this.#headerOctets;
  }
  /** Octets of payload still to come. */
  get left(): number {
    return this.size - this.#received;
  }
  /** The first octets of the payload, SNIPPET at most, a copy. */
  get firstOctets(): Uint8Array {
    return this.held.slice(0, Math.min(this.size, SNIPPET));
  }

  begin(moment: Moment): void {
    this.begun.set(moment);
    this.#headerOctets = 0;
    this.#received = 0;
    if (this.#headerPieces.length > 0) this.#headerPieces = [];
  }

  /** The header continues in octets captured now. */
  noteHeaderPiece(now: Moment): void {
    const moment = new Moment();
    moment.set(now);
    this.#headerPieces.push({ from: this.#headerOctets, moment });
  }

  /** Takes header octets from bytes[at, end); returns the index behind them. */
  takeHeader(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(FRAME_HEADER_SIZE - this.#headerOctets, end - at);
    for (let i = 0; i < take; i++) this.#header[this.#headerOctets++] = bytes[at + i]!;
    if (this.isHeaderWhole) this.size = long(this.#header, 3);
    return at + take;
  }

  /** The header is whole and in order. */
  beginPayload(): void {
    this.isHoled = false;
    this.isHeld = this.type !== FRAME_BODY && this.size <= MAX_HELD_PAYLOAD;
    if (this.isHeld && this.held.length < this.size) this.held = new Uint8Array(Math.max(256, this.size * 2));
    else if (!this.isHeld && this.held.length < SNIPPET) this.held = new Uint8Array(256);
  }

  /** Takes payload octets from bytes[at, end); returns the index behind them. */
  takePayload(bytes: Uint8Array, at: number, end: number): number {
    const take = Math.min(this.left, end - at);
    const keep = this.isHeld ? take : Math.min(take, SNIPPET - this.#received);
    if (keep > 0 && !this.isHoled) this.held.set(bytes.subarray(at, at + keep), this.#received);
    this.#received += take;
    return at + take;
  }

  /** Octets of the payload were not captured. */
  miss(octets: number): void {
    this.#received += octets;
    this.isHoled = true;
  }

  /** Hands the header to a search, all but its first octet, each piece with the moment it was captured. */
  searchHeader(search: BoundarySearch): void {
    let from = 1;
    let moment: Moment = this.begun;
    for (const piece of this.#headerPieces) {
      if (piece.from > from) search.receive(this.#header, from, piece.from, moment);
      from = piece.from;
      moment = piece.moment;
    }
    search.receive(this.#header, from, FRAME_HEADER_SIZE, moment);
  }
}
