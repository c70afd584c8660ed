import type { Moment } from "./connection-observer.ts";

/** Where an octet was seen: plain data, as reports print it. */
export interface Place {
  /** Index of the capture file, in the order given. */
  input: number;
  /** 1-based number of the packet in that file; null where the octet was not read from a file. */
  packet: number | null;
  /** ISO 8601, UTC; null where it is not known. */
  time: string | null;
  /** Offset in the stream of its direction; null where it stands in none. */
  streamOffset: number | null;
}

/**
 * A stretch of a stream: from the place of its first octet to that of its last one, in whatever files these are.
 * `to.streamOffset` is the offset behind the last octet.
 */
export interface Range {
  from: Place;
  to: Place;
}

/** The place of the octet at `streamOffset`, seen at this moment. */
export function placeAt(moment: Moment, streamOffset: number | null): Place {
  return {
    input: moment.input,
    packet: moment.packet === 0 ? null : moment.packet,
    time: isoTime(moment),
    streamOffset,
  };
}

/** A moment as ISO 8601 UTC, with as many digits behind the point as its clock has (0 to 9). */
export function isoTime(moment: { seconds: number; nanoseconds: number; timeDigits: number }): string {
  const date = new Date(moment.seconds * 1000);
  if (Number.isNaN(date.getTime())) return `${moment.seconds} s since the epoch`;
  const whole = date.toISOString().slice(0, -5);
  if (moment.timeDigits === 0) return `${whole}Z`;
  return `${whole}.${moment.nanoseconds.toString().padStart(9, "0").slice(0, moment.timeDigits)}Z`;
}
