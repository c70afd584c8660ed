/**
 * Segments of one direction that arrived before the octets in front of them: copies, sorted by sequence number, never
 * overlapping. Where two copies of an octet arrive, the first stays.
 */
import type { Moment } from "./connection-observer.ts";
import { comesBefore, octetsFrom, sequenceBehind } from "./sequence-number.ts";

/** A stretch of the stream that waits: `octets`, and behind them `cut` octets that the snap length cut off. */
export interface HeldSegment {
  /** Sequence number of the first octet, signed 32 bits. */
  readonly sequence: number;
  readonly octets: Uint8Array;
  readonly cut: number;
  readonly moment: Moment;
}

/** The sequence number behind a held segment. */
export function endOf(held: HeldSegment): number {
  return sequenceBehind(held.sequence, held.octets.length + held.cut);
}

export class HeldSegments {
  readonly #segments: HeldSegment[] = [];
  /** Octets held. */
  octets = 0;

  get length(): number {
    return this.#segments.length;
  }

  first(): HeldSegment | undefined {
    return this.#segments[0];
  }

  shift(): HeldSegment | undefined {
    const segment = this.#segments.shift();
    if (segment !== undefined) this.octets -= segment.octets.length;
    return segment;
  }

  /**
   * Adds what is new of the segment bytes[start, end) plus `cut` octets that were not captured. Returns how many octets
   * differ from a copy already held.
   */
  // oxlint-disable-next-line max-params -- hot path: once for every segment out of order
  add(sequence: number, bytes: Uint8Array, start: number, end: number, cut: number, moment: Moment): number {
    const length = end - start + cut;
    let differing = 0;
    let done = 0; // octets of the new segment that are done
    let index = this.#indexBehind(sequence);
    while (done < length) {
      const held = this.#segments[index];
      const ahead = held === undefined ? length : Math.min(length, octetsFrom(sequence, held.sequence));
      if (ahead > done) {
        const from = Math.min(start + done, end);
        const octets = new Uint8Array(Math.min(start + ahead, end) - from);
        octets.set(bytes.subarray(from, from + octets.length));
        const piece = { sequence: sequenceBehind(sequence, done), octets, cut: ahead - done - octets.length, moment };
        this.#segments.splice(index++, 0, piece);
        this.octets += octets.length;
        done = ahead;
      }
      if (held === undefined || done >= length) break;
      const offset = octetsFrom(held.sequence, sequenceBehind(sequence, done));
      const shared = Math.min(length - done, held.octets.length + held.cut - offset);
      const comparable = Math.min(shared, held.octets.length - offset, end - start - done);
      for (let i = 0; i < comparable; i++) {
        if (held.octets[offset + i] !== bytes[start + done + i]) differing++;
      }
      done += shared;
      index++;
    }
    return differing;
  }

  /** Index of the first held segment that ends behind `sequence`. Searched from the end, where most belong. */
  #indexBehind(sequence: number): number {
    let index = this.#segments.length;
    while (index > 0 && comesBefore(sequence, endOf(this.#segments[index - 1]!))) index--;
    return index;
  }
}
