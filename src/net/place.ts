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
  const whole = wholeSeconds(moment.seconds);
  if (whole === "") return `${moment.seconds} s since the epoch`;
  if (moment.timeDigits === 0) return `${whole}Z`;
  return `${whole}.${moment.nanoseconds.toString().padStart(9, "0").slice(0, moment.timeDigits)}Z`;
}

/** The whole seconds of a time, "" where that is none. Times that follow each other mostly have them in common. */
function wholeSeconds(seconds: number): string {
  if (seconds !== latestSeconds) {
    const date = new Date(seconds * 1000);
    latestText = Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, -5);
    latestSeconds = seconds;
  }
  return latestText;
}

let latestSeconds = Number.NaN;
let latestText = "";
