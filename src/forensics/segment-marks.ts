import type { Moment } from "../net/connection-observer.ts";

const FIRST_ROOM = 16;

/**
 * Where the segments of a window begin in the stream, and when and where each was captured. Numbers in typed arrays: a
 * clean stream has a segment for every few frames, and an object for each would be its largest cost.
 */
export class SegmentMarks {
  count = 0;
  #from = new Float64Array(FIRST_ROOM);
  #packet = new Float64Array(FIRST_ROOM);
  #seconds = new Float64Array(FIRST_ROOM);
  #nanoseconds = new Uint32Array(FIRST_ROOM);
  #input = new Uint32Array(FIRST_ROOM);
  #timeDigits = new Uint8Array(FIRST_ROOM);

  /** The next segment begins at this stream offset. */
  push(streamOffset: number, moment: Moment): void {
    const i = this.count;
    if (i === this.#from.length) this.#resize(Math.max(FIRST_ROOM, 2 * i));
    this.#from[i] = streamOffset;
    this.#packet[i] = moment.packet;
    this.#seconds[i] = moment.seconds;
    this.#nanoseconds[i] = moment.nanoseconds;
    this.#input[i] = moment.input;
    this.#timeDigits[i] = moment.timeDigits;
    this.count = i + 1;
  }

  /** Stream offset of the first octet of segment `i`. */
  from(i: number): number {
    return this.#from[i]!;
  }

  /** Puts into `moment` when and where segment `i` was captured. */
  readMoment(i: number, moment: Moment): void {
    moment.packet = this.#packet[i]!;
    moment.seconds = this.#seconds[i]!;
    moment.nanoseconds = this.#nanoseconds[i]!;
    moment.input = this.#input[i]!;
    moment.timeDigits = this.#timeDigits[i]!;
  }

  /** The segment that holds the octet at this stream offset; the first one if the offset is before all. */
  at(streamOffset: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#from[middle]! <= streamOffset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Forgets the first `segments` of them. */
  forget(segments: number): void {
    if (segments === 0) return;
    for (const each of [this.#from, this.#packet, this.#seconds, this.#nanoseconds, this.#input, this.#timeDigits]) {
      each.copyWithin(0, segments, this.count);
    }
    this.count -= segments;
  }

  clear(): void {
    this.count = 0;
  }

  /** Gives the memory back. */
  release(): void {
    this.count = 0;
    this.#resize(0);
  }

  #resize(room: number): void {
    const kept = Math.min(room, this.count);
    const float = (before: Float64Array): Float64Array<ArrayBuffer> => {
      const after = new Float64Array(room);
      after.set(before.subarray(0, kept));
      return after;
    };
    const word = (before: Uint32Array): Uint32Array<ArrayBuffer> => {
      const after = new Uint32Array(room);
      after.set(before.subarray(0, kept));
      return after;
    };
    this.#from = float(this.#from);
    this.#packet = float(this.#packet);
    this.#seconds = float(this.#seconds);
    this.#nanoseconds = word(this.#nanoseconds);
    this.#input = word(this.#input);
    const digits = new Uint8Array(room);
    digits.set(this.#timeDigits.subarray(0, kept));
    this.#timeDigits = digits;
  }
}
